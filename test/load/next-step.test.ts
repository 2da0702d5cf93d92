import { describe, expect, it } from 'vitest';
import { nextStep } from '../../src/load/next-step.ts';
import type { BatchState } from '../../src/load/state.ts';
import { viewLoad } from '../../src/load/view.ts';
import { parseArgv } from '../../src/parse.ts';
import { batch, known, LINUX, load, source } from './fixtures.ts';

const INIT = known({ jobId: 'AUG_2020_INIT', kind: 'init', file: null, created: 'yes' });
const ALL = { id: '3', created: 'yes', uploaded: 'yes', finalized: 'yes' } as const;
/** A batch whose file has arrived, and the server's word on it. */
const customer = (status: string, more: Partial<BatchState> = {}): BatchState =>
  known({
    ...ALL,
    seen: batch({ status, successCount: 10 }),
    ...(status === 'Draft' ? { finalized: 'no' } : {}),
    ...more,
  });
const invoice = (
  status: string,
  counts: Partial<ReturnType<typeof batch>> = {},
  more: Partial<BatchState> = {},
): BatchState =>
  customer(status, {
    id: '4',
    jobId: 'AUG_2020_INV',
    kind: 'invoice',
    file: source('inv.csv', 'b'),
    seen: batch({ id: '4', jobId: 'AUG_2020_INV', status, successCount: 10, ...counts }),
    ...more,
  });
const BROKEN = known({ created: 'yes', uploaded: 'unknown' });
const ITEMS = known({
  jobId: 'AUG_2020_ITM_1',
  kind: 'items',
  file: source('itm 1.csv'),
  parent: { id: '4', jobId: 'AUG_2020_INV' },
  created: 'unknown',
});

const FAILED = batch({
  status: 'Failed',
  successCount: 0,
  failCount: 10,
  errorMessage: 'Input file not found',
});

describe('the next command of a load', () => {
  it.each<[string, readonly BatchState[], string]>([
    ['nothing on record', [], 'ebill init'],
    ['an init that may have happened', [{ ...INIT, created: 'unknown' }], 'ebill init'],
    ['only started', [INIT], 'ebill upload customer FILE…'],
    ['an upload broken off', [INIT, BROKEN, invoice('Draft')], 'ebill upload customer /data/cus.csv'],
    [
      'an item file broken off',
      [INIT, invoice('Draft'), ITEMS],
      "ebill upload items '/data/itm 1.csv' --parent-job-id AUG_2020_INV",
    ],
    [
      'an item file broken off after a finalize in doubt',
      [INIT, invoice('Draft', {}, { finalized: 'unknown' }), ITEMS],
      "ebill upload items '/data/itm 1.csv' --parent-job-id AUG_2020_INV",
    ],
    ['left behind', [INIT, { ...BROKEN, jobId: 'OLD', abandoned: true }, invoice('Draft')], 'ebill finalize'],
    ['uploaded', [INIT, customer('Draft')], 'ebill finalize'],
    ['found elsewhere', [customer('Draft', { file: null, foundElsewhere: true })], 'ebill finalize'],
    ['customers first', [INIT, customer('Queued'), invoice('Draft')], 'ebill watch'],
    ['customers done', [INIT, customer('Success'), invoice('Draft')], 'ebill finalize'],
    ['being processed', [INIT, customer('Failed'), invoice('InProgress')], 'ebill watch'],
    ['only customers', [INIT, customer('Success')], 'ebill upload invoice FILE… --items FILE…'],
    [
      'rejects',
      [INIT, customer('Success'), invoice('Success', { successCount: 9, failCount: 1 })],
      'ebill results --rejects',
    ],
    [
      'rejected items of a loaded invoice, written to a file',
      [
        INIT,
        customer('Success'),
        invoice('Success', {
          children: [
            batch({ id: '5', jobId: 'AUG_2020_ITM_1', status: 'Success', successCount: 9, failCount: 1 }),
          ],
        }),
        {
          ...ITEMS,
          ...ALL,
          id: '5',
          seen: batch({ id: '5', jobId: 'AUG_2020_ITM_1', status: 'Success', successCount: 9, failCount: 1 }),
          rejects: { path: '/r.csv', bytes: 9, sha256: 'c', records: 1 },
        },
      ],
      'ebill correct --waive AUG_2020_ITM_1 --reason TEXT',
    ],
    ['failed without a result file', [INIT, customer('Failed', { seen: FAILED })], 'ebill status'],
    [
      'failed with a result file',
      [INIT, customer('Failed', { seen: { ...FAILED, downloadUrl: 'https://s/r.csv' } })],
      'ebill results --rejects',
    ],
    ['lost records', [INIT, customer('Success'), invoice('Success', { successCount: 9 })], 'ebill results'],
    ['missing', [INIT, { ...customer('Queued'), missing: true }, invoice('Draft')], 'ebill status'],
    [
      'missing, its upload broken off',
      [INIT, { ...customer('Draft'), uploaded: 'no', missing: true }],
      'ebill status',
    ],
    [
      'missing, others being processed',
      [INIT, { ...customer('Queued'), missing: true }, invoice('Queued')],
      'ebill watch',
    ],
    ['all loaded', [INIT, customer('Success'), invoice('Success')], 'ebill report'],
  ])('%s', async (_what, batches, command) => {
    const state = load(...batches);
    const step = nextStep(state, viewLoad(state, {}), LINUX);
    const [plain, named] = [step.command.replace(' --job AUG_2020', ''), step.command];
    expect([plain, named.includes(' --job AUG_2020'), step.why === '']).toEqual([command, true, false]);
    // The reader replaces the placeholder.
    const argv = named.replace(/TEXT$/, 'why').split(' ').slice(1);
    expect(await parseArgv(argv, '0.0.0', 80)).toMatchObject({ type: 'command' });
  });

  it('quotes a name a shell would take apart, and shows a path as it is typed', () => {
    const state = load(BROKEN);
    const odd = { ...state, header: { ...state.header, job: 'AUG 2020' } };
    expect(nextStep(odd, [], LINUX, () => 'cus.csv').command).toBe(
      "ebill upload customer cus.csv --job 'AUG 2020'",
    );
    const windows = { platform: 'win32', env: {} } as const;
    expect(nextStep(odd, [], windows, () => 'my files\\cus.csv').command).toBe(
      'ebill upload customer "my files\\cus.csv" --job "AUG 2020"',
    );
  });
});
