import { describe, it } from 'vitest';
import { WORLD_NAMES } from '../../src/sandbox/index.ts';
import { tryAll } from './tally.ts';
import { worldPoint } from './worlds.ts';

// The oracle judges each; `simulation` and `worlds.full.ts` try more of them.
describe('a month in each world of the sandbox', () => {
  it('comes to its end with nothing lost, doubled or incomplete', async () => {
    const points = WORLD_NAMES.map((name, i) => worldPoint([name], i % 2 === 0 ? 'commands' : 'plan'));
    await tryAll('worlds', points, 5);
  }, 120_000);
});
