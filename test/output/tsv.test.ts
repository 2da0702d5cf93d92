import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchView } from '../../src/batch/types.ts';
import { BATCH_FIELDS } from '../../src/output/fields.ts';
import { toTsv } from '../../src/output/result-rows.ts';
import { visible } from '../../src/system/escaping.ts';
import { month as files, machine, sandbox } from '../e2e/harness.ts';
import { batch, month } from './samples.ts';

const RESULT = { command: 'status', profile: null, job: 'J', outcome: null, exitCode: 0, error: null };

describe('TSV', () => {
  it('has a header and a row for each batch, children after their parents', () => {
    const lines = toTsv({ ...RESULT, batches: month }, null, visible)
      .replace(/\n$/, '')
      .split('\n');
    expect(lines[0]).toBe(BATCH_FIELDS.join('\t'));
    const rows = lines.slice(1).map((line) => line.split('\t'));
    expect(rows.every((row) => row.length === BATCH_FIELDS.length)).toBe(true);
    const [jobId, parent] = [BATCH_FIELDS.indexOf('jobId'), BATCH_FIELDS.indexOf('parent')];
    expect(rows.map((row) => `${row[parent]}/${row[jobId]}`)).toContain('AUG_2020_INV/AUG_2020_ITM_1');
  });

  it('keeps any text: one line a row, one tab between columns, and it parses back', () => {
    const back = (text: string): string =>
      text.replace(/\\([tnr\\])/g, (_all, char: string) => ({ t: '\t', n: '\n', r: '\r' })[char] ?? char);
    const text = fc.string({ unit: fc.constantFrom('\t', '\n', '\r', '\\', 'n', 't', 'é', '"', ' ') });
    fc.assert(
      fc.property(text, text, (jobId, message) => {
        const view: BatchView = batch({ jobId, errorMessage: message });
        const [, line = '', end] = toTsv(
          { ...RESULT, batches: [view] },
          ['jobId', 'errorMessage'],
          (one) => one,
        ).split('\n');
        expect(end).toBe('');
        expect(line.split('\t').map(back)).toEqual([jobId, message]);
      }),
    );
  });
});

describe('--format and --fields', () => {
  it('select and order columns in TSV, tables and JSON, and keep the exit code', async () => {
    const server = await sandbox();
    const at = machine(server);
    const sample = await files(at, { bad: 1, records: 10 });
    await at.call(['upload', 'customer', ...sample.customers, '--job', 'AUG_2020', '--finalize']);
    await server.waitForIdle();
    const tsv = await at.call(['watch', '--format', 'tsv', '--fields', 'phase,jobId,failCount']);
    expect([tsv.code, tsv.stdout]).toEqual([3, 'phase\tjobId\tfailCount\npartial\tAUG_2020_CUS\t1\n']);
    expect((await at.call(['status', '--fields', 'phase,jobId'])).stdout).toMatch(
      /^phase +jobId\n.*partial +AUG_2020_CUS/,
    );
    const json = await at.call(['status', '--json', '--fields', 'failCount,jobId']);
    expect(json.json.batches).toEqual([{ failCount: 1, jobId: 'AUG_2020_CUS', children: [] }]);
    expect((await at.call(['loads', '--format', 'tsv', '--fields', 'job,outcome'])).stdout).toBe(
      'job\toutcome\nAUG_2020\tpartial\n',
    );
    const results = (await at.call(['results', '--format', 'tsv', '--fields', 'jobId,rejects'])).stdout;
    expect(results).toBe('jobId\trejects\nAUG_2020_CUS\t1\n');
  });

  it('work for profiles and for checks too', async () => {
    const server = await sandbox();
    const at = machine(server);
    await at.call(['profile', 'add', 'prod', '--base-url', 'https://x.example', '--auth', 'none', '--use']);
    const profiles = await at.call(['profile', 'list', '--format', 'tsv']);
    expect(profiles.stdout).toBe(
      'name\tcurrent\tbaseUrl\tauth\tusername\tproduction\torganisation\ttokenCommand\nprod\ttrue\thttps://x.example\tnone\t\tfalse\t\t\n',
    );
    const checks = (await at.call(['doctor', '--format', 'tsv', '--fields', 'state,name'])).stdout;
    expect(checks.split('\n').slice(0, 2)).toEqual(['state\tname', 'ok\tNode']);
  });

  it('keep stdout to rows when files fail the check, and JSON to the selected fields', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'bad.csv'), 'a,b\n1,2,3\n');
    const line = ['upload', 'customer', 'bad.csv', '--job', 'AUG_2020'];
    const failed = await at.call([...line, '--format', 'tsv', '--fields', 'file,findings']);
    expect([failed.code, failed.stdout]).toEqual([2, 'file\tfindings\nbad.csv\t1\n']);
    expect(failed.stderr).toContain('failed the check');
    const sample = await files(at, { records: 5, itemFiles: 1 });
    await at.call(['upload', 'customer', ...sample.customers, '--job', 'AUG_2020']);
    const open = await at.call(['results', '--json', '--fields', 'jobId']);
    expect(open.code).toBe(7);
    expect(open.json.batches).toEqual([{ jobId: 'AUG_2020_CUS', children: [] }]);
  });

  it('are refused before anything is done when they are contradictory or unknown', async () => {
    const server = await sandbox();
    const at = machine(server);
    const field = await at.call(['init', '--job', 'AUG_2020', '--fields', 'jobid,fase', '--format', 'json']);
    expect([field.code, field.json.error?.hint.startsWith('Did you mean jobId?')]).toEqual([2, true]);
    const both = await at.call(['init', '--job', 'AUG_2020', '--json', '--format', 'tsv']);
    expect(both.code).toBe(2);
    expect((await at.call(['status', '--format', 'xml'])).code).toBe(2);
    expect(server.requests).toEqual([]);
  });
});
