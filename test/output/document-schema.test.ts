import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { shippedFiles } from '../../src/build/shipped.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { EXIT_CODES } from '../../src/errors.ts';
import { DOCUMENT_SCHEMA } from '../../src/output/json.ts';
import { machine, month, type Ran, sandbox } from '../e2e/harness.ts';

const valid = new Ajv({ allowUnionTypes: true }).compile(DOCUMENT_SCHEMA);

type Schema = Readonly<Record<string, unknown>>;

/**
 * The same without room to grow, and with every key of a batch there: what a command prints in the contract's objects is
 * written down. A document as a whole may hold a command's own keys.
 */
function strictly(schema: unknown, own = false): unknown {
  if (Array.isArray(schema)) return schema.map((one) => strictly(one));
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner: Schema = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'if' || key === 'then' || key === 'else' ? value : strictly(value),
    ]),
  );
  return inner['type'] === 'object' && !own ? { ...inner, additionalProperties: false } : inner;
}

const strict = new Ajv({ allowUnionTypes: true }).compile({
  ...(strictly(DOCUMENT_SCHEMA, true) as Schema),
  definitions: {
    batch: {
      ...(strictly(DOCUMENT_SCHEMA.definitions.batch) as Schema),
      required: Object.keys(DOCUMENT_SCHEMA.definitions.batch.properties).filter(
        (key) => !key.endsWith('Url') && !key.startsWith('left'),
      ),
    },
  },
});

describe('the schema of --json', () => {
  it('holds for every command, in success and in failure', async () => {
    const server = await sandbox();
    const at = machine(server);
    const sample = await month(at, { bad: 1, records: 10, itemFiles: 2 });
    writeFileSync(join(at.cwd, 'plan.yaml'), 'job: SEP_2020\ninit: {}\n');
    const seen = new Set<string>();
    const hold = async (...args: readonly string[]): Promise<Ran> => {
      const ran = await at.call([...args, '--json'], { stdin: 'test-token-1' });
      const document = ran.json;
      expect(valid(document), `${args.join(' ')}: ${JSON.stringify(valid.errors)}`).toBe(true);
      expect(strict(document), `${args.join(' ')}: ${JSON.stringify(strict.errors)}`).toBe(true);
      seen.add(document.command);
      return ran;
    };
    await hold();
    await hold('loads');
    await hold('status');
    await hold('init', '--job', 'AUG_2020', '--dry-run');
    await hold('init', '--job', 'AUG_2020');
    await hold('validate', '--customer', ...sample.customers);
    await hold('upload', 'customer', 'nope.csv');
    await hold('upload', 'customer', ...sample.customers);
    await hold('upload', 'invoice', ...sample.invoices);
    await hold('upload', 'items', ...sample.items, '--show-urls');
    await hold('results');
    await hold('finalize');
    await server.waitForIdle();
    for (const args of [
      ['status', '--exit-status'],
      ['watch'],
      ['results', '--rejects'],
      ['correct'],
      ['report'],
      ['loads'],
      ['loads', 'show', 'AUG_2020'],
      ['loads', 'export', 'AUG_2020'],
      ['loads', 'import', 'AUG_2020.ebill-load.jsonl'],
      ['run', 'plan.yaml', '--freeze', 'approval.json'],
      ['run', 'plan.yaml', '--approved', 'approval.json', '--next'],
      ['run', 'plan.yaml', '--dry-run'],
      ['run', 'plan.yaml'],
      ['run', 'none.yaml'],
      ['doctor'],
      ['api', 'GET', '/rest/batchProcess?jobId=AUG_2020_CUS'],
      ['completion', 'bash'],
      ['profile', 'add', 'p', '--base-url', server.apiUrl, '--auth', 'bearer', '--token-stdin'],
      ['profile', 'set', 'p', '--production'],
      ['profile', 'list'],
      ['profile', 'show', 'p'],
      ['profile', 'use', 'p'],
      ['profile', 'remove', 'p', '--yes'],
      ['stauts'],
    ])
      await hold(...args);
    const silent = COMMANDS.map(({ path }) => path.join(' ')).filter((name) => !seen.has(name));
    // They run for long, or on a server of their own; the demo's document is held in test/e2e/package.test.ts.
    expect(silent.sort()).toEqual(['demo', 'sandbox']);
  });

  it('knows every error code, and refuses what breaks the contract', () => {
    const good = {
      command: 'x',
      profile: null,
      job: null,
      outcome: null,
      exitCode: 0,
      batches: [],
      error: null,
    };
    for (const code of Object.keys(EXIT_CODES))
      expect(valid({ ...good, exitCode: 1, error: { code, message: '', hint: '' } }), code).toBe(true);
    expect(valid({ ...good, exitCode: 1, error: { code: 'ELSE', message: '', hint: '' } })).toBe(false);
    expect(valid(good)).toBe(true);
    expect(valid({ ...good, exitCode: 3 })).toBe(false);
    expect(valid({ ...good, error: { code: 'PARTIAL', message: '', hint: '' } })).toBe(false);
    expect(valid({ ...good, batches: [{ id: 4, children: [] }] })).toBe(false);
    expect(valid({ ...good, outcome: 'done' })).toBe(false);
    const more = {
      ...good,
      loads: [
        {
          job: 'J',
          profile: null,
          baseUrl: 'http://h',
          organisation: null,
          startedAt: null,
          updatedAt: null,
          outcome: null,
          state: null,
          x: 1,
        },
      ],
    };
    expect([valid(more), strict(more)]).toEqual([true, false]);
  });

  it('is shipped, with the schema of plans', async () => {
    const files = await shippedFiles('1.0.0');
    expect(JSON.parse(files.get('schema/document.schema.json') ?? '')).toEqual(
      JSON.parse(JSON.stringify(DOCUMENT_SCHEMA)),
    );
    expect(JSON.parse(files.get('schema/plan.schema.json') ?? '')).toMatchObject({ required: ['job'] });
  });
});
