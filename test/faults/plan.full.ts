import { describe, it } from 'vitest';
import { journalPoint, measure, requestPoint } from './killed.ts';
import { type Duplicates, planLines } from './load.ts';
import { tryAll } from './tally.ts';

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('a plan killed, and run again', () => {
  it.each<Duplicates>(['reissue', 'refuse'])(
    'at every journal write and every request (%s)',
    async (duplicates) => {
      const lines = planLines();
      const { writes, requests } = await measure(duplicates, lines);
      const points = [
        ...upTo(writes).map((at) =>
          journalPoint(duplicates, { at, how: at % 2 === 0 ? 'lost' : 'synced' }, lines),
        ),
        ...upTo(requests.length).map((n) =>
          requestPoint(duplicates, n, n % 2 === 0 ? 'hang' : 'hang-after', n % 3 === 0, lines),
        ),
      ];
      await tryAll(`a plan killed, ${duplicates}`, points, 2);
    },
  );
});
