import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
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

describe('the packed tarball', () => {
  const folder = tempDir('ebill-pack-');
  // Packed without the build script: the tests' own build is what is shipped, and two builds at once would disturb each other.
  const [packed] = JSON.parse(
    npm(['pack', ROOT, '--json', '--ignore-scripts', '--pack-destination', folder], folder),
  ) as { filename: string; files: { path: string }[] }[];
  const names = packed?.files.map((file) => file.path) ?? [];

  it('holds only what runs', () => {
    expect(names).toContain('bin/ebill.js');
    expect(names).toContain('dist/main.js');
    for (const shipped of [
      'dist/schema/plan.schema.json',
      'dist/schema/document.schema.json',
      'dist/man/ebill.1',
      'dist/man/ebill-run.1',
    ])
      expect(names).toContain(shipped);
    const strange = names.filter(
      (name) =>
        !/^(?:bin\/ebill\.js|dist\/.+\.js(?:\.map)?|dist\/THIRD-PARTY-LICENCES\.txt|dist\/man\/ebill[a-z-]*\.[17]|dist\/schema\/(?:plan|document|event)\.schema\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(
          name,
        ),
    );
    expect(strange).toEqual([]);
  });

  // npm links the pages that are listed, never those of a folder that is named.
  it('lists every man page, so that man finds them after a global install', () => {
    const { man } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { man: string[] };
    expect(man.map((path) => path.replace(/^\.\//, ''))).toEqual(
      names.filter((name) => name.startsWith('dist/man/')).sort(),
    );
  });

  it('installs into an empty folder and runs there, without install scripts', () => {
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
    const npx = (...args: string[]): string =>
      execFileSync('npx', ['--no-install', 'ebill', ...args], { cwd: empty, encoding: 'utf8' });
    expect(npx('--version').trim()).toBe(VERSION);
    const demo = JSON.parse(npx('demo', '--records', '50', '--json')) as {
      outcome: string;
      exitCode: number;
      batches: unknown[];
    };
    expect(demo).toMatchObject({ outcome: 'partial', exitCode: 0 });
    expect(demo.batches).toHaveLength(3);
  }, 120_000);

  it('needs no package with an install script', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; hasInstallScript?: boolean }>;
    };
    const scripted = Object.entries(lock.packages).filter(
      ([, entry]) => entry.hasInstallScript === true && entry.dev !== true,
    );
    expect(scripted.map(([name]) => name)).toEqual([]);
  });
});

/** The modules that are in files of the bundle, as their source maps tell. */
function sourcesOf(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const map = join(ROOT, `${file}.map`);
    if (!file.startsWith('dist/') || !existsSync(map)) return [file];
    const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { sources: readonly string[] };
    return sources.map((source) => source.replace(/^(?:\.\.\/)+/, ''));
  });
}

describe('start-up', () => {
  it('loads nothing but itself for --version, and no server, prompt or spinner code for a status', () => {
    const loaded = (args: readonly string[]): string[] => {
      const folder = tempDir();
      const probe = join(folder, 'probe.mjs');
      const loader = join(folder, 'loader.mjs');
      writeFileSync(
        probe,
        `import { register } from 'node:module';\nregister(${JSON.stringify(pathToFileURL(loader).href)});\n`,
      );
      writeFileSync(
        loader,
        `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(process.env.PROBE, url + '\\n');
  return next(url, context);
}
`,
      );
      const log = join(folder, 'log');
      writeFileSync(log, '');
      try {
        execFileSync(process.execPath, ['--import', probe, join(ROOT, 'bin', 'ebill.js'), ...args], {
          env: {
            ...process.env,
            PROBE: log,
            EBILL_HOME: tempDir(),
            EBILL_BASE_URL: 'http://127.0.0.1:9',
            EBILL_TOKEN: 'x',
          },
          stdio: 'ignore',
        });
      } catch {
        // A closed port ends with 6; only what was loaded counts here.
      }
      return readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('file:'))
        .map((line) => line.replace(/^.*\/(?=(?:bin|dist|node_modules)\/)/, ''));
    };
    const version = loaded(['--version']);
    expect([...new Set(sourcesOf(version))].sort()).toEqual([
      'bin/ebill.js',
      'src/context.ts',
      'src/main.ts',
    ]);
    const status = sourcesOf(loaded(['status', '--job', 'X', '--retries', '0']));
    const packages = new Set(
      status.flatMap((name) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? []),
    );
    expect(packages).toContain('undici');
    for (const heavy of [
      'ora',
      'conf',
      'chalk',
      '@inquirer/core',
      'csv-parse',
      'aws4fetch',
      'tinyglobby',
      'ajv',
      'echarts',
      'yaml',
    ])
      expect(packages).not.toContain(heavy);
    expect(status).toContain('src/load/refresh.ts');
    expect(status.filter((name) => /^src\/(?:sandbox|sample|files)\//.test(name))).toEqual([]);
  });
});
