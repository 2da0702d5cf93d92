import { describe, it } from 'vitest';
import { handedOverInRequest, handedOverPoint } from './hand-over.ts';
import { measure } from './killed.ts';
import { planLines } from './load.ts';
import { tryAll } from './tally.ts';

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('a load handed over to another machine', () => {
  it('killed at every journal write', async () => {
    const plan = planLines();
    const { writes } = await measure('reissue', plan);
    const points = upTo(writes).flatMap((at) => [
      handedOverPoint(
        at % 2 === 0 ? 'reissue' : 'refuse',
        { at, how: at % 3 === 0 ? 'half' : 'synced' },
        plan,
      ),
      ...(at % 4 === 0
        ? [handedOverPoint('reissue', { at, how: 'synced' }, plan, { at: 1 + (at % 20), how: 'half' })]
        : []),
    ]);
    await tryAll('killed and handed over', points, 2);
  });

  it('killed in every request', async () => {
    const plan = planLines();
    const { requests } = await measure('reissue', plan);
    const points = upTo(requests.length).flatMap((n) => [
      handedOverInRequest('reissue', n, n % 2 === 0 ? 'hang' : 'hang-after', plan),
    ]);
    await tryAll('killed in a request and handed over', points, 2);
  });
});
