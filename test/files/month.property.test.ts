import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Columns } from '../../src/batch/columns.ts';
import type { FileKind } from '../../src/batch/types.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { tempDir } from '../helpers/context.ts';
import { runs } from '../helpers/runs.ts';

/** Rows by column name; each file is written with its columns in some order. */
type Rows = Record<string, string>[];
type Month = Record<FileKind, Rows>;

const COLUMNS: Columns = {
  customer: { key: 'Account' },
  invoice: { key: 'Number', customer: 'Customer', amount: 'Total' },
  items: { invoice: 'Invoice', amount: 'Amount' },
};

/** Keys as people write them, each kind in one form. */
const keyForm = fc.constantFrom<(n: number) => string>(
  (n) => `C-${n}`,
  (n) => String(1000 + n),
  (n) => String(n).padStart(8, '0'),
  (n) => `Müller ${n}`,
  (n) => `a"${n}, b`,
);

const cents = fc.integer({ min: -5_000, max: 500_000 });
const text = fc.constantFrom('', 'x', 'a b', 'Köln', '1.50', '"', 'a,b', 'c\nd', '😀', 'e\r\nf');

const money = (amount: number): string =>
  `${amount < 0 ? '-' : ''}${Math.floor(Math.abs(amount) / 100)}.${String(Math.abs(amount) % 100).padStart(2, '0')}`;

/** Files that agree: `items` has the amounts of the items of each invoice. */
const month: fc.Arbitrary<Month> = fc
  .record({
    customerKey: keyForm,
    invoiceKey: keyForm,
    customers: fc.integer({ min: 1, max: 5 }),
    invoices: fc.array(
      fc.record({ of: fc.nat({ max: 4 }), items: fc.array(cents, { minLength: 1, maxLength: 3 }) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
  })
  .map(({ customerKey, invoiceKey, customers, invoices }) => ({
    customer: Array.from({ length: customers }, (_, n) => ({ Account: customerKey(n) })),
    invoice: invoices.map(({ of, items }, n) => ({
      Number: invoiceKey(n),
      Customer: customerKey(of % customers),
      Total: money(items.reduce((sum, amount) => sum + amount, 0)),
    })),
    items: invoices.flatMap(({ items }, n) =>
      items.map((amount) => ({ Invoice: invoiceKey(n), Amount: money(amount) })),
    ),
  }));

/** Any legal way to write a file. */
const writing = fc.record({
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  lastEol: fc.boolean(),
  blankEnd: fc.nat({ max: 2 }),
  quoteAlso: fc.infiniteStream(fc.boolean()),
  order: fc.infiniteStream(fc.nat()),
  extra: fc.uniqueArray(fc.constantFrom('Note', 'Straße', 'a, b', 'Line 2'), { maxLength: 3 }),
  values: fc.infiniteStream(text),
});
type Writing = typeof writing extends fc.Arbitrary<infer T> ? T : never;

const next = <T>(stream: fc.Stream<T>): T => stream.next().value as T;

function write(rows: Rows, how: Writing): string {
  const names = [...Object.keys(rows[0] ?? {}), ...how.extra]
    .map((name) => [next(how.order), name] as const)
    .sort(([a], [b]) => a - b)
    .map(([, name]) => name);
  const field = (value: string): string =>
    /[",\r\n]/.test(value) || (names.length === 1 && value === '') || next(how.quoteAlso)
      ? `"${value.replaceAll('"', '""')}"`
      : value;
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? next(how.values)))];
  const end = how.lastEol || how.blankEnd > 0 ? how.eol.repeat(1 + how.blankEnd) : '';
  return (how.bom ? '\ufeff' : '') + lines.map((line) => line.map(field).join(',')).join(how.eol) + end;
}

const KINDS = ['customer', 'invoice', 'items'] as const;

const folder = tempDir();

/** The errors, `kind code`. */
async function errorsOf(data: Month, how: readonly Writing[]): Promise<readonly string[]> {
  const files = KINDS.map((kind, i) => {
    const path = join(folder, `${kind}.csv`);
    writeFileSync(path, write(data[kind], how[i] as Writing));
    return { path, kind };
  });
  const reports = await checkFiles(files, { columns: COLUMNS });
  return reports.flatMap(({ kind, findings }) =>
    findings.filter(({ severity }) => severity === 'error').map(({ code }) => `${kind} ${code}`),
  );
}

const ways = fc.tuple(writing, writing, writing);

describe('files that agree, written in any legal way,', () => {
  it('have no error', async () => {
    await fc.assert(
      fc.asyncProperty(month, ways, async (data, how) => {
        expect(await errorsOf(data, how)).toEqual([]);
      }),
      { numRuns: runs(30, 150) },
    );
  });

  const at = (rows: Rows, n: number): Record<string, string> => rows[n % rows.length] ?? {};
  const changed = (rows: Rows, n: number, change: Record<string, string>): Rows =>
    rows.map((row, i) => (i === n % rows.length ? { ...row, ...change } : row));
  const DAMAGES: Readonly<Record<string, (data: Month, n: number) => Partial<Month>>> = {
    'customer duplicate-key': ({ customer }, n) => ({ customer: [...customer, at(customer, n)] }),
    'invoice duplicate-key': ({ invoice }, n) => ({ invoice: [...invoice, at(invoice, n)] }),
    'invoice unknown-customer': ({ invoice }, n) => ({
      invoice: changed(invoice, n, { Customer: 'nobody' }),
    }),
    'items unknown-invoice': ({ items }) => ({ items: [...items, { Invoice: 'none', Amount: '1.00' }] }),
    'invoice amount-sum': ({ invoice }, n) => ({
      invoice: changed(invoice, n, { Total: `${BigInt(n) + 987_654_321n}.01` }),
    }),
    'invoice amount': ({ invoice }, n) => ({ invoice: changed(invoice, n, { Total: 'ten' }) }),
    'items empty-amount': ({ items }, n) => ({ items: changed(items, n, { Amount: '' }) }),
    'invoice empty-key': ({ invoice }, n) => ({ invoice: changed(invoice, n, { Customer: '' }) }),
  };
  it.each(Object.entries(DAMAGES))('and damaged: %s, have exactly that one', async (finding, damage) => {
    await fc.assert(
      fc.asyncProperty(month, ways, fc.nat({ max: 100 }), async (data, how, n) => {
        expect(await errorsOf({ ...data, ...damage(data, n) }, how)).toEqual([finding]);
      }),
      { numRuns: runs(10, 40) },
    );
  });
});
