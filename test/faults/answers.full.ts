import { describe, it } from 'vitest';
import { randomFrom } from '../helpers/random.ts';
import { callsOfMonth, DOUBTFUL, faultPoint, faultPoints } from './answers.ts';
import { oneAtATime, randomFaults } from './chance.ts';
import { monthLines, SEED } from './load.ts';
import { tryAll } from './tally.ts';

describe('every wrong word of the server at every request', () => {
  it('that gives a draft out again', async () => {
    await tryAll(
      'every fault at every request, reissue',
      faultPoints('reissue', await callsOfMonth('reissue')),
      3,
    );
  });

  it('that refuses a second create: those that make a difference then', async () => {
    const points = faultPoints(
      'refuse',
      await callsOfMonth('refuse'),
      (call, action) => ['create', 'put'].includes(call) && DOUBTFUL.includes(action),
    );
    await tryAll('every doubtful fault at every upload, refuse', points, 3);
  });

  it('one file at a time', async () => {
    const points = ['create@1', 'create@2', 'put@1', 'put@2', 'create@4', 'put@3'].flatMap((at) =>
      DOUBTFUL.filter((action) => action !== 'expired').map((action) =>
        faultPoint('refuse', [`${at}=${action}`], (more) => oneAtATime(monthLines(more))),
      ),
    );
    await tryAll('one file at a time, refuse', points, 3);
  });
});

describe('several at once', () => {
  it('in pairs and threes, by chance', async () => {
    const next = randomFrom(SEED);
    process.stdout.write(`Seed of the pairs: ${SEED} (EBILL_FAULTS_SEED)\n`);
    const points = Array.from({ length: 140 }, (_, i) => {
      const duplicates = i % 2 === 0 ? 'reissue' : 'refuse';
      return faultPoint(duplicates, randomFaults(next, i % 5 === 0 ? 3 : 2), (more) =>
        i % 3 === 0 ? oneAtATime(monthLines(more)) : monthLines(more),
      );
    });
    await tryAll('random pairs and triples of faults', points, 3);
  });
});
