import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { runShell } from '../../src/system/child-process.ts';
import { testContext } from '../helpers/context.ts';
import { calls, type Machine, machine, month, sandbox } from './harness.ts';

/** What the sandbox accepts. */
const TOKEN = 'test-token-1';
const STALE = 'stale-t0k3n-0815';
const NODE = JSON.stringify(process.execPath);

/** A script in the folder of the machine, and how often it ran. */
interface Printer {
  readonly command: string;
  runs(): number;
  /** The names of the variables it was given. */
  env(): readonly string[];
}

/** Prints a token for each run, the last one from then on, then runs more of JavaScript. */
function printer(at: Machine, tokens: readonly string[], more = ''): Printer {
  const script = join(at.cwd, 'print token.cjs');
  const log = join(at.cwd, 'runs.jsonl');
  writeFileSync(
    script,
    `const fs = require('node:fs');
const tokens = ${JSON.stringify(tokens)};
const log = ${JSON.stringify(log)};
const runs = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('\\n').length - 1 : 0;
fs.appendFileSync(log, JSON.stringify({ pid: process.pid, env: Object.keys(process.env) }) + '\\n');
process.stdout.write('  ' + tokens[Math.min(runs, tokens.length - 1)] + ' \\n');
${more}`,
  );
  const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  return {
    command: `${NODE} '${script}'`,
    runs: () => lines().length,
    env: () => lines().flatMap((line) => (JSON.parse(line) as { env: string[] }).env),
  };
}

/** A machine whose only credential is a command. */
function withCommand(server: Sandbox, env: Readonly<Record<string, string>> = {}): Machine {
  return machine(server, { EBILL_TOKEN: '', EBILL_AUTH: '', ...env });
}

/** Every file that ebill wrote. */
const written = (at: Machine): string =>
  readdirSync(at.home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');

const given = (command: string) => ({ env: { EBILL_TOKEN_COMMAND: command } });

describe.skipIf(process.platform === 'win32')('a token command', () => {
  it('authorises a load as a process; its token is in no output, no file and no child', async () => {
    const at = withCommand(await sandbox());
    const { command, runs, env } = printer(at, [TOKEN], `console.error('debug: ' + tokens[0]);`);
    const init = await at.run(['init', '--job', 'AUG_2020', '--verbose', '--json'], given(command));
    expect(init.json).toMatchObject({ exitCode: 0, outcome: 'succeeded' });
    // One run for all requests of a process.
    expect(runs()).toBe(1);
    const { customers } = await month(at, { records: 5 });
    const args = ['upload', 'customer', ...customers, '--finalize', '--wait', '--notify', 'env', '--verbose'];
    const load = await at.run(args, { env: { EBILL_TOKEN_COMMAND: command, EBILL_PASSWORD: 'hush-4711' } });
    expect(load.code).toBe(0);
    expect(runs()).toBe(2);
    for (const text of [init.stdout, init.stderr, load.stdout, load.stderr, written(at)])
      expect(text).not.toContain(TOKEN);
    expect(load.stderr).toContain('notify: EBILL_OUTCOME=succeeded');
    expect(load.stderr).not.toContain('EBILL_TOKEN_COMMAND');
    expect(env()).toContain('EBILL_BASE_URL');
    for (const name of ['EBILL_TOKEN', 'EBILL_TOKEN_COMMAND', 'EBILL_PASSWORD'])
      expect(env()).not.toContain(name);
  });

  it('is asked again once after a 401, and the request repeated', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = withCommand(server);
    const { command, runs } = printer(at, [STALE, TOKEN]);
    const ran = await at.run(['init', '--job', 'AUG_2020', '--verbose'], given(command));
    expect(ran.code).toBe(0);
    expect(runs()).toBe(2);
    expect(server.snapshot().initCount).toBe(1);
    expect(ran.stdout + ran.stderr).not.toMatch(new RegExp(`${TOKEN}|${STALE}`));
  });

  it('repeats a changing call, which a 401 says was not executed', { tags: 'slow' }, async () => {
    const server = await sandbox({ faults: ['init@1=status:401'] });
    const at = withCommand(server);
    const { command, runs } = printer(at, [TOKEN]);
    const ran = await at.run(['init', '--job', 'AUG_2020', '--json'], given(command));
    expect(ran.json).toMatchObject({ exitCode: 0, outcome: 'succeeded' });
    expect(runs()).toBe(2);
    expect(calls(server)).toEqual(['init AUG_2020_INIT', 'init AUG_2020_INIT']);
    expect(server.snapshot().initCount).toBe(1);
  });

  it('that is refused again ends with 5, without a third try', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = withCommand(server);
    const { command, runs } = printer(at, [STALE]);
    const ran = await at.run(['init', '--job', 'AUG_2020', '--json'], given(command));
    expect(ran.json).toMatchObject({ exitCode: 5, outcome: null, error: { code: 'AUTH' } });
    expect(runs()).toBe(2);
    expect(server.requests.length).toBe(2);
    expect(ran.stdout + ran.stderr).not.toContain(STALE);
  });

  it('that fails when it is asked again leaves a call that was not executed, and is no doubt', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox({ faults: ['init@1=status:401'] });
    const at = withCommand(server);
    const { command, runs } = printer(at, [TOKEN], 'if (runs === 1) process.exit(3);');
    const ran = await at.run(['init', '--job', 'AUG_2020'], given(command));
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain('The token command of EBILL_TOKEN_COMMAND exited with 3');
    expect(runs()).toBe(2);
    expect(written(at)).toMatch(/refused|failed/);
    // The next run sends it, and once.
    const again = await at.run(['init', '--job', 'AUG_2020'], { env: { EBILL_TOKEN: TOKEN } });
    expect(again.code).toBe(0);
    expect(server.snapshot().initCount).toBe(1);
  });

  it.each<[string, string, string | RegExp]>([
    ['is not found', 'no-such-program-4711 read', 'was not found'],
    ['is not found by the shell', 'no-such-program-4711 | cat; exit 127', 'exited with 127'],
    ['fails', `sh -c 'echo permission denied >&2; exit 7'`, 'exited with 7: permission denied'],
    ['is killed', `sh -c 'kill -9 $$'`, 'was killed by a signal'],
    ['prints nothing', 'true', 'printed nothing'],
    ['prints blanks', `printf ' \\n\\t'`, 'printed nothing'],
    ['prints several lines', `printf 'secr3t-one\\nsecr3t-two'`, 'printed several lines'],
    ['prints a control character', `printf 'secr3t\\001x'`, 'printed a character that no header can carry'],
    ['prints what no header takes', `printf 'secr3t€'`, 'printed a character that no header can carry'],
    ['prints too much', 'head -c 20000 /dev/zero | tr "\\0" s', 'printed more than 16384 characters'],
    [
      'repeats a token in its error',
      `sh -c 'echo secr3t-4711; echo "got secr3t-4711" >&2; exit 1'`,
      'got ***',
    ],
  ])('that %s ends with 5, and nothing is sent', async (_what, command, message) => {
    const server = await sandbox();
    const at = withCommand(server);
    const ran = await at.call(['init', '--job', 'AUG_2020', '--json'], given(command));
    expect(ran.json).toMatchObject({ exitCode: 5, error: { code: 'AUTH' } });
    expect(ran.json.error?.message).toMatch(message);
    expect(ran.json.error?.hint).toMatch(/^Nothing was sent\..*EBILL_TOKEN_COMMAND/);
    // The command itself is shown; what it printed is not.
    const [shown = ''] = (ran.json.error?.message ?? '').split(' It is: ');
    expect(shown).not.toContain('secr3t');
    expect(server.requests).toEqual([]);
  });

  it('is stopped at its time limit', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = withCommand(server);
    const env = { ...at.env, EBILL_TOKEN_COMMAND: 'sleep 600' };
    const context = testContext({ home: at.home, cwd: at.cwd, env });
    const limits: number[] = [];
    const code = await main(['status', '--job', 'AUG_2020'], {
      ...context,
      shell: (command, options) => {
        limits.push(options.limitMs);
        return runShell(command, { ...options, limitMs: 50 });
      },
    });
    expect([code, limits]).toEqual([5, [30_000]]);
    expect(context.stderr.text.replace(/\s+/g, ' ')).toContain('took longer than 30 s and was stopped');
    expect(server.requests).toEqual([]);
  });

  it('is killed by an interruption, with what it started', { tags: 'slow' }, async () => {
    const at = withCommand(await sandbox());
    const pids = join(at.cwd, 'pid');
    const ran = await at.run(['status', '--job', 'AUG_2020'], {
      ...given(`sleep 600 & echo $! > pid.tmp; mv pid.tmp pid; wait`),
      onStart: (pid) => {
        const look = setInterval(() => {
          if (!existsSync(pids)) return;
          clearInterval(look);
          process.kill(pid, 'SIGTERM');
        }, 10);
      },
    });
    expect(ran.code).toBe(143);
    const sleeping = Number(readFileSync(pids, 'utf8'));
    await expect.poll(() => isRunning(sleeping)).toBe(false);
  });

  it('does not keep --max-wait from ending in time', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = withCommand(server);
    await at.call(['init', '--job', 'AUG_2020'], { env: { EBILL_TOKEN: TOKEN } });
    const began = Date.now();
    const ran = await at.run(
      ['watch', '--job', 'ELSEWHERE', '--max-wait', '1s', '--json'],
      given('sleep 600'),
    );
    expect(ran.json.exitCode).toBe(7);
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it('does not run under --dry-run, nor where a token is set', async () => {
    const at = withCommand(await sandbox());
    const { command, runs } = printer(at, [STALE]);
    const env = { EBILL_TOKEN_COMMAND: command };
    expect((await at.call(['init', '--job', 'AUG_2020', '--dry-run'], { env })).code).toBe(0);
    const ran = await at.call(['init', '--job', 'AUG_2020'], { env: { ...env, EBILL_TOKEN: TOKEN } });
    expect([ran.code, runs()]).toEqual([0, 0]);
  });

  it('of a profile is for its own origin, and may give the token of a header', async () => {
    const server = await sandbox({ auth: { type: 'header', name: 'X-Api-Key', token: TOKEN } });
    const other = await sandbox();
    const at = withCommand(server, { EBILL_BASE_URL: '' });
    const { command, runs } = printer(at, [TOKEN]);
    const url = server.environment['EBILL_BASE_URL'] ?? '';
    const add = ['profile', 'add', 'lab', '--base-url', url, '--auth', 'header:X-Api-Key'];
    expect((await at.call([...add, '--token-command', command])).code).toBe(0);
    expect((await at.call(['init', '--job', 'AUG_2020'])).code).toBe(0);
    expect(runs()).toBe(1);
    const elsewhere = ['--profile', 'lab', '--base-url', other.environment['EBILL_BASE_URL'] ?? ''];
    const ran = await at.call(['init', '--job', 'AUG_2020', ...elsewhere]);
    expect([ran.code, runs()]).toEqual([5, 1]);
    expect(other.requests.flatMap(({ headers }) => Object.keys(headers))).not.toContain('x-api-key');
    expect((await at.call(['doctor'])).stdout.replace(/\s+/g, ' ')).toContain(
      'header X-Api-Key, token from the command of profile lab',
    );
  });

  it('cannot be used with basic', async () => {
    const server = await sandbox();
    const at = withCommand(server, { EBILL_AUTH: 'basic', EBILL_USERNAME: 'u', EBILL_PASSWORD: 'pw-4711' });
    const ran = await at.call(['status', '--job', 'A', '--json'], given('true'));
    expect(ran.json).toMatchObject({ exitCode: 2, error: { code: 'USAGE' } });
    expect(ran.json.error?.message).toBe('EBILL_TOKEN_COMMAND cannot be used with basic: it prints a token.');
    expect(server.requests).toEqual([]);
  });
});

/** A zombie that nobody has waited for yet does not run. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
