import { describe, expect, it } from 'vitest';
import { phaseOf } from '../../src/batch/phase.ts';
import { apply } from '../../src/load/apply-entry.ts';
import type { NewEntry } from '../../src/load/entries.ts';
import { draftNameOf, emptyState, type LoadState, phaseOnRecord } from '../../src/load/state.ts';
import { batch, HEADER, source } from './fixtures.ts';

const at = (seconds: number): string => new Date(Date.UTC(2020, 7, 31, 22, 0, seconds)).toISOString();

/** The entries folded, each a second after the one before. */
const folded = (...entries: readonly NewEntry[]): LoadState =>
  entries.reduce<LoadState>(
    (state, entry, i) => apply(state, { ...entry, at: at(i) } as Parameters<typeof apply>[1]),
    emptyState(HEADER),
  );

const CUS = 'AUG_2020_CUS';
const create = (n: number, jobId = CUS): NewEntry => ({
  type: 'intent',
  n,
  call: 'create',
  jobId,
  kind: 'customer',
  file: source(),
  parent: null,
});
const created = (n: number, status: string | null): NewEntry => ({
  type: 'answer',
  n,
  outcome: 'answered',
  batch: batch({ status }),
});
const finalize = (n: number): NewEntry => ({
  type: 'intent',
  n,
  call: 'finalize',
  jobId: CUS,
  id: '3',
  waitMs: 90_000,
});

describe('what a draft is called', () => {
  const parked = folded(create(1), created(1, 'Parked'));
  const of = (state: LoadState): string | null => {
    const known = state.batches.get(CUS);
    return known === undefined ? null : draftNameOf(state, known);
  };
  const phase = (state: LoadState, status: string, names = {}): string => {
    const known = state.batches.get(CUS);
    if (known === undefined) throw new Error('not on record');
    return phaseOnRecord(state, known, batch({ status }), names).phase;
  };

  it('is the status in the answer to its own create', () => {
    expect(of(parked)).toBe('Parked');
    expect(phase(parked, 'PARKED')).toBe('draft');
    expect(phase(parked, 'Released')).toBe('running');
  });

  it('is nothing that a later look says', () => {
    expect(
      of(folded(create(1), { type: 'seen', jobId: CUS, batch: batch({ status: 'Parked' }) })),
    ).toBeNull();
    expect(of(folded(create(1), created(1, null)))).toBeNull();
  });

  it('stays with the batch when its URL is issued again', () => {
    expect(of(folded(create(1), created(1, 'Parked'), create(2), created(2, 'Loaded')))).toBe('Parked');
  });

  it('ends once the batch is known to be finalized, not with the intent', () => {
    const intended = apply(parked, { ...finalize(2), at: at(5) } as Parameters<typeof apply>[1]);
    expect(of(intended)).toBe('Parked');
    const settled: NewEntry = {
      type: 'settled',
      jobId: CUS,
      call: 'finalize',
      batch: batch({ status: 'Queued' }),
    };
    expect(of(folded(create(1), created(1, 'Parked'), finalize(2), settled))).toBeNull();
  });

  it('comes after what a profile maps', () => {
    expect(phase(parked, 'Parked', { parked: 'queued' })).toBe('queued');
    expect(phaseOf(batch({ status: 'Success' }), {}, 'Success').phase).toBe('draft');
  });
});

describe('the settle time', () => {
  const since = (...entries: NewEntry[]): unknown => folded(...entries).batches.get(CUS)?.doubts;
  const answer = (n: number, outcome: 'refused' | 'ambiguous'): NewEntry => ({
    type: 'answer',
    n,
    outcome,
    message: 'x',
  });

  it('counts from the last intent of each call, and the time its process may have waited', () => {
    expect(since(create(1), finalize(2), finalize(3))).toEqual({
      create: { since: at(0), waitMs: null },
      finalize: { since: at(2), waitMs: 90_000 },
    });
  });

  it('counts from its answer once that is there: the call was under way until then', () => {
    expect(since(create(1), created(1, 'Draft'))).toEqual({ create: { since: at(1), waitMs: 0 } });
    expect(since(create(1), finalize(2), answer(2, 'ambiguous'))).toMatchObject({
      finalize: { since: at(2), waitMs: 0 },
    });
  });

  it('is over with a refusal, unless an earlier call is in doubt', () => {
    expect(since(create(1), answer(1, 'refused'))).toEqual({});
    const twice = [create(1), finalize(2), finalize(3), answer(3, 'refused')] as const;
    expect(since(...twice)).toMatchObject({ finalize: { since: at(1), waitMs: 90_000 } });
    expect(folded(...twice).batches.get(CUS)?.finalized).toBe('unknown');
    expect(folded(create(1), finalize(2), answer(2, 'refused')).batches.get(CUS)?.finalized).toBe('no');
  });
});

it('a put says that its batch was created, also where the lines of the create are lost', () => {
  const { batches } = folded({
    type: 'intent',
    n: 2,
    call: 'put',
    jobId: CUS,
    object: 'https://s3/a',
    bytes: 9,
  });
  expect(batches.get(CUS)).toMatchObject({ created: 'yes', uploaded: 'unknown' });
});

describe('a batch that the server no longer knows', () => {
  const gone: NewEntry = { type: 'seen', jobId: CUS, batch: null };
  const missing = (...entries: NewEntry[]): boolean | undefined =>
    folded(...entries).batches.get(CUS)?.missing;

  it('is missing until it is seen again, with its last known state', () => {
    expect(missing(create(1), created(1, 'Draft'), gone)).toBe(true);
    expect(folded(create(1), created(1, 'Draft'), gone).batches.get(CUS)?.seen?.status).toBe('Draft');
    expect(missing(create(1), created(1, 'Draft'), gone, { type: 'seen', jobId: CUS, batch: batch() })).toBe(
      false,
    );
  });

  it('is not missing before it was ever seen: it may still come', () => {
    expect(missing(create(1), gone)).toBe(false);
  });
});
