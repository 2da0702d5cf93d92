import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { json } from '../../src/help/topics/json.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { FAST_EBILL } from '../helpers/programs.ts';
import { calls, type Machine, machine, month, sandbox } from './harness.ts';

const FAST = ['--interval', '50ms'];

/** Customers and invoices with items, submitted. */
async function submitted(server: Sandbox): Promise<Machine> {
  const at = machine(server);
  await month(at);
  for (const args of [
    ['init', '--job', 'AUG_2020'],
    ['upload', 'customer', 'CUS_AUG_2020.csv', '--finalize'],
    ['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv', '--finalize'],
  ])
    expect((await at.call(args)).code).toBe(0);
  await server.waitForIdle();
  return at;
}

const phases = (batches: readonly { jobId: string | null; phase: string }[]): unknown =>
  Object.fromEntries(batches.map(({ jobId, phase }) => [jobId, phase]));

it('no command speaks of another machine where the load was begun on this one', {
  tags: 'slow',
}, async () => {
  const server = await sandbox();
  const at = await submitted(server);
  for (const args of [
    ['init', '--job', 'AUG_2020'],
    ['status', '--job', 'AUG_2020'],
    ['finalize', '--job', 'AUG_2020'],
    ['finalize', '--job-id', 'AUG_2020_INV'],
    ['watch', '--job', 'AUG_2020'],
    ['results', '--job', 'AUG_2020'],
    ['report', '--job', 'AUG_2020'],
    ['loads', 'show', 'AUG_2020'],
  ]) {
    const { code, stdout, stderr } = await at.call(args);
    expect([code, stdout + stderr]).toEqual([
      0,
      expect.not.stringMatching(/No record|on this machine|elsewhere/),
    ]);
  }
});

it('names the command that stores other credentials where the server accepts none of these', async () => {
  const at = machine(await sandbox(), { EBILL_BASE_URL: '', EBILL_AUTH: '', EBILL_TOKEN: '' });
  const { apiUrl } = await sandbox();
  const add = ['profile', 'add', 'prod', '--base-url', apiUrl, '--auth', 'bearer', '--token-stdin'];
  await at.call(add, { stdin: 'not-the-token' });
  const refused = await at.call(['status', '--job', 'AUG_2020', '--json']);
  expect([refused.code, refused.json.error?.code]).toEqual([5, 'AUTH']);
  expect(refused.json.error?.hint).toMatch(/: ebill profile set prod --auth bearer$/);
});

describe('ebill status', () => {
  it('asks the server about final batches too, and ends with 6 when there is none', async () => {
    const server = await sandbox();
    const at = await submitted(server);
    expect((await at.call(['watch', ...FAST])).code).toBe(0);
    const before = server.requests.length;
    const status = await at.call(['status', '--json']);
    expect([status.code, status.json.outcome]).toEqual([0, 'succeeded']);
    expect(calls(server, true).slice(before).sort()).toEqual([
      'status AUG_2020_CUS',
      'status AUG_2020_INIT',
      'status AUG_2020_INV',
    ]);
    await server.close();
    const down = await at.call(['status', '--json', '--retries', '0']);
    expect([down.code, down.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
  });

  it('learns that a part of an init which was empty ran later, and failed', async () => {
    let now = Date.UTC(2020, 7, 31, 22);
    const server = await sandbox({ now: () => now, initPartsDelayMs: 30_000, faults: ['init=fail-part'] });
    const at = machine(server);
    expect((await at.call(['init', '--job', 'AUG_2020'])).code).toBe(0);
    const early = await at.call(['watch', ...FAST, '--json']);
    expect([early.code, early.json.outcome]).toEqual([0, 'not-run']);
    now += 31_000;
    const status = await at.call(['status', '--json', '--exit-status']);
    expect([status.code, status.json.outcome]).toEqual([4, 'failed']);
  });
});

describe('a batch that the server forgot', () => {
  it('is missing, stops nothing else, and is not to be loaded again for it', async () => {
    const server = await sandbox();
    const at = await submitted(server);
    server.addFault('status:customer@1=forget');
    // Asked for the last time.
    expect((await at.call(['status', '--json'])).json.outcome).toBe('succeeded');
    const status = await at.call(['status', '--json']);
    expect([status.code, phases(status.json.batches)]).toEqual([
      0,
      { AUG_2020_INIT: 'succeeded', AUG_2020_CUS: 'missing', AUG_2020_INV: 'succeeded' },
    ]);
    expect(status.json.outcome).toBe('missing');
    expect(status.json.batches.find(({ jobId }) => jobId === 'AUG_2020_CUS')).toMatchObject({
      status: 'Success',
      outcome: 'missing',
    });
    const shown = await at.call(['status']);
    expect(shown.stdout).toContain('missing (was Success)');
    expect(shown.stdout).toMatch(/16 unaccounted \(16 in batches the server no longer knows\)/);
    const exit = await at.call(['status', '--exit-status', '--json']);
    expect([exit.code, exit.json.error?.code]).toEqual([4, 'UNACCOUNTED']);
    const watched = await at.call(['watch', ...FAST, '--json']);
    expect([watched.code, watched.json.error?.code, watched.json.outcome]).toEqual([
      4,
      'UNACCOUNTED',
      'missing',
    ]);
    for (const { json: document, stderr } of [exit, watched, status]) {
      expect(`${document.error?.hint}${stderr}`).toContain("Ask the server's owner");
      expect(document.error?.hint ?? '').not.toMatch(/ebill (?:upload|run|finalize)/);
    }
    expect((await at.call(['loads'])).stdout).toContain('✖ missing');
    const next = await at.call(['--json']);
    expect(next.json['next']).toMatchObject({ command: 'ebill status --job AUG_2020' });
    expect((await at.call(['report'])).code).toBe(0);
    const page = readFileSync(join(at.cwd, 'AUG_2020', 'report.html'), 'utf8');
    expect(page).toContain('✖ The server no longer knows some batches');
    const results = await at.call(['results', '--json']);
    expect([results.code, results.json.error?.code]).toEqual([4, 'UNACCOUNTED']);
  });

  it('while it was processed leaves the others to be watched to their end', async () => {
    const at = await submitted(await sandbox({ faults: ['finalize:customer@1=forget'] }));
    const watched = await at.call(['watch', ...FAST, '--json']);
    expect([watched.code, watched.json.error?.code]).toEqual([4, 'UNACCOUNTED']);
    expect(phases(watched.json.batches)).toMatchObject({
      AUG_2020_CUS: 'missing',
      AUG_2020_INV: 'succeeded',
    });
    expect(watched.json.batches.find(({ jobId }) => jobId === 'AUG_2020_INV')?.outcome).toBe('succeeded');
  });
});

describe('a month whose init had nothing to carry', () => {
  it('is succeeded wherever its outcome is shown', async () => {
    const at = await submitted(await sandbox({ openInvoices: 0 }));
    const watched = await at.call(['watch', ...FAST, '--json']);
    expect(phases(watched.json.batches)).toMatchObject({ AUG_2020_INIT: 'not-run' });
    expect([watched.code, watched.json.outcome]).toEqual([0, 'succeeded']);
    expect((await at.call(['loads', '--json'])).json['loads']).toMatchObject([{ outcome: 'succeeded' }]);
    expect((await at.call(['report', '--json'])).json.outcome).toBe('succeeded');
    const page = readFileSync(join(at.cwd, 'AUG_2020', 'report.html'), 'utf8');
    expect(page).toContain('✔ Everything was loaded');
    expect(page).not.toContain('There was nothing to do');
  });

  it.skipIf(spawnSync('jq', ['--version']).error !== undefined)(
    'makes the jq of ebill help json say true',
    async () => {
      const at = await submitted(await sandbox({ openInvoices: 0 }));
      const line = /ebill watch --json --quiet \| jq -e '[^']+'/.exec(
        JSON.stringify(json).replaceAll('\\"', '"'),
      )?.[0];
      const ebill = join(at.cwd, 'ebill');
      writeFileSync(ebill, `#!/bin/sh\nexec '${process.execPath}' '${FAST_EBILL}' "$@"\n`);
      chmodSync(ebill, 0o755);
      const ran = await at.run(['-c', line ?? 'false'], {
        program: '/bin/sh',
        env: { PATH: `${at.cwd}:${process.env['PATH'] ?? ''}` },
      });
      expect([ran.code, ran.stdout]).toEqual([0, 'true\n']);
    },
  );
});
