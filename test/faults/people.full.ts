import { describe, it } from 'vitest';
import { randomFrom } from '../helpers/random.ts';
import { SEED } from './load.ts';
import { changePoints, impatientPoints, interruptPoint, lockPoints } from './people.ts';
import { shardPoint } from './shard.ts';
import { tryAll } from './tally.ts';

describe('what people and machines do to a load', () => {
  it('interrupts it', async () => {
    const next = randomFrom(SEED + 3);
    const points = Array.from({ length: 14 }, (_, i) =>
      interruptPoint(i % 2 === 0 ? 'SIGINT' : 'SIGTERM', 1 + Math.floor(next() * 11)),
    );
    await tryAll('interrupted', [...points, ...impatientPoints], 1);
  });

  it('starts it twice', async () => {
    await tryAll('two processes on one load', lockPoints, 1);
  });

  it('changes disks, files and set-up under it', async () => {
    await tryAll('changed on the way', changePoints, 1);
  });

  it('shares it among eight machines that are killed at random', async () => {
    const next = randomFrom(SEED + 4);
    await tryAll(
      'eight shards killed at random',
      [1, 2].map((round) => shardPoint(round, next, 2)),
      1,
    );
  });
});
