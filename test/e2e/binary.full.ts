import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { nativeLock } from '../../src/system/lock.ts';
import { executable } from '../helpers/executable.ts';
import { calls, type Machine, machine, month, type Ran, sandbox } from './harness.ts';

const VERSION = (
  JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8')) as {
    version: string;
  }
).version;

/** The one that is built is the system's own; the others are not run here. */
describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the executable', () => {
  let program = '';
  beforeAll(async () => {
    program = await executable();
  }, 120_000);

  /** With nothing on the PATH, in a folder without packages. */
  const run = (at: Machine, args: readonly string[], stdin = ''): Promise<Ran> =>
    at.run(args, { program, env: { PATH: '' }, stdin });

  it('tells its version, help, schemas and completion', async () => {
    const at = machine(null);
    expect(await run(at, ['--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
    expect((await run(at, ['help', 'exit-codes'])).stdout).toContain('UNACCOUNTED');
    expect((await run(at, ['upload', 'invoice', '--help'])).stdout).toContain('--items');
    const schema = JSON.parse((await run(at, ['run', '--plan-schema'])).stdout) as object;
    expect(schema).toHaveProperty('properties.job');
    expect((await run(at, ['completion', 'zsh'])).stdout).toContain('#compdef ebill');
    expect(readdirSync(at.home)).toEqual([]);
  });

  it('has its compiled code inside, which Node.js accepts', async () => {
    const bytes = readFileSync(program);
    // The blob begins with its mark and flags; the third flag says that it has compiled code. Its first text is a name.
    const name = bytes.indexOf('ebill.cjs', bytes.lastIndexOf(Buffer.from([0x20, 0xda, 0x43, 0x01])));
    expect(bytes.readUInt32LE(name - 16)).toBe(0x143da20);
    expect(bytes.readUInt32LE(name - 12) & 4).toBe(4);
    // Node.js warns on stderr where it rejects it.
    expect(await run(machine(null), ['--version'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('fails with a sentence and the document in a working directory that was deleted', () => {
    const at = machine(null);
    const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
    const ran = spawnSync('/bin/sh', ['-c', script, 'sh', program, 'init', '--job', 'X', '--json'], {
      encoding: 'utf8',
      cwd: at.cwd,
      env: { PATH: process.env['PATH'], EBILL_HOME: at.home },
    });
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^error: The working directory no longer exists\.\n {2}→ .+\n$/),
    });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      command: 'init',
      exitCode: 1,
      error: { code: 'INTERNAL' },
    });
  });

  it('loads a whole month, locks it, and draws its report', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at, { bad: 1 });
    writeFileSync(
      join(at.cwd, 'plan.yaml'),
      'job: AUG_2020\ninit: {}\ncustomers: [CUS_*.csv]\ninvoices:\n  - file: INV_AUG_2020.csv\n    items: [ITM_*.csv]\naccept: { failedRecords: 9 }\n',
    );
    const { code, json } = await run(at, ['run', 'plan.yaml', '--interval', '0.1s', '--json']);
    expect({ code, outcome: json.outcome, error: json.error?.code }).toEqual({
      code: 3,
      outcome: 'partial',
      error: 'PARTIAL',
    });
    expect(calls(server).filter((call) => call.startsWith('create'))).toHaveLength(5);
    expect(readFileSync(join(at.cwd, 'AUG_2020', 'report.html'), 'utf8')).toMatch(/<svg[\s\S]*<rect/);
    const native = join(at.home, 'native');
    expect(readdirSync(native)).toEqual([expect.stringMatching(/^lock-[0-9a-f]{16}\.node$/)]);
    expect(statSync(native).mode & 0o777).toBe(0o700);
  });

  it('waits for another writer, says who it is, and continues when it has finished', async () => {
    const server = await sandbox();
    const at = machine(server);
    expect((await run(at, ['init', '--job', 'AUG_2020'])).code).toBe(0);
    const lock = readdirSync(at.home, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('.lock'),
    );
    const held = await open(join(at.home, lock ?? ''), 'r+');
    expect((await nativeLock(process.platform)).tryLock(held.fd)).toBe(true);
    let before: readonly string[] | null = null;
    const upload = ['upload', 'customer', '--job', 'AUG_2020', ...(await month(at)).customers];
    const ran = await at.run(upload, {
      program,
      onStderr: (text) => {
        if (
          before !== null ||
          !/^Waiting for ebill init \(process \d+ on .*\), which holds the load$/m.test(text)
        )
          return;
        before = calls(server);
        void held.close();
      },
    });
    expect(before).toEqual(['init AUG_2020_INIT']);
    expect(ran.code).toBe(0);
    expect(calls(server)).toContain('create AUG_2020_CUS');
  });

  it('says so when its home cannot be used, and sends nothing', async () => {
    const server = await sandbox();
    const at = machine(server);
    const home = join(at.cwd, 'home');
    writeFileSync(home, 'a file');
    const ran = await at.run(['init', '--job', 'AUG_2020'], { program, env: { EBILL_HOME: home } });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/error: The folder .* cannot be read: .*\n {2}→ .*EBILL_HOME/);
    expect(calls(server)).toEqual([]);
  });

  it('never loads native code that others could have changed', async () => {
    const server = await sandbox();
    const at = machine(server);
    const native = join(at.home, 'native');
    mkdirSync(native);
    chmodSync(native, 0o777);
    expect((await run(at, ['init', '--job', 'AUG_2020'])).code).toBe(0);
    expect(readdirSync(native)).toEqual([]);
  });

  it('asks the keychain with its own native code, and keeps the secret in a file without one', async () => {
    const at = machine(null, { EBILL_KEYCHAIN: 'on', DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' });
    const add = ['profile', 'add', 'prod', '--base-url', 'https://ebill.invalid', '--auth', 'bearer'];
    const ran = await run(at, [...add, '--token-stdin'], 'tok-12345\n');
    expect(ran.code).toBe(0);
    expect(ran.stdout + ran.stderr).toContain('secrets.json');
    // Profiles are changed under a lock.
    expect(readdirSync(join(at.home, 'native')).sort()).toEqual([
      expect.stringMatching(/^keychain-[0-9a-f]{16}\.node$/),
      expect.stringMatching(/^lock-[0-9a-f]{16}\.node$/),
    ]);
  });
});
