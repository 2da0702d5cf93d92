import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../src/build/targets.ts';
import { bundleSimulation, play, runWorker } from './bundle.ts';
import type { Size } from './month.ts';

/*
 * npm run simulate -- --months N --seed S      N months, from seed S
 * npm run simulate -- --show S                 what happened in the month of seed S; --size small: in the small one of it
 * --stuck: also the last errors of months whose commands did not all end with 0
 */

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};

const folder = join(ROOT, 'node_modules/.cache/ebill-simulation');
mkdirSync(folder, { recursive: true });
const program = join(folder, 'simulation.mjs');
await bundleSimulation(program);

const show = option('show');
if (show !== undefined) {
  const size = option('size') as Size | undefined;
  const month =
    size === undefined ? { seeds: [Number(show)] } : { seeds: [], cases: [[Number(show), size] as const] };
  process.stdout.write(await runWorker(program, { ...month, show: true }));
} else {
  const months = Number(option('months') ?? 1000);
  const seed = Number(option('seed') ?? 0);
  const cores = availableParallelism();
  const began = Date.now();
  const reports = await Promise.all(
    Array.from({ length: cores }, (_, i) =>
      play(program, { seeds: { from: seed + i, to: seed + months, step: cores } }),
    ),
  );
  const stuck = new Map<string, readonly number[]>();
  for (const report of reports)
    for (const [words, seeds] of Object.entries(report.stuck))
      stuck.set(words, [...(stuck.get(words) ?? []), ...seeds]);
  const failures = reports.flatMap((report) => report.failures).sort((a, b) => a.seed - b.seed);
  for (const { seed: bad, about, what } of failures)
    process.stdout.write(`seed ${bad} (${about})\n  ${what.join('\n  ')}\n`);
  if (process.argv.includes('--stuck'))
    for (const [words, seeds] of [...stuck].sort((a, b) => b[1].length - a[1].length))
      process.stdout.write(`${seeds.length} × ${words} (${seeds.slice(0, 3).join(', ')})\n`);
  const finished = reports.reduce((sum, report) => sum + report.finished, 0);
  const seconds = (Date.now() - began) / 1000;
  process.stdout.write(
    `${months} months from seed ${seed}: ${finished} finished, ${failures.length} broke a promise (${seconds.toFixed(1)} s)\n`,
  );
  process.exitCode = failures.length > 0 ? 1 : 0;
}
