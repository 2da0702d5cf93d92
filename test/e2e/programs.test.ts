import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EBILL, machine, month, sandbox } from './harness.ts';

describe('ebill sandbox', () => {
  it('prints the lines that point ebill at it, serves, and ends with 0 when it is stopped', async () => {
    const at = machine(null);
    const child = spawn(
      process.execPath,
      [EBILL, 'sandbox', '--port', '0', '--auth', 'basic', '--processing-time', '50ms'],
      {
        cwd: at.cwd,
        env: { PATH: process.env['PATH'] ?? '', ...at.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const printed = await new Promise<string>((resolve) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
        if (/EBILL_PASSWORD=.*\n/.test(text)) resolve(text);
      });
    });
    const env = Object.fromEntries(
      [...printed.matchAll(/^export (\w+)=(.*)$/gm)].map((line) => [line[1] ?? '', line[2] ?? '']),
    );
    expect(Object.keys(env)).toEqual(['EBILL_BASE_URL', 'EBILL_AUTH', 'EBILL_USERNAME', 'EBILL_PASSWORD']);
    const init = await at.call(['init', '--job', 'AUG_2020', '--json'], { env });
    expect([init.code, init.json.outcome]).toEqual([0, 'succeeded']);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('says what to do when its port is taken, and when a fault is invalid', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const at = machine(null);
    const done = await at.call(['sandbox', '--port', port, '--s3-port', '0', '--json']);
    taken.close();
    expect([done.code, done.json.error?.code]).toEqual([2, 'USAGE']);
    expect(done.json.error?.message).toContain(port);
    const fault = await at.call(['sandbox', '--port', '0', '--fault', 'creat=boom', '--json']);
    expect([fault.code, fault.json.error?.code]).toEqual([2, 'USAGE']);
    expect(fault.json.error?.hint).toContain('ACTION');
    const remote = await at.call(['sandbox', '--host', '0.0.0.0', '--json']);
    expect([remote.code, remote.json.error?.hint]).toEqual([2, expect.stringContaining('--allow-remote')]);
  });
});

describe('ebill demo', () => {
  it('loads a whole month, shows why records were rejected, and touches only its own folder', {
    tags: 'slow',
  }, async () => {
    const at = machine(null);
    const done = await at.run(['demo', '--records', '100'], { entry: EBILL });
    expect(done.code).toBe(0);
    for (const line of [
      '$ ebill init',
      '$ ebill upload customer',
      '$ ebill upload invoice',
      '$ ebill finalize',
      '$ ebill watch',
      '$ ebill results --out results --rejects',
      'more than once',
      '--job SEP_2020',
      '2 unaccounted',
      'is empty',
      'Now try it yourself',
    ]) {
      expect(done.stdout).toContain(line);
    }
    expect(done.stderr).toContain('nothing sent');
    expect(readdirSync(at.cwd)).toEqual(['ebill-demo']);
    expect(readdirSync(at.home)).toEqual([]);
    const again = await at.run(['demo', '--records', '100', '--json'], { entry: EBILL });
    expect(again.json).toMatchObject({ command: 'demo', job: 'AUG_2020', outcome: 'partial', exitCode: 0 });
    expect(again.stderr).toBe('');
  });

  it('does not touch a folder of the same name that it did not create', async () => {
    const at = machine(null);
    mkdirSync(join(at.cwd, 'ebill-demo'));
    writeFileSync(join(at.cwd, 'ebill-demo', 'mine'), 'x');
    const done = await at.call(['demo', '--json']);
    expect([done.code, done.json.error?.code]).toEqual([2, 'USAGE']);
    expect(readdirSync(join(at.cwd, 'ebill-demo'))).toEqual(['mine']);
  });
});

describe('a profile', () => {
  it('is added with the secret from standard input and used; two profiles of one server share their loads', async () => {
    const server = await sandbox();
    const at = machine(null);
    const added = await at.run(
      ['profile', 'add', 'prod', '--base-url', `${server.apiUrl}/`, '--auth', 'bearer', '--token-stdin'],
      { stdin: 'test-token-1\n' },
    );
    expect(added.code).toBe(0);
    expect(added.stdout + added.stderr).not.toContain('test-token-1');
    await at.run(
      ['profile', 'add', 'other', '--base-url', `${server.apiUrl}/rest`, '--auth', 'bearer', '--token-stdin'],
      { stdin: 'test-token-1\n' },
    );
    await month(at);
    expect((await at.call(['init', '--job', 'AUG_2020', '--json'])).json).toMatchObject({
      profile: 'prod',
      exitCode: 0,
    });
    const loads = await at.call(['loads', '--json']);
    expect(loads.json['loads']).toMatchObject([{ job: 'AUG_2020', profile: 'prod', outcome: 'succeeded' }]);
    const elsewhere = await at.call(['init', '--job', 'AUG_2020', '--profile', 'other', '--json']);
    expect([elsewhere.code, elsewhere.json.profile]).toEqual([0, 'other']);
    expect(elsewhere.stderr).toContain('AUG_2020_INIT is already done: nothing sent');
    expect(server.snapshot().initCount).toBe(1);
    const both = await at.call(['loads', '--profile', 'other', '--json']);
    const { apiUrl } = server;
    expect(both.json['loads']).toMatchObject([{ job: 'AUG_2020', profile: 'prod', baseUrl: `${apiUrl}/` }]);
    expect((await at.call(['loads', '--base-url', 'http://127.0.0.1:1', '--json'])).json['loads']).toEqual(
      [],
    );
    expect(
      server.requests.every((request) => request.side === 's3' || request.authorization === 'bearer'),
    ).toBe(true);
  });
});

describe('a warning about the set-up', () => {
  it('is printed once in an upload, not each time the profile is read', async () => {
    const server = await sandbox();
    const at = machine(null);
    const add = ['profile', 'add', 'prod', '--base-url', server.apiUrl, '--auth', 'bearer', '--token-stdin'];
    await at.call(add, { stdin: 'test-token-1\n' });
    chmodSync(join(at.home, 'secrets.json'), 0o644);
    await month(at);
    const done = await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020']);
    expect(done.code).toBe(0);
    expect(done.stderr.match(/^warning: .*secrets\.json/gm)).toHaveLength(1);
  });
});

describe('ebill loads', () => {
  it('lists the loads of this machine, and shows one as a timeline', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    expect((await at.call(['loads', '--json'])).json['loads']).toEqual([]);
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--wait']);
    await at.call(['init', '--job', 'SEP_2020']);
    const list = await at.call(['loads', '--json']);
    expect(list.json['loads']).toMatchObject([
      {
        job: 'SEP_2020',
        profile: null,
        // August's init carried everything there was.
        outcome: 'not-run',
        startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      { job: 'AUG_2020', profile: null, outcome: 'succeeded' },
    ]);
    const before = server.requests.length;
    const show = await at.call(['loads', 'show', 'AUG_2020', '--json']);
    const timeline = show.json['timeline'] as {
      event: string;
      outcome: string | null;
      jobId: string;
      bytes: number | null;
      time: string;
    }[];
    expect(timeline.map((one) => `${one.event} ${one.outcome} ${one.jobId}`).slice(0, 7)).toEqual([
      'init asked AUG_2020_INIT',
      'init answered AUG_2020_INIT',
      'call null AUG_2020_CUS',
      'create asked AUG_2020_CUS',
      'create answered AUG_2020_CUS',
      'put asked AUG_2020_CUS',
      'put answered AUG_2020_CUS',
    ]);
    expect(timeline[3]?.bytes).toBeGreaterThan(100);
    expect(show.json).toMatchObject({
      command: 'loads show',
      job: 'AUG_2020',
      outcome: 'succeeded',
      error: null,
    });
    expect(server.requests.length).toBe(before);
    const text = await at.call(['loads', 'show', 'AUG_2020']);
    expect(text.stdout).toMatch(/batch created\s+AUG_2020_CUS/);
    const unknown = await at.call(['loads', 'show', 'NOPE', '--json']);
    expect([unknown.code, unknown.json.error?.hint]).toEqual([2, expect.stringContaining('SEP_2020')]);
    const list2 = await at.call(['loads']);
    expect(list2.stdout).toMatch(/Load\s+Profile\s+Server\s+Started/);
  });
});
