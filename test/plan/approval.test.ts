import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ApprovalFacts, approvalOf, differences, parseApproval } from '../../src/plan/approval.ts';
import { APPROVAL_SCHEMA, approvalSchemaText } from '../../src/plan/approval-schema.ts';
import { PLAN_SCHEMA } from '../../src/plan/plan-schema.ts';
import { parsePlan } from '../../src/plan/read-plan.ts';

const PLAN = `job: AUG_2020
init: { zeroOutCustomerBalance: true }
customers: [cus.csv]
invoices: [{ file: inv.csv, items: [in/itm.csv] }]
columns: { invoice: { key: Number } }
accept: { failedRecords: 2 }
recordStatus: { fine: loaded }
`;

const file = (name: string, hash: string) => ({
  path: `/month/${name}`,
  records: 3,
  amount: '1.50',
  bytes: 40,
  sha256: hash.repeat(64),
});

const FACTS: ApprovalFacts = {
  version: '1.4.2',
  server: 'https://ebill.example.com',
  organisation: null,
  plan: parsePlan(PLAN, 'plan.yaml'),
  folder: '/month',
  files: {
    customers: [file('cus.csv', 'a')],
    invoices: [{ file: file('inv.csv', 'b'), items: [file('in/itm.csv', 'c')] }],
  },
  columns: { invoice: { key: 'Number' } },
  options: { adopt: false, recordStatus: { fine: 'loaded' }, statusNames: { b: 'draft', a: 'queued' } },
};
const APPROVAL = approvalOf(FACTS);

describe('an approval', () => {
  it('says all that would be sent, and fits its schema', () => {
    expect(APPROVAL).toMatchObject({
      majorVersion: 1,
      server: 'https://ebill.example.com',
      job: 'AUG_2020',
      init: { carryForwardInvoices: true, zeroOutCustomerBalance: true },
      options: { accept: { failedRecords: 2 }, columns: { 'invoice.key': 'Number' }, adopt: false },
      totals: [
        { kind: 'customer', files: 1, records: 3, amount: '1.50' },
        { kind: 'invoice', files: 1, records: 3, amount: '1.50' },
        { kind: 'items', files: 1, records: 3, amount: '1.50' },
      ],
    });
    expect(APPROVAL.files.map(({ path, kind, invoice }) => [path, kind, invoice])).toEqual([
      ['cus.csv', 'customer', null],
      ['inv.csv', 'invoice', null],
      ['in/itm.csv', 'items', 'inv.csv'],
    ]);
    const fits = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(approvalSchemaText()));
    expect(fits(APPROVAL), JSON.stringify(fits.errors)).toBe(true);
    expect(Object.keys(APPROVAL)).toEqual(APPROVAL_SCHEMA.required);
  });

  it('has every key of a plan, whatever keys plans get', () => {
    const elsewhere = ['job', 'init', 'customers', 'invoices'];
    const keys = [...Object.keys(APPROVAL.options), ...elsewhere];
    expect(Object.keys(PLAN_SCHEMA.properties).filter((key) => !keys.includes(key))).toEqual([]);
  });

  it('is the same whatever order the options have', () => {
    const turned = { ...FACTS, options: { statusNames: { a: 'queued', b: 'draft' }, ...FACTS.options } };
    expect(
      JSON.stringify(
        approvalOf({ ...turned, options: Object.fromEntries(Object.entries(turned.options).reverse()) }),
      ),
    ).toBe(JSON.stringify(APPROVAL));
  });

  it('is read back as it was written', () => {
    expect(parseApproval(JSON.stringify(APPROVAL))).toEqual(APPROVAL);
    expect(differences(APPROVAL, APPROVAL)).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['no JSON', '{', 'is not JSON'],
    ['something else', '{"job":"X"}', 'is not an approval of ebill'],
    ['nothing', 'null', 'is not an approval of ebill'],
    ['a newer one', JSON.stringify({ ...APPROVAL, ebillApproval: 2 }), 'newer ebill (format 2)'],
    ['an unknown field', JSON.stringify({ ...APPROVAL, also: 1 }), 'has an unknown field "also"'],
    [
      'an unknown field of a file',
      JSON.stringify({ ...APPROVAL, files: [{ ...APPROVAL.files[0], by: 1 }] }),
      'has an unknown field "by" in files.0',
    ],
    ['a missing field', JSON.stringify({ ...APPROVAL, server: undefined }), 'is damaged'],
    [
      'a hash that is none',
      JSON.stringify({ ...APPROVAL, files: [{ ...APPROVAL.files[0], sha256: 'abc' }] }),
      'is damaged: must match pattern "^[0-9a-f]{64}$" in files.0.sha256',
    ],
  ])('is refused when it is %s', (_what, text, problem) => {
    expect(parseApproval(text)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('what differs', () => {
  const changed = (facts: Partial<ApprovalFacts>) =>
    differences(APPROVAL, approvalOf({ ...FACTS, ...facts }));
  const plan = (from: string, to: string) => ({ plan: parsePlan(PLAN.replace(from, to), 'plan.yaml') });

  it.each<[string, Partial<ApprovalFacts>, string, string | null, string | null]>([
    [
      'the server',
      { server: 'https://test.example.com' },
      'server',
      '"https://ebill.example.com"',
      '"https://test.example.com"',
    ],
    ['the organisation', { organisation: 'acme' }, 'organisation', 'null', '"acme"'],
    ['the load', plan('AUG', 'SEP'), 'job', '"AUG_2020"', '"SEP_2020"'],
    ['the major version', { version: '2.0.0' }, 'majorVersion', '1', '2'],
    [
      'an option of init',
      plan('zeroOutCustomerBalance: true', ''),
      'init.zeroOutCustomerBalance',
      'true',
      'false',
    ],
    ['no init', plan('init: { zeroOutCustomerBalance: true }\n', ''), 'init', null, 'null'],
    [
      'an option of the plan',
      plan('failedRecords: 2', 'failedRecords: 3'),
      'options.accept.failedRecords',
      '2',
      '3',
    ],
    ['a column', { columns: { invoice: { key: 'No' } } }, 'options.columns.invoice.key', '"Number"', '"No"'],
    [
      'an option of the line',
      { options: { ...FACTS.options, adopt: true } },
      'options.adopt',
      'false',
      'true',
    ],
    [
      'what a status means',
      { options: { ...FACTS.options, statusNames: {} } },
      'options.statusNames.a',
      '"queued"',
      null,
    ],
  ])('%s', (_what, facts, what, was, now) => {
    expect(changed(facts)).toContainEqual({ what, was, now });
  });

  it('a minor version does not', () => {
    expect(changed({ version: '1.9.0' })).toEqual([]);
  });

  it('a file: each of its values, or that it is new or gone, and not those after it', () => {
    const { customers, invoices } = FACTS.files;
    const other = { ...file('cus.csv', 'd'), records: 4 };
    expect(
      changed({ files: { customers: [other], invoices } }).map(({ what, was, now }) => [what, was, now]),
    ).toEqual([
      ['totals of customer files.records', '3', '4'],
      ['cus.csv: records', '3', '4'],
      ['cus.csv: sha256', `"${'a'.repeat(64)}"`, `"${'d'.repeat(64)}"`],
    ]);
    const more = changed({ files: { customers: [file('a.csv', 'e'), ...customers], invoices } });
    expect(more).toContainEqual({ what: 'a.csv', was: null, now: `SHA-256 ${'e'.repeat(64)}` });
    expect(more.filter(({ what }) => what.startsWith('cus.csv'))).toEqual([]);
    const fewer = changed({ files: { customers: [], invoices } });
    expect(fewer).toContainEqual({ what: 'cus.csv', was: `SHA-256 ${'a'.repeat(64)}`, now: null });
  });

  it('the order of files, which decides their batches', () => {
    const two = [file('a.csv', 'a'), file('b.csv', 'b')];
    const of = (customers: typeof two) => approvalOf({ ...FACTS, files: { customers, invoices: [] } });
    expect(differences(of(two), of(two.toReversed()))).toEqual([
      { what: 'the order of the files', was: 'a.csv, b.csv', now: 'b.csv, a.csv' },
    ]);
  });

  it('any change of any value', () => {
    const leaves: (readonly (string | number)[])[] = [];
    const walk = (value: unknown, path: readonly (string | number)[]): void => {
      if (typeof value !== 'object' || value === null) leaves.push(path);
      else
        for (const [key, one] of Object.entries(value))
          walk(one, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    walk(APPROVAL, []);
    fc.assert(
      fc.property(fc.constantFrom(...leaves), fc.anything({ maxDepth: 0 }), (path, other) => {
        const copy = structuredClone(APPROVAL) as unknown as Record<string | number, unknown>;
        let at = copy;
        for (const key of path.slice(0, -1)) at = at[key] as typeof at;
        const key = path.at(-1) ?? '';
        fc.pre(JSON.stringify(at[key]) !== JSON.stringify(other));
        at[key] = other;
        const read = parseApproval(JSON.stringify(copy));
        expect('problem' in read || differences(read, APPROVAL).length > 0).toBe(true);
      }),
    );
  });
});
