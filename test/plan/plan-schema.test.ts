import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ROLES } from '../../src/batch/columns.ts';
import { jobIdProblem } from '../../src/batch/job-ids.ts';
import { PLAN_SCHEMA, type PlannedInit, planSchemaText } from '../../src/plan/plan-schema.ts';
import { parsePlan } from '../../src/plan/read-plan.ts';
import { runs } from '../helpers/runs.ts';
import { CODE_POINT } from '../helpers/unicode.ts';
import { parseFailure } from './parse-failure.ts';

interface Node {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: boolean | Node;
}

/** Every node below the root, by its path. */
function nodes(
  { properties = {}, items }: Node,
  path = '',
): readonly (readonly [path: string, node: Node])[] {
  const below = Object.entries(properties).map(([key, node]) => [`${path}.${key}`, node] as const);
  const all = items === undefined ? below : [...below, [`${path}[]`, items] as const];
  return all.flatMap(([at, node]) => [[at, node] as const, ...nodes(node, at)]);
}

// Like an editor: only the published text.
const published = JSON.parse(planSchemaText()) as Node;
const inEditor = new Ajv({ strict: true, allowUnionTypes: true }).compile(published as object);

describe('the plan schema', () => {
  it('is published as it is used to check plans', () => {
    expect(published).toEqual(PLAN_SCHEMA);
  });

  it.each(nodes(PLAN_SCHEMA as Node))('%s has a title, a description and a valid example', (_path, node) => {
    expect(node.title).toMatch(/^\p{Lu}/u);
    expect(node.description).toMatch(/\.$/);
    const check = new Ajv({ strict: true, allowUnionTypes: true }).compile(node as object);
    expect(node.examples?.length).toBeGreaterThan(0);
    for (const example of node.examples ?? []) expect(check(example), JSON.stringify(example)).toBe(true);
    // A map has any keys, with values of one kind.
    if (node.type === 'object' && node.properties !== undefined)
      expect(node.additionalProperties).toBe(false);
  });

  it('has the same defaults and keys as parsePlan', () => {
    const { init, columns, accept } = PLAN_SCHEMA.properties;
    const plan = parsePlan('job: J\ninit: {}\n', 'p');
    const defaults = Object.entries(init.properties).map(([key, node]) => [key, node.default] as const);
    expect(Object.fromEntries(defaults)).toEqual(plan.init);
    const keys: Readonly<Record<keyof PlannedInit, unknown>> = init.properties;
    expect(Object.keys(keys)).toHaveLength(4);
    expect(accept.properties.failedRecords.default).toBe(plan.accept.failedRecords);
    for (const kind of ['customer', 'invoice', 'items'] as const)
      expect(Object.keys(columns.properties[kind].properties)).toEqual(ROLES[kind]);
  });

  it('has no key that parsePlan ignores', () => {
    const defaults = parsePlan('job: J\ninit: {}\n', 'p').init;
    for (const [key, value] of Object.entries(defaults ?? {})) {
      const one = { [key]: !value };
      expect(parsePlan(stringify({ job: 'J', init: one }), 'p').init).toEqual({ ...defaults, ...one });
    }
    const columns = {
      customer: { key: 'a' },
      invoice: { key: 'b', customer: 'c', amount: 'd' },
      items: { invoice: 'e', amount: 'f' },
    };
    const accept = { failedRecords: 7 };
    const plan = parsePlan(stringify({ job: 'J', init: {}, columns, accept }), 'p');
    expect(plan).toMatchObject({ columns, accept });
  });

  const text = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom('a.csv', 'true', '7', '*', 'é', 'a: b', '\u200b', ' x ') },
    { weight: 1, arbitrary: fc.constantFrom('', ' ', 'a\u0007', '\u2028', '\u0085', '\n') },
    { weight: 1, arbitrary: fc.string({ unit: CODE_POINT, maxLength: 5 }) },
  );
  const wrong = fc.constantFrom<unknown>(null, true, 1, -1, 0.5, '', [], {}, ['a'], { file: 'a' });
  const either = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 40, arbitrary: right as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: wrong });
  const some = (keys: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> =>
    either(
      fc
        .tuple(fc.record(keys, { requiredKeys: [] }), fc.integer({ min: 0, max: 40 }))
        .map(([record, n]) => (n === 1 ? { ...record, extra: 1 } : record)),
    );
  const files = either(fc.array(either(text), { maxLength: 3 }));
  const plan = some({
    job: either(text),
    init: some({ carryForwardInvoices: either(fc.boolean()), zeroOutCustomerBalance: either(fc.boolean()) }),
    customers: files,
    invoices: either(fc.array(some({ file: either(text), items: files }), { maxLength: 2 })),
    columns: some({ invoice: some({ key: either(text) }), items: some({ key: text, amount: either(text) }) }),
    accept: some({ failedRecords: either(fc.integer({ min: -1 })) }),
  });

  it('agrees with parsePlan on which plans are valid', () => {
    let right = 0;
    fc.assert(
      fc.property(plan, (value) => {
        const written = stringify(value, { aliasDuplicateObjects: false });
        if (inEditor(value)) {
          right += 1;
          try {
            parsePlan(written, 'p');
          } catch (error) {
            // The one check that a schema cannot express.
            expect((error as Error).message).toContain('this plan does nothing');
          }
        } else expect(parseFailure(written).message).toMatch(/^plan\.yaml:\d+:\d+: /);
      }),
      { numRuns: 500 },
    );
    expect(right).toBeGreaterThan(50);
  });

  it('accepts the same load names as --job', () => {
    const { pattern, maxLength } = PLAN_SCHEMA.properties.job;
    const fits = new RegExp(pattern, 'u');
    const any = fc.oneof(
      fc.string({ unit: CODE_POINT, maxLength: 8 }),
      fc.constantFrom('\ud800', '\ue000', '\u0378', '\u200d', '\u00ad', ' \u00a0 ', 'x'.repeat(201)),
    );
    fc.assert(
      fc.property(any, (job) => {
        expect(fits.test(job) && job.length <= maxLength).toBe(jobIdProblem(job) === null);
      }),
      { numRuns: runs(100, 500) },
    );
  });
});
