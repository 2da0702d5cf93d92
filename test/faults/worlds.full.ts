import { describe, it } from 'vitest';
import { WORLD_NAMES } from '../../src/sandbox/index.ts';
import { randomFrom } from '../helpers/random.ts';
import { SEED } from './load.ts';
import { tryAll } from './tally.ts';
import { killedInWorld, worldPoint } from './worlds.ts';

describe('a month in the worlds of the sandbox', () => {
  it('by commands and as a plan', async () => {
    const ways = ['commands', 'plan'] as const;
    const points = WORLD_NAMES.flatMap((name) => ways.map((way) => worldPoint([name], way)));
    await tryAll('worlds', points, 4);
  });

  it('two worlds at once', async () => {
    const next = randomFrom(SEED + 5);
    const points = Array.from({ length: 40 }, (_, i) => {
      const one = WORLD_NAMES[i % WORLD_NAMES.length] ?? 'created';
      const other = WORLD_NAMES[Math.floor(next() * WORLD_NAMES.length)] ?? 'cache';
      return worldPoint(one === other ? [one] : [one, other], i % 3 === 0 ? 'plan' : 'commands');
    });
    await tryAll('pairs of worlds', points, 4);
  });

  it('killed at its requests', async () => {
    const next = randomFrom(SEED + 6);
    const points = WORLD_NAMES.flatMap((name) =>
      Array.from({ length: 4 }, () =>
        killedInWorld(name, 1 + Math.floor(next() * 40), next() < 0.5 ? 'hang' : 'hang-after'),
      ),
    );
    await tryAll('worlds and kills', points, 3);
  });
});
