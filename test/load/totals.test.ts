import { describe, expect, it } from 'vitest';
import { apply } from '../../src/load/apply-entry.ts';
import type { Call } from '../../src/load/entries.ts';
import type { BatchState, LoadState } from '../../src/load/state.ts';
import { baselineOf, closedTotals, totalsOf } from '../../src/load/totals.ts';
import { batch, known, load, source } from './fixtures.ts';

const DONE = { created: 'yes', uploaded: 'yes', finalized: 'yes' } as const;
const final = (successCount: number, failCount: number) =>
  batch({ status: 'Success', successCount, failCount });
const at = (second: number): string => `2020-08-31T22:00:${String(second).padStart(2, '0')}.000Z`;

const CUS = known({ ...DONE, file: source('cus.csv', 'a', 10), seen: final(10, 0), changedAt: at(1) });
const invoice = (n: number, over: Partial<BatchState> = {}): BatchState =>
  known({
    ...DONE,
    jobId: `AUG_2020_INV_${n}`,
    kind: 'invoice',
    file: { ...source(`inv_${n}.csv`, `inv ${n}`, 20), amount: '100.10' },
    seen: final(20, 0),
    changedAt: at(2),
    ...over,
  });
const callOf = (billed: number | null | undefined, ...batches: readonly BatchState[]): Call => ({
  at: at(0),
  type: 'call',
  command: 'run',
  options: [],
  files: batches.map(({ jobId, file }) => ({
    jobId,
    kind: 'invoice' as const,
    parent: null,
    file: file ?? source(),
  })),
  replaces: [],
  ...(billed === undefined ? {} : { billed }),
});
const given = (billed: number | null | undefined, ...batches: readonly BatchState[]): BatchState[] => {
  const call = callOf(billed, ...batches);
  return batches.map((one) => ({ ...one, call }));
};
const kindOf = (state: LoadState, kind: string) => totalsOf(state, {}).kinds.find((one) => one.kind === kind);

describe('what a load came to', () => {
  it('is records and amounts by kind, the files, and when the last batch was final', () => {
    const state = load(CUS, ...given(15, invoice(1), invoice(2, { changedAt: at(7) })));
    expect(closedTotals(state, {})).toEqual({
      closedAt: at(7),
      kinds: [
        { kind: 'customer', records: 10, amount: null, rejected: 0 },
        { kind: 'invoice', records: 40, amount: '200.20', rejected: 0 },
      ],
      customersBilled: 15,
      files: [
        { jobId: 'AUG_2020_CUS', kind: 'customer', name: 'cus.csv', sha256: CUS.file?.sha256 },
        { jobId: 'AUG_2020_INV_1', kind: 'invoice', name: 'inv_1.csv', sha256: invoice(1).file?.sha256 },
        { jobId: 'AUG_2020_INV_2', kind: 'invoice', name: 'inv_2.csv', sha256: invoice(2).file?.sha256 },
      ],
    });
    expect(baselineOf(state, {})).toMatchObject({ job: 'AUG_2020', closedAt: at(7) });
  });

  it('is nothing yet while it is open; its figures so far can be compared with', () => {
    const state = load(CUS, invoice(1, { seen: final(19, 1) }));
    expect(closedTotals(state, {})).toBeNull();
    expect(baselineOf(state, {})).toMatchObject({ closedAt: null, kinds: [{}, { records: 20 }] });
  });

  it('counts a record once, whatever number of corrections it was in', () => {
    const corrects = { jobId: 'AUG_2020_INV_1', replaces: 3 };
    const correction = invoice(2, {
      file: source('inv_1_rejects.csv', 'c', 3),
      seen: final(3, 0),
      corrects,
    });
    const first = invoice(1, { seen: final(17, 3), corrections: ['AUG_2020_INV_2'] });
    expect(kindOf(load(CUS, first, correction), 'invoice')).toEqual({
      kind: 'invoice',
      records: 20,
      amount: '100.10',
      rejected: 3,
    });
    expect(closedTotals(load(CUS, first, correction), {})).not.toBeNull();
    // With a new record among them, what was first sent is not the whole amount any more.
    const more = { ...correction, file: source('inv_1_rejects.csv', 'c', 4), seen: final(4, 0) };
    expect(kindOf(load(CUS, first, more), 'invoice')).toMatchObject({ records: 21, amount: null });
  });

  it('leaves out what was left out or behind, and knows nothing where a file is unknown', () => {
    const left = [invoice(2, { leftOut: true, seen: null }), invoice(3, { abandoned: true })];
    expect(kindOf(load(CUS, invoice(1), ...left), 'invoice')).toMatchObject({
      records: 20,
      amount: '100.10',
    });
    const elsewhere = invoice(2, { file: null, foundElsewhere: true });
    expect(kindOf(load(CUS, invoice(1), elsewhere), 'invoice')).toMatchObject({
      records: null,
      amount: null,
    });
    expect(kindOf(load(CUS, invoice(1, { file: source('inv.csv', 'x', 5) })), 'invoice')).toMatchObject({
      amount: null,
    });
  });

  it('knows the customers billed only where one command gave all invoice files', () => {
    const billed = (...batches: readonly BatchState[]) => totalsOf(load(CUS, ...batches), {}).customersBilled;
    expect(billed(...given(15, invoice(1), invoice(2)))).toBe(15);
    expect(billed(...given(15, invoice(1)), ...given(15, invoice(2)))).toBeNull();
    const [one, two] = given(15, invoice(1), invoice(2));
    expect(billed(one as BatchState, { ...(two as BatchState), leftOut: true, seen: null })).toBeNull();
    expect(billed(...given(null, invoice(1)))).toBeNull();
    // A journal of an earlier program.
    expect(billed(...given(undefined, invoice(1)))).toBeNull();
    expect(billed(invoice(1))).toBeNull();
  });

  it('stays as it was recorded until something is added', () => {
    const state = load(CUS, ...given(15, invoice(1)));
    const closed = closedTotals(state, {});
    if (closed === null) throw new Error('not closed');
    const recorded = apply(state, { at: at(9), type: 'closed', ...closed });
    expect(closedTotals(recorded, {})).toBe(recorded.closed);
    // Whatever a profile calls the status now.
    expect(closedTotals(recorded, { Success: 'failed' })).toBe(recorded.closed);
    const added = { ...recorded, batches: load(CUS, ...given(15, invoice(1)), invoice(2)).batches };
    expect(closedTotals(added, {})).toMatchObject({ kinds: [{}, { records: 40 }] });
    const running = invoice(2, { seen: batch({ status: 'Queued' }) });
    const open = { ...recorded, batches: load(CUS, ...given(15, invoice(1)), running).batches };
    expect(closedTotals(open, {})).toBeNull();
  });
});
