import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Columns } from '../../src/batch/columns.ts';
import type { FileKind } from '../../src/batch/types.ts';
import type { KeyHash } from '../../src/files/keys.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { writeSample } from '../../src/sample/sample.ts';
import { tempDir } from '../helpers/context.ts';
import { runs } from '../helpers/runs.ts';

const COLUMNS: Columns = {
  customer: { key: 'Account' },
  invoice: { key: 'Invoice', customer: 'Account', amount: 'Amount' },
  items: { invoice: 'Invoice', amount: 'Amount' },
};
const CUS = 'Account,Name\nA1,x\nA2,y\n';
const INV = 'Invoice,Account,Amount\nI1,A1,10.00\nI2,A2,5.50\n';
const ITM = 'Invoice,Text,Amount\nI1,a,4.00\nI1,b,6.00\nI2,"c, d",5.5\n';

type File = readonly [kind: FileKind, content: string, of?: number];

/** A hash with few different values, so that different keys share one. */
const weak = (values: number): KeyHash => {
  const hash = {
    low: 0,
    high: 0,
    isFolded: false,
    update: (bytes: Uint8Array, from: number, to: number) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
      hash.low = sum % values;
    },
  };
  return hash;
};

async function check(files: readonly File[], columns: Columns = COLUMNS, hash?: KeyHash) {
  const folder = tempDir();
  const paths = files.map((_, i) => join(folder, `f${i}.csv`));
  for (const [i, [, content]] of files.entries()) writeFileSync(paths[i] ?? '', content);
  const given = files.map(([kind, , of], i) => ({
    path: paths[i] ?? '',
    kind,
    ...(of === undefined ? {} : { of: paths[of] ?? '' }),
  }));
  const reports = await checkFiles(given, hash === undefined ? { columns } : { columns, hash });
  return {
    reports,
    amounts: reports.map(({ amount }) => amount),
    found: reports.flatMap(({ file, findings }) =>
      findings.map((f) => `${file} ${f.code}@${f.line ?? '-'}:${f.column ?? '-'}`),
    ),
  };
}

const month = (cus: string, inv: string, itm: string): File[] => [
  ['customer', cus],
  ['invoice', inv],
  ['items', itm],
];

describe.each([
  ['a good hash', undefined],
  ['a hash with three values', 3],
  ['the same hash for every key', 1],
])('the checks across files, with %s', (_, values) => {
  const run = (files: readonly File[], columns?: Columns) =>
    check(files, columns, values === undefined ? undefined : weak(values));

  it('find nothing in a correct month, and add up its amounts exactly', async () => {
    const { found, amounts } = await run(month(CUS, INV, ITM));
    expect(found).toEqual([]);
    expect(amounts).toEqual([null, '15.50', '15.50']);
  });

  it('find a duplicate key in one file and over two files', async () => {
    const { found, reports } = await run([
      ['customer', `${CUS}A1,z\n`],
      ['customer', 'Account,Name\nA2,y\nA3,z\n'],
    ]);
    expect(found).toEqual(['f0.csv duplicate-key@4:1', 'f1.csv duplicate-key@2:1']);
    expect(reports.map(({ findings }) => findings[0]?.message)).toEqual([
      'the key "A1" was already used in line 2',
      'the key "A2" was already used in line 3 of f0.csv',
    ]);
  });

  it('compare the values of keys, not their quoting', async () => {
    const { found } = await run([['customer', 'Account,Name\n"A""1",x\nA1,x\n"A1",y\n']]);
    expect(found).toEqual(['f0.csv duplicate-key@4:1']);
  });

  it('find an invoice that is in two files', async () => {
    expect(
      (
        await run([
          ['invoice', INV],
          ['invoice', INV.replace('I1', 'I3')],
        ])
      ).found,
    ).toEqual(['f1.csv duplicate-key@3:1']);
  });

  it('accept items of a duplicate invoice under either of its files', async () => {
    const files: File[] = [
      ['invoice', 'Invoice,Account,Amount\nI1,A1,1\nI2,A1,2\n'],
      ['invoice', 'Invoice,Account,Amount\nI3,A1,3\nI1,A1,1\n'],
      ['items', 'Invoice,Amount\nI1,1\nI2,2\n', 0],
      ['items', 'Invoice,Amount\nI3,3\nI1,1\nI2,0\n', 1],
    ];
    expect((await run(files)).found).toEqual(['f1.csv duplicate-key@3:1', 'f3.csv unknown-invoice@4:1']);
  });

  it('do not compare the sum of a duplicate invoice', async () => {
    const inv = 'Invoice,Account,Amount\nI1,A1,4.00\nI1,A1,6.00\nI2,A2,5.50\n';
    expect((await run(month(CUS, inv, ITM))).found).toEqual(['f1.csv duplicate-key@3:1']);
  });

  it('find sums that differ by a cent', async () => {
    const { found, reports } = await run(month(CUS, INV.replace('10.00', '10.01'), ITM));
    expect(found).toEqual(['f1.csv amount-sum@2:3']);
    expect(reports[1]?.findings[0]?.message).toBe(
      'the amount of invoice "I1" is 10.01, but its items add up to 10.00 (difference -0.01); rounding each of its 2 items can cause this',
    );
  });

  it('warn of invoices without items, if there are item files', async () => {
    const inv = `${INV}I3,A1,0\n`;
    const { found, reports } = await run(month(CUS, inv, ITM));
    expect(found).toEqual(['f1.csv no-items@4:1']);
    expect(reports[1]?.findings[0]?.severity).toBe('warning');
    expect(
      (
        await run([
          ['customer', CUS],
          ['invoice', inv],
        ])
      ).found,
    ).toEqual([]);
  });

  it('run only when their columns are named', async () => {
    const bad = month(`${CUS}A1,x\n`, `${INV}I2,A9,7\n`, `${ITM}I9,x,1\n`);
    expect((await run(bad, {})).found).toEqual([]);
    expect((await run(bad, { customer: { key: 'Account' } })).found).toEqual(['f0.csv duplicate-key@4:1']);
    expect((await run(bad, { invoice: { amount: 'Amount' } })).amounts).toEqual([null, '22.50', null]);
  });
});

describe('the checks across files', () => {
  it('find unknown and missing customers and invoices', async () => {
    const inv = `${INV}I3,A3,1\nI4,,1\n`;
    const itm = `${ITM}I3,x,1\nI4,x,1\nI5,x,1\n,x,1\n`;
    const { found } = await check(month(CUS, inv, itm));
    expect(found).toEqual([
      'f1.csv unknown-customer@4:2',
      'f1.csv empty-key@5:2',
      'f2.csv unknown-invoice@7:1',
      'f2.csv empty-key@8:1',
    ]);
  });

  it('compare items only with their own invoice file, if it is named', async () => {
    const files: File[] = [
      ['invoice', 'Invoice,Account,Amount\nI1,A1,1\n'],
      ['invoice', 'Invoice,Account,Amount\nI2,A1,2\n'],
      ['items', 'Invoice,Amount\nI1,1\n', 0],
      ['items', 'Invoice,Amount\nI2,2\nI1,0\n', 1],
    ];
    expect((await check(files)).found).toEqual(['f3.csv unknown-invoice@3:1']);
    // The second invoice file has no item files, so that no items are missing.
    expect((await check(files.slice(0, 3))).found).toEqual([]);
  });

  it('report a missing column, and skip only what needs it', async () => {
    const { found, reports } = await check(month(CUS.replace('Account', 'Konto'), INV, ITM));
    expect(found).toEqual(['f0.csv no-column@1:-']);
    expect(reports[0]?.findings[0]?.message).toContain('"Account", which is named for customer.key');
  });

  it('report values that are not amounts, and add nothing up', async () => {
    const { found, amounts } = await check(
      month(CUS, INV.replace('10.00', '"1,000"'), ITM.replace(',5.5', ',')),
    );
    expect(found).toEqual(['f1.csv amount@2:3', 'f2.csv empty-amount@4:3']);
    expect(amounts).toEqual([null, null, null]);
  });

  it('add up thousands, parentheses and any number of decimals', async () => {
    const inv = 'Invoice,Account,Amount\nI1,A1,"1,234.56"\nI2,A2,(0.5)\n';
    const itm = 'Invoice,Text,Amount\nI1,a,1234.5600\nI2,b,-1\nI2,c,.50\n';
    const { found, amounts } = await check(month(CUS, inv, itm));
    expect(found).toEqual([]);
    expect(amounts).toEqual([null, '1234.06', '1234.0600']);
  });

  it('skip ragged records, and report no unknown key when a file is incomplete', async () => {
    expect((await check(month(`${CUS}A1\n`, INV, ITM))).found).toEqual(['f0.csv ragged@4:-']);
    // The record has no amount, and the previous one must not be added twice.
    expect((await check([['invoice', `${INV}I3,A1\n`]])).amounts).toEqual(['15.50']);
    const half = await check(month('Account,Name\n"A1,x\nA2,y\n', INV, ITM));
    expect(half.found).toEqual(['f0.csv open-quote@2:1']);
  });

  it('verify the first 10,000 candidates and count the others', async () => {
    const keys = Array.from({ length: 10_005 }, (_, i) => `I${i},1\n`).join('');
    const { reports } = await check(
      [
        ['invoice', `Invoice,Amount\n${keys}${keys}`],
        ['items', 'Invoice,Amount\nI0,1\n'],
      ],
      { invoice: { key: 'Invoice', amount: 'Amount' }, items: { invoice: 'Invoice', amount: 'Amount' } },
    );
    expect(reports.map(({ findingsTotal }) => findingsTotal)).toEqual([10_005, 0]);
  });

  it('escape control characters of a key in messages', async () => {
    const { reports } = await check([['customer', 'Account,N\n"a\u001b[31m",1\n"a\u001b[31m",2\n']]);
    expect(reports[0]?.findings[0]?.message).toContain('a\\u001b[31m');
  });

  it('find nothing in a sample month, and its bad records', async () => {
    const columns: Columns = {
      customer: { key: 'Account Number' },
      invoice: { key: 'Invoice Number', customer: 'Account Number', amount: 'Amount' },
      items: { invoice: 'Invoice Number', amount: 'Amount' },
    };
    const codes = async (bad: number) => {
      const files = await writeSample(tempDir(), { records: 3000, itemFiles: 3, bad });
      const reports = await checkFiles(
        [
          ...files.items.map((path) => ({ path, kind: 'items' as const })),
          ...files.invoices.map((path) => ({ path, kind: 'invoice' as const })),
          ...files.customers.map((path) => ({ path, kind: 'customer' as const })),
        ],
        { columns },
      );
      expect(reports.map(({ kind }) => kind)).toEqual(['items', 'items', 'items', 'invoice', 'customer']);
      return new Set(reports.flatMap(({ findings }) => findings.map(({ code }) => code)));
    };
    expect(await codes(0)).toEqual(new Set());
    expect(await codes(4)).toEqual(new Set(['empty-key', 'duplicate-key', 'unknown-invoice']));
  });
});

describe('amounts', () => {
  const run = (amount: string, items: readonly string[]) =>
    check([
      ['invoice', `Invoice,Account,Amount\nI1,A1,"${amount}"\n`],
      ['items', `Invoice,Text,Amount\n${items.map((one) => `I1,x,"${one}"\n`).join('')}`],
    ]);

  it.each([
    ['with three decimals (KWD), half a cent apart', '1.250', ['1.255']],
    ['with three decimals, a unit apart', '10.005', ['5.000', '5.004']],
    ['with four decimals', '1.0000', ['1.0001']],
    ['with six decimals', '1.000000', ['1.000001']],
    ['with two decimals, a cent apart', '10.01', ['10.00']],
    ['without decimals', '10', ['10.01']],
  ])('%s are different', async (_, amount, items) => {
    expect((await run(amount, items)).found).toEqual(['f0.csv amount-sum@2:3']);
  });

  it.each([
    ['written with other decimals', '10', ['10.00', '0.000']],
    ['with three decimals', '1.250', ['1.000', '0.25']],
    ['of items that are not rounded', '10.01', ['3.3366', '6.6699']],
    ['of items with one decimal more', '1.250', ['1.2504']],
    ['in Indian groups', '1,23,456.78', ['1,00,000.00', '23,456.78']],
  ])('%s are equal', async (_, amount, items) => {
    expect((await run(amount, items)).found).toEqual([]);
  });

  it.each([
    ['two cents from five items', '10.02', ['2.00', '2.00', '2.00', '2.00', '2.00'], true],
    ['0.001 from two items of three decimals', '2.001', ['1.000', '1.000'], true],
    ['a cent from one item', '10.01', ['10.00'], false],
    ['two cents from two items', '10.02', ['5.00', '5.00'], false],
    ['a cent from two items of three decimals', '2.010', ['1.000', '1.000'], false],
  ])('%s: rounding is named only where it can be the cause', async (_, amount, items, rounding) => {
    const { reports } = await run(amount, items);
    const message = reports[0]?.findings[0]?.message ?? '';
    expect(message.includes('rounding')).toBe(rounding);
  });
});

describe('sums that differ in most invoices', () => {
  const month5 = (item: (i: number) => string, count = 20): File[] => [
    ['customer', CUS],
    ['invoice', `Invoice,Account,Amount\n${lines(count, (i) => `I${i},A1,${i + 100}.00`)}`],
    ['items', `Invoice,Amount\n${lines(count, (i) => `I${i},${item(i)}`)}`],
  ];
  const lines = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('');

  it.each([
    ['net items', (i: number) => ((i + 100) / 1.19).toFixed(2), 'the invoices are gross and the items net'],
    [
      'two rates of tax',
      (i: number) => ((i + 100) / (i % 2 ? 1.19 : 1.07)).toFixed(2),
      'gross and the items net',
    ],
    ['gross items', (i: number) => ((i + 100) * 1.2).toFixed(2), 'the invoices are net and the items gross'],
    ['the opposite sign', (i: number) => `-${i + 100}.00`, 'the items have the opposite sign'],
    ['cents', (i: number) => `${i + 100}00`, 'one side is in cents'],
    ['rounded items', (i: number) => `50.00\nI${i},${i + 50}.01`, 'the items are rounded one by one'],
    ['another column', (i: number) => `${7 * i + 1}`, 'a column named for the amounts is another one'],
  ])('are one finding that names its likely cause: %s', async (_, item, cause) => {
    const { found, reports } = await check(month5(item));
    expect(found).toEqual(['f1.csv amount-sum@2:3']);
    const [finding] = reports[1]?.findings ?? [];
    expect(finding?.message).toContain(cause);
    expect(finding?.message).toContain('20 of 20 invoices');
    expect(finding?.hint).toContain('--column items.amount=');
    expect(reports[1]?.findingsTotal).toBe(1);
  });

  it('are counted also above the number that is verified', async () => {
    const { reports } = await check(month5(() => '1.00', 10_500));
    expect(reports[1]?.findings[0]?.message).toContain('10500 of 10500 invoices');
    expect(reports[1]?.findingsTotal).toBe(1);
  });

  it('are reported one by one when they are few', async () => {
    const some = await check(month5((i) => (i < 10 ? '1.00' : `${i + 100}.00`)));
    expect(some.found).toHaveLength(10);
    const two = await check(month5(() => '1.00', 2));
    expect(two.found).toHaveLength(2);
  });
});

describe('the checks across files, with any weak hash', () => {
  const letters = fc.array(fc.constantFrom('A', 'B', 'C', 'D', 'E'), { minLength: 1, maxLength: 12 });

  it('find exactly the duplicate keys', async () => {
    await fc.assert(
      fc.asyncProperty(letters, fc.integer({ min: 1, max: 3 }), async (keys, values) => {
        const text = `K,V\n${keys.map((key) => `${key},1\n`).join('')}`;
        const { found } = await check([['customer', text]], { customer: { key: 'K' } }, weak(values));
        const expected = keys.flatMap((key, i) =>
          keys.indexOf(key) < i ? [`f0.csv duplicate-key@${i + 2}:1`] : [],
        );
        expect(found).toEqual(expected.slice(0, 10));
      }),
      { numRuns: runs(15, 60) },
    );
  });

  it('find exactly the sums that differ', async () => {
    const amounts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(amounts, letters, fc.integer({ min: 1, max: 4 }), async (stated, items, values) => {
        const names = ['A', 'B', 'C', 'D', 'E'];
        const inv = `I,M\n${names.map((name, i) => `${name},0.0${stated[i]}\n`).join('')}`;
        const itm = `I,M\n${items.map((name) => `${name},0.01\n`).join('')}`;
        const columns = { invoice: { key: 'I', amount: 'M' }, items: { invoice: 'I', amount: 'M' } };
        const { found } = await check(
          [
            ['invoice', inv],
            ['items', itm],
          ],
          columns,
          weak(values),
        );
        const expected = names.flatMap((name, i) => {
          const sum = items.filter((item) => item === name).length;
          if (sum === 0) return [`f0.csv no-items@${i + 2}:1`];
          return sum === stated[i] ? [] : [`f0.csv amount-sum@${i + 2}:2`];
        });
        // Errors come before warnings.
        expect([...found].sort()).toEqual(expected.sort());
      }),
      { numRuns: runs(15, 60) },
    );
  });
});
