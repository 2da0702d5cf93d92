import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { calls, type Machine, machine, month, sandbox } from './harness.ts';

const JOB = 'AUG_2020';
const FILE = `${JOB}.ebill-load.jsonl`;
const FAST = ['--interval', '1s'];
const FILES = { records: 10, itemFiles: 2 } as const;

const changing = (server: Sandbox): readonly string[] =>
  calls(server).filter((call) => /^(?:init|create|put|finalize)/.test(call));

/** Two machines with the same files, for the same server. */
async function two(server: Sandbox): Promise<readonly [Machine, Machine]> {
  const both = [machine(server), machine(server)] as const;
  for (const at of both) {
    await month(at, FILES);
    expect((await at.call(['run', '--init-plan', '--job', JOB])).code).toBe(0);
  }
  return both;
}

/** A load with its customers loaded, and its file. */
async function begun(server: Sandbox): Promise<readonly [Machine, Machine]> {
  const [one, other] = await two(server);
  expect((await one.call(['init', '--job', JOB])).code).toBe(0);
  expect((await one.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--wait', ...FAST])).code).toBe(0);
  return [one, other];
}

async function handOver(from: Machine, to: Machine, name = FILE): Promise<void> {
  const out = await from.call(['loads', 'export', JOB, '--out', name]);
  expect(out.stderr).toContain(`ebill loads import ${name}`);
  expect(out.code).toBe(0);
  copyFileSync(join(from.cwd, name), join(to.cwd, name));
}

const journals = (at: Machine): readonly string[] =>
  readdirSync(at.home, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
const journal = (at: Machine): string => readFileSync(join(at.home, journals(at)[0] ?? ''), 'utf8');
const imported = (at: Machine, name = FILE) => at.call(['loads', 'import', name, '--json']);

describe('a load killed on one machine', () => {
  it('is finished on another with the same plan: every file once, and results and report there', async () => {
    const server = await sandbox({ duplicates: 'reissue', faults: ['put@3=hang-after'] });
    const [one, other] = await two(server);
    // Killed while the items are sent.
    const killWhen = (async () => {
      while (!server.requests.some(({ fault }) => fault !== null)) await delay(10);
    })();
    expect((await one.run(['run', 'plan.yaml', ...FAST], { killWhen })).code).toBeNull();

    const out = await one.call(['loads', 'export', JOB]);
    expect(out.stdout).toContain(`Wrote ${FILE}`);
    expect(out.code).toBe(0);
    copyFileSync(join(one.cwd, FILE), join(other.cwd, FILE));
    const into = await other.call(['loads', 'import', FILE]);
    expect(into.stdout).toMatch(/^Imported AUG_2020 on http:\/\/127\.0\.0\.1:\d+: \d+ entries/);
    expect(into.code).toBe(0);

    // Taken for this machine's own, without --adopt and without a name.
    const status = await other.call(['status', '--json']);
    expect(status.json).toMatchObject({ job: JOB, exitCode: 0 });
    expect(status.json.batches.map(({ jobId }) => jobId)).toContain('AUG_2020_CUS');
    // The command that goes on is one that can be typed here.
    expect((await other.call([])).stdout).toMatch(/^Next +ebill run plan\.yaml$/m);
    const ran = await other.call(['run', 'plan.yaml', '--json', ...FAST]);
    expect(ran.json).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect((await other.call(['watch', '--json', ...FAST])).json).toMatchObject({ outcome: 'succeeded' });
    expect((await other.call(['results', '--json', '--out', 'again'])).json).toMatchObject({ exitCode: 0 });

    const { batches, initCount } = server.snapshot();
    expect(initCount).toBe(1);
    const loaded = batches.filter(({ finalizeCount }) => finalizeCount > 0);
    expect(loaded.map(({ finalizeCount }) => finalizeCount)).toEqual([1, 1, 1, 1]);
    expect(new Set(loaded.map(({ sha256 }) => sha256)).size).toBe(4);
    expect(readdirSync(join(other.cwd, JOB))).toContain('report.html');
  });

  it('in the middle of a correction is corrected on another, each record once', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox({ duplicates: 'reissue', faults: ['put@2=hang-after'] });
    const [one, other] = [machine(server), machine(server)];
    for (const at of [one, other])
      writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number,Name\n1,Ann\n,Bob\n');
    expect((await one.call(['upload', 'customer', 'cus.csv', '--job', JOB, '--wait', ...FAST])).code).toBe(3);
    expect((await one.call(['results', '--rejects'])).code).toBe(0);
    const rejects = join(JOB, 'AUG_2020_CUS_rejects.csv');
    const corrected = readFileSync(join(one.cwd, rejects), 'utf8').replace(',Bob', '2,Bob');
    writeFileSync(join(one.cwd, rejects), corrected);
    const killWhen = (async () => {
      while (!server.requests.some(({ fault }) => fault !== null)) await delay(10);
    })();
    expect((await one.run(['correct'], { killWhen })).code).toBeNull();

    await handOver(one, other);
    rmSync(one.cwd, { recursive: true });
    expect((await imported(other)).code).toBe(0);
    mkdirSync(join(other.cwd, JOB));
    writeFileSync(join(other.cwd, rejects), corrected);
    const ran = await other.call(['correct', JOB, '--job', JOB, '--json', ...FAST]);
    expect([ran.json.outcome, ran.json.error]).toEqual(['succeeded', null]);
    const sent = server.snapshot().batches.filter(({ finalizeCount }) => finalizeCount > 0);
    expect(sent.map(({ jobId, finalizeCount }) => [jobId, finalizeCount])).toEqual([
      ['AUG_2020_CUS', 1],
      ['AUG_2020_CUS_2', 1],
    ]);
  });

  it('and handed back is a longer load than the first machine has, which continues it', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox();
    const [one, other] = await begun(server);
    await handOver(one, other);
    expect((await imported(other)).json['import']).toMatchObject({ result: 'new' });
    // It was looked at meanwhile, which is no difference.
    expect((await one.call(['status'])).code).toBe(0);
    expect((await other.call(['run', 'plan.yaml', ...FAST])).code).toBe(0);
    await handOver(other, one, 'back.jsonl');
    expect((await imported(one, 'back.jsonl')).json).toMatchObject({
      outcome: 'succeeded',
      import: { result: 'continued' },
    });
    const sent = changing(server).length;
    expect((await one.call(['run', 'plan.yaml', ...FAST])).code).toBe(0);
    expect(changing(server)).toHaveLength(sent);
  });
});

describe('ebill loads export', () => {
  it('replaces no file, writes the same to standard output, and keeps no signature', async () => {
    const server = await sandbox();
    const [one] = await begun(server);
    expect((await one.call(['loads', 'export', JOB])).code).toBe(0);
    const text = readFileSync(join(one.cwd, FILE), 'utf8');
    const again = await one.call(['loads', 'export', JOB, '--json']);
    expect(again.json.error).toMatchObject({
      code: 'USAGE',
      message: `${FILE} exists already; it was not changed.`,
    });
    expect(readFileSync(join(one.cwd, FILE), 'utf8')).toBe(text);

    const piped = await one.call(['loads', 'export', JOB, '--out', '-']);
    const entries = (from: string) =>
      from.split('\n').flatMap((line) => (line.includes('"journal"') ? [JSON.parse(line).journal] : []));
    expect(entries(piped.stdout)).toEqual(entries(text));
    expect(entries(text).length).toBeGreaterThan(8);
    expect(text).not.toMatch(/Signature|Credential|test-token/i);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find((line) => 'totals' in line)?.['totals']).toMatchObject({
      kinds: [{ kind: 'customer', records: 8, rejected: 0 }],
    });
    for (const options of [['--json'], ['--format', 'tsv'], ['--fields', 'job']])
      expect((await one.call(['loads', 'export', JOB, '--out', '-', ...options])).code).toBe(2);
  });

  it('names the SHA-256 of the results', async () => {
    const server = await sandbox();
    const [one] = await begun(server);
    expect((await one.call(['results'])).code).toBe(0);
    const { stdout } = await one.call(['loads', 'export', JOB, '--out', '-']);
    expect(stdout).toMatch(/^\{"results":\[\{"jobId":"AUG_2020_CUS","sha256":"[0-9a-f]{64}"\}\]/m);
  });

  it('knows no other load', async () => {
    const [one] = await begun(await sandbox());
    const ran = await one.call(['loads', 'export', 'SEP_2020', '--json']);
    expect(ran.json.error).toMatchObject({
      code: 'USAGE',
      message: 'This machine has no journal of SEP_2020.',
    });
    expect(existsSync(join(one.cwd, 'SEP_2020.ebill-load.jsonl'))).toBe(false);
  });
});

describe('ebill loads import', () => {
  it('is not looked for on another server, nor started there', async () => {
    const server = await sandbox();
    const [one, other] = await begun(server);
    await handOver(one, other);
    expect((await imported(other)).code).toBe(0);
    const elsewhere = await sandbox();
    for (const command of ['status', 'watch', 'finalize']) {
      const said = await other.call([command, '--job', JOB, '--base-url', elsewhere.apiUrl, '--json']);
      expect([command, said.code, said.json.error?.message]).toEqual([
        command,
        9,
        expect.stringContaining(`this machine has it on ${server.apiUrl}`),
      ]);
      expect(said.json.error?.hint).not.toContain('ebill init');
    }
  });

  it('writes nothing of a file with a changed byte, wherever it is', async () => {
    const server = await sandbox();
    const [one, other] = await begun(server);
    await handOver(one, other);
    const path = join(other.cwd, FILE);
    const text = readFileSync(path);
    for (const part of [0.01, 0.3, 0.6, 0.9, 0.999]) {
      const copy = Buffer.from(text);
      const at = Math.floor(part * text.length);
      copy[at] = (copy[at] ?? 0) ^ 1;
      writeFileSync(path, copy);
      const ran = await imported(other);
      expect(ran.json.error).toMatchObject({
        code: 'INVALID_FILE',
        hint: expect.stringContaining('Nothing was changed'),
      });
      expect(ran.code).toBe(2);
    }
    writeFileSync(path, text.subarray(0, -200));
    expect((await imported(other)).json.error?.message).toContain('was cut off');
    expect(journals(other)).toEqual([]);
  });

  it('says that the same is on record, or more, and changes nothing', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const [one, other] = await begun(server);
    await handOver(one, other);
    const dry = await other.call(['loads', 'import', FILE, '--dry-run']);
    expect(dry.stdout).toContain('Would import AUG_2020');
    expect(journals(other)).toEqual([]);
    expect((await imported(other)).code).toBe(0);
    const before = journal(other);
    expect((await imported(other)).json).toMatchObject({
      exitCode: 0,
      import: { result: 'unchanged', added: 0 },
    });
    expect((await imported(one)).json).toMatchObject({ exitCode: 0, import: { result: 'unchanged' } });
    expect(journal(other)).toBe(before);
    expect((await other.call(['run', 'plan.yaml', ...FAST])).code).toBe(0);
    const more = journal(other);
    const older = await other.call(['loads', 'import', FILE]);
    expect(older.stdout).toContain(`This machine knows more of AUG_2020`);
    expect(older.code).toBe(0);
    expect(journal(other)).toBe(more);
  });

  it('refuses a load that both machines continued', async () => {
    const server = await sandbox();
    const [one, other] = await begun(server);
    await handOver(one, other);
    expect((await imported(other)).code).toBe(0);
    expect((await one.call(['run', 'plan.yaml', ...FAST])).code).toBe(0);
    expect((await other.call(['upload', 'invoice', 'INV_AUG_2020.csv'])).code).toBe(8);
    await handOver(one, other, 'later.jsonl');
    const before = journal(other);
    const ran = await imported(other, 'later.jsonl');
    expect(ran.json.error).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/differ from line \d+ on/),
    });
    expect(ran.code).toBe(8);
    expect(journal(other)).toBe(before);
  });

  it('waits for the load, and says who holds it', { tags: 'slow' }, async () => {
    const server = await sandbox({ faults: ['create@3=hang'] });
    const [one, other] = await begun(server);
    await handOver(one, other);
    expect((await imported(other)).code).toBe(0);
    let done = (): void => undefined;
    const killWhen = new Promise<void>((resolve) => {
      done = resolve;
    });
    const running = other.run(['run', 'plan.yaml', ...FAST], { killWhen });
    while (!server.requests.some(({ fault }) => fault !== null)) await delay(10);
    const ran = await imported(other);
    expect(ran.json.error).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('ebill run') });
    done();
    expect((await running).code).toBeNull();
  });

  it('shows no command from the file that a shell would take for two', async () => {
    const server = await sandbox();
    const [one, other] = await begun(server);
    // As if the exporting machine had it on record.
    const path = join(one.home, journals(one)[0] ?? '');
    const text = readFileSync(path, 'utf8').replaceAll(/,"sum":"[0-9a-f]{8}"\}/g, '}');
    writeFileSync(path, text.replace('"command":"upload customer"', '"command":"run; rm -rf ."'));
    await handOver(one, other);
    expect((await imported(other)).json.error).toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringContaining('contains a command that is not a command of ebill'),
    });
  });

  it.each<[string, string]>([
    ['none.jsonl', 'none.jsonl does not exist'],
    ['plan.yaml', 'plan.yaml is not an export of ebill'],
    ['.', 'it is not a regular file'],
  ])('refuses %s', async (name, says) => {
    const [one] = await two(await sandbox());
    const ran = await imported(one, name);
    expect(ran.json.error?.message).toContain(says);
    expect(ran.code).toBe(2);
  });

  it('reads standard input', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const [one, other] = await begun(server);
    const { stdout } = await one.call(['loads', 'export', JOB, '--out', '-']);
    expect((await other.run(['loads', 'import', '-', '--json'], { stdin: stdout })).json).toMatchObject({
      import: { result: 'new' },
    });
  });
});
