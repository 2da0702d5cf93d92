import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/context.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;

const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_config_update_notifier: 'false' },
  });

const lockedIn = (
  path: string,
): Readonly<Record<string, { readonly dev?: boolean; readonly hasInstallScript?: boolean }>> =>
  (JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, object> }).packages;

describe('the packed tarball', () => {
  const folder = tempDir('ebill-pack-');
  // Packed without the build script: the tests' own build is what is shipped, and two builds at once would disturb each other.
  const [packed] = JSON.parse(
    npm(['pack', ROOT, '--json', '--ignore-scripts', '--pack-destination', folder], folder),
  ) as { filename: string; files: { path: string }[] }[];
  const names = packed?.files.map((file) => file.path) ?? [];

  it('contains only what is needed to run', () => {
    expect(names).toContain('bin/ebill.js');
    expect(names).toContain('dist/main.js');
    for (const shipped of [
      'dist/schema/plan.schema.json',
      'dist/schema/approval.schema.json',
      'dist/schema/document.schema.json',
      'dist/man/ebill.1',
      'dist/man/ebill-run.1',
    ])
      expect(names).toContain(shipped);
    const strange = names.filter(
      (name) =>
        !/^(?:bin\/ebill\.js|(?:bin|dist)\/package\.json|dist\/.+\.js(?:\.map)?|dist\/THIRD-PARTY-LICENCES\.txt|dist\/man\/ebill[a-z-]*\.[17]|dist\/help\/ebill\.json|dist\/schema\/(?:plan|approval|document|event)\.schema\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|\.github\/run-(?:dark|light)\.svg)$/.test(
          name,
        ),
    );
    expect(strange).toEqual([]);
  });

  it('cites no file that it does not contain', () => {
    const texts = names.filter((name) => /\.(?:md|[17])$/.test(name));
    expect(texts.length).toBeGreaterThan(20);
    const cited = texts.flatMap((name) =>
      [
        ...readFileSync(join(ROOT, name), 'utf8').matchAll(
          /\b(?:src|test|\.ci|\.github)\/[\w./-]+|\b[A-Z]{5,}\.md\b/g,
        ),
      ].map(([path]) => ({ name, path })),
    );
    expect(cited.filter(({ path }) => !names.includes(path))).toEqual([]);
  });

  // npm links the pages that are listed, never those of a folder that is named.
  it('lists every man page, so that man finds them after a global install', () => {
    const { man } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { man: string[] };
    expect(man.map((path) => path.replace(/^\.\//, ''))).toEqual(
      names.filter((name) => name.startsWith('dist/man/')).sort(),
    );
  });

  it('installs into an empty folder and runs there, without install scripts', { tags: 'slow' }, () => {
    const empty = tempDir('ebill install é ');
    writeFileSync(join(empty, 'package.json'), '{ "private": true }\n');
    npm(
      [
        'install',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--prefer-offline',
        join(folder, packed?.filename ?? ''),
      ],
      empty,
    );
    const ebill = (...args: string[]): string =>
      execFileSync(join('node_modules', '.bin', 'ebill'), args, { cwd: empty, encoding: 'utf8' });
    expect(ebill('--version').trim()).toBe(VERSION);
    const demo = JSON.parse(ebill('demo', '--records', '50', '--json')) as {
      outcome: string;
      exitCode: number;
      batches: unknown[];
    };
    expect(demo).toMatchObject({ outcome: 'partial', exitCode: 0 });
    expect(demo.batches).toHaveLength(3);
    // The lock's native code and what finds it, and the keychain's for this system. Each more has to be worth it.
    const installed = lockedIn(join(empty, 'node_modules', '.package-lock.json'));
    expect(Object.keys(installed).map((name) => name.replace(/^node_modules\//, ''))).toEqual([
      '@napi-rs/keyring',
      expect.stringMatching(/^@napi-rs\/keyring-/),
      'bare-addon-resolve',
      'bare-module-resolve',
      'bare-semver',
      'ebill',
      'fs-native-extensions',
      'require-addon',
      'which-runtime',
    ]);
    for (const entry of Object.values(installed)) expect(entry.hasInstallScript).toBeUndefined();
  });

  it('needs no package with an install script, on any system', () => {
    const scripted = Object.entries(lockedIn(join(ROOT, 'package-lock.json'))).filter(
      ([, entry]) => entry.hasInstallScript === true && entry.dev !== true,
    );
    expect(scripted.map(([name]) => name)).toEqual([]);
  });
});
