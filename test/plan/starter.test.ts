import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PUBLISHED_COLUMNS } from '../../src/batch/column-names.ts';
import { EbillError } from '../../src/errors.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { resolvePlanFiles } from '../../src/plan/plan-files.ts';
import { parsePlan } from '../../src/plan/read-plan.ts';
import { patternFor, starterPlan } from '../../src/plan/starter.ts';
import { csvFilesIn, guessJob, kindOf, type StarterFile } from '../../src/plan/starter-files.ts';
import { CUSTOMER_COLUMNS, INVOICE_COLUMNS, ITEM_COLUMNS } from '../../src/sample/sample-records.ts';
import { tempDir } from '../helpers/context.ts';

const file = (name: string, ...header: readonly string[]): StarterFile => ({
  name,
  header,
  line: 1,
  records: [],
});
const customer = (name: string): StarterFile => file(name, ...CUSTOMER_COLUMNS);
const invoice = (name: string): StarterFile => file(name, ...INVOICE_COLUMNS);
const items = (name: string): StarterFile => file(name, ...ITEM_COLUMNS);

/** The invoice entries of a starter plan, each with its items, as they are written. */
const entries = (text: string): readonly (readonly string[])[] =>
  parsePlan(text, 'p').invoices.map((one) => [one.file.text, ...one.items.map((given) => given.text)]);

describe('starterPlan', () => {
  it('matches the snapshot', async () => {
    const { text, unplaced } = starterPlan(
      [
        customer('cus_AUG_2020_1.csv'),
        customer('cus_AUG_2020_2.csv'),
        invoice('inv_AUG_2020_1.csv'),
        invoice('inv_AUG_2020_2.csv'),
        items('itm_AUG_2020_1_1.csv'),
        items('itm_AUG_2020_1_10.csv'),
        items('itm_AUG_2020_2_1.csv'),
        items('itm_AUG_2020_3_1.csv'),
        file('AUG_2020_CUS_result.csv', 'Account Number', 'Status'),
        file('notes: last month.csv', 'Note'),
      ],
      'AUG_2020',
    );
    await expect(text).toMatchFileSnapshot('starter.snap.yaml');
    expect(unplaced).toEqual(['notes: last month.csv', 'itm_AUG_2020_3_1.csv']);
    expect(parsePlan(text, 'p')).toMatchObject({
      job: 'AUG_2020',
      init: { carryForwardInvoices: true, zeroOutCustomerBalance: false },
      columns: {
        customer: { key: 'Account Number' },
        invoice: { key: 'Invoice Number', customer: 'Account Number', amount: 'Amount' },
        items: { invoice: 'Invoice Number', amount: 'Amount' },
      },
    });
  });

  it('zeroes balances only when its comment is removed', () => {
    const { text } = starterPlan([customer('cus.csv')], 'J');
    expect(parsePlan(text, 'p').init?.zeroOutCustomerBalance).toBe(false);
    const meant = text.replace('# zeroOutCustomerBalance', 'zeroOutCustomerBalance');
    expect(parsePlan(meant, 'p').init?.zeroOutCustomerBalance).toBe(true);
  });

  it('does nothing when no file could be placed', () => {
    const { text, unplaced } = starterPlan([file('a.csv'), items('itm.csv')], 'J');
    expect(unplaced).toEqual(['a.csv', 'itm.csv']);
    expect(() => parsePlan(text, 'p')).toThrow('this plan does nothing');
    // Without the comment signs it is a plan, too.
    const meant = text.replace(
      /^# (init:| {2}carry.*|customers:.*|invoices:| {2}- file.*| {4}items.*)$/gm,
      '$1',
    );
    expect(parsePlan(meant, 'p')).toMatchObject({ init: {}, customers: [{}], invoices: [{ items: [{}] }] });
  });

  it.each([
    [
      'a single invoice file takes all item files',
      ['inv.csv', 'itm_1.csv', 'lines_x.csv'],
      [['inv.csv', 'itm_1.csv', 'lines_x.csv']],
    ],
    [
      'by number',
      ['inv_1.csv', 'inv_2.csv', 'itm_1_7.csv', 'itm_2.csv'],
      [
        ['inv_1.csv', 'itm_1_7.csv'],
        ['inv_2.csv', 'itm_2.csv'],
      ],
    ],
    [
      'leading zeros do not count',
      ['inv01.csv', 'inv02.csv', 'itm1.csv', 'itm2.csv'],
      [
        ['inv01.csv', 'itm1.csv'],
        ['inv02.csv', 'itm2.csv'],
      ],
    ],
    [
      'the longest match wins',
      ['inv_a.csv', 'inv_a_b.csv', 'itm_a_b_1.csv', 'itm_a_1.csv'],
      [
        ['inv_a_b.csv', 'itm_a_b_1.csv'],
        ['inv_a.csv', 'itm_a_1.csv'],
      ],
    ],
    [
      '1 is not 10',
      ['inv_1.csv', 'inv_10.csv', 'itm_10_1.csv'],
      [['inv_1.csv'], ['inv_10.csv', 'itm_10_1.csv']],
    ],
    ['unclear files are left out', ['inv_1.csv', 'inv_01.csv', 'itm_1.csv'], [['inv_01.csv'], ['inv_1.csv']]],
    [
      'the kind can be anywhere in the name',
      ['AUG-Invoices-EU.csv', 'AUG-Invoices-US.csv', 'AUG-InvoiceItems-US.csv'],
      [['AUG-Invoices-EU.csv'], ['AUG-Invoices-US.csv', 'AUG-InvoiceItems-US.csv']],
    ],
  ])('puts items under their invoice file: %s', (_rule, names, expected) => {
    expect(
      entries(
        starterPlan(
          names.map((name) => file(name)),
          'J',
        ).text,
      ),
    ).toEqual(expected);
  });

  it.each<readonly [StarterFile, ReturnType<typeof kindOf>]>([
    [file('CUS.CSV'), 'customer'],
    [file('2020-08 customer details.csv'), 'customer'],
    [file('myInvoices2020.csv'), 'invoice'],
    [file('invoice_details.csv'), 'items'],
    [file('inv_lines.csv'), 'items'],
    [file('online.csv'), null],
    [file('invalid.csv'), null],
    [customer('a.csv'), 'customer'],
    [invoice('b.csv'), 'invoice'],
    [items('c.csv'), 'items'],
    [items('customer_invoice_items.csv'), 'items'],
    [file('customer_invoices.csv'), null],
  ])('guesses the kind by name, then by header: %j', (found, kind) => {
    expect(kindOf(found)).toBe(kind);
  });

  it('lists unclear columns in comments', () => {
    const { text } = starterPlan(
      [
        file('inv_1.csv', 'Invoice No', 'Total', 'Amount due'),
        file('inv_2.csv', 'Invoice No', 'Total', 'Amount due'),
        file('itm_1.csv', 'Invoice No', 'Amount'),
        file('itm_2.csv', 'InvoiceId', 'Amount'),
      ],
      'J',
    );
    expect(parsePlan(text, 'p').columns).toEqual({
      invoice: { key: 'Invoice No' },
      items: { amount: 'Amount' },
    });
    expect(text).toContain('\n  # invoice.amount may be: Amount due, Total\n');
    expect(text).toContain('\n  # items.invoice may be: Invoice No, InvoiceId\n');
  });

  it('chooses columns by their content, so that the check of the plan passes', async () => {
    const root = tempDir();
    const { customer, invoice } = PUBLISHED_COLUMNS;
    const csv = (
      columns: readonly string[],
      values: (n: number) => Readonly<Record<string, string>>,
    ): string =>
      [columns, ...[1, 2, 3].map((n) => columns.map((name) => values(n)[name] ?? ''))]
        .map((record) => `${record.join(',')}\n`)
        .join('');
    writeFileSync(
      join(root, 'upload1.csv'),
      csv([...customer, 'Payment Method'], (n) => ({ 'Account Number': `C${n}`, 'Lifetime Value': '0' })),
    );
    writeFileSync(
      join(root, 'upload2.csv'),
      csv(invoice, (n) => ({
        'Invoice Number': `I${n}`,
        'Customer Ref': `C${n}`,
        'Due Date': '2020-08-31',
        'Current Amount Due': '10.00',
        'Billing EndDate': '2020-08-31',
      })),
    );
    const plan = parsePlan(starterPlan(await csvFilesIn(root), 'J').text, 'p');
    expect(plan).toMatchObject({
      customers: [{ text: 'upload1.csv' }],
      invoices: [{ file: { text: 'upload2.csv' } }],
      columns: {
        customer: { key: 'Account Number' },
        invoice: { key: 'Invoice Number', customer: 'Customer Ref', amount: 'Current Amount Due' },
      },
    });
    const reports = await checkFiles(
      [
        { path: join(root, 'upload1.csv'), kind: 'customer' },
        { path: join(root, 'upload2.csv'), kind: 'invoice' },
      ],
      { columns: plan.columns },
    );
    expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
  });

  const name = fc
    .tuple(
      fc.constantFrom('cus', 'inv', 'inv', 'itm', 'itm', 'Customers', 'invoice items', 'x', ''),
      fc.string({
        unit: fc.constantFrom(
          '1',
          '2',
          '10',
          '_',
          '-',
          ' ',
          'é',
          '😀',
          "'",
          '"',
          '#',
          ':',
          '[',
          '*',
          '{',
          'a',
          '!',
          '\n',
        ),
        maxLength: 5,
      }),
      fc.constantFrom('.csv', '.csv', '.csv', '.CSV'),
    )
    .map((parts) => parts.join(''))
    .filter((text) => !text.startsWith('.'));

  it('parses as a plan that uses each placed file once and no other file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 10 }), async (names) => {
        const root = tempDir('ebill starter [é] ');
        for (const one of names) writeFileSync(join(root, one), 'Invoice Number\n');
        for (const other of ['inv_1.txt', 'itm', 'cus_1.csv.gz', '.inv_9.csv'])
          writeFileSync(join(root, other), '');
        mkdirSync(join(root, 'itm_folder.csv'));
        const found = await csvFilesIn(root);
        expect(found.map((one) => one.name).sort()).toEqual([...names].sort());
        const { text, unplaced } = starterPlan(found, 'AUG_2020');
        if (unplaced.length === names.length) return;
        const files = await resolvePlanFiles(parsePlan(text, 'p'), root, 'p', { platform: 'linux' });
        const placed = [...files.customers, ...files.invoices.flatMap((one) => [one.file, ...one.items])];
        expect([...placed.map((path) => basename(path)), ...unplaced].sort()).toEqual([...names].sort());
      }),
      { numRuns: 60 },
    );
  });
});

describe('patternFor', () => {
  it.each([
    ['the part that differs', ['itm_1.csv', 'itm_10.csv'], ['inv.csv'], ['itm_*.csv']],
    ['a part that differs in the middle', ['itm_1_1.csv', 'itm_1_2.csv'], ['itm_2_1.csv'], ['itm_1_*.csv']],
    ['a part that differs at the start', ['1_itm.csv', '2_itm.csv'], ['1_inv.csv'], ['*_itm.csv']],
    ['not another file', ['itm_1.csv', 'itm_2.csv'], ['itm_3.csv'], ['itm_1.csv', 'itm_2.csv']],
    [
      'not a file that differs in case',
      ['itm_1.csv', 'itm_2.csv'],
      ['ITM_3.csv'],
      ['itm_1.csv', 'itm_2.csv'],
    ],
    ['not every CSV file', ['a.csv', 'b.csv'], [], ['a.csv', 'b.csv']],
    ['not files with another extension', ['itm_1.csv', 'itm_2.CSV'], [], ['itm_1.csv', 'itm_2.CSV']],
    ['not names with pattern characters', ['itm_[1].csv', 'itm_[2].csv'], [], ['itm_[1].csv', 'itm_[2].csv']],
    ['a single file by its name', ['itm_1.csv'], [], ['itm_1.csv']],
  ])('covers %s', (_what, names, others, expected) => {
    expect(patternFor(names, [...names, ...others])).toEqual(expected);
  });
});

describe('guessJob', () => {
  it.each([
    ['AUG_2020', ['cus_AUG_2020.csv', 'INV_AUG_2020.csv', 'other.csv']],
    ['AUG_2020', ['cus-august-2020-1.csv', 'inv 2020-08.csv', 'itm_202008_1.csv', 'x_Aug2020.csv']],
    ['SEP_2020', ['Sept 2020.csv']],
    ['MAY_2021', ['may2021.csv']],
    [null, ['cus_AUG_2020.csv', 'cus_SEP_2020.csv']],
    [null, ['cus.csv', 'march.csv', 'inv_20200831.csv', 'itm_2020_13.csv', 'dismay_2020.csv']],
  ])('is %s for %j', (job, names) => {
    expect(guessJob(names)).toBe(job);
  });
});

describe('csvFilesIn', () => {
  it('returns CSV files in natural order with their headers', async () => {
    const root = tempDir();
    writeFileSync(join(root, 'a10.csv'), '\ufeff"Invoice\nNumber",Amount\r\n1,2\r\n');
    writeFileSync(join(root, 'a9.csv'), '\n\nName,City\na,b');
    writeFileSync(join(root, 'b.csv'), '');
    writeFileSync(join(root, 'c.csv'), '"never closed');
    mkdirSync(join(root, 'folder.csv'));
    symlinkSync(join(root, 'gone'), join(root, 'broken.csv'));
    const found = await csvFilesIn(root);
    expect(found.map(({ name, header }) => [name, header])).toEqual([
      ['a9.csv', ['Name', 'City']],
      ['a10.csv', ['Invoice\nNumber', 'Amount']],
      ['b.csv', []],
      ['c.csv', []],
    ]);
  });

  it('rejects a folder without CSV files with a hint', async () => {
    const root = tempDir();
    writeFileSync(join(root, 'plan.txt'), '');
    for (const [folder, message] of [
      [root, 'There are no CSV files in'],
      [join(root, 'nowhere'), 'it does not exist'],
    ] as const) {
      const error: unknown = await csvFilesIn(folder).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(EbillError);
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
      expect((error as EbillError).hint).toContain('ebill run --init-plan');
    }
    expect(readdirSync(root)).toEqual(['plan.txt']);
  });
});
