import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Context } from '../../src/system/context.ts';
import { type Machine, machine, month, sandbox } from '../e2e/harness.ts';
import { testContext } from '../helpers/context.ts';
import { runnerCommands } from '../output/runner.ts';

const NODE = JSON.stringify(process.execPath);
const WATCH = ['watch', '--job', 'AUG_2020'];

/** A command that stores its input and its environment. */
function keeper(at: Machine, more = ''): string {
  const script = join(at.cwd, `keep é's.cjs`);
  writeFileSync(
    script,
    `const { writeFileSync, readFileSync } = require('node:fs');
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('EBILL_') || /_proxy$/i.test(name)));
writeFileSync('input.json', JSON.stringify({ env, cwd: process.cwd(), input: JSON.parse(readFileSync(0, 'utf8')) }));
${more}`,
  );
  return `${NODE} ${JSON.stringify(script)}`;
}

const received = (at: Machine) => JSON.parse(readFileSync(join(at.cwd, 'input.json'), 'utf8'));
const hasRun = (at: Machine): boolean => existsSync(join(at.cwd, 'input.json'));

async function uploaded(faults: readonly string[] = [], bad = 0): Promise<Machine> {
  const at = machine(await sandbox({ faults: [...faults] }));
  await upload(at, bad);
  return at;
}

async function upload(at: Machine, bad = 0): Promise<void> {
  const { customers } = await month(at, { bad, records: 12 });
  const ran = await at.call(['upload', 'customer', ...customers, '--job', 'AUG_2020', '--finalize']);
  expect(ran.code).toBe(0);
}

/** Runs it with parts of the context changed. */
async function callWith(
  at: Machine,
  args: readonly string[],
  change: (context: Context) => Partial<Context>,
) {
  const context = testContext({ home: at.home, cwd: at.cwd, env: at.env });
  const real = { ...context, now: Date.now };
  const code = await main(args, { ...real, ...change(real) });
  return { code, stderr: context.stderr.text, stdout: context.stdout.text, interrupt: context.interrupt };
}

describe('--notify', () => {
  it('passes the outcome to a command as the document of --json, without a secret', async () => {
    const at = await uploaded([], 1);
    const env = {
      EBILL_PASSWORD: 'hush-hush',
      HTTPS_PROXY: 'http://clerk:pr0xy-p4ss@proxy.example.com:3128',
      all_proxy: 'clerk:pr0xy-p4ss@proxy.example.com',
    };
    const ran = await at.call([...WATCH, '--notify', keeper(at), '--show-urls', '--json'], { env });
    expect(ran.code).toBe(3);
    const { env: given, cwd, input } = received(at);
    expect(given).toMatchObject({ EBILL_OUTCOME: 'partial', EBILL_EXIT_CODE: '3', EBILL_JOB: 'AUG_2020' });
    expect(given).toHaveProperty('EBILL_BASE_URL');
    expect(given).not.toHaveProperty('EBILL_TOKEN');
    expect(given).not.toHaveProperty('EBILL_PASSWORD');
    expect(given).toMatchObject({
      HTTPS_PROXY: 'http://proxy.example.com:3128',
      all_proxy: 'proxy.example.com',
    });
    expect(cwd).toBe(at.cwd);
    expect(ran.stdout).toMatch(/X-Amz-Signature=(?!\*\*\*)/);
    const masked = ran.stdout.replace(/(X-Amz-(?:Signature|Credential|Security-Token))=[^&\s"]+/g, '$1=***');
    expect(input).toEqual(JSON.parse(masked));
    expect(input).toMatchObject({ command: 'watch', outcome: 'partial', error: { code: 'PARTIAL' } });
  });

  it('reports a failure too, with what was known by then', async () => {
    const server = await startSandbox({ auth: { type: 'none' } });
    const at = machine(server);
    await upload(at);
    await server.close();
    const ran = await at.call([
      ...WATCH,
      '--notify',
      keeper(at),
      '--patience',
      '0s',
      '--retries',
      '0',
      '--json',
    ]);
    expect(ran.code).toBe(6);
    expect(received(at).input).toEqual(ran.json);
    expect(received(at)).toMatchObject({
      env: { EBILL_OUTCOME: 'queued', EBILL_EXIT_CODE: '6', EBILL_JOB: 'AUG_2020' },
      input: { error: { code: 'UNAVAILABLE' }, batches: [{ jobId: 'AUG_2020_CUS' }] },
    });
  });

  it('prints a warning when the command fails or does not exist, and keeps the outcome', async () => {
    const at = await uploaded();
    const last = `console.log('\\x1b[31mmail is down\\x1b[0m é'); process.exit(7)`;
    const failing = await at.call([...WATCH, '--notify', keeper(at, last)]);
    expect(failing.code).toBe(0);
    expect(failing.stderr).toContain('notify: mail is down é\n');
    expect(failing.stdout).not.toContain('mail is down');
    expect(failing.stderr).toContain('warning: the --notify command exited with 7');
    const missing = await at.call([...WATCH, '--notify', 'there-is-no-such-command-7']);
    expect(missing.code).toBe(0);
    expect(missing.stderr).toContain('warning: the --notify command exited with 127');
    const noShell = await callWith(at, [...WATCH, '--notify', 'true'], () => ({
      shell: () => Promise.reject(new Error('spawn sh ENOENT')),
    }));
    expect(noShell.code).toBe(0);
    expect(noShell.stderr).toContain('warning: the --notify command could not be run: spawn sh ENOENT');
  });

  it('stops after 30 s and on an interruption, without changing the outcome', async () => {
    const at = await uploaded();
    const limits: number[] = [];
    const slow = await callWith(at, [...WATCH, '--notify', 'sleep 600'], (context) => ({
      shell: (command, options) => {
        limits.push(options.limitMs);
        return context.shell(command, { ...options, limitMs: 50 });
      },
    }));
    expect([slow.code, limits]).toEqual([0, [30_000]]);
    expect(slow.stderr).toContain('warning: the --notify command took longer than 30 s and was stopped');
    const interruption = new AbortController();
    const broken = await callWith(at, [...WATCH, '--notify', 'sleep 600'], (context) => ({
      signal: interruption.signal,
      shell: (command, options) => {
        setTimeout(() => interruption.abort('SIGINT'), 50);
        return context.shell(command, options);
      },
    }));
    expect(broken.code).toBe(0);
    expect(broken.stderr).toContain('warning: the --notify command was stopped by the interruption');
  });

  it('is not run by a dry run, nor after an interruption', async () => {
    const at = await uploaded();
    writeFileSync(join(at.cwd, 'plan.yaml'), 'job: SEP_2020\ninit: {}\n');
    expect((await at.call(['run', 'plan.yaml', '--dry-run', '--notify', keeper(at)])).code).toBe(0);
    const interruption = new AbortController();
    const ended = await callWith(at, [...WATCH, '--notify', keeper(at), '--max-wait', '1h'], () => ({
      env: { ...at.env, GITHUB_ACTIONS: 'true' },
      signal: interruption.signal,
      now: () => {
        interruption.abort('SIGTERM');
        return Date.now();
      },
    }));
    expect(ended.code).toBe(143);
    expect(hasRun(at)).toBe(false);
    expect(runnerCommands(ended.stderr)).toEqual([]);
  });

  it('works for run and for an upload with --wait, and is refused where a command does not wait', async () => {
    const at = machine(await sandbox());
    const sample = await month(at, { records: 8 });
    const words = ['upload', 'customer', ...sample.customers, '--job', 'A', '--notify', keeper(at)];
    const early = await at.call(words);
    expect([early.code, early.stderr]).toEqual([2, expect.stringContaining('Add --wait')]);
    expect((await at.call([...words, '--wait'])).code).toBe(0);
    expect(received(at).input).toMatchObject({ command: 'upload customer', job: 'A', outcome: 'succeeded' });
    rmSync(join(at.cwd, 'input.json'));
    writeFileSync(join(at.cwd, 'cus_b.csv'), 'Account Number\n1\n');
    writeFileSync(join(at.cwd, 'plan.yaml'), 'job: B\ncustomers: [cus_b.csv]\n');
    const real = await at.run(['run', 'plan.yaml', '--notify', keeper(at)]);
    expect([real.code, real.stderr]).toEqual([0, expect.not.stringContaining('warning')]);
    expect(received(at).input).toMatchObject({ command: 'run', job: 'B', outcome: 'succeeded', error: null });
  });
});

describe('on other CI systems', () => {
  it.each([
    [
      { TF_BUILD: 'True' },
      /^##\[group\]/gm,
      /^##\[endgroup\]/gm,
      '##vso[task.logissue type=warning]ebill run AUG_2020: PARTIAL: ',
    ],
    [{ GITLAB_CI: 'true' }, /^\u001b\[0Ksection_start:/gm, /^\u001b\[0Ksection_end:/gm, ''],
    [
      { TEAMCITY_VERSION: '1' },
      /^##teamcity\[blockOpened /gm,
      /^##teamcity\[blockClosed /gm,
      "##teamcity[message text='ebill run AUG_2020: PARTIAL: ",
    ],
    [
      { GITHUB_ACTIONS: 'true' },
      /^::group::/gm,
      /^::endgroup::/gm,
      '::warning title=ebill run AUG_2020%3A PARTIAL',
    ],
  ])('run folds its stages and annotates the job: %j', async (env, opened, closed, issue) => {
    const at = machine(await sandbox(), env);
    const { customers } = await month(at, { bad: 1, records: 8 });
    writeFileSync(
      join(at.cwd, 'plan.yaml'),
      `job: AUG_2020\ninit: {}\ncustomers: ${JSON.stringify(customers)}\n`,
    );
    const { code, stderr } = await at.call(['run', 'plan.yaml']);
    expect(code).toBe(3);
    const starts = stderr.match(opened)?.length;
    expect(starts).toBeGreaterThan(2);
    expect(stderr.match(closed)?.length).toBe(starts);
    expect(stderr).toContain(issue);
    // No error is hidden in a fold.
    expect(stderr.lastIndexOf('error: ')).toBeGreaterThan(
      stderr.search(new RegExp(`${closed.source}(?![\\s\\S]*${closed.source})`, 'm')),
    );
  });
});

describe('on GitHub Actions', () => {
  it('watch annotates the job on stderr, and adds to its summary', async () => {
    const at = await uploaded([], 1);
    const summary = join(at.cwd, 'summary.md');
    writeFileSync(summary, 'before\n\n');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const ran = await at.call([...WATCH, '--json'], { env });
    expect(ran.json.exitCode).toBe(3);
    expect(runnerCommands(ran.stderr)).toMatchObject([
      { name: 'warning', properties: { title: 'AUG_2020_CUS: partial' } },
      { name: 'warning', properties: { title: 'ebill watch AUG_2020: PARTIAL' } },
    ]);
    expect(readFileSync(summary, 'utf8')).toMatch(/^before\n\n### ebill watch: AUG\\_2020\n/);
    const events = await at.call([...WATCH, '--progress', 'json'], { env });
    for (const line of events.stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
  });

  it('a summary that is full or cannot be written is a warning', async () => {
    const at = await uploaded();
    const full = join(at.cwd, 'full.md');
    writeFileSync(full, 'x'.repeat(1024 * 1024 - 100));
    for (const [path, warning] of [
      [full, 'warning: the job summary of this step is full'],
      [join(at.cwd, 'no', 'folder'), 'warning: the job summary could not be written'],
    ] as const) {
      const ran = await at.call(WATCH, { env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: path } });
      expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining(warning)]);
    }
    expect(readFileSync(full)).toHaveLength(1024 * 1024 - 100);
  });

  it('records that are unaccounted for are reported', async () => {
    const at = await uploaded(['finalize=lose-records:2']);
    const ran = await at.call(WATCH, { env: { GITHUB_ACTIONS: 'true' } });
    expect(ran.code).toBe(4);
    expect(runnerCommands(ran.stderr).map(({ name, properties }) => [name, properties['title']])).toEqual([
      ['error', 'AUG_2020_CUS: records unaccounted for'],
      ['error', 'ebill watch AUG_2020: UNACCOUNTED'],
    ]);
  });

  it('names that look like workflow commands are escaped in all output', async () => {
    const at = machine(await sandbox(), { GITHUB_ACTIONS: 'true' });
    const sample = await month(at, { bad: 1, records: 8 });
    const file = '::set-output name=a::##[stop-commands]b.csv';
    writeFileSync(join(at.cwd, file), readFileSync(sample.customers[0] ?? ''));
    writeFileSync(join(at.cwd, `${file}.bad.csv`), 'a,b\n1\n');
    const job = '::add-mask::e##[error]x';
    const found: (readonly string[])[] = [];
    for (const args of [
      ['validate', '--customer', `./${file}.bad.csv`],
      ['upload', 'customer', `./${file}`, '--job', job, '--wait', '--verbose'],
      ['status', '--job', job],
      ['watch', '--job', job, '--json'],
      ['watch', '--job', job, '--progress', 'json'],
      ['loads', 'show', job],
      ['report', '--job', job, '--out', 'r.html', '--json'],
    ]) {
      const { stdout, stderr } = await at.call(args);
      found.push([...runnerCommands(stdout), ...runnerCommands(stderr)].map(({ name }) => name));
    }
    const own = ['warning', 'warning'];
    expect(found).toEqual([[], own, [], own, [], [], []]);
  });
});
