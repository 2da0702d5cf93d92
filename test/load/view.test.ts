import { describe, expect, it } from 'vitest';
import { accountOf } from '../../src/batch/account.ts';
import { isSettled, outcomeOfAll } from '../../src/batch/outcome.ts';
import { verdictOf } from '../../src/batch/verdict.ts';
import { stillRunning } from '../../src/commands/shared/batch-result.ts';
import { viewLoad } from '../../src/load/view.ts';
import { accountText } from '../../src/output/batch-text.ts';
import { batch, known, LINUX, load, source } from './fixtures.ts';

const done = { created: 'yes', uploaded: 'yes', finalized: 'yes' } as const;

it('an init without an answer is not shown as one that had nothing to do', () => {
  const init = known({ jobId: 'AUG_2020_INIT', kind: 'init', file: null, created: 'unknown', seen: null });
  const views = viewLoad(load(init), {});
  expect(views).toMatchObject([{ phase: 'draft', outcome: 'draft' }]);
  expect(stillRunning(views, 'AUG_2020', true, LINUX).message).toContain(
    'It is unknown whether AUG_2020_INIT ran',
  );
});

describe('records are accounted for', () => {
  it.each([
    ['all told of', 10, 8, 2, 'accounted'],
    ['one missing', 10, 8, 1, 'mismatch'],
    ['one too many', 10, 9, 2, 'mismatch'],
    ['no counts: unknown, not wrong', 10, null, null, 'unknown'],
    ['one count alone', 10, 8, null, 'unknown'],
    ['one count alone, too many already', 10, 11, null, 'mismatch'],
    ['not sent from here', null, 8, 2, 'open'],
  ] as const)('%s', (_name, recordsSent, successCount, failCount, verdict) => {
    expect(accountOf({ phase: 'succeeded', recordsSent, successCount, failCount }).state).toBe(verdict);
  });

  it('nothing is owed before the end', () => {
    expect(accountOf({ phase: 'running', recordsSent: 10, successCount: 0, failCount: 0 }).state).toBe(
      'open',
    );
  });

  it('a difference makes the outcome failed, and the error UNACCOUNTED names the numbers', () => {
    const cus = known({
      ...done,
      id: '3',
      file: source('cus.csv', 'a', 10),
      seen: batch({ status: 'Success', successCount: 9 }),
    });
    const views = viewLoad(load(cus), {});
    expect(views[0]).toMatchObject({ phase: 'succeeded', outcome: 'failed' });
    const error = verdictOf(views, 'AUG_2020', LINUX);
    expect([error?.code, error?.exitCode]).toEqual(['UNACCOUNTED', 4]);
    expect(error?.message).toContain('10 records sent, 9 accounted for');
  });

  it('a failed batch comes before a difference, a difference before failed records', () => {
    const failed = known({ ...done, jobId: 'A', seen: batch({ status: 'Failed', failCount: 10 }) });
    const lost = known({ ...done, jobId: 'B', seen: batch({ status: 'Success', successCount: 9 }) });
    const partial = known({
      ...done,
      jobId: 'C',
      seen: batch({ status: 'Success', successCount: 9, failCount: 1 }),
    });
    const code = (...batches: readonly ReturnType<typeof known>[]): string | undefined =>
      verdictOf(viewLoad(load(...batches), {}), null, LINUX)?.code;
    expect(code(partial, lost, failed)).toBe('BATCH_FAILED');
    expect(code(partial, lost)).toBe('UNACCOUNTED');
    expect(code(partial)).toBe('PARTIAL');
    expect(code()).toBeUndefined();
  });
});

describe('a load as it is seen', () => {
  const inv = known({
    ...done,
    jobId: 'AUG_2020_INV',
    kind: 'invoice',
    id: '4',
    finalized: 'no',
    file: source('inv.csv', 'i'),
  });
  const itm = known({
    ...done,
    jobId: 'AUG_2020_ITM_1',
    kind: 'items',
    id: '5',
    finalized: 'no',
    file: source('itm.csv', 't'),
    parent: { id: '4', jobId: 'AUG_2020_INV' },
  });

  it('a draft whose file has arrived is uploaded', () => {
    const views = viewLoad(
      load(
        { ...inv, seen: batch({ id: '4', status: 'Draft' }) },
        { ...itm, uploaded: 'no', seen: batch({ id: '5', status: 'Draft' }) },
      ),
      {},
    );
    expect(views[0]).toMatchObject({
      phase: 'uploaded',
      outcome: 'uploaded',
      children: [{ jobId: 'AUG_2020_ITM_1', phase: 'draft' }],
    });
  });

  it('a draft that is on record as submitted is queued: an answer from before that may lag behind', () => {
    const views = viewLoad(
      load(
        { ...inv, finalized: 'yes', seen: batch({ id: '4', status: 'Draft' }) },
        { ...itm, seen: batch({ id: '5', status: 'Draft' }) },
        {
          ...itm,
          jobId: 'AUG_2020_ITM_2',
          id: '6',
          uploaded: 'no',
          seen: batch({ id: '6', status: 'Draft' }),
        },
      ),
      {},
    );
    expect(views[0]).toMatchObject({
      phase: 'queued',
      children: [
        { jobId: 'AUG_2020_ITM_1', phase: 'queued' },
        { jobId: 'AUG_2020_ITM_2', phase: 'draft' },
      ],
    });
  });

  it("the outcome is the worst of the batch's own and its items', told of by the parent", () => {
    const seen = batch({
      id: '4',
      status: 'Success',
      successCount: 10,
      children: [batch({ id: '5', jobId: 'AUG_2020_ITM_1', status: 'Failed', failCount: 10 })],
    });
    expect(viewLoad(load({ ...inv, seen }, itm), {})[0]).toMatchObject({
      phase: 'succeeded',
      outcome: 'failed',
      children: [{ phase: 'failed', recordsSent: 10 }],
    });
  });

  it('items the server lists and this machine did not send are shown too', () => {
    const seen = batch({
      id: '4',
      status: 'Queued',
      children: [
        batch({ id: '5', status: 'Queued' }),
        batch({ id: '6', jobId: 'AUG_2020_ITM_2', status: 'Queued' }),
      ],
    });
    expect(
      viewLoad(load({ ...inv, seen }, itm), {})[0]?.children.map((child) => [child.jobId, child.recordsSent]),
    ).toEqual([
      ['AUG_2020_ITM_1', 10],
      ['AUG_2020_ITM_2', null],
    ]);
  });

  it('the echo lies: kind, file and job id are what was asked for', () => {
    const seen = batch({ id: '4', jobId: 'SOMETHING', subOperation: 'Customer', status: 'Draft' });
    expect(viewLoad(load({ ...inv, seen }), {})[0]).toMatchObject({
      jobId: 'AUG_2020_INV',
      kind: 'invoice',
      file: 'inv.csv',
      subOperation: 'Customer',
    });
  });

  it("an init's outcome is that of its children that ran", () => {
    const child = (element: string, over: Partial<ReturnType<typeof batch>>): ReturnType<typeof batch> =>
      batch({
        element,
        id: null,
        jobId: null,
        status: null,
        operation: null,
        subOperation: null,
        successCount: null,
        failCount: null,
        ...over,
      });
    const seen = batch({
      id: '1',
      status: null,
      children: [
        child('carryForwardInvoice', { id: '2', status: 'Success', successCount: 3 }),
        child('carryForwardCreditMemo', {}),
        child('carryForwardDebitMemo', {}),
      ],
    });
    const view = viewLoad(
      load(known({ jobId: 'AUG_2020_INIT', kind: 'init', created: 'yes', id: '1', file: null, seen })),
      {},
    )[0];
    expect(view).toMatchObject({ kind: 'init', phase: 'succeeded', outcome: 'succeeded' });
    expect(view?.children.map((one) => [one.kind, one.phase])).toEqual([
      ['carryForwardInvoice', 'succeeded'],
      ['carryForwardCreditMemo', 'not-run'],
      ['carryForwardDebitMemo', 'not-run'],
    ]);
  });

  it('a draft that is left behind is shown as such, and takes no part in any outcome', () => {
    const done = batch({ id: '4', status: 'Success', successCount: 10 });
    const old = { ...inv, jobId: 'AUG_2020_INV_OLD', id: '9', seen: batch({ id: '9' }), abandoned: true };
    const views = viewLoad(load({ ...inv, seen: done }, old), {});
    expect(views.map(({ jobId, leftBehind, phase }) => [jobId, leftBehind, phase])).toEqual([
      ['AUG_2020_INV', undefined, 'succeeded'],
      ['AUG_2020_INV_OLD', true, 'not-run'],
    ]);
    expect(views.every(isSettled)).toBe(true);
    expect([outcomeOfAll(views), verdictOf(views, null, LINUX)]).toEqual(['succeeded', null]);
    expect(accountText(views)).toBe('10 invoices sent, 10 loaded, 0 rejected, 0 unaccounted');
  });

  describe('with batches that the server no longer knows', () => {
    const seen = batch({
      id: '4',
      status: 'Running',
      children: [
        batch({ id: '5', jobId: 'AUG_2020_ITM_1', status: 'Running' }),
        batch({ id: '6', jobId: 'AUG_2020_ITM_2', status: 'Failed', failCount: 10 }),
      ],
    });
    const phases = (...batches: readonly ReturnType<typeof known>[]): unknown => {
      const [view] = viewLoad(load(...batches), {});
      return [
        view?.phase,
        view?.status,
        view?.outcome,
        ...(view?.children.map((child) => child.phase) ?? []),
      ];
    };

    it('an invoice batch keeps its last status, and its items are missing with it unless they were final', () => {
      expect(phases({ ...inv, seen, missing: true }, itm)).toEqual([
        'missing',
        'Running',
        'failed',
        'missing',
        'failed',
      ]);
    });

    it('items that are not found are missing until their invoice batch lists them again', () => {
      const lost = { ...itm, seen: batch({ id: '5', status: 'Running' }), missing: true };
      const done = batch({ id: '4', status: 'Success', successCount: 10 });
      expect(phases({ ...inv, seen: done }, lost)).toEqual(['succeeded', 'Success', 'missing', 'missing']);
      expect(phases({ ...inv, seen }, lost)).toEqual(['running', 'Running', 'failed', 'running', 'failed']);
    });

    it('an init is missing as a whole', () => {
      const init = known({ jobId: 'AUG_2020_INIT', kind: 'init', created: 'yes', id: '1', file: null });
      expect(phases({ ...init, seen: batch({ id: '1', status: null }), missing: true })).toEqual([
        'missing',
        null,
        'missing',
      ]);
    });
  });
});
