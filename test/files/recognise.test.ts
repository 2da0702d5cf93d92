import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparable, isOptionalColumn, PUBLISHED_COLUMNS } from '../../src/batch/column-names.ts';
import type { Columns, RoleName } from '../../src/batch/columns.ts';
import type { FileKind } from '../../src/batch/types.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { readHead, recogniseColumns, recogniseKind } from '../../src/files/recognise.ts';
import { tempDir } from '../helpers/context.ts';

type File = readonly [kind: FileKind, content: string];

const cus = (content: string): File => ['customer', content];
const inv = (content: string): File => ['invoice', content];
const itm = (content: string): File => ['items', content];

async function check(files: readonly File[], declared: Columns = {}, without: readonly RoleName[] = []) {
  const folder = tempDir();
  const given = files.map(([kind, content], i) => {
    const path = join(folder, `f${i}.csv`);
    writeFileSync(path, content);
    return { path, kind };
  });
  const starts: Record<FileKind, NonNullable<Awaited<ReturnType<typeof readHead>>['start']>[]> = {
    customer: [],
    invoice: [],
    items: [],
  };
  for (const { path, kind } of given) {
    const { start } = await readHead(path);
    if (start !== null) starts[kind].push(start);
  }
  const recognition = recogniseColumns(starts, declared, new Set(without));
  const taken = Object.fromEntries(recognition.found);
  const reports = await checkFiles(given, { recognition });
  return {
    taken,
    kept: Object.fromEntries(recognition.found),
    not: Object.fromEntries(
      [...recognition.notRecognised].map(([role, { columns, reason }]) => [
        role,
        `${columns.join('|')} ${reason}`,
      ]),
    ),
    amounts: reports.map(({ amount }) => amount),
    found: reports.flatMap(({ file, findings }) =>
      findings.map((f) => `${file} ${f.severity} ${f.code}@${f.line ?? '-'}:${f.column ?? '-'}`),
    ),
  };
}

const rows = (count: number, row: (n: number) => string): string =>
  Array.from({ length: count }, (_, i) => `${row(i + 1)}\n`).join('');

const CUS = cus(`Account Number,Name\n${rows(4, (n) => `C${n},x`)}`);
const INV = inv(`Invoice Number,Customer Ref,Amount\n${rows(4, (n) => `I${n},C${n},${n}.00`)}`);
const ITM = itm(`Invoice Number,Line,Amount\n${rows(4, (n) => `I${n},1,${n}.00`)}`);

describe('comparable', () => {
  it.each([
    [
      'Account Number',
      ['ACCOUNT NUMBER', 'account_number', 'AccountNumber', 'Account No.', 'Account #', 'account-nr'],
    ],
    ['State / Province', ['state/province', 'StateProvince']],
  ])('%s', (name, others) => {
    for (const other of others) expect(comparable(other)).toBe(comparable(name));
  });

  it.each(['Account', 'Piano', 'Account Note'])('%s is another name', (name) => {
    expect(comparable(name)).not.toBe(comparable('Account Number'));
  });
});

describe('recogniseColumns', () => {
  it('takes columns by name and content, and warns of what differs', async () => {
    const { taken, found, amounts } = await check([
      CUS,
      inv('Invoice Number,Customer Ref,Amount\nI1,C1,1.00\nI2,C2,2.00\nI3,C3,3.00\nI3,C3,3.00\nI4,C9,4.00\n'),
      itm('Invoice Number,Line,Amount\nI1,1,1.00\nI2,1,2.01\nI3,1,3.00\nI9,1,1.00\nI4,1,4.00\n'),
    ]);
    expect(taken).toEqual({
      'customer.key': 'Account Number',
      'invoice.key': 'Invoice Number',
      'invoice.customer': 'Customer Ref',
      'invoice.amount': 'Amount',
      'items.invoice': 'Invoice Number',
      'items.amount': 'Amount',
    });
    expect(found).toEqual([
      'f1.csv warning amount-sum@3:3',
      'f1.csv warning duplicate-key@5:1',
      'f1.csv warning unknown-customer@6:2',
      'f2.csv warning unknown-invoice@5:1',
    ]);
    expect(amounts).toEqual([null, '13.00', '11.01']);
  });

  it('says nothing about files that agree', async () => {
    expect(await check([CUS, INV, ITM])).toMatchObject({ found: [], not: {} });
  });

  it('warns of lost zeros in a recognised key, but not in another column of the same values', async () => {
    const keys = [...Array.from({ length: 20 }, (_, i) => `00${100 + i}`), '131'];
    const rows = (line: (key: string, i: number) => string): string => keys.map(line).join('');
    expect((await check([cus(`Account Number,Name\n${rows((key) => `${key},x\n`)}`)])).found).toEqual([
      'f0.csv warning leading-zeros@22:1',
    ]);
    const others = rows((key, i) => `C${i},${key}\n`);
    expect((await check([cus(`Account Number,Article\n${others}`)])).found).toEqual([]);
  });

  it('a declared column makes errors, a recognised one beside it warnings', async () => {
    const declared = { customer: { key: 'Account Number' } };
    const files = [
      cus('Account Number,Name\nC1,x\nC2,x\nC3,x\nC3,x\n'),
      inv('Invoice Number,Customer Ref\nI1,C1\nI2,C2\nI3,C9\n'),
    ];
    expect((await check(files, declared)).found).toEqual([
      'f0.csv error duplicate-key@5:1',
      'f1.csv warning unknown-customer@4:2',
    ]);
    const both = { ...declared, invoice: { customer: 'Customer Ref' } };
    expect((await check(files, both)).found).toEqual([
      'f0.csv error duplicate-key@5:1',
      'f1.csv error unknown-customer@4:2',
    ]);
  });

  it('an empty customer of a recognised column is no error beside a declared key', async () => {
    const files = [CUS, inv('Invoice Number,Customer Ref\nI1,C1\nI2,\n,C3\nI4,C4\n')];
    expect((await check(files, { invoice: { key: 'Invoice Number' } })).found).toEqual([
      'f1.csv error empty-key@4:1',
      'f1.csv warning empty-key@3:2',
    ]);
  });

  it.each<[string, readonly File[], Readonly<Record<string, string>>]>([
    [
      'the filled Customer Ref, not the empty Customer Id',
      [CUS, inv(`Invoice Number,Customer Id,Customer Ref\n${rows(3, (n) => `I${n},,C${n}`)}`)],
      { 'invoice.customer': 'Customer Ref' },
    ],
    [
      'the filled Customer Id, not the empty Customer Ref',
      [CUS, inv(`Invoice Number,Customer Id,Customer Ref\n${rows(3, (n) => `I${n},C${n},`)}`)],
      { 'invoice.customer': 'Customer Id' },
    ],
    [
      'the one whose values the customers have',
      [
        cus(`Account Number,Customer Id\n${rows(3, (n) => `A-${n},${n}`)}`),
        inv(`Invoice Number,Customer Ref\n${rows(3, (n) => `I${n},${n}`)}`),
      ],
      { 'customer.key': 'Customer Id', 'invoice.customer': 'Customer Ref' },
    ],
    [
      'the one that looks like the key, where the samples share no values',
      [
        cus(`Account Number,Name\n${rows(3, (n) => `A-10${n},x`)}`),
        inv(`Invoice Number,Customer Ref,Customer Id\n${rows(3, (n) => `I${n},${n},A-20${n}`)}`),
      ],
      { 'customer.key': 'Account Number', 'invoice.customer': 'Customer Id' },
    ],
    [
      'capitals, underscores and German names',
      [
        cus(`KUNDENNUMMER,Name\n${rows(3, (n) => `C${n},x`)}`),
        inv(`RECHNUNGS_NR,Kundennummer,Betrag\n${rows(3, (n) => `I${n},C${n},1`)}`),
      ],
      {
        'customer.key': 'KUNDENNUMMER',
        'invoice.key': 'RECHNUNGS_NR',
        'invoice.customer': 'Kundennummer',
        'invoice.amount': 'Betrag',
      },
    ],
  ])('chooses %s', async (_what, files, expected) => {
    expect((await check(files)).taken).toMatchObject(expected);
  });

  it.each<[string, readonly File[], Readonly<Record<string, string>>]>([
    [
      'a customer file without a unique candidate',
      [cus(`Account Number,Name\n${rows(8, (n) => `C${n % 2},x`)}`), INV],
      { 'customer.key': 'Account Number has the same value in many records' },
    ],
    [
      'a candidate that is empty',
      [cus(`Account Number,Name\n${rows(4, () => ',x')}`)],
      { 'customer.key': 'Account Number has no values' },
    ],
    [
      'several amounts',
      [inv(`Invoice Number,Amount,Total\n${rows(3, (n) => `I${n},1,2`)}`)],
      { 'invoice.amount': 'Amount|Total fit equally well' },
    ],
    [
      'amounts that are none',
      [inv(`Invoice Number,Amount\n${rows(3, (n) => `I${n},high`)}`)],
      { 'invoice.amount': 'Amount has few values that are amounts' },
    ],
    [
      'other columns in another file of the kind',
      [cus('Account Number\nC1\n'), cus('Customer No\nC2\n')],
      { 'customer.key': 'Account Number|Customer No are not in every file' },
    ],
  ])('leaves out %s', async (_what, files, expected) => {
    const { not, found } = await check(files);
    expect(not).toEqual(expected);
    expect(found).toEqual([]);
  });

  it.each([
    ['a decimal comma', '"1,50"', ['f0.csv warning amount@2:2']],
    ['a decimal comma after points', '"1.234,50"', ['f0.csv warning amount@2:2']],
    ['a comma that may separate thousands', '"1,234"', []],
    ['thousands and a point', '"1,234.50"', []],
    ['text', '"one, two"', []],
  ])(
    'warns of amounts that cannot be read only where that is certain: %s',
    async (_what, value, expected) => {
      const { found } = await check([
        inv(`Invoice Number,Amount,Note\n${rows(20, (n) => `I${n},${value},"1,50"`)}`),
      ]);
      expect(found).toEqual(expected);
    },
  );

  it('finds nothing in other names', async () => {
    expect(await check([cus('id,name\n1,a\n1,b\n'), inv('no,who\n1,9\n')])).toMatchObject({
      taken: {},
      not: {},
      found: [],
    });
  });

  it('leaves alone the roles that the call takes away', async () => {
    const { taken, found } = await check(
      [INV, itm('Invoice Number,Line,Amount\nI1,1,9\nI2,1,2\nI3,1,3\nI4,1,4\n')],
      {},
      ['items.amount'],
    );
    expect(taken).not.toHaveProperty(['items.amount']);
    expect(found).toEqual([]);
  });

  it('takes spellings of one name as one column', async () => {
    const { taken, found } = await check([
      cus('Account Number,Name\nC1,x\n'),
      cus('ACCOUNT_NO,Name\nC2,x\n'),
      inv('Invoice Number,Account No.\nI1,C1\nI2,C2\nI3,C2\nI4,C9\n'),
    ]);
    expect(taken).toMatchObject({ 'customer.key': 'Account Number' });
    expect(found).toEqual(['f2.csv warning unknown-customer@5:2']);
  });
});

// More records than the beginning of a file shows.
const MANY = 3000;
const padded = (n: number): string => String(n).padStart(20, '0');

describe('columns that turn out to be others', () => {
  const customers = cus(`Account Number,Name\n${rows(MANY, (n) => `C${padded(n)},x`)}`);

  it('a key that repeats further down is no key', async () => {
    const file = cus(`Account Number,Name\n${rows(MANY, (n) => `C${padded(n < 1000 ? n : n % 7)},x`)}`);
    const invoices = inv(`Invoice Number,Account Number\n${rows(MANY, (n) => `I${n},C${padded(n)}`)}`);
    const { taken, kept, not, found } = await check([file, invoices]);
    expect(taken).toHaveProperty(['customer.key']);
    expect(kept).not.toHaveProperty(['customer.key']);
    expect(not).toHaveProperty(['customer.key'], 'Account Number has the same value in many records');
    expect(found).toEqual([]);
  });

  it('some duplicates among many keys are warnings', async () => {
    const file = cus(`Account Number,Name\n${rows(MANY, (n) => `C${padded(n % 2990)},x`)}`);
    expect((await check([file])).found).toHaveLength(10);
  });

  it('references most of which are unknown are no references', async () => {
    const invoices = inv(`Invoice Number,Customer Ref\n${rows(MANY, (n) => `I${n},X${padded(n)}`)}`);
    const { not, found } = await check([customers, invoices]);
    expect(not).toHaveProperty(
      ['invoice.customer'],
      'Customer Ref has few values that are in the customer files',
    );
    expect(found).toEqual([]);
  });

  it.each([3, 300])(
    '%d references that look like keys are warnings, although most are unknown',
    async (count) => {
      const files = [
        cus(`Account Number,Name\n${rows(count, (n) => `00${n},x`)}`),
        inv(`Invoice Number,Customer Ref\n${rows(count, (n) => `I${n},${n}`)}`),
      ];
      const { not, found } = await check(files);
      expect(not).toEqual({});
      expect(found).toContain('f1.csv warning unknown-customer@2:2');
      expect(found.every((one) => one.startsWith('f1.csv warning unknown-customer@'))).toBe(true);
    },
  );

  it('items of other invoices are no reason to miss those of these', async () => {
    const { not, found } = await check([INV, itm('Invoice Number,Line,Amount\nX1,1,1\nX2,1,1\nX3,1,1\n')]);
    expect(not).toHaveProperty(
      ['items.invoice'],
      'Invoice Number has few values that are in the invoice files',
    );
    expect(found).toEqual([]);
  });

  it('amounts that differ without a cause are others', async () => {
    const items = itm(`Invoice Number,Line,Amount\n${rows(4, (n) => `I${n},1,${n * n * 7}.13`)}`);
    const { not, found, amounts } = await check([INV, items]);
    expect(Object.keys(not)).toEqual(['invoice.amount', 'items.amount']);
    expect(found).toEqual([]);
    expect(amounts).toEqual([null, null]);
  });

  it('amounts that differ by tax are one warning', async () => {
    const many = 20;
    const files = [
      inv(`Invoice Number,Amount\n${rows(many, (n) => `I${n},${n * 100}.00`)}`),
      itm(`Invoice Number,Line,Amount\n${rows(many, (n) => `I${n},1,${n * 119}.00`)}`),
    ];
    expect((await check(files)).found).toEqual(['f0.csv warning amount-sum@2:2']);
    const declared = { invoice: { key: 'Invoice Number', amount: 'Amount' } };
    expect((await check(files, declared)).found).toEqual(['f0.csv warning amount-sum@2:2']);
  });
});

describe('recogniseKind', () => {
  const kind = (header: string, ...records: readonly string[]) =>
    recogniseKind({
      header: header.split(','),
      line: 1,
      records: records.map((record) => record.split(',')),
    });

  it.each<[FileKind | null, string, ...string[]]>([
    ['customer', PUBLISHED_COLUMNS.customer.join(',')],
    ['invoice', PUBLISHED_COLUMNS.invoice.join(',')],
    ['items', PUBLISHED_COLUMNS.items.join(',')],
    ['customer', 'Account Number,Name'],
    ['customer', 'ACCOUNT_NO,EMAIL'],
    ['invoice', 'Invoice Number,Customer Ref,Amount'],
    ['invoice', 'invoice_no,due_date,total'],
    ['items', 'Invoice Number,Line,Amount'],
    ['items', 'Invoice Number,Invoice Date,Quantity', 'I1,1,1', 'I1,1,1', 'I1,1,1'],
    [null, 'Invoice Number,Invoice Date,Quantity', 'I1,1,1', 'I2,1,1'],
    [null, 'Invoice Number,Amount', 'I1,1', 'I2,1'],
    [null, 'id,value'],
    [null, 'Account Number,Amount'],
    [null, ''],
  ])('%s: %s', (expected, header, ...records) => {
    const told = kind(header, ...records);
    expect(told.kind).toBe(expected);
    expect(told.columns.length > 0).toBe(expected !== null);
  });
});

describe('isOptionalColumn', () => {
  it.each(['Note', 'PriceCode7', 'Invoice Text12', 'payment method', 'Credit Card Token'])('%s', (name) => {
    expect(isOptionalColumn(name)).toBe(true);
  });
  it.each(['Amount', 'Due Date', 'Column7', '', 'b'])('not %s', (name) => {
    expect(isOptionalColumn(name)).toBe(false);
  });
});
