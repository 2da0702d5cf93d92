import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';
import { Doubled, Lost } from './load.ts';

/** A point at which a load fails. */
export interface Point {
  readonly name: string;
  /** @returns `false` when the run ended before the point. @throws when a promise is broken */
  run(): Promise<boolean | undefined>;
}

/**
 * With `EBILL_FAULTS_PART=K/N` every Nth point of each group, from the Kth, for a CI run with a time limit; else all.
 */
export function partOf<T>(points: readonly T[], part = process.env['EBILL_FAULTS_PART'] ?? ''): readonly T[] {
  if (part === '') return points;
  const [, k = '', n = ''] = /^(\d{1,3})\/(\d{1,3})$/.exec(part) ?? [];
  if (Number(k) < 1 || Number(k) > Number(n)) throw new Error(`EBILL_FAULTS_PART is not K/N: ${part}`);
  return points.length <= Number(n) ? points : strided(points, Number(n), Number(k) - 1);
}

/**
 * Tries every point, `limit` at a time, prints the counts, and fails with the name of each point that failed.
 * @param replays the points read journals and run no loads; they are counted separately
 */
export async function tryAll(
  group: string,
  all: readonly Point[],
  limit: number,
  replays = false,
): Promise<void> {
  const points = partOf(all);
  const start = Date.now();
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
        failures.push(`${point.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  const tried = points.length - missed;
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
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
