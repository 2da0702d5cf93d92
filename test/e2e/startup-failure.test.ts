import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
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

const PARTS = ['bin', 'dist', 'package.json'];
const original = tempDir('ebill-installed-');
for (const part of PARTS) cpSync(join(ROOT, part), join(original, part), { recursive: true });

interface Installation {
  readonly entry: string;
  readonly at: (path: string) => string;
  /** Puts another file in its place. */
  readonly replace: (path: string, text: string, mode?: number) => void;
}

/** A copy of the built program that others may read, of links to one copy: a file to be damaged is replaced. */
function installation(): Installation {
  const folder = tempDir('ebill-installed-');
  for (const entry of readdirSync(original, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const copy = join(folder, relative(original, path));
    if (entry.isDirectory()) mkdirSync(copy, { recursive: true });
    else linkSync(path, copy);
  }
  chmodSync(folder, 0o755);
  const at = (path: string): string => join(folder, path);
  return {
    entry: at('bin/ebill.js'),
    at,
    replace: (path, text, mode = 0o644) => {
      rmSync(at(path));
      writeFileSync(at(path), text, { mode });
    },
  };
}

/** Exit code 1, one error with one hint on stderr, and the document on stdout. */
function expectFailure(
  start: (args: readonly string[]) => SpawnSyncReturns<string>,
  args: readonly string[],
  command: string,
  message: RegExp,
): void {
  const { status, stdout, stderr } = start([...args, '--json']);
  expect(status, stderr).toBe(1);
  expect(stderr).toMatch(/^error: .+\.\n {2}→ .+\.\n$/);
  expect(stderr).toMatch(message);
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

/** Without --json: the same on stderr, and nothing on stdout. */
function expectPlainFailure(
  start: (args: readonly string[]) => SpawnSyncReturns<string>,
  args: readonly string[],
  message: RegExp,
): void {
  const { status, stdout, stderr } = start(args);
  expect({ status, stdout }, stderr).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^error: .+\.\n {2}→ .+\.\n$/);
  expect(stderr).toMatch(message);
}

describe('in a working directory that was deleted', () => {
  it.each([
    ['init', ['init', '--job', 'X']],
    ['upload invoice', ['upload', 'invoice', 'x.csv', '--job', 'X']],
    ['status', ['status', '--job', 'X']],
    ['profile list', ['profile', 'list']],
    ['ebill', []],
  ])('%s fails with a sentence', (command, args) => {
    const message = /The working directory no longer exists/;
    expectFailure(runInDeletedFolder, args, command, message);
    if (command === 'init') expectPlainFailure(runInDeletedFolder, args, message);
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

  const isReported = (_what: string, path: string, damage: string | number | null): void => {
    const { entry, at, replace } = installation();
    if (damage === null) rmSync(at(path), { recursive: true });
    else if (damage === 0.5) {
      const text = readFileSync(at(path), 'utf8');
      replace(path, text.slice(0, text.length / 2));
    } else replace(path, damage as string);
    const start = (args: readonly string[]) => run(args, { entry, env: home });
    expectFailure(start, ['init', '--job', 'X'], 'init', message);
    // One in bin/ebill.js, one after it.
    if (damage === null) expectPlainFailure(start, ['init', '--job', 'X'], message);
  };
  it.each([
    ['package.json is missing', 'package.json', null],
    ['dist is missing', 'dist', null],
    ['dist/main.js is cut off', 'dist/main.js', 0.5],
    ['the program is missing', 'dist/chunks/program.js', null],
    ['a command is cut off', 'dist/chunks/init.js', 0.5],
  ])('is reported with a sentence where %s', isReported);
  it.each([
    ['package.json is no JSON', 'package.json', '{'],
    ['dist/main.js is missing', 'dist/main.js', null],
    ['dist/main.js is empty', 'dist/main.js', ''],
    ['the first chunk is missing', 'dist/chunks/start.js', null],
    ['the first chunk is cut off', 'dist/chunks/start.js', 0.5],
    ['the program is cut off', 'dist/chunks/program.js', 0.5],
    ['the program is empty', 'dist/chunks/program.js', ''],
    ['a command is missing', 'dist/chunks/init.js', null],
  ])('is reported with a sentence where %s', { tags: 'slow' }, isReported);

  it.runIf(IS_ROOT).each(['package.json', 'dist/main.js', 'dist/chunks/program.js'])(
    'is reported with a sentence where %s cannot be read',
    (path) => {
      const { entry, at, replace } = installation();
      replace(path, readFileSync(at(path), 'utf8'), 0o600);
      const start = (args: readonly string[]) => run(args, { entry, cwd: '/', uid: UNKNOWN_USER, env: home });
      expectFailure(start, ['init', '--job', 'X'], 'init', message);
    },
  );

  it.each(['crash-log', 'json', 'session'])(
    'is never a success without chunk %s',
    { tags: 'slow' },
    (chunk) => {
      const { entry, at } = installation();
      rmSync(at(`dist/chunks/${chunk}.js`));
      const env = { ...home, EBILL_BASE_URL: 'http://127.0.0.1:1' };
      const args = ['status', '--job', 'X', '--retries', '0', '--json'];
      const { status, stdout, stderr } = run(args, { entry, env });
      expect(status).not.toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ command: 'status', exitCode: status });
      expect(stderr).toContain('error: ');
      expect(stderr).not.toContain('    at ');
    },
  );
});
