import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch, Kind } from '../../src/batch/types.ts';
import { apply } from '../../src/load/apply-entry.ts';
import type { Entry, Header } from '../../src/load/entries.ts';
import { estimatorFrom, estimatorOf, recordsOf, type Sample } from '../../src/load/estimate.ts';
import { journalPath, loadsFolder } from '../../src/load/journal-places.ts';
import { recentLoads } from '../../src/load/loads.ts';
import { emptyState, type LoadState } from '../../src/load/state.ts';
import { tempDir } from '../helpers/context.ts';
import { batch, HEADER, known, source } from './fixtures.ts';

const MINUTE = 60_000;
const sample = (records: number, ms: number, kind: Kind = 'customer'): Sample => ({ kind, records, ms });

const samples = fc.array(
  fc.record({
    kind: fc.constant<Kind>('customer'),
    records: fc.integer({ min: 1, max: 5_000_000 }),
    ms: fc.integer({ min: 0, max: 48 * 60 * MINUTE }),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('an estimate', () => {
  it('is nothing where nothing is known: another kind, or another order of size', () => {
    expect(estimatorOf([]).estimate('customer', 10)).toBeNull();
    const estimator = estimatorOf([sample(1000, MINUTE)]);
    expect(estimator.estimate('invoice', 1000)).toBeNull();
    expect([estimator.estimate('customer', 99), estimator.estimate('customer', 10_001)]).toEqual([
      null,
      null,
    ]);
  });

  it('works from one sample: as long, and in proportion', () => {
    const estimator = estimatorOf([sample(1000, MINUTE)]);
    expect([500, 1000, 3000].map((records) => estimator.estimate('customer', records))).toEqual([
      MINUTE / 2,
      MINUTE,
      3 * MINUTE,
    ]);
  });

  it('tells what every batch costs from what each record costs', () => {
    const estimator = estimatorOf([
      sample(1000, 2 * MINUTE),
      sample(10_000, 11 * MINUTE),
      sample(5000, 6 * MINUTE),
    ]);
    expect(estimator.estimate('customer', 2000)).toBeCloseTo(3 * MINUTE);
    const flat = estimatorOf([sample(1000, MINUTE), sample(50_000, MINUTE)]);
    expect(flat.estimate('customer', 20_000)).toBe(MINUTE);
  });

  it('is not distorted by a night without polls', () => {
    const months = [48_000, 48_100, 47_900, 48_300, 48_200].map((records) => sample(records, records * 2));
    const night = sample(48_050, 11 * 60 * MINUTE);
    for (const estimator of [estimatorOf([...months, night]), estimatorOf([night, ...months.slice(0, 2)])])
      expect(estimator.estimate('customer', 48_000)).toBeCloseTo(96_000, -3);
    // Of two, the shorter.
    expect(estimatorOf([night, sample(48_050, 96_100)]).estimate('customer', 48_050)).toBe(96_100);
  });

  it('is never below nothing, and more records never take less time', () => {
    fc.assert(
      fc.property(samples, fc.array(fc.integer({ min: 0, max: 60_000_000 })), (all, sizes) => {
        const estimator = estimatorOf(all);
        const told = [...sizes, ...all.map(({ records }) => records)]
          .sort((a, b) => a - b)
          .map((records) => estimator.estimate('customer', records))
          .filter((ms) => ms !== null);
        expect(told.length).toBeGreaterThanOrEqual(all.length);
        for (const [i, ms] of told.entries()) {
          expect(Number.isFinite(ms)).toBe(true);
          expect(ms).toBeGreaterThanOrEqual(told[i - 1] ?? 0);
        }
      }),
    );
  });

  it('of samples that agree it is what they say', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: 500 }),
        (sizes, each) => {
          const estimator = estimatorOf(sizes.map((records) => sample(records, records * each)));
          for (const records of sizes)
            expect(estimator.estimate('customer', records)).toBeCloseTo(records * each, 3);
        },
      ),
    );
  });
});

const T0 = Date.UTC(2020, 6, 31, 22);
const time = (ms: number): string => new Date(T0 + ms).toISOString();

/** The lines of a load: handed over a minute after its beginning, then what the server said, and when. */
function load(looks: readonly (readonly [ms: number, batch: Partial<Batch>])[], items = 0): LoadState {
  const file = (name: string, records: number) => source(name, name, records);
  const id = '4';
  const jobId = 'JUL_2020_INV';
  const parent = { id, jobId };
  const create = (n: number, name: string, job: string, kind: 'invoice' | 'items', own: string): Entry[] => [
    {
      at: time(0),
      type: 'intent',
      n,
      call: 'create',
      jobId: job,
      kind,
      file: file(name, kind === 'invoice' ? 100 : 450),
      parent: kind === 'items' ? parent : null,
    },
    { at: time(0), type: 'answer', n, outcome: 'answered', batch: batch({ id: own, jobId: job }) },
  ];
  const entries: Entry[] = [
    ...create(1, 'inv.csv', jobId, 'invoice', id),
    ...Array.from({ length: items }, (_, i) =>
      create(10 + i, `itm_${i}.csv`, `JUL_2020_ITM_${i + 1}`, 'items', `${20 + i}`),
    ).flat(),
    { at: time(MINUTE - 5), type: 'intent', n: 9, call: 'finalize', jobId, id },
    {
      at: time(MINUTE),
      type: 'answer',
      n: 9,
      outcome: 'answered',
      batch: batch({ id, jobId, status: 'Queued' }),
    },
    ...looks.map(
      ([ms, parts]): Entry => ({
        at: time(MINUTE + ms),
        type: 'seen',
        jobId,
        batch: batch({ id, jobId, ...parts }),
      }),
    ),
  ];
  return entries.reduce(apply, emptyState({ ...HEADER, job: 'JUL_2020' }));
}

describe('what a journal teaches', () => {
  const done = { status: 'Success', successCount: 100 };

  it('is the time from the hand-over to the first word that it was over', () => {
    const estimator = estimatorFrom(
      [
        load([
          [10_000, { status: 'InProgress' }],
          [90_000, done],
          [95_000, done],
        ]),
      ],
      {},
    );
    expect(estimator.estimate('invoice', 100)).toBe(90_000);
    expect(estimator.estimate('customer', 100)).toBeNull();
  });

  it('counts the items with their invoice, and their time too', () => {
    const child = (status: string) => batch({ id: '20', jobId: 'JUL_2020_ITM_1', status, successCount: 450 });
    const state = load(
      [
        [30_000, { ...done, children: [child('InProgress')] }],
        [70_000, { ...done, children: [child('Success')] }],
      ],
      1,
    );
    expect(estimatorFrom([state], {}).estimate('invoice', 550)).toBe(70_000);
    expect(recordsOf(state, state.batches.get('JUL_2020_INV') ?? known())).toBe(550);
  });

  it('is nothing of a batch that is not over, that failed, or that was handed over elsewhere', () => {
    const silent = load([[10_000, { status: 'InProgress' }]]);
    const failed = load([[10_000, { status: 'Failed', failCount: 100 }]]);
    const elsewhere: LoadState = {
      ...silent,
      batches: new Map([
        ['X', known({ finalized: 'yes', changedAt: time(0), seen: batch({ status: 'Success' }) })],
      ]),
    };
    const estimator = estimatorFrom([silent, failed, elsewhere], {});
    expect(estimator.estimate('invoice', 100)).toBeNull();
    expect(estimator.estimate('customer', 10)).toBeNull();
  });

  it('is an init as one of its kind, from its call to the end of what it carries forward', () => {
    const carried = (status: string | null) =>
      batch({
        id: '1',
        jobId: 'JUL_2020_INIT',
        status: null,
        children: [batch({ element: 'carryForwardInvoice', id: '2', jobId: null, status })],
      });
    const jobId = 'JUL_2020_INIT';
    const request = {
      jobId,
      carryForwardInvoices: true,
      carryForwardCreditMemos: true,
      carryForwardDebitMemos: true,
      zeroOutCustomerBalance: false,
    };
    const entries: readonly Entry[] = [
      { at: time(0), type: 'intent', n: 1, call: 'init', jobId, request },
      { at: time(2000), type: 'answer', n: 1, outcome: 'answered', batch: carried('Queued') },
      { at: time(62_000), type: 'seen', jobId, batch: carried('Success') },
    ];
    const state = entries.reduce(apply, emptyState({ ...HEADER, job: 'JUL_2020' }));
    expect(state.batches.get(jobId)).toMatchObject({ finalizedAt: time(2000), changedAt: time(62_000) });
    expect(estimatorFrom([state], {}).estimate('init', 1)).toBe(60_000);
  });
});

describe('the loads to learn from', () => {
  const owner = { profile: 'prod', baseUrl: HEADER.baseUrl };

  function journal(state: string, job: string, day: number, text?: string): void {
    const header: Header = { ...HEADER, job, profile: 'prod' };
    const path = journalPath(state, owner, job);
    writeFileSync(path, text ?? `${JSON.stringify(header)}\n`);
    utimesSync(path, new Date(T0), new Date(T0 + day * 24 * 60 * MINUTE));
  }

  it('are the last twelve, the latest first; the one that goes on, and what cannot be read, left out', async () => {
    const state = tempDir();
    mkdirSync(loadsFolder(state, owner), { recursive: true });
    for (let day = 1; day <= 15; day++) journal(state, `J_${day}`, day);
    journal(state, 'NOW', 20);
    journal(state, 'BROKEN', 21, 'no journal\n{"ebillJournal":99}\n');
    mkdirSync(journalPath(state, owner, 'FOLDER'));
    const jobs = (await recentLoads(state, owner, 'NOW')).map(({ header }) => header.job);
    // The broken one was among the last twelve.
    expect(jobs).toEqual(Array.from({ length: 11 }, (_, i) => `J_${15 - i}`));
  });

  it('are none where there is no folder', async () => {
    expect(await recentLoads(tempDir(), owner, 'NOW')).toEqual([]);
  });
});
