import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/context.ts';
import { bundleSimulation, play } from './bundle.ts';
import type { Report } from './worker.ts';

/** Seeds of large months that showed a defect. Each is fixed. */
const CASES: Readonly<Record<string, readonly number[]>> = {
  'an init and a finalize sent again before the first had shown': [13, 26, 34, 44, 62, 109, 111, 165, 174],
  'a finalize sent again while a replica still showed the draft': [22],
  'a finalize sent again by the process after one that was killed': [5108, 5151],
  'a command that waited and kept others out': [5140, 5246],
};
/** Seeds of months of an init alone that showed a defect. Each is fixed. */
const INITS: Readonly<Record<string, readonly number[]>> = {
  'an init sent again after a crash, while its id was from a wrong answer': [10_041_399],
};
/** Seeds of small months that never ended well. */
const STUCK: Readonly<Record<string, readonly number[]>> = {
  'a wrong id from the only answer about a batch': [10_000_814],
  'a draft that the server forgot and whose job id it refuses': [10_000_365],
};
const MONTHS = 2000;
/** Played in both processes. */
const TWICE = 20;

describe('simulated months', () => {
  let many: Report;
  let cases: Report;
  // Two processes in all: the first months of each take most of the time.
  beforeAll(async () => {
    const program = join(tempDir(), 'simulation.mjs');
    await bundleSimulation(program);
    [many, cases] = await Promise.all([
      play(program, { seeds: { from: 0, to: MONTHS, step: 1 } }),
      play(program, {
        cases: [
          ...Object.values(CASES)
            .flat()
            .map((seed) => [seed, 'large'] as const),
          ...Object.values(INITS)
            .flat()
            .map((seed) => [seed, 'tiny'] as const),
          ...Object.values(STUCK)
            .flat()
            .map((seed) => [seed, 'small'] as const),
        ],
        seeds: { from: 0, to: TWICE, step: 1 },
      }),
    ]);
  }, 300_000);

  it('lose nothing, double nothing, and finalize nothing incomplete', () => {
    expect(many.failures).toEqual([]);
    expect(many.months).toBe(MONTHS);
    expect(many.finished).toBeGreaterThan(0.8 * MONTHS);
  });

  it.each(Object.entries({ ...CASES, ...INITS }))(
    'keep their promises where there once was %s',
    (_what, seeds) => {
      expect(cases.failures.filter(({ seed }) => seeds.includes(seed))).toEqual([]);
    },
  );

  it.each(Object.entries(STUCK))('finish where there once was %s', (_what, seeds) => {
    const stuck = Object.values(cases.stuck).flat();
    expect(stuck.filter((seed) => seeds.includes(seed))).toEqual([]);
  });

  it('replay exactly from their seeds', () => {
    expect(cases.digests.slice(-TWICE)).toEqual(many.digests.slice(0, TWICE));
  });
});
