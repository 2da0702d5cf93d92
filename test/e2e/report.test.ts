import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { calls, type Machine, machine, month, sandbox } from './harness.ts';

async function loaded(bad = 1): Promise<{ at: Machine; server: Sandbox }> {
  const server = await sandbox();
  const at = machine(server);
  const sample = await month(at, { bad, records: 20, itemFiles: 2 });
  await at.call(['init', '--job', 'AUG_2020']);
  await at.call(['upload', 'customer', ...sample.customers, '--finalize']);
  await at.call([
    'upload',
    'invoice',
    ...sample.invoices,
    '--items',
    ...sample.items,
    '--wait',
    '--interval',
    '1s',
  ]);
  await server.waitForIdle();
  return { at, server };
}

describe('ebill report', () => {
  it('writes the page, prints the same facts as JSON, and changes nothing on the server', async () => {
    const { at, server } = await loaded();
    const before = calls(server).length;
    const ran = await at.call(['report', '--json']);
    expect(ran.code).toBe(0);
    expect(ran.json).toMatchObject({
      command: 'report',
      job: 'AUG_2020',
      outcome: 'partial',
      exitCode: 0,
      error: null,
    });
    const path = join(at.cwd, 'AUG_2020', 'report.html');
    expect(ran.json['path']).toBe(path);
    const page = readFileSync(path, 'utf8');
    const report = ran.json['report'] as {
      batches: {
        jobId: string;
        sent: number | null;
        unaccounted: number | null;
        processFrom: string | null;
      }[];
      files: { file: string; sha256: string }[];
      reasons: { message: string; count: number }[];
      timeline: { event: string; outcome: string | null }[];
      made: { user: string; host: string; by: string };
    };
    for (const { file, sha256 } of report.files) {
      expect(page).toContain(file);
      expect(page).toContain(sha256);
    }
    expect(report.files).toHaveLength(4);
    expect(report.batches.find(({ jobId }) => jobId === 'AUG_2020_CUS')).toMatchObject({
      unaccounted: 0,
      processFrom: expect.stringMatching(/Z$/),
    });
    expect(report.reasons.length).toBeGreaterThan(0);
    for (const { message } of report.reasons) expect(page).toContain(message);
    expect(
      report.timeline.filter(({ event, outcome }) => event === 'finalize' && outcome === 'answered'),
    ).toHaveLength(2);
    expect(report.made).toMatchObject({
      user: 'tester',
      host: 'test-host',
      by: expect.stringMatching(/^ebill\//),
    });
    expect(page).not.toMatch(/X-Amz-Signature|test-token-1/);
    expect(calls(server).length).toBe(before + 4);
  });

  it('shows the last known state when the server cannot be reached, and says so on the page', async () => {
    const { at, server } = await loaded(0);
    await server.close();
    const ran = await at.call(['report', '--json', '--retries', '0', '--out', 'away.html']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('The report shows the last known state');
    expect(readFileSync(join(at.cwd, 'away.html'), 'utf8')).toContain(
      'The result files could not be downloaded',
    );
  });

  it('replaces only a report, unless --force is given', { tags: 'slow' }, async () => {
    const { at } = await loaded(0);
    const path = join(at.cwd, 'mine.html');
    writeFileSync(path, 'mine');
    const kept = await at.call(['report', '--out', 'mine.html', '--json']);
    expect([kept.code, kept.json.error?.code, readFileSync(path, 'utf8')]).toEqual([2, 'USAGE', 'mine']);
    expect((await at.call(['report', '--out', 'mine.html', '--force'])).code).toBe(0);
    expect((await at.call(['report', '--out', 'mine.html'])).code).toBe(0);
    const dry = await at.call(['report', '--out', 'dry.html', '--dry-run']);
    expect([dry.code, existsSync(join(at.cwd, 'dry.html'))]).toEqual([0, false]);
  });

  it('is written, and ends with 4, where a result file contradicts the counts', async () => {
    const server = await sandbox({ faults: ['download@*=drop-row'] });
    const at = machine(server);
    await month(at, { records: 4, itemFiles: 1 });
    expect((await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG', '--wait'])).code).toBe(
      0,
    );
    const ran = await at.call(['report', '--json']);
    expect([ran.code, ran.json.error?.code, ran.json.outcome]).toEqual([4, 'UNACCOUNTED', 'failed']);
    expect(existsSync(join(at.cwd, 'AUG', 'report.html'))).toBe(true);
  });

  it('every command says so once a result file contradicted the counts, until one does not', async () => {
    const server = await sandbox({ faults: ['download@1=drop-row'] });
    const at = machine(server);
    await month(at, { records: 4, itemFiles: 1 });
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG', '--wait']);
    expect((await at.call(['results', '--json'])).code).toBe(4);
    for (const line of ['status --exit-status', 'watch', 'results', 'report']) {
      const { code, json } = await at.call([...line.split(' '), '--json']);
      expect([line, code, json.error?.code, json.outcome]).toEqual([line, 4, 'UNACCOUNTED', 'failed']);
    }
    for (const line of ['results --force', 'status --exit-status', 'watch', 'report']) {
      const { code, json } = await at.call([...line.split(' '), '--json']);
      expect([line, code, json.outcome]).toEqual([line, 0, 'succeeded']);
    }
  });

  it('refuses an unknown load', async () => {
    const at = machine(await sandbox());
    const ran = await at.call(['report', '--job', 'NOPE', '--json']);
    expect([ran.code, ran.json.error?.code]).toEqual([9, 'REJECTED']);
  });
});
