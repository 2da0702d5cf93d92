import { describe, it } from 'vitest';
import { randomFrom } from '../helpers/random.ts';
import { callsOfMonth, faultPoint, faultPoints } from './answers.ts';
import { chainPoint, oneAtATime, randomFaults } from './chance.ts';
import {
  adoptedPoint,
  cutPoints,
  elsewherePoint,
  finishedJournal,
  flipPoints,
  restartPoint,
  rolledBackPoint,
} from './edges.ts';
import { journalPoint, measure, requestPoint } from './killed.ts';
import { diskPoints, journalPoints, requestPoints } from './kills.ts';
import { monthLines, planLines, SEED, trial } from './load.ts';
import { strided, tryAll } from './tally.ts';

// A stride of the points of `npm run test:faults`, which tries them all; test/simulation kills at random ones.
describe('a load broken at some of its points', () => {
  it('killed, at journal writes and requests', async () => {
    const clean = await measure('reissue');
    const next = randomFrom(SEED);
    await tryAll(
      'quick: killed',
      [
        ...strided(journalPoints('reissue', clean), 760, 20),
        ...strided(requestPoints('reissue', clean), 388, 2),
        ...strided(requestPoints('refuse', clean), 316, 6),
        ...strided(diskPoints('reissue', clean), 148, 3),
        chainPoint('refuse', next, 2, clean.writes, clean.requests.length),
        restartPoint({ at: 2, how: 'synced' }, false),
        elsewherePoint({ at: 3, how: 'synced' }),
        adoptedPoint(3),
        journalPoint('reissue', { at: 17, how: 'lost' }, planLines()),
        requestPoint('refuse', 23, 'hang-after', true, planLines()),
      ],
      2,
    );
  }, 120_000);

  it('answered wrongly', async () => {
    const next = randomFrom(SEED);
    await tryAll(
      'quick: wrong answers',
      [
        ...strided(faultPoints('reissue', await callsOfMonth('reissue')), 1588, 7),
        ...strided(faultPoints('refuse', await callsOfMonth('refuse')), 1556, 5),
        faultPoint('refuse', ['create@1=reset-after'], (more) => oneAtATime(monthLines(more))),
        ...Array.from({ length: 2 }, (_, i) =>
          faultPoint(i % 2 === 0 ? 'reissue' : 'refuse', randomFaults(next, 2)),
        ),
      ],
      3,
    );
  }, 120_000);

  it('its journal cut', async () => {
    await trial({ duplicates: 'reissue' }, async (done) => {
      const { bytes } = await finishedJournal(done);
      await tryAll('quick: replay of a journal cut', cutPoints(bytes, 61), 1, true);
      await tryAll('quick: replay of a damaged journal', flipPoints(bytes, 293), 1, true);
      const cuts = [0, 0.3, 0.6, 0.95].map((part) => Math.floor(part * bytes.length));
      await tryAll(
        'quick: rolled back and run again',
        cuts.map((cut) => rolledBackPoint(done, bytes, cut)),
        2,
      );
    });
  }, 120_000);
});
