import { describe, it } from 'vitest';
import { handedOverInRequest, handedOverPoint } from './hand-over.ts';
import { planLines } from './load.ts';
import { tryAll } from './tally.ts';

// A part of the points of hand-over.full.ts.
describe('a load handed over to another machine', () => {
  it('killed on one, finished on the other: nothing is lost, nothing is sent twice', {
    tags: 'slow',
  }, async () => {
    const plan = planLines();
    await tryAll(
      'quick: handed over',
      [
        handedOverPoint('reissue', { at: 9, how: 'half' }, plan),
        handedOverPoint('reissue', { at: 31, how: 'synced' }, plan, { at: 12, how: 'half' }),
        handedOverInRequest('refuse', 12, 'hang', plan),
      ],
      2,
    );
  });
});
