import { describe, expect, it } from 'vitest';
import { accountedOutcome, isCorrected, netPhase, openOf } from '../../src/batch/account.ts';
import { type NetBatch, openRecords, settledOf } from '../../src/batch/net.ts';
import { outcomeOfAll } from '../../src/batch/outcome.ts';
import type { BatchView, Phase } from '../../src/batch/types.ts';
import { acceptanceOf, verdictOf } from '../../src/batch/verdict.ts';
import { accountText } from '../../src/output/batch-text.ts';
import { LINUX } from '../load/fixtures.ts';
import { batch } from '../output/samples.ts';

const net = (failCount: number | null, more: Partial<NetBatch> = {}): NetBatch => ({
  accounted: true,
  failCount,
  replaces: 0,
  waived: 0,
  corrections: [],
  ...more,
});
/** A correction of `replaces` records, of which `failCount` were rejected. */
const correction = (replaces: number, failCount: number | null, more: Partial<NetBatch> = {}): NetBatch =>
  net(failCount, { replaces, ...more });

describe('the net of corrections', () => {
  it.each<[string, NetBatch, [corrected: number, waived: number, open: number]]>([
    ['nothing is corrected', net(3), [0, 0, 3]],
    ['all are corrected', net(3, { corrections: [correction(3, 0)] }), [3, 0, 0]],
    ['one is rejected again', net(3, { corrections: [correction(3, 1)] }), [2, 0, 1]],
    ['only some are sent again', net(3, { corrections: [correction(2, 0)] }), [2, 0, 1]],
    ['two corrections', net(3, { corrections: [correction(2, 0), correction(1, 0)] }), [3, 0, 0]],
    [
      'corrected in the second round',
      net(3, { corrections: [correction(3, 1, { corrections: [correction(1, 0)] })] }),
      [3, 0, 0],
    ],
    [
      'rejected in the second round, too',
      net(3, { corrections: [correction(3, 2, { corrections: [correction(2, 1)] })] }),
      [2, 0, 1],
    ],
    ['waived', net(3, { waived: 1, corrections: [correction(2, 0)] }), [2, 1, 0]],
    ['waived in the second round', net(3, { corrections: [correction(3, 1, { waived: 1 })] }), [2, 1, 0]],
    // Two records of the correction are new.
    ['new records, loaded', net(1, { corrections: [correction(1, 0)] }), [1, 0, 0]],
    ['new records, rejected', net(1, { corrections: [correction(1, 3)] }), [-2, 0, 3]],
    ['a correction that is not final', net(3, { corrections: [correction(3, null)] }), [0, 0, 3]],
    [
      'a correction whose records are unaccounted for',
      net(3, { corrections: [correction(3, 0, { accounted: false })] }),
      [0, 0, 3],
    ],
  ])('%s', (_what, root, [corrected, waived, open]) => {
    const settled = settledOf(root);
    expect([settled.corrected, settled.waived, openRecords(root.failCount ?? 0, settled)]).toEqual([
      corrected,
      waived,
      open,
    ]);
  });
});

function view(
  phase: Phase,
  [sent, loaded, failed]: readonly [number, number | null, number | null],
  more: Partial<BatchView> = {},
): BatchView {
  const own = batch({ recordsSent: sent, successCount: loaded, failCount: failed, phase, ...more });
  return { ...own, outcome: accountedOutcome(own) };
}
const settled = (corrected: number, waived = 0): Partial<BatchView> => ({ settled: { corrected, waived } });
const corrects = (replaces: number): Partial<BatchView> => ({
  jobId: 'AUG_2020_INV_2',
  corrects: { jobId: 'AUG_2020_INV', replaces },
});

describe('a batch with corrections', () => {
  it.each<[string, BatchView, [open: number | null, outcome: Phase]]>([
    ['no rejects', view('succeeded', [10, 10, 0]), [0, 'succeeded']],
    ['rejects', view('partial', [10, 8, 2]), [2, 'partial']],
    ['half corrected', view('partial', [10, 8, 2], settled(1)), [1, 'partial']],
    ['corrected', view('partial', [10, 8, 2], settled(2)), [0, 'succeeded']],
    ['waived', view('partial', [10, 8, 2], settled(1, 1)), [0, 'succeeded']],
    ['all rejected', view('failed', [2, 0, 2]), [2, 'failed']],
    ['all rejected, half corrected', view('failed', [2, 0, 2], settled(1)), [1, 'partial']],
    ['all rejected, corrected', view('failed', [2, 0, 2], settled(2)), [0, 'succeeded']],
    ['a correction that is rejected', view('failed', [1, 0, 1], corrects(1)), [1, 'partial']],
    ['not final', view('queued', [10, 0, 0]), [null, 'queued']],
    ['no counts', view('succeeded', [10, null, null]), [null, 'succeeded']],
    ['a partial batch without counts', view('partial', [10, null, null], settled(2)), [null, 'partial']],
    ['unaccounted for, though corrected', view('partial', [10, 7, 2], settled(2)), [null, 'failed']],
    ['failed without counts', view('failed', [10, null, null], settled(10)), [null, 'failed']],
  ])('%s', (_what, one, expected) => {
    expect([openOf(one), one.outcome]).toEqual(expected);
    expect(isCorrected(one)).toBe(one.phase !== 'succeeded' && one.outcome === 'succeeded');
    if (one.outcome !== 'failed' || netPhase(one) === 'failed') expect(netPhase(one)).toBe(one.outcome);
  });

  it('counts each record once: as its verdict, for the next step of a plan, and in words', () => {
    const months = [
      [view('partial', [203, 200, 3], settled(2)), view('partial', [3, 2, 1], corrects(3))],
      [view('partial', [203, 200, 3], settled(3)), view('succeeded', [3, 3, 0], corrects(3))],
      // One record of the correction is new.
      [view('partial', [203, 200, 3], settled(2, 1)), view('succeeded', [3, 3, 0], corrects(2))],
    ];
    const said = months.map((batches) => [
      outcomeOfAll(batches),
      verdictOf(batches, 'AUG_2020', LINUX)?.message ?? null,
      acceptanceOf(batches.slice(0, 1), 0).go,
      accountText(batches),
    ]);
    expect(said).toEqual([
      [
        'partial',
        '1 record is rejected and not corrected in AUG_2020_INV.',
        false,
        '203 invoices: 200 loaded at once, 2 after correction, 1 open',
      ],
      ['succeeded', null, true, '203 invoices: 200 loaded at once, 3 after correction, 0 open'],
      ['succeeded', null, true, '204 invoices: 200 loaded at once, 3 after correction, 1 waived, 0 open'],
    ]);
  });
});
