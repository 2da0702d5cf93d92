import { describe, it } from 'vitest';
import { WORLD_NAMES } from '../../src/sandbox/index.ts';
import { strided, tryAll } from './tally.ts';
import { worldPoint } from './worlds.ts';

// With real connections. `worlds.full.ts` tries all of them so; `simulation` plays all of them with simulated ones.
describe('a month in some worlds of the sandbox', () => {
  it('comes to its end with nothing lost, doubled or incomplete', async () => {
    const points = strided(WORLD_NAMES, 3).map((name, i) =>
      worldPoint([name], i % 2 === 0 ? 'commands' : 'plan'),
    );
    await tryAll('worlds', points, 5);
  }, 120_000);
});
