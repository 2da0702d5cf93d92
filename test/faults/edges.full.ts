import { describe, it } from 'vitest';
import { randomFrom } from '../helpers/random.ts';
import {
  adoptedPoint,
  cutPoints,
  elsewherePoint,
  finishedJournal,
  restartPoint,
  rolledBackPoint,
} from './edges.ts';
import { SEED, trial } from './load.ts';
import { tryAll } from './tally.ts';

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('steps that are more than one line of the journal', () => {
  it('an invoice batch started over', async () => {
    const points = upTo(9).flatMap((at) => [
      restartPoint({ at, how: 'synced' }, true),
      restartPoint({ at, how: at % 2 === 0 ? 'half' : 'synced' }, false),
    ]);
    await tryAll('killed while starting an invoice over', points, 2);
  });

  it('a load finalized by another machine', async () => {
    const points = upTo(8).flatMap((at) => [
      elsewherePoint({ at, how: 'synced' }),
      elsewherePoint({ at, how: 'half' }),
    ]);
    await tryAll('killed while finalizing from another machine', points, 2);
  });

  it('a load adopted by another machine', async () => {
    await tryAll('an upload of an adopted load broken off', upTo(4).map(adoptedPoint), 2);
  });
});

describe('the journal of a finished load', () => {
  it('cut at any byte can be read, and at a sample of them resumed', async () => {
    await trial({ duplicates: 'reissue' }, async (done) => {
      const { bytes } = await finishedJournal(done);
      await tryAll('replay of a journal cut at every byte', cutPoints(bytes, 1), 1, true);
      const next = randomFrom(SEED + 2);
      const cuts = Array.from({ length: 40 }, () => Math.floor(next() * bytes.length));
      const points = cuts.map((cut) => rolledBackPoint(done, bytes, cut));
      await tryAll('rolled back and run again', points, 2);
    });
  });
});
