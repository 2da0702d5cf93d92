import { describe, expect, it } from 'vitest';
import { withResults } from '../../src/batch/account.ts';
import { outcomeOfAll } from '../../src/batch/outcome.ts';
import type { BatchView } from '../../src/batch/types.ts';
import { acceptanceOf, verdictOf } from '../../src/batch/verdict.ts';
import { reportBatches } from '../../src/commands/shared/report-page.ts';
import { batchTable } from '../../src/output/batch-table.ts';
import { accountText } from '../../src/output/batch-text.ts';
import { boardRow, resultOf } from '../../src/output/progress/board-stages.ts';
import { annotations, jobSummary } from '../../src/output/progress/ci-report.ts';
import { plainTheme } from '../../src/output/theme.ts';
import { recordsSection } from '../../src/report/page.ts';
import { LINUX } from '../load/fixtures.ts';
import { GITHUB } from '../output/runner.ts';
import { batch } from '../output/samples.ts';
import { reportFacts } from '../report/samples.ts';

const LOOK = plainTheme({ clean: (text) => text });
type Count = number | null;

/** One final batch of the given counts, with its result file when there is one. */
function view(
  sent: Count,
  loaded: Count,
  failed: Count,
  result: readonly [number, number] | null,
): BatchView {
  const phase = failed ? 'partial' : 'succeeded';
  const own = batch({ recordsSent: sent, successCount: loaded, failCount: failed, phase, outcome: phase });
  const results = result === null ? [] : [['AUG_2020_INV', { rows: result[0], failed: result[1] }] as const];
  return withResults([own], new Map(results))[0] as BatchView;
}

/** One batch of 10 records, last seen as Queued, that the server does not know any more. */
const missing = (sent: Count = 10): BatchView =>
  batch({
    recordsSent: sent,
    successCount: 0,
    failCount: 0,
    status: 'Queued',
    phase: 'missing',
    outcome: 'missing',
  });

/** What each output says about the batch. */
async function everywhere(one: BatchView) {
  const error = verdictOf([one], 'AUG_2020', LINUX);
  const row = { name: 'x', branch: '' as const, file: null, known: one, upload: null, times: null };
  const onBoard = { ...row, state: 'final' as const };
  const outcome = { job: 'AUG_2020', outcome: one.outcome, batches: [one], error };
  const [cells] = reportBatches(one, 0, new Map(), []);
  const facts = reportFacts({ batches: [cells as NonNullable<typeof cells>] });
  const page = recordsSection(facts).text;
  const sign = (text: string): string => /[✔◐✖]/.exec(text)?.[0] ?? '';
  return {
    exit: error?.exitCode ?? 0,
    outcome: one.outcome,
    signs: [
      boardRow(onBoard, 0, LOOK).status,
      { failed: '✖', partial: '◐', done: '✔' }[resultOf([onBoard])],
      (await batchTable([one], LOOK)).split('\n').find((line) => line.includes('AUG_2020_INV')) ?? '',
      jobSummary('watch', outcome, (text) => text)
        .split('\n')
        .find((line) => line.startsWith('| AUG')) ?? '',
      /<td class="nowrap (?:good|warn|bad)">.*?<\/td>/.exec(page)?.[0] ?? '',
    ].map(sign),
    annotation: /^::(\w+)/.exec(annotations(GITHUB, 'watch', outcome, (text) => text)[0] ?? '')?.[1],
    sentence: accountText([one]),
    cell: cells?.unaccounted,
    gate: acceptanceOf([one], 1000).go,
  };
}

describe('the account of a final batch is the same in every output', () => {
  it.each<[string, BatchView, number, string, string, Count]>([
    ['all loaded', view(10, 10, 0, null), 0, '✔', '10 loaded, 0 rejected, 0 unaccounted', 0],
    ['some rejected', view(10, 8, 2, null), 3, '◐', '8 loaded, 2 rejected, 0 unaccounted', 0],
    [
      'some rejected, the result file agrees',
      view(10, 8, 2, [10, 2]),
      3,
      '◐',
      '8 loaded, 2 rejected, 0 unaccounted',
      0,
    ],
    ['a record is missing', view(10, 9, 0, null), 4, '✖', '9 loaded, 0 rejected, 1 unaccounted', 1],
    [
      'more loaded than sent',
      view(10, 12, 0, null),
      4,
      '✖',
      '12 loaded, 0 rejected, 2 unaccounted (2 more than were sent)',
      2,
    ],
    [
      'one count alone is more than was sent',
      view(10, 15, null, null),
      4,
      '✖',
      '15 loaded, rejected unknown, 5 unaccounted (5 more than were sent)',
      5,
    ],
    [
      'the result file has failures nobody counted',
      view(10, 10, 0, [10, 2]),
      4,
      '✖',
      '10 loaded, 0 rejected, 2 unaccounted (2 with another result in the result file)',
      2,
    ],
    [
      'the result file has fewer failures than counted',
      view(10, 8, 2, [10, 0]),
      4,
      '✖',
      '8 loaded, 2 rejected, 2 unaccounted (2 with another result in the result file)',
      2,
    ],
    [
      'the result file lacks a record',
      view(10, 10, 0, [9, 0]),
      4,
      '✖',
      '10 loaded, 0 rejected, 1 unaccounted',
      1,
    ],
    [
      'the result file has records nobody sent',
      view(10, 10, 0, [13, 0]),
      4,
      '✖',
      '10 loaded, 0 rejected, 3 unaccounted (3 more than were sent)',
      3,
    ],
    [
      'a record is missing and the result file has too many',
      view(10, 8, 1, [12, 1]),
      4,
      '✖',
      '8 loaded, 1 rejected, 3 unaccounted (1 missing, 2 more than were sent)',
      3,
    ],
    [
      'not sent from here, and the result file contradicts the counts',
      view(null, 10, 0, [10, 2]),
      4,
      '✖',
      '10 loaded, 0 rejected, 2 unaccounted (2 with another result in the result file)',
      2,
    ],
    [
      'the server does not know it any more',
      missing(),
      4,
      '✖',
      '10 unaccounted (10 in batches the server no longer knows)',
      10,
    ],
    ['it was not sent from here, and is missing', missing(null), 4, '✖', 'unaccounted unknown', null],
  ])('%s', async (_name, one, exit, sign, sentence, cell) => {
    const sent = one.recordsSent === null ? 'invoices sent unknown' : '10 invoices sent';
    expect(await everywhere(one)).toEqual({
      exit,
      outcome: one.phase === 'missing' ? 'missing' : { 0: 'succeeded', 3: 'partial', 4: 'failed' }[exit],
      signs: [sign, sign, sign, sign, sign],
      annotation: { 0: 'notice', 3: 'warning', 4: 'error' }[exit],
      sentence: `${sent}, ${sentence}`,
      cell,
      gate: exit !== 4,
    });
  });
});

describe('a missing batch', () => {
  it('is shown with its last known state, and its error names it', async () => {
    const error = verdictOf([missing()], 'AUG_2020', LINUX);
    expect(await batchTable([missing()], LOOK)).toContain('✖ missing (was Queued)');
    expect([error?.code, error?.message]).toEqual([
      'UNACCOUNTED',
      'The server no longer knows AUG_2020_INV (inv.csv, last seen as Queued).',
    ]);
    expect(
      annotations(
        GITHUB,
        'watch',
        { job: null, outcome: 'missing', batches: [missing()], error },
        (text) => text,
      )[0],
    ).toContain('title=AUG_2020_INV%3A missing::The server no longer knows AUG_2020_INV');
  });

  it('is to be loaded again only after its owner was asked, in words and not as a command', () => {
    const { hint } = verdictOf([missing()], 'AUG_2020', LINUX) ?? { hint: '' };
    expect(hint).toContain("Ask the server's owner");
    expect(hint).toContain('--again');
    expect(hint).not.toMatch(/ebill (?:upload|run)/);
  });

  it.each([
    ['before records that do not add up', [missing(), view(10, 9, 0, null)], 'UNACCOUNTED'],
    ['after a batch that failed', [missing(), view(10, 10, null, [10, 10])], 'BATCH_FAILED'],
    ['before rejected records', [missing(), view(10, 9, 1, null)], 'UNACCOUNTED'],
  ] as const)('comes %s', (_name, batches, code) => {
    expect(verdictOf(batches, 'AUG_2020', LINUX)?.code).toBe(code);
  });

  it('keeps the records of other batches in the sentence', () => {
    expect(accountText([missing(), view(10, 9, 1, null)])).toBe(
      '20 invoices sent, 9 loaded, 1 rejected, 10 unaccounted (10 in batches the server no longer knows)',
    );
  });

  it('stops the next step of a plan, an init too', () => {
    expect(acceptanceOf([{ ...missing(), kind: 'init', recordsSent: null }], 1000)).toEqual({
      go: false,
      why: 'unaccounted',
    });
  });
});

it('a step whose init had nothing to carry goes on', () => {
  const init = batch({ kind: 'init', phase: 'not-run', outcome: 'not-run' });
  expect(acceptanceOf([init], 0)).toEqual({ go: true, failed: 0 });
  expect(outcomeOfAll([init, view(10, 10, 0, null)])).toBe('succeeded');
  expect(outcomeOfAll([init])).toBe('not-run');
});
