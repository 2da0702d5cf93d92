import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import type { Machine, Ran } from './harness.ts';

/**
 * Two loads upload files of one name with other content at the same time: one is refused with 8, and the other's file is
 * processed as it was given (api rule 26).
 */
export async function collide(
  server: Sandbox,
  at: Machine,
  round: number,
  run: (args: readonly string[]) => Promise<Ran>,
): Promise<void> {
  const loads = [`A_${round}`, `B_${round}`];
  const records = [2, 3];
  loads.forEach((load, i) => {
    mkdirSync(join(at.cwd, load));
    const rows = Array.from({ length: records[i] ?? 0 }, (_, n) => `${load}${n},Customer ${n}\n`);
    writeFileSync(join(at.cwd, load, `cus_${round}.csv`), `Account Number,Name\n${rows.join('')}`);
  });
  const upload = (load: string) =>
    run(['upload', 'customer', join(load, `cus_${round}.csv`), '--job', load, '--json']);
  const ended = await Promise.all(loads.map(upload));
  expect(ended.map(({ code }) => code).sort(), ended.map(({ stderr }) => stderr).join('\n')).toEqual([0, 8]);
  const winner = ended.findIndex(({ code }) => code === 0);
  const line = ['finalize', '--job', loads[winner] ?? '', '--json'];
  expect((await at.call(line)).code).toBe(0);
  expect((await at.call(['watch', '--job', loads[winner] ?? '', '--json'])).code).toBe(0);
  const batch = server.snapshot().batches.find(({ jobId }) => jobId === `${loads[winner]}_CUS`);
  expect(batch?.successCount).toBe(records[winner]);
}
