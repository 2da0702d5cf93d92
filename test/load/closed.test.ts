import { describe, expect, it } from 'vitest';
import { closedLoad, isClosed, nextMonthCommand, standingOfLoad } from '../../src/load/closed.ts';
import type { BatchState } from '../../src/load/state.ts';
import { batch, known, load, source } from './fixtures.ts';

const DONE = { created: 'yes', uploaded: 'yes', finalized: 'yes' } as const;
const final = (successCount: number, failCount: number) =>
  batch({ status: 'Success', successCount, failCount });
const CUS = known({ ...DONE, file: source('cus.csv', 'a', 10), seen: final(10, 0) });
const INV = known({
  ...DONE,
  jobId: 'AUG_2020_INV',
  kind: 'invoice',
  file: source('inv.csv', 'b', 10),
  seen: final(10, 0),
});
const INIT = known({ jobId: 'AUG_2020_INIT', kind: 'init', file: null, created: 'yes' });
const closed = (...batches: readonly BatchState[]) => isClosed(load(...batches), {}, 'customer');

describe('a load is closed', () => {
  it('when every batch is final and nothing is left to correct', () => {
    expect(closed(INIT, CUS, INV)).toBe(true);
    expect(isClosed(load(CUS, INV), {}, 'customer')).toBe(true);
    expect(isClosed(load(CUS, INV), {}, 'invoice')).toBe(true);
  });

  it('but not before its first file', () => {
    expect(closed()).toBe(false);
    expect(closed(INIT)).toBe(false);
  });

  it('with customers alone for more customers, not for the invoices that follow', () => {
    expect(isClosed(load(INIT, CUS), {}, 'customer')).toBe(true);
    expect(isClosed(load(INIT, CUS), {}, 'invoice')).toBe(false);
    expect(standingOfLoad(load(INIT, CUS), {})).toBe('open');
    expect(standingOfLoad(load(INIT, CUS, INV), {})).toBe('closed');
  });

  it.each<[string, Partial<BatchState>]>([
    ['is processed', { seen: batch({ status: 'Queued' }) }],
    ['is not finalized', { finalized: 'no', seen: batch({ status: 'Draft' }) }],
    ['has rejected records', { seen: final(9, 1) }],
    ['has records unaccounted for', { seen: final(9, 0) }],
    ['is missing', { missing: true, seen: batch({ status: 'Queued' }) }],
    ['is planned', { created: 'no', uploaded: 'no', finalized: 'no', seen: null }],
  ])('not while a batch %s', (_, more) => {
    expect(closed(CUS, { ...INV, ...more })).toBe(false);
  });

  it('when a batch that is not final is left behind', () => {
    expect(closed(CUS, INV, known({ jobId: 'AUG_2020_CUS_2', created: 'yes', abandoned: true }))).toBe(true);
  });
});

describe('the first command of the next month', () => {
  const TERMINAL = { platform: 'linux', env: {} } as const;
  const ASKED = {
    jobId: 'AUG_2020_INIT',
    carryForwardInvoices: true,
    carryForwardCreditMemos: true,
    carryForwardDebitMemos: true,
    zeroOutCustomerBalance: false,
  };
  const named = (job: string, ...batches: readonly BatchState[]) => {
    const state = load(...batches);
    return { ...state, header: { ...state.header, job } };
  };

  it('has the name counted on, as this shell reads it', () => {
    expect(nextMonthCommand(named('DEC_2020', INIT), TERMINAL)).toBe('ebill init --job JAN_2021');
    expect(nextMonthCommand(named('Dec 20', INIT), TERMINAL)).toBe("ebill init --job 'Jan 21'");
  });

  it('has the options of this one: they are not asked for a second time', () => {
    const init = { ...INIT, init: { ...ASKED, carryForwardDebitMemos: false } };
    expect(nextMonthCommand(named('2020-08', init), TERMINAL)).toBe(
      'ebill init --job 2020-09 --no-carry-forward-debit-memos',
    );
  });

  it('has a placeholder where the name follows no month', () => {
    expect(nextMonthCommand(named('BIG$(x)', INIT), TERMINAL)).toBe('ebill init --job NAME');
  });

  it('ends the hint: a full stop would be copied as a part of the name', () => {
    expect(closedLoad(named('DEC_2020', INIT), TERMINAL).hint).toMatch(/: ebill init --job JAN_2021$/);
  });
});
