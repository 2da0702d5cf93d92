import { describe, it } from 'vitest';
import { randomFrom } from '../helpers/random.ts';
import { chainPoint } from './chance.ts';
import { measure } from './killed.ts';
import { SEED } from './load.ts';
import { tryAll } from './tally.ts';

describe('a load killed again and again', () => {
  it('again in each run that resumes it', async () => {
    const next = randomFrom(SEED + 1);
    const { writes, requests } = await measure('reissue');
    const points = Array.from({ length: 48 }, (_, i) =>
      chainPoint(i % 2 === 0 ? 'refuse' : 'reissue', next, i % 3 === 0 ? 3 : 2, writes, requests.length),
    );
    await tryAll('killed two or three times over', points, 2);
  });
});
