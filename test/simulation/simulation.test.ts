import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/context.ts';
import { bundleSimulation } from './bundle.ts';
import type { Report } from './worker.ts';

let program = '';
beforeAll(async () => {
  program = join(tempDir(), 'simulation.mjs');
  await bundleSimulation(program);
});

async function play(from: number, to: number): Promise<Report> {
  const args = ['--max-old-space-size=768', program, String(from), String(to), '1'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Report;
}

describe('simulated months', () => {
  it('replay exactly from their seeds', async () => {
    const [one, other] = await Promise.all([play(0, 12), play(0, 12)]);
    expect(one).toEqual(other);
    expect(one.months).toBe(12);
  }, 60_000);

  it('lose nothing, double nothing, and finalize nothing incomplete', async () => {
    const { months, finished, failures } = await play(0, 60);
    // A server that does not notice what comes again needs the settle time.
    expect(failures.filter(({ about }) => !about.includes(' execute'))).toEqual([]);
    expect(finished).toBeGreaterThan(months / 2);
  }, 60_000);
});
