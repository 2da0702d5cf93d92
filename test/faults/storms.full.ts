import { describe, it } from 'vitest';
import { eightPoint } from './eight.ts';
import { SEED } from './load.ts';
import { stormPoint } from './storms.ts';
import { tryAll } from './tally.ts';

/*
 * EBILL_STORMS=N: so many storms, and a third as many rounds of eight processes; 300 without it. EBILL_STORM=SEED plays one
 * seed again.
 */
const STORMS = Number(process.env['EBILL_STORMS'] ?? 300);
const ROUNDS = Math.ceil(STORMS / 3);
const HOURS = 3_600_000;

const seeds = (count: number): readonly number[] =>
  process.env['EBILL_STORM'] === undefined
    ? Array.from({ length: count }, (_, i) => SEED + i)
    : [Number(process.env['EBILL_STORM'])];

describe('random storms', () => {
  it('kill, stop and interrupt a month', { timeout: 3 * HOURS }, async () => {
    const points = seeds(STORMS).map((seed) => stormPoint(seed, 'kill, stop'));
    await tryAll('kill storms', points, 3);
  });

  it('start eight commands at once in one home', { timeout: 3 * HOURS }, async () => {
    const points = seeds(ROUNDS).map((seed) => eightPoint(seed, 1, 'in one home'));
    await tryAll('eight processes, one home', points, 2);
  });

  it('start eight commands at once in two homes', { timeout: 3 * HOURS }, async () => {
    const points = seeds(ROUNDS).map((seed) => eightPoint(seed, 2, 'in two homes'));
    await tryAll('eight processes, two homes', points, 2);
  });
});
