import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { checkFiles } from '../../src/files/preflight.ts';
import { type SampleFiles, writeSample } from '../../src/sample/sample.ts';
import { tempDir } from '../helpers/context.ts';

type Row = Record<string, string>;

const rows = (path: string): Row[] => parse(readFileSync(path), { columns: true });
const all = (files: SampleFiles) => [...files.customers, ...files.invoices, ...files.items];
const digest = (files: SampleFiles) =>
  all(files).map((path) => [basename(path), createHash('sha256').update(readFileSync(path)).digest('hex')]);
const cents = (amount: string | undefined) => Math.round(Number(amount) * 100);

/** Counts as an eBill server does: a key must be present and must not repeat. */
function accepted(path: string, column: string): { keys: Set<string>; failed: number } {
  const keys = new Set<string>();
  let failed = 0;
  for (const row of rows(path)) {
    const key = row[column] ?? '';
    if (key === '' || keys.has(key)) failed += 1;
    else keys.add(key);
  }
  return { keys, failed };
}

describe('sample files', () => {
  it('are the same bytes for the same seed and options, others for another seed', async () => {
    const options = { records: 300, itemFiles: 3, bad: 3, seed: 7 };
    const first = digest(await writeSample(tempDir(), options));
    expect(digest(await writeSample(tempDir(), options))).toEqual(first);
    expect(digest(await writeSample(tempDir(), { ...options, seed: 8 }))).not.toEqual(first);
  });

  it('pass preflight with the reported counts, with and without bad records', async () => {
    for (const bad of [0, 3, 25]) {
      const files = await writeSample(tempDir(), { records: 1000, itemFiles: 4, bad });
      const reports = await checkFiles(all(files).map((path) => ({ path, kind: 'items' as const })));
      for (const report of reports) {
        expect(report.findings).toEqual([]);
        expect(report.records).toBe(files.counts[report.file]);
      }
    }
  });

  it('have the requested names, columns and number of invoices', async () => {
    const files = await writeSample(tempDir(), { records: 40, itemFiles: 2, month: 'FEB_2024' });
    expect(all(files).map((path) => basename(path))).toEqual([
      'CUS_FEB_2024.csv',
      'INV_FEB_2024.csv',
      'ITM_FEB_2024_1.csv',
      'ITM_FEB_2024_2.csv',
    ]);
    const [invoices = ''] = files.invoices;
    expect(rows(invoices)).toHaveLength(40);
    expect(rows(invoices).every((row) => /^2024-02-[012]\d$/.test(row['Invoice Date'] ?? ''))).toBe(true);
    expect(readFileSync(invoices, 'utf8').split('\n')[0]).toBe(
      'Invoice Number,Account Number,Invoice Date,Due Date,Currency,Amount',
    );
    const named = await writeSample(tempDir(), { records: 1, month: 'X-1' });
    expect(named.items.map((path) => basename(path))).toEqual(['ITM_X-1_1.csv']);
  });

  it('are consistent: customers exist, amounts add up, an invoice is in one item file', async () => {
    const files = await writeSample(tempDir(), { records: 500, itemFiles: 3, itemsPerInvoice: 6 });
    const [customers = ''] = files.customers;
    const [invoices = ''] = files.invoices;
    const currencies = new Map(rows(customers).map((row) => [row['Account Number'], row['Currency']]));
    const sums = new Map<string, number>();
    const places = new Map<string, string>();
    for (const path of files.items) {
      for (const row of rows(path)) {
        const number = row['Invoice Number'] ?? '';
        sums.set(number, (sums.get(number) ?? 0) + cents(row['Amount']));
        expect(cents(row['Amount'])).toBe(Number(row['Quantity']) * cents(row['Unit Price']));
        expect(places.get(number) ?? path).toBe(path);
        places.set(number, path);
      }
    }
    for (const row of rows(invoices)) {
      expect(currencies.get(row['Account Number'])).toBe(row['Currency']);
      expect(sums.get(row['Invoice Number'] ?? '')).toBe(cents(row['Amount']));
      expect(cents(row['Amount'])).toBeGreaterThan(0);
    }
    expect(sums.size).toBe(500);
  });

  it('are varied: leading zeros, commas, quotes, accents, line breaks, other scripts', async () => {
    const files = await writeSample(tempDir(), { records: 300 });
    const text = readFileSync(files.customers[0] ?? '', 'utf8');
    for (const pattern of [
      /^00/m,
      /"[^"\n]*,/,
      /""/,
      /ü/,
      /\p{Script=Han}/u,
      /\p{Script=Cyrillic}/u,
      /\p{Script=Hebrew}/u,
    ]) {
      expect(text).toMatch(pattern);
    }
    expect(rows(files.customers[0] ?? '').some((row) => row['Street']?.includes('\n'))).toBe(true);
  });

  it('contain the reported number of bad records, each rejected on its own', async () => {
    for (const options of [
      { records: 200, itemFiles: 3, bad: 3 },
      { records: 3, itemFiles: 3, bad: 5 },
      { records: 1, bad: 1 },
    ]) {
      const files = await writeSample(tempDir(), options);
      const wanted = options.bad;
      const [customers = ''] = files.customers;
      const [invoices = ''] = files.invoices;
      expect(accepted(customers, 'Account Number').failed).toBe(wanted);
      const { keys, failed } = accepted(invoices, 'Invoice Number');
      expect(failed).toBe(wanted);
      for (const path of files.items) {
        expect(rows(path).filter((row) => !keys.has(row['Invoice Number'] ?? ''))).toHaveLength(
          Number(wanted),
        );
      }
      expect(Object.values(files.failures)).toEqual(all(files).map(() => wanted));
    }
  });

  it('never replace an existing file', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'INV_AUG_2020.csv'), 'mine');
    await expect(writeSample(folder, { records: 5 })).rejects.toMatchObject({ code: 'USAGE' });
    expect(readFileSync(join(folder, 'INV_AUG_2020.csv'), 'utf8')).toBe('mine');
  });

  it.each([
    [{ records: 0 }],
    [{ records: 1.5 }],
    [{ records: 2, itemFiles: 3 }],
    [{ records: 2, itemsPerInvoice: 0 }],
    [{ records: 2, month: '../x' }],
    [{ records: 2, bad: -1 }],
  ])('refuse options that cannot be met: %j', async (options) => {
    await expect(writeSample(tempDir(), options)).rejects.toMatchObject({ code: 'USAGE' });
  });
});
