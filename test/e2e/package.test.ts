import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
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

interface Action {
  readonly inputs: Readonly<Record<string, { readonly required: boolean }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly id: string;
      readonly shell: string;
      readonly env: Readonly<Record<string, string>>;
      readonly run: string;
    }[];
  };
}

/** With its own pages: minimal systems have none. */
const hasMan = spawnSync('man', ['--version']).status === 0;

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
        !/^(?:bin\/ebill\.js|(?:bin|dist)\/package\.json|dist\/.+\.js(?:\.map)?|dist\/THIRD-PARTY-LICENCES\.txt|dist\/man\/ebill[a-z-]*\.[17]|dist\/help\/ebill\.json|dist\/schema\/(?:plan|approval|document|event)\.schema\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|\.github\/(?:run-(?:dark|light)\.svg|actions\/setup-ebill\/action\.yml|workflows\/load\.yml)|src\/build\/Containerfile)$/.test(
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

  it('is installed by the action, if its checksum is the given one, with all its man pages', {
    tags: 'slow',
  }, () => {
    const { inputs, outputs, runs } = parse(
      readFileSync(join(ROOT, '.github', 'actions', 'setup-ebill', 'action.yml'), 'utf8'),
    ) as Action;
    expect(runs.using).toBe('composite');
    const [step] = runs.steps;
    expect(runs.steps).toHaveLength(1);
    expect(step?.shell).toBe('bash');
    expect(outputs['version']?.value).toBe(`\${{ steps.${step?.id}.outputs.version }}`);
    // As the runner fills them in; an expression in the script itself would be run as a part of it.
    expect(step?.run).not.toContain('${{');
    expect(step?.env).toEqual({
      TARBALL: `\${{ inputs.tarball }}`,
      SHA256: `\${{ inputs.sha256 }}`,
    });
    expect(Object.entries(inputs).map(([name, { required }]) => [name, required])).toEqual([
      ['tarball', true],
      ['sha256', true],
    ]);

    const prefix = tempDir('ebill prefix ');
    const told = join(tempDir(), 'output');
    writeFileSync(told, '');
    const tarball = join(folder, packed?.filename ?? '');
    const sum = createHash('sha256').update(readFileSync(tarball)).digest('hex');
    const act = (SHA256: string) =>
      spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? ''], {
        cwd: folder,
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: [join(prefix, 'bin'), process.env['PATH']].join(delimiter),
          npm_config_prefix: prefix,
          npm_config_prefer_offline: 'true',
          GITHUB_OUTPUT: told,
          TARBALL: packed?.filename,
          SHA256,
        },
      });
    for (const wrong of [sum.replace(/^./, (digit) => (digit === '0' ? '1' : '0')), '', '*']) {
      const { status, stdout } = act(wrong);
      expect([status, stdout]).toEqual([
        1,
        expect.stringContaining(`::error title=setup-ebill::The SHA-256`),
      ]);
      expect(readdirSync(prefix)).toEqual([]);
    }
    const { status, stderr } = act(sum.toUpperCase());
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(readFileSync(told, 'utf8')).toBe(`version=${VERSION}\n`);

    const pages = names.filter((name) => name.startsWith('dist/man/'));
    expect(pages.length).toBeGreaterThan(30);
    for (const page of pages) {
      const name = page.replace('dist/man/', '');
      const link = join(prefix, 'share', 'man', `man${name.at(-1)}`, name);
      expect([name, existsSync(link)]).toEqual([name, true]);
      expect(realpathSync(link)).toBe(join(realpathSync(prefix), 'lib', 'node_modules', 'ebill', page));
      if (!hasMan) continue;
      const found = spawnSync('man', ['-M', join(prefix, 'share', 'man'), '-w', name.slice(0, -2)], {
        encoding: 'utf8',
      });
      expect(realpathSync(found.stdout.trim())).toBe(realpathSync(link));
    }
  });

  it('needs no package with an install script, on any system', () => {
    const scripted = Object.entries(lockedIn(join(ROOT, 'package-lock.json'))).filter(
      ([, entry]) => entry.hasInstallScript === true && entry.dev !== true,
    );
    expect(scripted.map(([name]) => name)).toEqual([]);
  });
});
