import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { EbillError } from '../../src/errors.ts';
import { parsePlan } from '../../src/plan/read-plan.ts';
import { runs } from '../helpers/runs.ts';
import { CODE_POINT } from '../helpers/unicode.ts';

const WHOLE = `job: AUG_2020
init:                          # left out: the load is already initialised
  zeroOutCustomerBalance: true # the three carryForward… default to true
customers: [cus_*.csv]
invoices:
  - file: inv_1.csv
    items: [itm_1_*.csv]
columns:
  customer: { key: Account Number }
  invoice:  { key: Invoice Number, customer: Account Number, amount: "" }
  items:    { invoice: Invoice Number, amount: Amount }
accept: { failedRecords: 2 }
expect: { against: 202007, customers: { records: 10% }, invoices: { records: +5%, amount: -2.5% } }
strict: true
allowWarnings: [leading-zeros]
recordStatus: { S: loaded, "E 7": rejected }
`;

describe('parsePlan', () => {
  it('reads every key, and the places of the files', () => {
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
        invoice: { key: 'Invoice Number', customer: 'Account Number', amount: '' },
        items: { invoice: 'Invoice Number', amount: 'Amount' },
      },
      accept: { failedRecords: 2 },
      expect: {
        against: '202007',
        limits: { customer: { records: '10%' }, invoice: { records: '+5%', amount: '-2.5%' } },
      },
      strict: true,
      allowWarnings: ['leading-zeros'],
      recordStatus: { S: 'loaded', 'E 7': 'rejected' },
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
    ['!!str 007', '007'],
    ['+5', '+5'],
    ['.inf', '.inf'],
    ['2020-08-01', '2020-08-01'],
    ['yes', 'yes'],
  ])('reads job: %s as the load %s', (written, job) => {
    expect(parsePlan(`job: ${written}\ninit: {}\n`, 'p').job).toBe(job);
  });

  it('accepts a YAML directive, a BOM and CRLF', () => {
    for (const text of [
      '%YAML 1.1\n---\njob: 2020_08\ninit: {}\n',
      '\ufeffjob: 2020_08\ninit: {}\n',
      'job: 2020_08\r\ninit: {}\r\n',
    ]) {
      expect(parsePlan(text, 'p')).toMatchObject({ job: '2020_08', init: { carryForwardInvoices: true } });
    }
    expect(parsePlan('job: J\r\ncustomers:\r\n  - a.csv\r\n', 'p').customers[0]).toMatchObject({
      line: 3,
      column: 5,
    });
  });

  it('starts no load without init, and by default accepts no failed record', () => {
    const plan = parsePlan('job: J\ncustomers: [c.csv]\n', 'p');
    expect(plan.init).toBeNull();
    expect(plan.accept).toEqual({ failedRecords: 0 });
  });
});

describe('parsePlan with arbitrary input', () => {
  const isPlanOrMistake = (text: string): void => {
    try {
      expect(parsePlan(text, 'p').job).not.toBe('');
    } catch (error) {
      expect(error).toBeInstanceOf(EbillError);
      expect((error as EbillError).code).toBe('INVALID_PLAN');
      expect((error as EbillError).message).toMatch(/^p:\d+:\d+: /);
    }
  };

  it('returns a plan or throws INVALID_PLAN with places', () => {
    fc.assert(fc.property(fc.string({ unit: CODE_POINT, maxLength: 200 }), isPlanOrMistake), {
      numRuns: runs(60, 300),
    });
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
      { numRuns: runs(60, 300) },
    );
  });

  const copes = (many: number): void => {
    const deep = ['[', '{', '- ', '? ', '{a: ', '["', 'a: b: '];
    const long = ['[]', '&a ', '!a ', '- *a\n', '%a\n', '---\n', ',', ': ', 'a:\n', '[,', '"\\x', '\t', '\r'];
    for (const part of [...deep, ...long]) isPlanOrMistake(part.repeat(many));
    isPlanOrMistake(Array.from({ length: many }, (_, i) => `k${i}: 1`).join('\n'));
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
    ];
    isPlanOrMistake(bomb.join('\n'));
  };
  const COPES = 'copes with deep nesting, long input and repeated aliases';
  it(COPES, () => copes(1_000));
  it(`${COPES}, thousands of times`, { tags: 'slow' }, () => copes(8_000));

  it('reports only places inside the text', () => {
    const part = fc.constantFrom(
      ...['job', 'customers', 'a.csv', ':', ': ', '- ', '\n', '\n  ', ' ', '[', ']', '{', '}', ','],
      ...['"', "'", '&a ', '*a', '!t ', '#', '? ', '|', '>', '%', '@', '---\n', '\t', '1', '\\', 'é😀'],
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const text = parts.join('');
        const lines = text.split('\n');
        for (const [, line = '', column = ''] of messageFor(text).matchAll(/^p:(\d+):(\d+): /gm)) {
          expect(Number(line)).toBeLessThanOrEqual(lines.length);
          expect(Number(column)).toBeLessThanOrEqual((lines[Number(line) - 1] ?? '').length + 1);
        }
      }),
      { numRuns: runs(400, 2000) },
    );
  });
});

function messageFor(text: string): string {
  try {
    parsePlan(text, 'p');
    return '';
  } catch (error) {
    expect((error as EbillError).code).toBe('INVALID_PLAN');
    return (error as EbillError).message;
  }
}
