import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { assertNotProcessed, assertOwnObject } from '../../src/load/other-loads.ts';
import type { Assignment } from '../../src/load/plan.ts';
import type { BatchState } from '../../src/load/state.ts';
import { batch, HEADER, known, LINUX, load, source } from './fixtures.ts';

const OBJECT = 'https://s3.example.com/acme/in/inv.csv';
const OTHER = known({
  jobId: 'FIX_INV',
  kind: 'invoice',
  created: 'yes',
  uploaded: 'yes',
  file: source('inv.csv', 'other'),
  object: OBJECT,
});
const fix = (...batches: readonly BatchState[]) => ({
  ...load(...batches),
  header: { ...HEADER, job: 'FIX' },
});

function failure(work: () => void): string | null {
  try {
    work();
  } catch (error) {
    if (error instanceof EbillError) return `${error.code}: ${error.message} ${error.hint}`;
    throw error;
  }
  return null;
}

describe('a PUT to an object that another batch has (api rule 26)', () => {
  const put = { jobId: 'AUG_2020_INV', file: source('inv.csv', 'mine'), object: OBJECT };
  const check = (other: BatchState) => failure(() => assertOwnObject(load(), [fix(other)], put, {}, LINUX));

  it('is a conflict while the other file may be there and is not processed', () => {
    expect(check(OTHER)).toMatch(/^CONFLICT: .*FIX_INV .*ebill watch --job FIX$/);
    expect(check({ ...OTHER, uploaded: 'unknown' })).not.toBeNull();
    expect(check({ ...OTHER, finalized: 'yes', seen: batch({ status: 'Queued' }) })).not.toBeNull();
  });

  it.each<[string, Partial<BatchState>]>([
    ['was never sent, for its own PUT is checked too', { uploaded: 'no' }],
    ['is final', { finalized: 'yes', seen: batch({ status: 'Success' }) }],
    ['has the same content', { file: source('inv.csv', 'mine') }],
    ['is another object', { object: 'https://s3.example.com/acme/in/inv_2.csv' }],
    ['is left behind', { abandoned: true }],
    ['is left out', { leftOut: true }],
    ['is missing', { missing: true, seen: batch({ status: 'Queued' }) }],
  ])('is none when the other %s', (_, more) => {
    expect(check({ ...OTHER, ...more })).toBeNull();
  });

  it('is none with items whose invoice batch reports them final, or is missing', () => {
    const invoice = known({ jobId: 'FIX_INV', kind: 'invoice', created: 'yes', finalized: 'yes', id: '1' });
    const items = {
      ...OTHER,
      jobId: 'FIX_ITM_1',
      kind: 'items',
      id: '2',
      parent: { id: '1', jobId: 'FIX_INV' },
      seen: batch({ id: '2', status: 'Draft' }),
    } as const;
    const under = (parts: Partial<BatchState>) =>
      failure(() => assertOwnObject(load(), [fix({ ...invoice, ...parts }, items)], put, {}, LINUX));
    const listed = (status: string) => batch({ status, children: [batch({ id: '2', status })] });
    expect(under({ seen: listed('Queued') })).toContain('FIX_ITM_1');
    expect(under({ seen: listed('Success') })).toBeNull();
    expect(under({ seen: listed('Queued'), missing: true })).toBeNull();
  });

  it('is one with another batch of the same load, but not with itself', () => {
    const own = load({ ...OTHER, jobId: 'AUG_2020_INV_2' });
    expect(failure(() => assertOwnObject(own, [], put, {}, LINUX))).toContain('AUG_2020_INV_2');
    const itself = load({ ...OTHER, jobId: 'AUG_2020_INV' });
    expect(failure(() => assertOwnObject(itself, [], put, {}, LINUX))).toBeNull();
  });
});

describe('the same bytes in another load of the server (api rule 27)', () => {
  const mine: Assignment = {
    kind: 'invoice',
    file: source('inv_sep.csv', 'other'),
    jobId: 'SEP_INV',
    action: 'new',
    exact: false,
    replaces: [],
  };
  const submitted = { ...OTHER, finalized: 'yes', finalizedAt: '2020-08-31T22:00:00.000Z' } as const;
  const check = (more: Partial<BatchState>, again = false, action: Assignment['action'] = 'new') =>
    failure(() => assertNotProcessed([fix({ ...submitted, ...more })], [{ ...mine, action }], again, {}));

  it('are a conflict that names load and date, and no line to paste', () => {
    const message = check({});
    expect(message).toMatch(/^CONFLICT: inv_sep\.csv .*FIX_INV of the load FIX, submitted on 2020-08-31,/);
    expect(message).toContain('--again');
    expect(message).not.toContain('ebill upload');
    expect(check({ finalized: 'unknown' })).not.toBeNull();
    expect(check({ missing: true })).not.toBeNull();
  });

  it('are none when they were not finalized there, with --again, or when they are on record here', () => {
    expect(check({ finalized: 'no' })).toBeNull();
    expect(check({ abandoned: true })).toBeNull();
    expect(check({}, true)).toBeNull();
    expect(check({}, false, 'resume')).toBeNull();
    expect(check({}, false, 'done')).toBeNull();
  });

  it('as items were finalized with their invoice batch', () => {
    const item = known({
      jobId: 'FIX_ITM_1',
      kind: 'items',
      file: source('itm.csv', 'i'),
      parent: { id: null, jobId: 'FIX_INV' },
      uploaded: 'yes',
    });
    const items = [{ ...mine, file: source('itm.csv', 'i') }];
    expect(failure(() => assertNotProcessed([fix(submitted, item)], items, false, {}))).toContain(
      '2020-08-31',
    );
    expect(failure(() => assertNotProcessed([fix(OTHER, item)], items, false, {}))).toBeNull();
  });
});
