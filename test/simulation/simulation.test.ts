import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/context.ts';
import { bundleSimulation, play } from './bundle.ts';

let program = '';
beforeAll(async () => {
  program = join(tempDir(), 'simulation.mjs');
  await bundleSimulation(program);
});

/** Seeds of months that showed a defect. Each is fixed. */
const CASES: Readonly<Record<string, readonly number[]>> = {
  'an init and a finalize sent again before the first had shown': [13, 26, 34, 44, 62, 109, 111, 165, 174],
  'a finalize sent again while a replica still showed the draft': [22],
  'a finalize sent again by the process after one that was killed': [5108, 5151],
  'a command that waited and kept others out': [5140, 5246],
};

describe('simulated months', () => {
  it('replay exactly from their seeds', async () => {
    const order = { seeds: { from: 0, to: 10, step: 1 } };
    const [one, other] = await Promise.all([play(program, order), play(program, order)]);
    expect(one).toEqual(other);
    expect(one.months).toBe(10);
  }, 60_000);

  it('lose nothing, double nothing, and finalize nothing incomplete', async () => {
    const parts = [0, 1].map((part) => play(program, { seeds: { from: 10 + part, to: 130, step: 2 } }));
    const reports = await Promise.all(parts);
    expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
    expect(reports.reduce((sum, { finished }) => sum + finished, 0)).toBeGreaterThan(96);
  }, 120_000);

  it.each(Object.entries(CASES))(
    'keep their promises where there once was %s',
    async (_what, seeds) => {
      expect((await play(program, { seeds })).failures).toEqual([]);
    },
    60_000,
  );
});
