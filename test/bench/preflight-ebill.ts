import { open } from 'node:fs/promises';
import { readBlocks } from '../../src/files/blocks.ts';
import { readValue, type Value, valueText } from '../../src/files/field-values.ts';
import { FindingList } from '../../src/files/findings.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { CsvScanner } from '../../src/files/scanner.ts';
import type { MonthFiles } from './csv-files.ts';
import type { ReadRecords } from './parts/preflight.ts';

// What `parts/preflight.ts` measures of our own.

/** @returns records */
export async function checkStructure({ items }: MonthFiles): Promise<number> {
  const handle = await open(items);
  const scanner = new CsvScanner(new FindingList());
  for await (const block of readBlocks(handle)) scanner.write(block);
  scanner.end();
  await handle.close();
  return scanner.records;
}

/** @returns the number of findings */
export async function checkOne({ items }: MonthFiles): Promise<number> {
  const [report] = await checkFiles([{ path: items, kind: 'items' }]);
  return report?.findingsTotal ?? 0;
}

const COLUMNS = {
  customer: { key: 'Account Number' },
  invoice: { key: 'Invoice Number', customer: 'Account Number', amount: 'Amount' },
  items: { invoice: 'Invoice Number', amount: 'Amount' },
};

/** @returns the number of findings: 0, the files agree */
export async function checkAcross({ customer, invoice, items }: MonthFiles): Promise<number> {
  const reports = await checkFiles(
    [
      { path: customer, kind: 'customer' },
      { path: invoice, kind: 'invoice' },
      { path: items, kind: 'items' },
    ],
    { columns: COLUMNS },
  );
  return reports.reduce((sum, { findingsTotal }) => sum + findingsTotal, 0);
}

/** Our scanner with every field it needs as a string: what its typed arrays save. */
export const scanned: ReadRecords = async (path, take) => {
  const value: Value = { bytes: new Uint8Array(), from: 0, to: 0 };
  let columns: readonly number[] = [];
  const handle = await open(path);
  const scanner = new CsvScanner(new FindingList(), {
    header: (names) => {
      take(names);
      columns = names.length === 3 ? [1] : names.includes('Line') ? [1, 6] : [1, 2, 6];
      return columns;
    },
    record: (_line, _whole, bytes, bounds) => {
      const record: string[] = [];
      columns.forEach((column, i) => {
        readValue(value, bytes, bounds[2 * i] ?? 0, bounds[2 * i + 1] ?? 0);
        record[column - 1] = valueText(value);
      });
      take(record);
    },
  });
  for await (const block of readBlocks(handle)) scanner.write(block);
  scanner.end();
  await handle.close();
  return scanner.records;
};
