import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/types.ts';
import {
  type Answer,
  type CreateFacts,
  decideFinalize,
  decideInit,
  decideUpload,
  type FinalizeFacts,
  type InitFacts,
  judgeCreate,
  type Standing,
  settledAt,
  settleTimes,
  type UploadFacts,
} from '../../src/load/recover.ts';
import type { BatchState, Doubt } from '../../src/load/state.ts';
import { batch, known } from './fixtures.ts';

const SETTLE = settleTimes(null);
const SENT = Date.UTC(2020, 7, 31, 22, 0, 0);
/** When a call in doubt was last under way. */
const SINCE = new Date(SENT).toISOString();
const SENT_THEN = { since: SINCE, waitMs: 0 };

const STANDING: Readonly<Record<string, Standing>> = { Draft: 'draft', Queued: 'further' };
const standing = (one: Batch): Standing => STANDING[one.status ?? ''] ?? 'unclear';
/** An answer to a question asked `seconds` after the call. */
const replied = (seconds: number, status: string | null): Answer => ({
  at: SENT + seconds * 1000,
  batch: status === null ? null : batch({ id: '4', status }),
});
const NOW = { settle: SETTLE, latest: SENT + 86_400_000 };

const REQUEST = {
  jobId: 'AUG_2020_INIT',
  carryForwardInvoices: true,
  carryForwardCreditMemos: true,
  carryForwardDebitMemos: true,
  zeroOutCustomerBalance: false,
};

describe('init: never blind', () => {
  const doubted = known({ kind: 'init', created: 'unknown', doubts: { init: SENT_THEN }, init: REQUEST });
  const done = known({ kind: 'init', created: 'yes', init: REQUEST });
  const zeroed = { ...REQUEST, zeroOutCustomerBalance: true };
  it.each<[string, Partial<InitFacts>, string]>([
    ['the first time: somebody else may have done it', {}, 'ask'],
    ['nobody did', { asked: replied(0, null) }, 'send'],
    ['another machine did', { asked: replied(0, 'Queued') }, 'found'],
    ['an intent without an answer', { known: doubted }, 'ask'],
    ['… not found, 1 s later: it may commit late', { known: doubted, asked: replied(1, null) }, 'wait'],
    [
      '… not found, just before the settle time is over',
      { known: doubted, asked: replied(899.9, null) },
      'wait',
    ],
    ['… not found, asked when it was over', { known: doubted, asked: replied(900, null) }, 'send'],
    ['… found', { known: doubted, asked: replied(1, 'Queued') }, 'found'],
    ['a refused one', { known: known({ created: 'no', init: REQUEST }) }, 'ask'],
    [
      '… with other options now',
      { known: known({ created: 'no', init: zeroed }), asked: replied(0, null) },
      'send',
    ],
    ['on record', { known: done }, 'done'],
    ['on record with other options', { known: done, request: zeroed }, 'conflict'],
    [
      'in doubt with other options, found',
      { known: doubted, request: zeroed, asked: replied(1, 'Queued') },
      'conflict',
    ],
    [
      'in doubt with other options, not found in the end',
      { known: doubted, request: zeroed, asked: replied(900, null) },
      'send',
    ],
    [
      'found elsewhere: its options are unknown',
      { known: known({ created: 'yes', foundElsewhere: true }), request: zeroed },
      'done',
    ],
  ])('%s', (_name, over, step) => {
    expect(decideInit({ known: undefined, asked: undefined, request: REQUEST, ...NOW, ...over }).do).toBe(
      step,
    );
  });

  it('names the options that differ', () => {
    const step = decideInit({
      known: done,
      asked: undefined,
      request: { ...zeroed, carryForwardInvoices: false },
      ...NOW,
    });
    expect(step).toEqual({
      do: 'conflict',
      differences: ['carryForwardInvoices', 'zeroOutCustomerBalance'],
    });
  });
});

describe('create and upload', () => {
  const facts = (over: Partial<UploadFacts>): UploadFacts => ({
    kind: 'customer',
    known: undefined,
    asked: undefined,
    hasUrl: false,
    adopt: false,
    next: false,
    standing,
    ...NOW,
    ...over,
  });
  const doubted = known({ created: 'unknown', doubts: { create: SENT_THEN } });
  const created = known({ created: 'yes', doubts: { create: SENT_THEN }, createStatus: 'Draft' });
  const found = known({ created: 'yes', foundElsewhere: true, unclaimed: true, seen: batch() });
  it.each<[string, Partial<UploadFacts>, string]>([
    ['the first use of a job id, in any load', {}, 'ask'],
    ['… that is free', { asked: replied(0, null) }, 'create'],
    ['… that is taken', { asked: replied(0, 'Draft') }, 'conflict'],
    ['… taken, --adopt', { asked: replied(0, 'Draft'), adopt: true }, 'adopt'],
    ['… taken, --next', { asked: replied(0, 'Draft'), next: true }, 'next'],
    ['a name found taken after a refusal', { known: known(), asked: replied(0, 'Draft') }, 'conflict'],
    ['found by a command before', { known: found }, 'ask'],
    ['… taken', { known: found, asked: replied(1, 'Success') }, 'conflict'],
    ['… gone since', { known: found, asked: replied(99, null) }, 'conflict'],
    ['… --adopt', { known: found, asked: replied(1, 'Success'), adopt: true }, 'adopt'],
    ['… --next', { known: found, asked: replied(1, 'Success'), next: true }, 'next'],
    ['created, URL in hand', { known: created, hasUrl: true }, 'put'],
    ['created in an earlier run: its URL is gone', { known: created }, 'ask'],
    ['… still a draft', { known: created, asked: replied(1, 'Draft') }, 'create'],
    ['… not found, 1 s later: reads lag behind writes', { known: created, asked: replied(1, null) }, 'wait'],
    ['… not found when the settle time is over', { known: created, asked: replied(60, null) }, 'create'],
    ['… submitted without our file', { known: created, asked: replied(1, 'Queued') }, 'conflict'],
    [
      '… under a name that says neither: a create shows',
      { known: created, asked: replied(1, 'Parked') },
      'create',
    ],
    [
      '… unless it was submitted from here',
      { known: { ...created, finalized: 'unknown' }, asked: replied(1, 'Parked') },
      'conflict',
    ],
    [
      '… submitted, found on another machine',
      { known: { ...created, foundElsewhere: true }, asked: replied(1, 'Queued') },
      'left-alone',
    ],
    ['an intent without an answer', { known: doubted }, 'ask'],
    ['… not found, 59 s later', { known: doubted, asked: replied(59, null) }, 'wait'],
    ['… not found when the settle time is over', { known: doubted, asked: replied(60, null) }, 'create'],
    ['… found as a draft', { known: doubted, asked: replied(1, 'Draft') }, 'create'],
    ['a put without an answer, in an earlier run', { known: { ...created, uploaded: 'unknown' } }, 'ask'],
    ['uploaded', { known: { ...created, uploaded: 'yes' } }, 'done'],
    ['… and lost since', { known: { ...created, uploaded: 'yes', missing: true } }, 'ask'],
    [
      '… still',
      { known: { ...created, uploaded: 'yes', missing: true }, asked: replied(99, null) },
      'missing',
    ],
    [
      '… and back',
      { known: { ...created, uploaded: 'yes', missing: true }, asked: replied(99, 'Draft') },
      'done',
    ],
  ])('%s', (_name, over, step) => {
    expect(decideUpload(facts(over)).do).toBe(step);
  });
});

describe("a create's answer", () => {
  const DRAFT = replied(0, 'Draft');
  const facts = (over: Partial<CreateFacts>): CreateFacts => ({
    kind: 'customer',
    knownId: null,
    asked: undefined,
    exact: false,
    result: { outcome: 'answered', id: '4', hasUrl: true },
    ...over,
  });
  const REFUSED = { outcome: 'refused', status: 400 } as const;
  const OTHER = { outcome: 'answered', id: '9', hasUrl: true } as const;
  it.each<[string, Partial<CreateFacts>, string]>([
    ['a first answer', {}, 'put'],
    ['a reissued URL: the same id', { knownId: '4', asked: DRAFT }, 'put'],
    ['… written with zeros in front', { knownId: '0004', asked: DRAFT }, 'put'],
    ['without a URL', { result: { outcome: 'answered', id: '4', hasUrl: false } }, 'ask'],
    ['lost', { result: { outcome: 'ambiguous' } }, 'ask'],
    ['another id, customers', { knownId: '4', asked: DRAFT, result: OTHER }, 'next'],
    ['another id, invoices', { kind: 'invoice', knownId: '4', asked: DRAFT, result: OTHER }, 'next'],
    [
      'another id, items: both would be finalized',
      { kind: 'items', knownId: '4', asked: DRAFT, result: OTHER },
      'conflict',
    ],
    ['another id, exact job id', { knownId: '4', asked: DRAFT, result: OTHER, exact: true }, 'conflict'],
    ['refused at first: does it exist?', { result: REFUSED }, 'ask'],
    ['refused, and it does not exist', { asked: replied(0, null), result: REFUSED }, 'fail'],
    ['refused as a duplicate, customers', { knownId: '4', asked: DRAFT, result: REFUSED }, 'next'],
    [
      'refused as a duplicate, items',
      { kind: 'items', knownId: '4', asked: DRAFT, result: REFUSED },
      'conflict',
    ],
    ['… that it has forgotten', { knownId: '4', asked: replied(0, null), result: REFUSED }, 'next'],
    [
      '… that it has forgotten, exact job id',
      { knownId: '4', asked: replied(0, null), result: REFUSED, exact: true },
      'conflict',
    ],
    [
      'something else that is not there, such as its invoice batch',
      { kind: 'items', knownId: '4', asked: replied(0, null), result: { outcome: 'refused', status: 404 } },
      'fail',
    ],
    ['wrong credentials', { result: { outcome: 'refused', status: 401 } }, 'fail'],
    ['forbidden', { asked: DRAFT, knownId: '4', result: { outcome: 'refused', status: 403 } }, 'fail'],
    ['no connection', { result: { outcome: 'refused', status: null } }, 'fail'],
  ])('%s', (_name, over, step) => {
    expect(judgeCreate(facts(over)).do).toBe(step);
  });
});

describe('finalize: asked before every send', () => {
  const step = (over: Partial<BatchState>, asked: Answer | undefined): string =>
    decideFinalize({
      known: known({ created: 'yes', createStatus: 'Draft', ...over }),
      asked,
      standing,
      ...NOW,
    }).do;
  const doubted = { finalized: 'unknown', doubts: { finalize: SENT_THEN } } as const;
  it.each<[string, Partial<BatchState>, Answer | undefined, string]>([
    ['not asked yet', {}, undefined, 'ask'],
    ['a draft', {}, replied(0, 'Draft'), 'send'],
    ['finalized elsewhere', {}, replied(0, 'Queued'), 'done'],
    ['a name that it did not have at its creation', {}, replied(0, 'Released'), 'done'],
    ['a name of which nothing is known', { createStatus: null }, replied(0, 'Released'), 'unclear'],
    ['an intent without an answer', doubted, undefined, 'ask'],
    ['… still a draft, 1 s later: it may take effect late', doubted, replied(1, 'Draft'), 'wait'],
    ['… still a draft, 59 s later', doubted, replied(59, 'Draft'), 'wait'],
    ['… still a draft when the settle time is over', doubted, replied(60, 'Draft'), 'send'],
    ['… that did happen', doubted, replied(1, 'Queued'), 'done'],
    ['… under a new name', { ...doubted, createStatus: null }, replied(1, 'Released'), 'done'],
    ['… not found, 1 s later', doubted, replied(1, null), 'wait'],
    ['on record', { finalized: 'yes' }, undefined, 'done'],
    ['not found', {}, replied(0, null), 'missing'],
    ['… just after it was created: reads lag', { doubts: { create: SENT_THEN } }, replied(2, null), 'wait'],
    ['… when its creation has settled', { doubts: { create: SENT_THEN } }, replied(60, null), 'missing'],
  ])('%s', (_name, over, asked, expected) => {
    expect(step(over, asked)).toBe(expected);
  });
});

describe('in every state of a journal and for every answer', () => {
  const happened = fc.constantFrom('no', 'unknown', 'yes') as fc.Arbitrary<'no' | 'unknown' | 'yes'>;
  const seconds = fc.integer({ min: 0, max: 2_000 });
  const states = fc
    .record({
      created: happened,
      uploaded: happened,
      finalized: happened,
      foundElsewhere: fc.boolean(),
      createStatus: fc.constantFrom(null, 'Draft', 'Parked'),
      calls: fc.subarray(['init', 'create', 'finalize'] as const),
      waitMs: fc.constantFrom(0, 5_000, 60_000),
    })
    .map(({ calls, waitMs, ...over }) =>
      known({ ...over, doubts: Object.fromEntries(calls.map((call) => [call, { since: SINCE, waitMs }])) }),
    );
  const answers = fc.tuple(seconds, fc.constantFrom(null, 'Draft', 'Queued', 'Parked'));
  const settles = fc.constantFrom(0, 1_000, 60_000, null).map(settleTimes);
  /** ms after the call was sent; with `--settle 0` nothing is waited for. */
  const until = (doubt: Doubt | undefined, settleMs: number): number =>
    doubt === undefined || settleMs === 0 ? 0 : (doubt.waitMs ?? 0) + settleMs;

  it('nothing is sent again while an earlier call may still take effect', () => {
    fc.assert(
      fc.property(states, answers, settles, (state, [asked, status], settle) => {
        const answer = replied(asked, status);
        const facts = { known: state, asked: answer, settle, latest: NOW.latest };
        const age = answer.at - SENT;
        const init = decideInit({ ...facts, request: REQUEST });
        if (init.do === 'send') {
          expect(answer.batch).toBeNull();
          expect(age).toBeGreaterThanOrEqual(until(state.doubts.init, settle.initMs));
        }
        const finalize = decideFinalize({ ...facts, standing });
        if (finalize.do === 'send') {
          expect(status).toBe('Draft');
          expect(age).toBeGreaterThanOrEqual(until(state.doubts.finalize, settle.otherMs));
        }
        if (finalize.do === 'missing') expect(status).toBeNull();
        if (finalize.do === 'done' && state.finalized !== 'yes')
          expect(['Queued', 'Parked']).toContain(status);
        const upload = decideUpload({
          ...facts,
          kind: 'customer',
          hasUrl: false,
          adopt: false,
          next: false,
          standing,
        });
        if (upload.do === 'create' && status === null && state.created !== 'no')
          expect(age).toBeGreaterThanOrEqual(until(state.doubts.create, settle.otherMs));
      }),
    );
  });

  it('nothing is concluded without an answer, and every wait has an end', () => {
    fc.assert(
      fc.property(states, answers, settles, (state, [asked, status], settle) => {
        const facts = { known: state, settle, latest: NOW.latest };
        expect(['ask', 'done', 'conflict']).toContain(
          decideInit({ ...facts, asked: undefined, request: REQUEST }).do,
        );
        expect(['ask', 'done']).toContain(decideFinalize({ ...facts, asked: undefined, standing }).do);
        for (const decide of [
          (answer: Answer) => decideInit({ ...facts, asked: answer, request: REQUEST }),
          (answer: Answer) => decideFinalize({ ...facts, asked: answer, standing } as FinalizeFacts),
        ]) {
          const step = decide(replied(asked, status));
          if (step.do !== 'wait') continue;
          const then = { ...replied(asked, status), at: step.untilMs };
          expect(decide(then).do).not.toBe('wait');
        }
      }),
    );
  });

  it('a clock that was set back lengthens no wait beyond the settle time', () => {
    const state = known({
      doubts: { create: { since: new Date(SENT + 3_600_000).toISOString(), waitMs: 0 } },
    });
    expect(settledAt(state, ['create'], SETTLE, SENT)).toBe(SENT + 60_000);
  });
});

describe('the settle time of a call whose process was killed', () => {
  const minutes = (doubts: BatchState['doubts'], settle = SETTLE): number =>
    (settledAt(known({ doubts }), ['init', 'create', 'finalize'], settle, NOW.latest) - SENT) / 60_000;

  it('starts when that process would have stopped waiting for the answer', () => {
    expect(minutes({ finalize: { since: SINCE, waitMs: 60_000 } })).toBe(2);
    expect(minutes({ create: { since: SINCE, waitMs: 120_000 } })).toBe(3);
    expect(minutes({ init: { since: SINCE, waitMs: 30 * 60_000 } })).toBe(45);
  });

  it('starts after the default time-outs where an older journal does not say how long it waited', () => {
    expect(minutes({ finalize: { since: SINCE, waitMs: null } })).toBe(2);
    expect(minutes({ init: { since: SINCE, waitMs: null } })).toBe(45);
  });

  it('is left out with --settle 0', () => {
    const doubts = { init: { since: SINCE, waitMs: null }, finalize: { since: SINCE, waitMs: 60_000 } };
    expect(settledAt(known({ doubts }), ['init', 'finalize'], settleTimes(0), NOW.latest)).toBe(0);
  });
});
