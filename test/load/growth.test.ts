import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/types.ts';
import { apply } from '../../src/load/apply-entry.ts';
import { recordCall } from '../../src/load/calls.ts';
import { isClosed } from '../../src/load/closed.ts';
import { assertComplete } from '../../src/load/complete.ts';
import type { SourceFile } from '../../src/load/entries.ts';
import { nextStep } from '../../src/load/next-step.ts';
import { assertNotProcessed, assertOwnObject } from '../../src/load/other-loads.ts';
import { assign, assignMonth } from '../../src/load/plan.ts';
import type { Run } from '../../src/load/run.ts';
import { type BatchState, emptyState, type LoadState, lastAnswer } from '../../src/load/state.ts';
import { VersionMap } from '../../src/load/version-map.ts';
import { viewLoad } from '../../src/load/view.ts';
import { batch, HEADER, known, LINUX } from './fixtures.ts';

// What is looked up for each batch is looked up in an index: with four times the batches, four times as much is read.

const FEW = 150;
const TIMES = 4;

function file(n: number, what = 'itm'): SourceFile {
  const hash = `${what}${n}`;
  return {
    path: `/data/${what}_${n}.csv`,
    name: `${what}_${n}.csv`,
    bytes: 10,
    records: 1,
    sha256: Buffer.from(hash).toString('hex').padEnd(64, '0'),
    md5: Buffer.from(hash).toString('hex').padEnd(32, '0'),
  };
}

/** Counts how often a property of something counted is read. */
class Reads {
  count = 0;

  /** The same object, each of whose properties counts its reads. */
  of<T extends object>(one: T): T {
    const counted = {};
    for (const [name, value] of Object.entries(one))
      Object.defineProperty(counted, name, {
        enumerable: true,
        get: () => {
          this.count += 1;
          return value;
        },
      });
    return counted as T;
  }
}

const PARENT = { id: '1', jobId: 'AUG_2020_INV' };

/** Items under one invoice, all arrived, the server's list of them included; or as many customer batches. */
function loadOf(kind: 'items' | 'customer', size: number, reads: Reads): LoadState {
  const names = Array.from({ length: size }, (_, i) =>
    kind === 'items' ? `AUG_2020_ITM_${i + 1}` : i === 0 ? 'AUG_2020_CUS' : `AUG_2020_CUS_${i + 1}`,
  );
  const seen = (i: number): Batch =>
    reads.of(batch({ id: String(i + 2), jobId: names[i] ?? '', status: 'Success', successCount: 1 }));
  const own = names.map((jobId, i) =>
    reads.of(
      known({
        jobId,
        kind,
        id: String(i + 2),
        file: file(i + 1),
        parent: kind === 'items' ? PARENT : null,
        created: 'yes',
        uploaded: 'yes',
        finalized: kind === 'items' ? 'no' : 'yes',
        object: `https://s3.example.com/in/${i}`,
        seen: kind === 'items' ? null : seen(i),
      }),
    ),
  );
  const head = known({
    jobId: PARENT.jobId,
    kind: 'invoice',
    id: PARENT.id,
    file: file(0, 'inv'),
    created: 'yes',
    uploaded: 'yes',
    finalized: 'yes',
    seen: batch({
      id: PARENT.id,
      jobId: PARENT.jobId,
      status: 'Success',
      successCount: 1,
      children: names.map((_, i) => seen(i)),
    }),
  });
  const all: BatchState[] = kind === 'items' ? [head, ...own] : own;
  return { ...emptyState(HEADER), batches: VersionMap.of(new Map(all.map((one) => [one.jobId, one]))) };
}

type Work = (state: LoadState, size: number) => unknown;

function growth(kind: 'items' | 'customer', work: Work): number {
  const [few = 0, many = 0] = [FEW, FEW * TIMES].map((size) => {
    const reads = new Reads();
    const state = loadOf(kind, size, reads);
    reads.count = 0;
    work(state, size);
    return reads.count;
  });
  return many / few;
}

const files = (size: number, from = 1): SourceFile[] =>
  Array.from({ length: size }, (_, i) => file(from + i));
const PLAN = { jobId: null, again: false, next: false };
const newFiles = (state: LoadState, size: number) =>
  assign(state, 'items', files(size, 1_000_000), { ...PLAN, parent: PARENT.jobId });

const OF_ITEMS: Readonly<Record<string, Work>> = {
  'the view of a load': (state) => viewLoad(state, {}),
  'the next step': (state) => nextStep(state, viewLoad(state, {}), LINUX, (path) => path),
  'whether a load is closed': (state) => isClosed(state, {}, 'invoice'),
  'the last answer about each batch': (state) =>
    [...state.batches.values()].map((one) => lastAnswer(state, one)),
  'files on record, given again': (state, size) =>
    assign(state, 'items', files(size), { ...PLAN, parent: PARENT.jobId }),
  'a month on record, given again': (state, size) =>
    assignMonth(
      state,
      { customers: [], invoices: [{ file: file(0, 'inv'), items: files(size) }] },
      { next: false },
    ),
  'new files': newFiles,
  'new items under another invoice file': (state, size) =>
    assignMonth(
      state,
      { customers: [], invoices: [{ file: file(1, 'inv'), items: files(size, 1_000_000) }] },
      { next: false },
    ),
  'files compared with another load': (state, size) => {
    const given = files(size, 1_000_000).map((one) => ({ file: one, action: 'new' as const }));
    assertNotProcessed([state, state], given, false, {});
  },
  'each object compared with the others': (state, size) => {
    let own = state;
    for (let i = 0; i < size; i += 1) {
      const object = `https://s3.example.com/out/${i}`;
      const jobId = `AUG_2020_ITM_${i + 1}`;
      assertOwnObject(own, [state], { jobId, file: file(i + 1), object }, {}, LINUX);
      own = apply(own, {
        ...{ at: HEADER.startedAt, type: 'intent', call: 'put' },
        ...{ n: i + 1, jobId, object, bytes: 10 },
      } as Parameters<typeof apply>[1]);
    }
  },
  'whether all files have arrived': (state) =>
    assertComplete([state], [{ ...(state.batches.get(PARENT.jobId) as BatchState), finalized: 'no' }], {
      terminal: LINUX,
      shown: (path) => path,
    }),
  'a command put on record': (state, size) => {
    const run = {
      journal: { state, append: async () => undefined },
      emit: () => undefined,
      context: LINUX,
    } as unknown as Run;
    void recordCall(run, {
      ...{ command: 'upload invoice', options: [] },
      files: newFiles(state, size).map((to) => ({ to, parent: PARENT })),
    });
  },
};

const OF_CUSTOMERS: Readonly<Record<string, Work>> = {
  'the view of a load': OF_ITEMS['the view of a load'] as Work,
  'the next step': OF_ITEMS['the next step'] as Work,
  'files of one kind compared with batches of another': newFiles,
  'whether all files have arrived': (state) =>
    assertComplete(
      [state],
      [...state.batches.values()].map((one) => ({ ...one, finalized: 'no' })),
      { terminal: LINUX, shown: (path) => path },
    ),
};

describe.each([
  ['items under one invoice', 'items', OF_ITEMS],
  ['customer batches', 'customer', OF_CUSTOMERS],
] as const)('%s', (_name, kind, works) => {
  it.each(Object.keys(works))('%s takes time in proportion to their number', (name) => {
    const ratio = growth(kind, works[name] as Work);
    // Sorting, and what is read once.
    expect(ratio).toBeLessThan(TIMES * 1.2);
  });
});
