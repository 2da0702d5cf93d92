import { describe, expect, it } from 'vitest';
import { withResults } from '../../src/batch/account.ts';
import type { BatchView } from '../../src/batch/types.ts';
import { acceptanceOf, verdictOf } from '../../src/batch/verdict.ts';
import { reportBatches } from '../../src/commands/shared/report-page.ts';
import { accountText } from '../../src/output/account-text.ts';
import { batchTable } from '../../src/output/batch-table.ts';
import { boardRow, resultOf } from '../../src/output/progress/board-stages.ts';
import { annotations, jobSummary } from '../../src/output/progress/github.ts';
import { plainTheme } from '../../src/output/theme.ts';
import { recordsSection } from '../../src/report/sections.ts';
import { LINUX } from '../load/fixtures.ts';
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
    annotation: /^::(\w+)/.exec(annotations('watch', outcome, (text) => text)[0] ?? '')?.[1],
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
  ])('%s', async (_name, one, exit, sign, sentence, cell) => {
    const sent = one.recordsSent === null ? 'invoices sent unknown' : '10 invoices sent';
    expect(await everywhere(one)).toEqual({
      exit,
      outcome: { 0: 'succeeded', 3: 'partial', 4: 'failed' }[exit],
      signs: [sign, sign, sign, sign, sign],
      annotation: { 0: 'notice', 3: 'warning', 4: 'error' }[exit],
      sentence: `${sent}, ${sentence}`,
      cell,
      gate: exit !== 4,
    });
  });
});
