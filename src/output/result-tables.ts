import type { BatchView, UnknownResults } from '../batch/types.ts';
import type { Reason } from '../files/reasons.ts';
import { count, counted } from './format.ts';
import { table } from './table.ts';
import type { Theme } from './theme.ts';

/** A result file, for tables. */
export interface ShownTally {
  readonly jobId: string;
  /** Relative to the current folder. */
  readonly path: string;
  readonly kept: boolean;
  /** `null`: it could not be read. */
  readonly tally: {
    readonly rows: number;
    readonly failed: number;
    readonly reasons: readonly Reason[];
    readonly others: number;
    readonly unknown?: UnknownResults;
  } | null;
}

/** Most rows of the reasons table: hundreds of item batches must not hide the outcome. */
const MOST_ROWS = 60;

/** Whole: the same folder and ending would be all that is left of each. */
const RESULT_FILE = { title: 'Result file', wrap: true, least: Number.POSITIVE_INFINITY } as const;

/** Each result file with its rows and failed rows; empty when there are none. */
export async function resultTable(results: readonly ShownTally[], theme: Theme): Promise<string> {
  if (results.length === 0) return '';
  const someUnknown = results.some(({ tally }) => tally?.unknown !== undefined);
  const head = [
    'Batch',
    { title: 'Rows', right: true },
    { title: 'Failed', right: true },
    ...(someUnknown ? [{ title: 'Unknown', right: true }] : []),
    RESULT_FILE,
  ];
  const rows = results.map(({ jobId, path, kept, tally }) => [
    jobId,
    tally === null ? null : count(tally.rows),
    tally === null ? null : count(tally.failed),
    ...(someUnknown ? [tally === null ? null : count(tally.unknown?.records ?? 0)] : []),
    kept ? `${path} (kept)` : path,
  ]);
  return table(head, rows, theme);
}

/** Why records failed: the most frequent messages of each batch, each with the line of an example; empty when none failed. */
export async function reasonsTable(results: readonly ShownTally[], theme: Theme): Promise<string> {
  const rows = results.flatMap(({ jobId, tally }) => reasonRows(jobId, tally));
  if (rows.length === 0) return '';
  const head = [
    'Batch',
    { title: 'Failed', right: true },
    { title: 'Why', least: 24, wrap: true },
    { title: 'Line', right: true },
  ];
  const drawn = await table(head, rows.slice(0, MOST_ROWS), theme);
  const more = rows.length - MOST_ROWS;
  return more > 0 ? `${drawn}\n${counted(more, 'more row', 'more rows')}: see them with --json` : drawn;
}

function reasonRows(jobId: string, tally: ShownTally['tally']): string[][] {
  if (tally === null) return [];
  const rows = tally.reasons.map((reason) => [
    jobId,
    count(reason.count),
    reasonText(reason),
    count(reason.line),
  ]);
  return tally.others > 0 ? [...rows, [jobId, count(tally.others), '(other messages)', '']] : rows;
}

/** `Invoice … is unknown, such as INV-7, INV-9`. */
export const reasonText = ({ reason, examples }: Pick<Reason, 'reason' | 'examples'>): string =>
  reason.trim() === ''
    ? '(no message)'
    : examples.length === 0
      ? reason
      : `${reason}, such as ${examples.join(', ')}`;

/** `reasons` of `--json`. */
export const reasonFields = (
  results: readonly ShownTally[],
): readonly ({ readonly jobId: BatchView['jobId'] } & Reason)[] =>
  results.flatMap(({ jobId, tally }) => (tally?.reasons ?? []).map((reason) => ({ jobId, ...reason })));

/** `unknown` of `--json`: status values that say neither "loaded" nor "rejected". */
export const unknownFields = (
  results: readonly ShownTally[],
): readonly {
  readonly jobId: BatchView['jobId'];
  readonly value: string;
  readonly count: number;
  readonly line: number;
}[] =>
  results.flatMap(({ jobId, tally }) => (tally?.unknown?.values ?? []).map((one) => ({ jobId, ...one })));
