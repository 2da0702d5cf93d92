import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tempDir } from '../helpers/context.ts';
import { LIST_MODULES } from '../helpers/programs.ts';
import { EBILL, machine, sandbox } from './harness.ts';

// What a command loads is what its start costs. Times cannot be tested, counts can: each
// number here is what is needed today, and a change that needs more has to say so.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Loaded {
  readonly code: number | null;
  /** Of the package, by path. */
  readonly files: readonly string[];
  /** The modules within those files, as their source maps tell. */
  readonly sources: readonly string[];
  /** Parts of Node loaded beyond its own start, its internal ones too. */
  readonly builtins: readonly string[];
}

async function loaded(
  args: readonly string[],
  prepare: readonly (readonly string[])[] = [],
): Promise<Loaded> {
  const here = machine(await sandbox());
  for (const line of prepare) expect((await here.run(line)).code).toBe(0);
  const out = join(tempDir(), 'loaded.json');
  const { code } = await here.run(args, {
    entry: EBILL,
    env: { NODE_OPTIONS: `--require ${LIST_MODULES}`, EBILL_TEST_LOADED: out },
  });
  const { files, builtins } = JSON.parse(readFileSync(out, 'utf8')) as {
    files: string[];
    builtins: string[];
  };
  const own = files.map((file) => relative(ROOT, file).replaceAll('\\', '/'));
  return { code, files: own, sources: own.flatMap(sourcesOf), builtins };
}

function sourcesOf(file: string): readonly string[] {
  const map = join(ROOT, `${file}.map`);
  if (!existsSync(map)) return [file];
  const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { sources: readonly string[] };
  return sources.map((source) => source.replace(/^(?:\.\.\/)+/, ''));
}

const packagesOf = ({ sources }: Loaded): readonly string[] =>
  [...new Set(sources.flatMap((name) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? []))].sort();

/** Of what a start can do without. `net` is not among it: a pipe as stdout is a socket to Node. */
const heavyBuiltins = (names: readonly string[]): readonly string[] =>
  names.filter((name) =>
    /\b(?:internal\/fs\/streams|crypto|child_process|fs\/promises|http2?|tls|dns|assert)$/.test(name),
  );

it('loads nothing but itself for --version', async () => {
  const { sources, builtins } = await loaded(['--version']);
  // The bundler's own few lines are in a file of theirs, or not, as it sees fit.
  expect(sources.filter((name) => !name.startsWith('dist/')).sort()).toEqual([
    'bin/ebill.js',
    'src/errors.ts',
    'src/main.ts',
    'src/system/context.ts',
    'src/system/startup-failure.ts',
  ]);
  expect(heavyBuiltins(builtins)).toEqual([]);
});

it('loads no package at all for --help, and prints what the sources would', async () => {
  const got = await loaded(['--help']);
  expect(got.code).toBe(0);
  expect(packagesOf(got)).toEqual([]);
  expect(heavyBuiltins(got.builtins)).toEqual([]);
  expect(got.files.length).toBeLessThanOrEqual(6);
  const here = machine(null);
  for (const word of ['--help', '-h', 'help']) {
    const built = await here.run([word], { entry: EBILL });
    expect(built.stdout).toBe((await here.call([word])).stdout);
  }
});

it.each([
  ['an unknown command', ['uplaod']],
  ['an unknown option of a command', ['status', '--jbo', 'X']],
  ['an unknown option of another', ['upload', 'customer', 'x.csv', '--jbo', 'X']],
])('loads commander alone, and nothing of the network, for %s', async (_what, args) => {
  const got = await loaded(args);
  expect(got.code).toBe(2);
  expect(packagesOf(got)).toEqual(['commander']);
  expect(heavyBuiltins(got.builtins)).toEqual([]);
  expect(got.files.length).toBeLessThanOrEqual(9);
});

it('loads one HTTP client and one XML reader for a status, and no prompt, spinner or server', async () => {
  const got = await loaded(['status'], [['init', '--job', 'X']]);
  expect(got.code).toBe(0);
  for (const wanted of ['commander', 'undici', 'fast-xml-parser']) expect(packagesOf(got)).toContain(wanted);
  const heavy = ['ora', 'conf', 'chalk', '@inquirer/core', 'csv-parse', 'tinyglobby', 'ajv', 'yaml'];
  expect(packagesOf(got).filter((name) => heavy.includes(name))).toEqual([]);
  expect(got.sources).toContain('src/load/refresh.ts');
  const unused =
    /^src\/(?:sandbox|sample|files|plan|report|output\/progress\/terminal|load\/(?:upload|finalize|init))\b/;
  expect(got.sources.filter((name) => unused.test(name))).toEqual([]);
  expect(got.files.length).toBeLessThanOrEqual(12);
  // To plain http on this machine, without a proxy.
  expect(got.builtins.filter((name) => /\b(?:tls|https|http2)$/.test(name))).toEqual([]);
});

it('exports constants as plain properties: V8 compiles a getter as a function of its own', () => {
  for (const name of ['program', 'parse', 'session']) {
    const text = readFileSync(join(ROOT, 'dist', 'chunks', `${name}.js`), 'utf8');
    const getters = text.match(/Object\.defineProperty\(exports,"\w+",/g) ?? [];
    const plain = text.match(/;exports\.[\w$]+=/g) ?? [];
    expect(getters.length).toBeLessThanOrEqual(plain.length / 10);
  }
});
