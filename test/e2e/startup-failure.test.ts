import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/context.ts';
import { EBILL } from './harness.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;
/** No system has a user of this id. */
const UNKNOWN_USER = 54_321;

interface Options {
  readonly entry?: string;
  readonly cwd?: string;
  readonly uid?: number;
  readonly env?: Record<string, string>;
}

/** Runs the program with nothing in the environment but the path. */
function run(args: readonly string[], options: Options = {}): SpawnSyncReturns<string> {
  const { entry = EBILL, env = {}, ...rest } = options;
  return spawnSync(process.execPath, [entry, ...args], {
    encoding: 'utf8',
    cwd: tempDir(),
    env: { PATH: process.env['PATH'], ...env },
    ...rest,
  });
}

/** Runs it in a working directory that is deleted before it starts. */
function runInDeletedFolder(args: readonly string[]): SpawnSyncReturns<string> {
  const home = tempDir();
  const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
  return spawnSync('sh', ['-c', script, 'sh', process.execPath, EBILL, ...args], {
    encoding: 'utf8',
    cwd: tempDir(),
    env: { PATH: process.env['PATH'], HOME: home },
  });
}

/** A copy of the built program that others may read, to be damaged. */
function installation(): { readonly entry: string; readonly at: (path: string) => string } {
  const folder = tempDir('ebill-installed-');
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  chmodSync(folder, 0o755);
  return { entry: join(folder, 'bin', 'ebill.js'), at: (path) => join(folder, path) };
}

/** Exit code 1, one error with one hint on stderr, nothing on stdout; with --json the document. */
function expectFailure(
  start: (args: readonly string[]) => SpawnSyncReturns<string>,
  args: readonly string[],
  command: string,
  message: RegExp,
): void {
  const plain = start(args);
  expect({ code: plain.status, stdout: plain.stdout }, plain.stderr).toEqual({ code: 1, stdout: '' });
  expect(plain.stderr).toMatch(/^error: .+\.\n {2}→ .+\.\n$/);
  expect(plain.stderr).toMatch(message);
  const { status, stdout, stderr } = start([...args, '--json']);
  expect({ status, stderr }).toEqual({ status: 1, stderr: plain.stderr });
  expect(JSON.parse(stdout)).toEqual({
    command,
    profile: null,
    job: null,
    outcome: null,
    exitCode: 1,
    batches: [],
    error: { code: 'INTERNAL', message: expect.stringMatching(message), hint: expect.any(String) },
  });
}

describe('in a working directory that was deleted', () => {
  it.each([
    ['init', ['init', '--job', 'X']],
    ['upload invoice', ['upload', 'invoice', 'x.csv', '--job', 'X']],
    ['status', ['status', '--job', 'X']],
    ['profile list', ['profile', 'list']],
    ['ebill', []],
  ])('%s fails with a sentence', (command, args) => {
    expectFailure(runInDeletedFolder, args, command, /The working directory no longer exists/);
  });

  it('the version and the help are printed', () => {
    expect(runInDeletedFolder(['--version'])).toMatchObject({ status: 0, stderr: '' });
    expect(runInDeletedFolder(['--help']).stdout).toContain('Usage');
  });
});

describe('without a home folder', () => {
  const message = /There is no home folder .*HOME is not set/;

  it.runIf(IS_ROOT)('and without an entry for the user, a command fails with a sentence', () => {
    const { entry } = installation();
    const start = (args: readonly string[]) => run(args, { entry, cwd: '/', uid: UNKNOWN_USER });
    expectFailure(start, ['init', '--job', 'X'], 'init', message);
    expect(start(['--version'])).toMatchObject({ status: 0, stderr: '' });
  });

  it.runIf(IS_ROOT)('EBILL_HOME is enough', () => {
    const { entry } = installation();
    const home = tempDir();
    const env = { EBILL_HOME: join(home, 'own'), EBILL_BASE_URL: '' };
    chmodSync(home, 0o777);
    mkdirSync(env.EBILL_HOME);
    chmodSync(home, 0o755);
    const done = run(['profile', 'list', '--json'], { entry, cwd: '/', env });
    expect({ status: done.status, stderr: done.stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('an empty or relative HOME is none', () => {
    for (const home of ['', 'here'])
      expectFailure((args) => run(args, { env: { HOME: home } }), ['init', '--job', 'X'], 'init', message);
  });
});

describe('where the system does not answer', () => {
  it.each([
    ['process', 'cwd', /The working directory cannot be used/],
    ['os', 'homedir', /There is no home folder/],
    ['os', 'hostname', /does not say the name of this machine/],
  ])('%s.%s() throwing is a sentence', (module, name, message) => {
    const preload = join(tempDir(), 'preload.cjs');
    writeFileSync(
      preload,
      `require('${module}').${name} = () => { throw Object.assign(new Error('EIO: it failed'), { code: 'EIO' }) };`,
    );
    const env = { HOME: tempDir(), NODE_OPTIONS: `--require ${preload}` };
    expectFailure((args) => run(args, { env }), ['init', '--job', 'X'], 'init', message);
  });
});

describe('a damaged installation', () => {
  const message = /a file of its installation is missing or damaged/;
  const home = { HOME: tempDir() };

  it.each([
    ['package.json is missing', 'package.json', null],
    ['package.json is no JSON', 'package.json', '{'],
    ['dist is missing', 'dist', null],
    ['dist/main.js is missing', 'dist/main.js', null],
    ['dist/main.js is empty', 'dist/main.js', ''],
    ['dist/main.js is cut off', 'dist/main.js', 0.5],
    ['the first chunk is missing', 'dist/chunks/start.js', null],
    ['the first chunk is cut off', 'dist/chunks/start.js', 0.5],
    ['the program is missing', 'dist/chunks/program.js', null],
    ['the program is cut off', 'dist/chunks/program.js', 0.5],
    ['the program is empty', 'dist/chunks/program.js', ''],
    ['a command is missing', 'dist/chunks/init.js', null],
    ['a command is cut off', 'dist/chunks/init.js', 0.5],
  ])('is reported with a sentence where %s', (_what, path, damage) => {
    const { entry, at } = installation();
    if (damage === null) rmSync(at(path), { recursive: true });
    else if (damage === 0.5) {
      const text = readFileSync(at(path), 'utf8');
      writeFileSync(at(path), text.slice(0, text.length / 2));
    } else writeFileSync(at(path), damage as string);
    expectFailure((args) => run(args, { entry, env: home }), ['init', '--job', 'X'], 'init', message);
  });

  it.runIf(IS_ROOT).each(['package.json', 'dist/main.js', 'dist/chunks/program.js'])(
    'is reported with a sentence where %s cannot be read',
    (path) => {
      const { entry, at } = installation();
      chmodSync(at(path), 0o600);
      const start = (args: readonly string[]) => run(args, { entry, cwd: '/', uid: UNKNOWN_USER, env: home });
      expectFailure(start, ['init', '--job', 'X'], 'init', message);
    },
  );

  it.each(['crash-log', 'json', 'session'])('is never a success without chunk %s', (chunk) => {
    const { entry, at } = installation();
    rmSync(at(`dist/chunks/${chunk}.js`));
    const env = { ...home, EBILL_BASE_URL: 'http://127.0.0.1:1' };
    const { status, stdout, stderr } = run(['status', '--job', 'X', '--json'], { entry, env });
    expect(status).not.toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ command: 'status', exitCode: status });
    expect(stderr).toContain('error: ');
    expect(stderr).not.toContain('    at ');
  });
});
