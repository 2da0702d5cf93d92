import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';
import { Doubled, Lost } from './load.ts';

/** A point at which a load is broken, by its name, and what has to come of it. */
export interface Point {
  readonly name: string;
  /** `false`: the point was not reached (the run was over before it). */
  run(): Promise<boolean | undefined>;
}

/**
 * `EBILL_FAULTS_PART=K/N`: only every Nth point of each group, from the Kth, for a CI run with a time limit. Without it,
 * all of them.
 */
function partOf<T>(points: readonly T[], part = process.env['EBILL_FAULTS_PART'] ?? ''): readonly T[] {
  if (part === '') return points;
  const [, k = '', n = ''] = /^(\d{1,3})\/(\d{1,3})$/.exec(part) ?? [];
  if (Number(k) < 1 || Number(k) > Number(n)) throw new Error(`EBILL_FAULTS_PART is no K/N: ${part}`);
  return points.length <= Number(n) ? points : strided(points, Number(n), Number(k) - 1);
}

/**
 * Tries every point, `limit` at a time, prints the counts, and fails naming each that did not hold.
 * @param replays no loads, but readings of a journal: counted apart
 */
export async function tryAll(
  group: string,
  all: readonly Point[],
  limit: number,
  replays = false,
): Promise<void> {
  const points = partOf(all);
  const began = Date.now();
  const failures: string[] = [];
  let next = 0;
  let missed = 0;
  let lost = 0;
  let doubled = 0;
  const worker = async (): Promise<void> => {
    for (let point = points[next++]; point !== undefined; point = points[next++]) {
      try {
        if ((await point.run()) === false) missed += 1;
      } catch (error) {
        if (error instanceof Lost) lost += 1;
        if (error instanceof Doubled) doubled += 1;
        const failure = `${point.name}: ${error instanceof Error ? error.message : String(error)}`;
        failures.push(failure);
        // A group can take an hour.
        process.stdout.write(`✗ ${failure}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  const tried = points.length - missed;
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  process.stdout.write(
    `${group}: ${tried} ${replays ? 'cuts' : 'points'} tried, ${lost} lost, ${doubled} doubled, ${failures.length} wrong (${seconds} s)\n`,
  );
  const sum = process.env['EBILL_FAULTS_SUM'];
  if (sum)
    appendFileSync(sum, `${JSON.stringify({ replays, tried, lost, doubled, wrong: failures.length })}\n`);
  expect(failures).toEqual([]);
  expect(tried).toBeGreaterThan(0);
}

/** Every `step`th, from the `from`th. */
export const strided = <T>(all: readonly T[], step: number, from = 0): readonly T[] =>
  all.filter((_one, i) => i % step === from % step);
