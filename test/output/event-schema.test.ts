import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { KINDS, PHASES } from '../../src/batch/types.ts';
import { type LoadEvent, STAGES } from '../../src/load/events.ts';
import { eventSchema } from '../../src/output/progress/json.ts';
import { createProgress } from '../../src/output/progress/progress.ts';
import { machine, month, sandbox } from '../e2e/harness.ts';
import { testContext } from '../helpers/context.ts';
import { uiFor } from './ui-helper.ts';

const EVENT_SCHEMA = eventSchema();

/** For programs the schema leaves room to grow; here a field nobody wrote down is a mistake. */
const strict = new Ajv({ allowUnionTypes: true }).compile({
  ...EVENT_SCHEMA,
  oneOf: EVENT_SCHEMA.oneOf.map((one) => ({ ...one, additionalProperties: false })),
});

function hold(stderr: string): ReadonlySet<string> {
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly event: string });
  for (const event of events) expect(strict(event), JSON.stringify(event)).toBe(true);
  return new Set(events.map(({ event }) => event));
}

describe('the schema of --progress json', () => {
  it('holds for every event of a load', async () => {
    const context = testContext();
    const { listener, stop } = await createProgress(await uiFor(context, { progress: 'json' }));
    const upload = { jobId: 'J', file: 'f', bytes: 1, total: 2 };
    const all: readonly LoadEvent[] = [
      { event: 'check.start', files: 1 },
      { event: 'check.progress', bytes: 1, total: 3 },
      { event: 'wait.progress', bytes: 1, total: null },
      { event: 'check.end', files: 1, records: 2, bytes: 3, bad: 0 },
      { event: 'step', jobId: null, message: 'm' },
      { event: 'warning', jobId: 'J', message: 'm' },
      { event: 'retry', jobId: null, message: 'm', attempt: 1, waitMs: 0.5 },
      { event: 'upload.start', jobId: 'J', file: 'f', total: 2 },
      { event: 'upload.end', ...upload, ms: 4, ok: true },
      { event: 'wait.start', message: 'm' },
      { event: 'wait.end' },
      ...STAGES.map((stage) => ({ event: 'stage.start', stage }) as const),
      { event: 'stage.end', stage: 'check', outcome: 'skipped', message: null },
    ];
    for (const event of all) listener(event);
    stop();
    expect(hold(context.stderr.text)).toEqual(new Set(all.map(({ event }) => event)));
  });

  it('holds for a whole upload with --wait, up to its error', async () => {
    const server = await sandbox();
    const at = machine(server);
    const sample = await month(at, { bad: 1, records: 10 });
    await at.call(['init', '--job', 'AUG_2020']);
    const line = ['upload', 'customer', ...sample.customers, '--wait', '--verbose', '--progress', 'json'];
    const seen = hold((await at.call(line)).stderr);
    for (const event of ['check.end', 'upload.start', 'upload.end', 'batch.change', 'note', 'error'])
      expect(seen).toContain(event);
  });

  it('holds for a run that is compared with the last month', async () => {
    const at = machine(await sandbox());
    for (const job of ['JUL_2020', 'AUG_2020']) {
      await month(at, { records: job === 'JUL_2020' ? 10 : 8, itemFiles: 1, job });
      writeFileSync(
        join(at.cwd, `${job}.yaml`),
        `job: ${job}\ninit: {}\ninvoices:\n  - file: 'INV*${job}*.csv'\n    items: ['ITM*${job}*.csv']\ncustomers: ['CUS*${job}*.csv']\n`,
      );
    }
    expect((await at.call(['run', 'JUL_2020.yaml'])).code).toBe(0);
    const ran = await at.call(['run', 'AUG_2020.yaml', '--progress', 'json']);
    expect(hold(ran.stderr)).toContain('comparison');
  });

  it('holds for the findings of an upload, which are on stderr', async () => {
    const at = machine(null, { EBILL_BASE_URL: 'http://127.0.0.1:9' });
    writeFileSync(join(at.cwd, 'bad.csv'), 'Account Number,Name\n1\n');
    const ran = await at.call([
      'upload',
      'customer',
      'bad.csv',
      '--job',
      'A',
      '--progress',
      'json',
      '--json',
    ]);
    expect([ran.code, ran.json.files?.[0]?.findings[0]?.code]).toEqual([2, 'ragged']);
    expect(hold(ran.stderr)).toContain('finding');
  });

  it('knows every kind, phase and stage', () => {
    const text = JSON.stringify(EVENT_SCHEMA);
    for (const words of [KINDS, STAGES]) expect(text).toContain(JSON.stringify(words));
    for (const phase of PHASES) expect(text).toContain(JSON.stringify(phase));
    expect(strict({ time: 't', event: 'step', jobId: null, message: 'm', more: 1 })).toBe(false);
    expect(strict({ time: 't', event: 'upload.start', jobId: 'J', file: 'f', bytes: '0', total: 1 })).toBe(
      false,
    );
  });

  it('can be found in the package', () => {
    const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      exports: Record<string, string>;
    };
    expect(exports['./event.schema.json']).toBe('./dist/schema/event.schema.json');
  });
});
