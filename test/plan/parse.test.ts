import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { EbillError } from '../../src/errors.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import { PLAN_SCHEMA, planSchemaText } from '../../src/plan/schema.ts';

const WHOLE = `job: AUG_2020
init:                          # left out: the load is already initialised
  zeroOutCustomerBalance: true # the three carryForward… default to true
customers: [cus_*.csv]
invoices:
  - file: inv_1.csv
    items: [itm_1_*.csv]
columns:
  customer: { key: Account Number }
  invoice:  { key: Invoice Number, customer: Account Number, amount: Amount }
  items:    { invoice: Invoice Number, amount: Amount }
accept: { failedRecords: 2 }
`;

function failure(text: string): EbillError {
  try {
    parsePlan(text, 'plan.yaml');
  } catch (error) {
    if (error instanceof EbillError) return error;
    throw error;
  }
  throw new Error('it was taken for a plan');
}

describe('a plan', () => {
  it('is read whole, with the places of its files', () => {
    expect(parsePlan(WHOLE, 'plan.yaml')).toEqual({
      job: 'AUG_2020',
      init: {
        carryForwardInvoices: true,
        carryForwardCreditMemos: true,
        carryForwardDebitMemos: true,
        zeroOutCustomerBalance: true,
      },
      customers: [{ text: 'cus_*.csv', line: 4, column: 13 }],
      invoices: [
        {
          file: { text: 'inv_1.csv', line: 6, column: 11 },
          items: [{ text: 'itm_1_*.csv', line: 7, column: 13 }],
        },
      ],
      columns: {
        customer: { key: 'Account Number' },
        invoice: { key: 'Invoice Number', customer: 'Account Number', amount: 'Amount' },
        items: { invoice: 'Invoice Number', amount: 'Amount' },
      },
      accept: { failedRecords: 2 },
    });
  });

  it.each([
    ['202008', '202008'],
    ['0123', '0123'],
    ['0x1F', '0x1F'],
    ['1e3', '1e3'],
    ['2020_08', '2020_08'],
    ['1.50', '1.50'],
    ['"007"', '007'],
  ])('job: %s is the load %s', (written, job) => {
    expect(parsePlan(`job: ${written}\ninit: {}\n`, 'p').job).toBe(job);
  });

  it('without init starts nothing, and accepts no failed record unless it says so', () => {
    const plan = parsePlan('job: J\ncustomers: [c.csv]\n', 'p');
    expect(plan.init).toBeNull();
    expect(plan.accept).toEqual({ failedRecords: 0 });
  });
});

describe('each kind of mistake, and the message it gets', () => {
  const text = (lines: string): string => failure(lines).message;
  it.each([
    ['nothing', '  \n', 'the plan is empty'],
    ['no map', 'AUG_2020\n', 'plan.yaml:1:1: a plan must be a block of keys; it is the text "AUG_2020"'],
    [
      'an unknown key',
      'job: J\ncustmers: [a]\n',
      'plan.yaml:2:1: unknown key "custmers"; did you mean customers?',
    ],
    [
      'a far one',
      'job: J\ninit: {}\nfoo: 1\n',
      'unknown key "foo"; known: job, init, customers, invoices, columns, accept',
    ],
    [
      'one below',
      'job: J\ninvoices:\n  - file: a\n    itms: [b]\n',
      'plan.yaml:4:5: unknown key "itms" in invoices[1]; did you mean items?',
    ],
    ['no job', 'init: {}\n', 'plan.yaml:1:1: job is missing: name the load, such as job: AUG_2020'],
    ['an empty job', 'job:\ninit: {}\n', 'plan.yaml:1:5: job must be a text, such as AUG_2020; it is empty'],
    [
      'a job that is none',
      'job: true\ninit: {}\n',
      'plan.yaml:1:6: job must be a text, such as AUG_2020; it is true',
    ],
    [
      'a blank job',
      'job: "  "\ninit: {}\n',
      'plan.yaml:1:6: job cannot be used as a name: it is only spaces',
    ],
    [
      'an empty init',
      'job: J\ninit:\n',
      'plan.yaml:2:6: init is empty: write init: {} to start the load as usual',
    ],
    [
      'a text for a boolean',
      'job: J\ninit: { zeroOutCustomerBalance: "true" }\n',
      'plan.yaml:2:33: init.zeroOutCustomerBalance must be true or false; it is the text "true"',
    ],
    ['yes for a boolean', 'job: J\ninit: { carryForwardInvoices: yes }\n', 'it is the text "yes"'],
    [
      'a text for a list',
      'job: J\ncustomers: cus.csv\n',
      'plan.yaml:2:12: customers must be a list, such as [cus_*.csv]; it is the text "cus.csv"',
    ],
    [
      'a number for a file',
      'job: J\ncustomers: [12]\n',
      'plan.yaml:2:13: customers[1] must be a text, such as cus_*.csv; it is 12',
    ],
    ['an empty file', 'job: J\ncustomers: [""]\n', 'plan.yaml:2:13: customers[1] is empty'],
    [
      'an invoice without a file',
      'job: J\ninvoices:\n  - items: [a]\n',
      'plan.yaml:3:5: file is missing: each invoice entry names its file',
    ],
    [
      'a file for an invoice',
      'job: J\ninvoices: [inv.csv]\n',
      'invoices[1] must be a block of keys, such as { file: inv_1.csv, items: [itm_1_*.csv] }; it is the text "inv.csv"',
    ],
    [
      'fewer than none',
      'job: J\ninit: {}\naccept: { failedRecords: -1 }\n',
      'plan.yaml:3:26: accept.failedRecords cannot be below 0',
    ],
    [
      'half a record',
      'job: J\ninit: {}\naccept: { failedRecords: 1.5 }\n',
      'must be a whole number, such as 0; it is 1.5',
    ],
    [
      'an unknown role',
      'job: J\ninit: {}\ncolumns: { items: { key: A } }\n',
      'plan.yaml:3:21: unknown key "key" in columns.items; known: invoice, amount',
    ],
    ['nothing to do', 'job: J\n', 'plan.yaml:1:1: there is nothing to do: name init, customers or invoices'],
    [
      'a control character',
      'job: J\ncustomers: ["a\\u0007.csv"]\n',
      'plan.yaml:2:13: the file name has control characters',
    ],
    ['a key twice', 'job: J\ninit: {}\njob: K\n', 'plan.yaml:3:1: this key is there twice'],
    [
      'two documents',
      'job: J\ninit: {}\n---\njob: K\n',
      'a second document begins here (---); a plan is one',
    ],
    ['a tab', 'job: J\ninvoices:\n\t- file: a\n', 'plan.yaml:3:'],
    ['an open bracket', 'job: J\ncustomers: [a, b\n', 'plan.yaml:'],
    [
      'an alias',
      'job: &j J\ncustomers: [*j]\n',
      'plan.yaml:2:13: aliases (*name) are not taken in a plan: write it out',
    ],
    ['a tag', 'job: J\ninit: !!binary aGk=\n', 'plan.yaml:2:'],
    [
      'prototype keys',
      'job: J\ninit: {}\n__proto__: { polluted: true }\n',
      'plan.yaml:3:1: unknown key "__proto__"',
    ],
  ])('%s', (_kind, plan, message) => {
    const error = failure(plan);
    expect(error.code).toBe('INVALID_PLAN');
    expect(error.message).toContain(message);
    expect(error.message).not.toMatch(/\[object|undefined|NaN/);
    expect(error.hint).toContain('Nothing was sent');
  });

  it('names them all, in the order of the text, ten and then a count', () => {
    const lines = text('jobs: J\ncustomers: x\ninvoices: y\n').split('\n');
    expect(lines.map((line) => line.replace(/: .*/, ''))).toEqual([
      'plan.yaml:1:1',
      'plan.yaml:1:1',
      'plan.yaml:2:12',
      'plan.yaml:3:11',
    ]);
    const many = text(`job: J\ncustomers: [${Array.from({ length: 14 }, (_, i) => i).join(', ')}]\n`).split(
      '\n',
    );
    expect(many).toHaveLength(11);
    expect(many.at(-1)).toBe('and 4 more');
  });
});

describe('whatever is read', () => {
  const isPlanOrMistake = (text: string): void => {
    try {
      expect(parsePlan(text, 'p').job).not.toBe('');
    } catch (error) {
      expect(error).toBeInstanceOf(EbillError);
      expect((error as EbillError).code).toBe('INVALID_PLAN');
      expect((error as EbillError).message).toMatch(/^p:\d+:\d+: /);
    }
  };

  it('is a plan or named mistakes: text, and values where keys are known', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), isPlanOrMistake), { numRuns: 300 });
    const known = fc.constantFrom(
      'job',
      'init',
      'customers',
      'invoices',
      'columns',
      'accept',
      'file',
      'items',
      '__proto__',
      'constructor',
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(null, true, 3, -1, 'a.csv', '', 'AUG', '\u202e'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(known, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(known, value, { maxKeys: 6 }), (plan) => isPlanOrMistake(stringify(plan))),
      { numRuns: 300 },
    );
  });

  it('however deep, and however often it repeats itself', () => {
    isPlanOrMistake('['.repeat(200_000));
    isPlanOrMistake(`${'{a: '.repeat(20_000)}1`);
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
    ];
    isPlanOrMistake(bomb.join('\n'));
  });
});

describe('the schema for editors', () => {
  it('is JSON, and describes every key', () => {
    expect(JSON.parse(planSchemaText())).toEqual(PLAN_SCHEMA);
    const undescribed: string[] = [];
    const walk = (node: unknown, path: string): void => {
      const {
        properties = {},
        items,
        description,
      } = node as { properties?: object; items?: unknown; description?: string };
      if (description === undefined) undescribed.push(path);
      for (const [key, child] of Object.entries(properties)) walk(child, `${path}.${key}`);
      if (items !== undefined) walk(items, `${path}[]`);
    };
    walk(PLAN_SCHEMA, 'plan');
    expect(undescribed).toEqual([]);
  });
});
