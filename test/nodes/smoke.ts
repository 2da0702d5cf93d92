import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';

interface Smoke {
  /** The folder of the release's `node`. */
  readonly bin: string;
  readonly version: string;
  readonly tarball: string;
  /** npm's own script. */
  readonly npmCli: string;
}

/** Where a program runs. */
interface Place {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Batch {
  readonly recordsSent: number;
  readonly successCount: number;
  readonly failCount: number;
  readonly children: readonly Batch[];
}
interface Document {
  readonly outcome: string;
  readonly exitCode: number;
  readonly batches: readonly Batch[];
}

/**
 * Installs the packed tarball with one release of Node.js, as a user would, and runs it through pipes: version, doctor,
 * demo, and a load against its own sandbox.
 * @returns the number of packages installed, ours included
 */
export async function smoke({ bin, version, tarball, npmCli }: Smoke): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ebill-node-'));
  try {
    const env = {
      PATH: [bin, ...(process.env['PATH'] ?? '').split(delimiter)].join(delimiter),
      HOME: folder,
      EBILL_HOME: join(folder, 'home'),
      npm_config_cache: process.env['npm_config_cache'] ?? join(process.env['HOME'] ?? folder, '.npm'),
      ...inherited(
        'npm_config_registry',
        'NPM_CONFIG_USERCONFIG',
        'NODE_EXTRA_CA_CERTS',
        'HTTPS_PROXY',
        'NO_PROXY',
      ),
    };
    const place = { folder, env };
    assert.equal(run(place, 'node', ['-p', 'process.versions.node']).trim(), version);
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    run(place, 'node', [npmCli, 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball]);
    const ebill = join(folder, 'node_modules', '.bin', 'ebill');
    const own = readJson(folder, 'node_modules', 'ebill', 'package.json') as { readonly version: string };
    assert.equal(run(place, ebill, ['--version']).trim(), own.version);
    const demo = JSON.parse(run(place, ebill, ['demo', '--records', '30', '--json'])) as Document;
    assert.equal(demo.outcome, 'partial');
    await load(place, ebill);
    return installed(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const inherited = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

const readJson = (...path: readonly string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));

/** @throws with its output, when the exit code is not 0 */
function run({ folder, env }: Place, file: string, args: readonly string[]): string {
  return execFileSync(file, args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function load({ folder, env }: Place, ebill: string): Promise<void> {
  const sandbox = spawn(ebill, ['sandbox', '--port', '0', '--processing-time', '0.1s', '--json', '--quiet'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const place = {
      folder: join(folder, 'ebill-demo', 'files'),
      env: { ...env, ...(await firstDocument(sandbox.stdout)).environment },
    };
    mkdirSync(place.folder, { recursive: true });
    run(place, ebill, ['doctor']);
    run(place, ebill, ['init', '--job', 'AUG_2020']);
    // The demo leaves the files of two months.
    const names = readdirSync(place.folder);
    const files = (prefix: string): string[] => names.filter((name) => name.startsWith(`${prefix}_AUG_2020`));
    run(place, ebill, ['upload', 'customer', ...files('CUS'), '--finalize']);
    run(place, ebill, ['upload', 'invoice', ...files('INV'), '--items', ...files('ITM'), '--finalize']);
    const watched = documentOf(place, ebill, ['watch', '--interval', '0.1s', '--json']);
    assert.deepEqual([watched.outcome, watched.exitCode], ['partial', 3]);
    const [, customers, invoice] = watched.batches;
    assert.ok(customers !== undefined && invoice !== undefined);
    for (const batch of [customers, invoice, ...invoice.children])
      assert.equal(batch.successCount + batch.failCount, batch.recordsSent);
    run(place, ebill, ['results', '--rejects']);
    run(place, ebill, ['report']);
  } finally {
    const ended = new Promise((resolve) => sandbox.on('close', resolve));
    sandbox.kill('SIGTERM');
    await ended;
  }
}

/** The JSON document of a command, whatever its exit code. */
function documentOf(place: Place, file: string, args: readonly string[]): Document {
  try {
    return JSON.parse(run(place, file, args)) as Document;
  } catch (error) {
    return JSON.parse((error as { readonly stdout: string }).stdout) as Document;
  }
}

async function firstDocument(
  stream: Readable,
): Promise<{ readonly environment: Readonly<Record<string, string>> }> {
  let text = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    try {
      return JSON.parse(text) as { readonly environment: Readonly<Record<string, string>> };
    } catch {
      // The document is not complete yet.
    }
  }
  throw new Error(`the sandbox ended: ${text}`);
}

function installed(folder: string): number {
  const packagesOf = (...path: readonly string[]): [string, { readonly hasInstallScript?: boolean }][] =>
    Object.entries(
      (readJson(folder, ...path) as { packages: Record<string, { hasInstallScript?: boolean }> }).packages,
    );
  const scripted = packagesOf('package-lock.json').filter(([, { hasInstallScript }]) => hasInstallScript);
  assert.deepEqual(scripted, []);
  // The lock file lists the packages of other systems too.
  return packagesOf('node_modules', '.package-lock.json').length;
}
