import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Columns } from '../../src/batch/columns.ts';
import { type FieldSink, readValue, valueText } from '../../src/files/field-values.ts';
import { FindingList } from '../../src/files/findings.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { CsvScanner } from '../../src/files/scanner.ts';
import { tempDir } from '../helpers/context.ts';
import { runs } from '../helpers/runs.ts';

/** A field in any legal form: unquoted, or in quotes with anything inside. */
const field = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', '1', '007', 'a b', 'é', '😀', '1E+5', '-2.50') },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom('x', ',', '""', '\n', '\r\n', '\r', '€', ' '), { maxLength: 4 })
      .map((parts) => `"${parts.join('')}"`),
  },
);

const text = fc.integer({ min: 2, max: 4 }).chain((width) =>
  fc
    .record({
      rows: fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      eol: fc.constantFrom('\n', '\r\n'),
      last: fc.boolean(),
      selected: fc.subarray(
        Array.from({ length: width }, (_, i) => i + 1),
        { minLength: 1 },
      ),
    })
    .map(({ rows, eol, last, selected }) => {
      const header = Array.from({ length: width }, (_, i) => `c${i + 1}`);
      const lines = [header, ...rows].map((row) => row.join(','));
      return { csv: lines.join(eol) + (last ? eol : ''), eol, selected };
    }),
);

/** Each record's selected values, read in two blocks that meet at `cut` and are overwritten afterwards. */
function scanned(bytes: Uint8Array, cut: number, selected: readonly number[]): string[][] {
  const rows: string[][] = [];
  const at = { bytes: new Uint8Array(0), from: 0, to: 0 };
  const sink: FieldSink = {
    header: () => selected,
    record: (_line, whole, block, bounds) => {
      if (!whole) return undefined;
      rows.push(
        selected.map((_, i) => {
          readValue(at, block, bounds[2 * i] ?? 0, bounds[2 * i + 1] ?? 0);
          return valueText(at);
        }),
      );
      return undefined;
    },
  };
  const scanner = new CsvScanner(new FindingList(), sink);
  for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    const piece = Uint8Array.from(part);
    scanner.write(piece);
    piece.fill(0x22);
  }
  scanner.end();
  return rows;
}

describe('compared with csv-parse', () => {
  it('records and values are the same, for any block size', () => {
    fc.assert(
      fc.property(text, ({ csv, eol, selected }) => {
        const records: string[][] = parse(csv, { record_delimiter: eol }).slice(1);
        const expected = records.map((record) => selected.map((column) => record[column - 1] ?? ''));
        const bytes = Buffer.from(csv);
        for (let cut = 0; cut <= bytes.length; cut++) {
          const got = scanned(bytes, cut, selected);
          // A cheap comparison first: there are many cuts.
          if (JSON.stringify(got) !== JSON.stringify(expected)) expect([cut, got]).toEqual([cut, expected]);
        }
      }),
      { numRuns: runs(60, 300) },
    );
  });

  it('and a Map, the checks across files find the same records in any order', async () => {
    const key = fc.constantFrom('K1', '"K1"', 'K2', 'K03', '"K,4"', '"K""5"', '');
    const amount = fc.constantFrom('1', '2.00', '"3"', '0.5', '-1');
    const rows = (max: number) => fc.array(fc.tuple(key, key, amount), { maxLength: max });
    // Up to this many records; `csv` adds one, because a header without records is a finding.
    const month = fc.record({ customers: rows(5), invoices: rows(5), items: rows(7), sorted: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(month, async ({ customers, invoices, items, sorted }) => {
        const csv = (records: readonly (readonly string[])[]) =>
          `K,C,A\n${records.map((record) => `${record.join(',')}\n`).join('')}OTHER,OTHER,0\n`;
        const ordered = sorted
          ? [...items].sort(([a], [b]) => invoiceOf(invoices, a) - invoiceOf(invoices, b))
          : items;
        const texts = [csv(customers), csv(invoices), csv(ordered)] as const;
        const folder = tempDir();
        const given = (['customer', 'invoice', 'items'] as const).map((kind, i) => {
          const path = join(folder, `${kind}.csv`);
          writeFileSync(path, texts[i] ?? '');
          return { path, kind };
        });
        const reports = await checkFiles(given, { columns: COLUMNS });
        const found = reports.flatMap(({ kind, findings }) =>
          findings.map(({ code, line }) => `${kind} ${code} ${line}`),
        );
        expect(found.sort()).toEqual(expectedOf(texts).sort());
      }),
      { numRuns: runs(60, 300) },
    );
  });
});

const COLUMNS: Columns = {
  customer: { key: 'K' },
  invoice: { key: 'K', customer: 'C', amount: 'A' },
  items: { invoice: 'K', amount: 'A' },
};

const invoiceOf = (invoices: readonly (readonly string[])[], item: string): number =>
  invoices.findIndex(([key]) => key === item);

/** The checks across files (commands rule 33), done with Maps. */
function expectedOf([cus, inv, itm]: readonly [string, string, string]): string[] {
  const found: string[] = [];
  const records = (csv: string) =>
    parse(csv)
      .slice(1)
      .map(([key = '', customer = '', amount = ''], i) => {
        // No value contains a line break.
        return { line: i + 2, key, customer, cents: Math.round(100 * Number(amount)) };
      });
  const customers = new Set<string>();
  for (const { line, key } of records(cus)) {
    if (key === '') found.push(`customer empty-key ${line}`);
    else if (customers.has(key)) found.push(`customer duplicate-key ${line}`);
    customers.add(key);
  }
  const invoices = new Map<string, { line: number; left: number; items: number; twice: boolean }>();
  for (const { line, key, customer, cents } of records(inv)) {
    if (customer === '') found.push(`invoice empty-key ${line}`);
    else if (!customers.has(customer)) found.push(`invoice unknown-customer ${line}`);
    const known = invoices.get(key);
    if (key === '') found.push(`invoice empty-key ${line}`);
    else if (known === undefined) invoices.set(key, { line, left: cents, items: 0, twice: false });
    else {
      found.push(`invoice duplicate-key ${line}`);
      known.twice = true;
    }
  }
  for (const { line, key, cents } of records(itm)) {
    const invoice = invoices.get(key);
    if (key === '') found.push(`items empty-key ${line}`);
    else if (invoice === undefined) found.push(`items unknown-invoice ${line}`);
    else {
      invoice.left -= cents;
      invoice.items += 1;
    }
  }
  for (const { line, left, items, twice } of invoices.values()) {
    if (twice) continue;
    if (items === 0) found.push(`invoice no-items ${line}`);
    else if (left !== 0) found.push(`invoice amount-sum ${line}`);
  }
  return found;
}
