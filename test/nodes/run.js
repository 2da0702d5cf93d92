import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { smoke } from './smoke.js';
import { binOf, VERSIONS } from './versions.js';

// `npm run test:nodes [-- --smoke] [-- VERSION… ]`: the packed program, and its tests, on each release of Node.js.
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { values, positionals } = parseArgs({
  options: { smoke: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const wanted = VERSIONS.filter(
  ({ version }) => positionals.length === 0 || positionals.some((one) => `${version}.`.startsWith(`${one}.`)),
);
const npmCli = process.env.npm_execpath;
if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('These are for Linux x64.');
if (npmCli === undefined) throw new Error('Run it with npm: npm run test:nodes');
if (wanted.length === 0) throw new Error(`There is no ${positionals.join(' ')} among them.`);

const tell = (text) => process.stdout.write(`${text}\n`);
const counts = { passed: 0, failed: 0 };
async function step(what, work) {
  const began = Date.now();
  try {
    const told = await work();
    counts.passed += 1;
    tell(`✓ ${what}: ${told} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    counts.failed += 1;
    tell(`✗ ${what}: ${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ebill-nodes-'));
try {
  const pack = ['pack', ROOT, '--json', '--pack-destination', folder];
  const packed = JSON.parse(
    execFileSync(process.execPath, [npmCli, ...pack], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const tarball = join(folder, packed[0].filename);
  for (const release of wanted) {
    const { version } = release;
    const bin = await binOf(release);
    await step(`Node.js ${version}, the package`, async () => {
      const count = await smoke({ bin, version }, tarball, npmCli);
      return `${count} packages, no install script; version, demo, doctor, a load`;
    });
    if (release.suite && !values.smoke) await step(`Node.js ${version}, the tests`, () => suite(bin));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
tell(`${counts.passed} passed, ${counts.failed} failed`);
if (counts.failed > 0) process.exitCode = 1;

/** All of them, with that release in vitest and in what the tests start. */
function suite(bin) {
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const { status, stdout } = spawnSync(
    join(bin, 'node'),
    [vitest, 'run', '--no-color', '--reporter', 'dot'],
    {
      cwd: ROOT,
      env,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  if (status !== 0) throw Object.assign(new Error(`vitest ended with ${status}`), { stdout });
  return /^\s*Tests\s+(.*)$/m.exec(stdout)?.[1] ?? 'passed';
}
