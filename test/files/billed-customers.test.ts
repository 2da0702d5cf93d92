import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Columns } from '../../src/batch/columns.ts';
import { BilledCustomers } from '../../src/files/billed-customers.ts';
import type { FileToCheck } from '../../src/files/findings.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { tempDir } from '../helpers/context.ts';
import { runs } from '../helpers/runs.ts';

const folder = tempDir('ebill-billed-');
const COLUMNS: Columns = { invoice: { customer: 'Account' } };
let files = 0;

async function billed(
  contents: readonly (readonly [FileToCheck['kind'], string])[],
  columns = COLUMNS,
): Promise<number | null> {
  const given = await Promise.all(
    contents.map(async ([kind, content]) => {
      files += 1;
      const path = join(folder, `${files}.csv`);
      await writeFile(path, content);
      return { path, kind };
    }),
  );
  const counter = new BilledCustomers();
  await checkFiles(given, { columns, billed: counter });
  return counter.count;
}
const invoices = (customers: readonly string[]): string =>
  `No,Account\n${customers.map((one, i) => `${i},${one}\n`).join('')}`;

describe('customers billed', () => {
  it('are the distinct customers of all invoice files', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 20 }), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 12 }),
        async (all, known) => {
          const texts = all.map((one) => ['invoice', invoices(one.map((n) => `A${n}`))] as const);
          expect(await billed(texts)).toBe(new Set(all.flat()).size);
          // With customer files, which may lack some and have others twice.
          const customers = `Account\n${known.map((n) => `A${n}\n`).join('')}`;
          const columns = { ...COLUMNS, customer: { key: 'Account' } };
          expect(await billed([['customer', customers], ...texts], columns)).toBe(new Set(all.flat()).size);
        },
      ),
      { numRuns: runs(8, 40) },
    );
  });

  it('are the same with customer files, and with quotes', async () => {
    const text = invoices(['A1', '"A1"', 'A2']);
    expect(await billed([['invoice', text]])).toBe(2);
    const columns = { ...COLUMNS, customer: { key: 'Account' } };
    const customers = 'Account,Name\nA1,x\nA2,y\nA3,z\n';
    expect(
      await billed(
        [
          ['customer', customers],
          ['invoice', text],
        ],
        columns,
      ),
    ).toBe(2);
  });

  it('are counted once where the customer file has one of them twice', async () => {
    const columns = { ...COLUMNS, customer: { key: 'Account' } };
    const customers = 'Account\nA3\nA5\nA3\n';
    expect(
      await billed(
        [
          ['customer', customers],
          ['invoice', invoices(['A3', 'A5', 'A3'])],
        ],
        columns,
      ),
    ).toBe(2);
  });

  it('are unknown without the column in every file, with an invoice without a customer, and without invoices', async () => {
    expect(await billed([['invoice', 'No,Other\n1,A1\n']])).toBeNull();
    expect(
      await billed([
        ['invoice', invoices(['A1'])],
        ['invoice', 'No,Other\n1,A1\n'],
      ]),
    ).toBeNull();
    expect(await billed([['invoice', invoices(['A1', ''])]])).toBeNull();
    expect(await billed([['invoice', invoices(['A1'])]], {})).toBeNull();
    expect(await billed([['customer', 'Account\nA1\n']])).toBeNull();
    expect(await billed([['invoice', 'No,Account\n1,A1\n2,"A2\n']])).toBeNull();
  });
});
