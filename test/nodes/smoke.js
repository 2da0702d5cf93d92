import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Installs the packed tarball with one release of Node.js, as a user would, and runs it: version, doctor, demo, and a load
 * against its own sandbox, all in pipes.
 * @param bin the folder of that release's `node`
 * @returns how many packages were installed, ours with them
 */
export async function smoke({ bin, version }, tarball, npmCli) {
  const folder = mkdtempSync(join(tmpdir(), 'ebill-node-'));
  try {
    const env = {
      PATH: [bin, ...(process.env.PATH ?? '').split(delimiter)].join(delimiter),
      HOME: folder,
      EBILL_HOME: join(folder, 'home'),
      npm_config_cache: process.env.npm_config_cache ?? join(process.env.HOME ?? folder, '.npm'),
      ...pick(
        'npm_config_registry',
        'NPM_CONFIG_USERCONFIG',
        'NODE_EXTRA_CA_CERTS',
        'HTTPS_PROXY',
        'NO_PROXY',
      ),
    };
    const at = { folder, env };
    assert.equal(run(at, 'node', ['-p', 'process.versions.node']).trim(), version);
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball];
    run(at, 'node', [npmCli, ...install]);
    const ebill = join(folder, 'node_modules', '.bin', 'ebill');
    const { version: own } = JSON.parse(
      readFileSync(join(folder, 'node_modules', 'ebill', 'package.json'), 'utf8'),
    );
    assert.equal(run(at, ebill, ['--version']).trim(), own);
    const demo = JSON.parse(run(at, ebill, ['demo', '--records', '30', '--json']));
    assert.equal(demo.outcome, 'partial');
    await load(at, ebill);
    return installed(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const pick = (...names) =>
  Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

/** @throws with what it wrote, when it ends with another code than 0 */
function run({ folder, env }, file, args) {
  return execFileSync(file, args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function load({ folder, env }, ebill) {
  const sandbox = spawn(ebill, ['sandbox', '--port', '0', '--processing-time', '0.1s', '--json', '--quiet'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const server = { ...env, ...(await firstDocument(sandbox.stdout)).environment };
    const at = { folder: join(folder, 'ebill-demo', 'files'), env: server };
    mkdirSync(at.folder, { recursive: true });
    run(at, ebill, ['doctor']);
    run(at, ebill, ['init', '--job', 'AUG_2020']);
    const names = readdirSync(at.folder);
    const named = (prefix) => names.filter((name) => name.startsWith(prefix));
    run(at, ebill, ['upload', 'customer', ...named('CUS'), '--finalize']);
    run(at, ebill, ['upload', 'invoice', ...named('INV'), '--items', ...named('ITM'), '--finalize']);
    const watched = spawnJson(at, ebill, ['watch', '--interval', '0.1s', '--json']);
    assert.deepEqual([watched.outcome, watched.exitCode], ['partial', 3]);
    const [, customers, invoice] = watched.batches;
    for (const batch of [customers, invoice, ...invoice.children])
      assert.equal(batch.successCount + batch.failCount, batch.recordsSent);
    run(at, ebill, ['results', '--rejects']);
    run(at, ebill, ['report']);
  } finally {
    const ended = new Promise((resolve) => sandbox.on('close', resolve));
    sandbox.kill('SIGTERM');
    await ended;
  }
}

/** Its document, whatever its exit code says of the records. */
function spawnJson(at, file, args) {
  try {
    return JSON.parse(run(at, file, args));
  } catch (error) {
    return JSON.parse(error.stdout);
  }
}

async function firstDocument(stream) {
  let text = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += chunk;
    try {
      return JSON.parse(text);
    } catch {
      // Not all of it is here.
    }
  }
  throw new Error(`the sandbox ended: ${text}`);
}

function installed(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const names = Object.keys(packages).filter((name) => name !== '');
  const scripted = names.filter((name) => packages[name].hasInstallScript);
  assert.deepEqual(scripted, []);
  // The lock file names what other systems would get, too.
  const here = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  return Object.keys(here).length;
}
