import { type Crash, journalPoint, type Measure, requestPoint } from './killed.ts';
import type { Duplicates } from './load.ts';
import { type Point, strided } from './tally.ts';

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Every journal write, killed in the middle of it, before its flush (with the power gone), and after; a part of them at the other two instants. */
export function journalPoints(duplicates: Duplicates, { writes }: Measure): readonly Point[] {
  const hows: readonly (Crash['how'] & string)[] =
    duplicates === 'reissue' ? ['half', 'lost', 'synced'] : ['synced'];
  return upTo(writes).flatMap((at) =>
    [...hows, ...(at % 4 === 0 ? (['before', 'written'] as const) : [])].map((how) =>
      journalPoint(duplicates, { at, how }),
    ),
  );
}

/** Journal writes on a disk that is full, or fails to flush, from there on. */
export const diskPoints = (duplicates: Duplicates, { writes }: Measure): readonly Point[] =>
  strided(upTo(writes), 4, duplicates === 'refuse' ? 2 : 0).map((at, i) =>
    journalPoint(duplicates, { at, how: i % 2 === 0 ? 'full' : 'io' }),
  );

/** The journal torn after some byte, spread over all of it. */
export const bytePoints = (duplicates: Duplicates, { bytes }: Measure, count: number): readonly Point[] =>
  upTo(count).map((i) =>
    journalPoint(duplicates, { byte: Math.max(1, Math.round((i * bytes) / (count + 1))) }),
  );

/**
 * Every request, killed before and after its effect; every other one with the power gone too. Where duplicates are
 * refused, only requests whose loss makes a difference then.
 */
export const requestPoints = (duplicates: Duplicates, { requests }: Measure): readonly Point[] =>
  requests.flatMap(({ call }, i) =>
    duplicates === 'refuse' && call === 'status'
      ? []
      : [
          requestPoint(duplicates, i + 1, 'hang', i % 2 === 0),
          requestPoint(duplicates, i + 1, 'hang-after', i % 2 === 1),
        ],
  );
