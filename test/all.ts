import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../src/build/targets.ts';

/*
 * npm run test:all [-- --share K/N] [-- --slow-only]: the suite with new cases of the property tests, and the proofs that
 * take longer than a change should wait.
 * --share K/N takes every Nth fault, leaves out mutations of the program, and only installs and runs the package on the oldest
 * and the newest Node.js. --slow-only leaves the suite out, where `npm test` has run already.
 */
const { values } = parseArgs({
  options: { share: { type: 'string' }, 'slow-only': { type: 'boolean', default: false } },
});
const { share } = values;
const vitest = ['exec', '--', 'vitest', 'run', '--config', 'vitest.full.config.ts'];

if (share === undefined) process.env['EBILL_NEW_CASES'] = '1';
/** With `--share`, the slow tests of these folders. */
const SHARED = [
  'test/api',
  'test/commands',
  'test/e2e',
  'test/hints',
  'test/load',
  'test/output',
  'test/report',
  'test/secrets',
];
/** Test files with tests that `npm test` leaves out. */
const tagged = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter(
    (name) =>
      name.endsWith('.test.ts') && /tags: 'slow'|\btestSome\(/.test(readFileSync(join(ROOT, name), 'utf8')),
  )
  .filter((name) => share === undefined || SHARED.some((folder) => name.startsWith(folder)));
if (!values['slow-only']) npm('test');
npm('exec', '--', 'vitest', 'run', '--tags-filter=slow', ...tagged);
npm(...vitest, '--project', 'slow', ...(share === undefined ? [] : SHARED));
if (share === undefined) {
  npm('run', 'test:nodes');
} else {
  npm('run', 'test:nodes', '--', '--smoke', '20.18.1', '24');
  process.env['EBILL_FAULTS_PART'] = share;
}
npm('run', 'test:faults');

/** Ends the process with the exit code of the first command that fails. */
function npm(...args: readonly string[]): void {
  process.stdout.write(`+ npm ${args.join(' ')}\n`);
  const npmCli = process.env['npm_execpath'];
  if (npmCli === undefined) throw new Error('Run it with npm: npm run test:all');
  const { status } = spawnSync(process.execPath, [npmCli, ...args], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
