import type { FileKind } from '../../batch/types.ts';
import type { FileReport } from '../../files/types.ts';
import { count } from '../../output/human.ts';
import type { Look } from '../../output/look.ts';
import { table } from '../../output/table.ts';

/** What a file adds up to: to be held against the books before it is handed over. */
export interface ControlTotal {
  readonly file: string;
  readonly kind: FileKind;
  /** Besides the header; `null` when the file could not be read. */
  readonly records: number | null;
  /** The sum of its amounts as a decimal; `null` when no column is named for them or a value is no amount. */
  readonly amount: string | null;
}

export function totalsOf(reports: readonly FileReport[]): readonly ControlTotal[] {
  return reports.map(({ file, kind, records, amount }) => ({ file, kind, records, amount: amount ?? null }));
}

/** The control totals for people, a line for each file. */
export function totalsTable(reports: readonly FileReport[], look: Look): Promise<string> {
  const rows = totalsOf(reports).map(({ file, kind, records, amount }) => [
    file,
    kind,
    records === null ? null : count(records),
    amount,
  ]);
  const heads = [
    'File',
    'Kind',
    { title: 'Records', right: true },
    { title: 'Amount', right: true, least: 20 },
  ];
  return table(heads, rows, look);
}

/** One file's total in a line: `inv.csv: 20,375 records, amounts 1234567.89`. `null` when there is no sum. */
export function totalLine(name: string, records: number | null, amount: string | null): string | null {
  if (amount === null) return null;
  return `Control total of ${name}: ${count(records)} records, amounts ${amount}`;
}
