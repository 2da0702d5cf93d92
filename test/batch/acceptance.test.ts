import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchView } from '../../src/batch/types.ts';
import { acceptanceOf } from '../../src/batch/verdict.ts';
import { batch } from '../output/samples.ts';

const final = (
  sent: number | null,
  loaded: number | null,
  failed: number | null,
  more: Partial<BatchView> = {},
): BatchView =>
  batch({
    recordsSent: sent,
    successCount: loaded,
    failCount: failed,
    phase: failed ? 'partial' : 'succeeded',
    ...more,
  });

describe('the acceptance of a step of a plan', () => {
  it.each<[string, readonly BatchView[], number, unknown]>([
    ['all loaded', [final(10, 10, 0)], 0, { go: true, failed: 0 }],
    ['one failed, none accepted', [final(10, 9, 1)], 0, { go: false, why: 'too-many', failed: 1 }],
    ['one failed, one accepted', [final(10, 9, 1)], 1, { go: true, failed: 1 }],
    [
      'they are added up over batches',
      [final(10, 9, 1), final(10, 8, 2)],
      2,
      { go: false, why: 'too-many', failed: 3 },
    ],
    [
      'and over children',
      [final(10, 10, 0, { children: [final(5, 3, 2)] })],
      1,
      { go: false, why: 'too-many', failed: 2 },
    ],
    [
      'a failed batch stops, whatever is accepted',
      [final(3, 0, 3, { phase: 'failed' })],
      99,
      { go: false, why: 'failed' },
    ],
    ['so do lost records', [final(10, 8, 1)], 99, { go: false, why: 'unaccounted' }],
    [
      'and counts nobody gave',
      [final(10, null, null, { phase: 'succeeded' })],
      99,
      { go: false, why: 'unknown' },
    ],
    [
      'which the result file settles',
      [final(10, null, null, { phase: 'succeeded', result: { rows: 10, failed: 0 } })],
      0,
      { go: true, failed: 0 },
    ],
    [
      'what did not run is no failure',
      [final(null, null, null, { kind: 'carryForwardInvoice', phase: 'not-run' })],
      0,
      { go: true, failed: 0 },
    ],
    ['nothing at all', [], 0, { go: true, failed: 0 }],
  ])('%s', (_what, batches, accepted, gate) => {
    expect(acceptanceOf(batches, accepted)).toEqual(gate);
  });

  it('never lets more failed records through than are accepted, and accepting more never closes it', () => {
    const views = fc.array(
      fc
        .tuple(fc.nat(20), fc.nat(20), fc.constantFrom<BatchView['phase']>('succeeded', 'partial', 'failed'))
        .map(([loaded, failed, phase]) => final(loaded + failed, loaded, failed, { phase })),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(views, fc.nat(60), (batches, accepted) => {
        const gate = acceptanceOf(batches, accepted);
        const failed = batches.reduce((sum, { failCount }) => sum + (failCount ?? 0), 0);
        if (gate.go) {
          expect(failed).toBeLessThanOrEqual(accepted);
          expect(acceptanceOf(batches, accepted + 1).go).toBe(true);
        }
      }),
    );
  });
});
