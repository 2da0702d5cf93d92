import { describe, expect, it } from 'vitest';
import type { BatchRef } from '../../src/api/request.ts';
import { unavailable } from '../../src/api/result.ts';
import type { Batch } from '../../src/batch/types.ts';
import { EbillError } from '../../src/errors.ts';
import type { LoadEvent } from '../../src/load/events.ts';
import { memoryJournal } from '../../src/load/journal.ts';
import { settleTimes } from '../../src/load/recover.ts';
import { refresh } from '../../src/load/refresh.ts';
import { downloadResults } from '../../src/load/results.ts';
import type { Run } from '../../src/load/run.ts';
import type { BatchState } from '../../src/load/state.ts';
import { viewLoad } from '../../src/load/view.ts';
import { Waiting } from '../../src/load/waiting.ts';
import { type WatchEnd, watch } from '../../src/load/watch.ts';
import { testContext } from '../helpers/context.ts';
import { batch, known, load, source } from './fixtures.ts';

const NIGHT = Date.UTC(2020, 7, 31, 22, 0, 0);
const at = (seconds: number): string => new Date(NIGHT + seconds * 1000).toISOString();
const LONG_AGO = at(-7200);
const answered = (times: Readonly<Record<string, string>>): BatchState['doubts'] =>
  Object.fromEntries(Object.entries(times).map(([call, since]) => [call, { since, waitMs: 0 }]));
const SENT = { created: 'yes', uploaded: 'yes', finalized: 'yes', changedAt: LONG_AGO } as const;

const CUS = known({ ...SENT, id: '3', seen: batch({ status: 'Queued' }) });
const INV = known({
  ...SENT,
  jobId: 'AUG_2020_INV',
  kind: 'invoice',
  id: '4',
  file: source('inv.csv', 'i'),
  seen: batch({ id: '4', jobId: 'AUG_2020_INV', status: 'Queued' }),
});
const init = (children: readonly Batch[], over: Partial<BatchState['init'] & object> = {}): BatchState =>
  known({
    ...SENT,
    jobId: 'AUG_2020_INIT',
    kind: 'init',
    id: '1',
    file: null,
    init: {
      jobId: 'AUG_2020_INIT',
      carryForwardInvoices: true,
      carryForwardCreditMemos: true,
      carryForwardDebitMemos: false,
      zeroOutCustomerBalance: false,
      ...over,
    },
    seen: initAnswer(children),
  });
const initAnswer = (children: readonly Batch[]): Batch =>
  batch({ id: '1', jobId: 'AUG_2020_INIT', status: null, children });
const part = (element: string, status: string | null): Batch =>
  batch({
    element,
    id: status === null ? null : '2',
    jobId: null,
    status,
    successCount: status === null ? null : 5,
    failCount: status === null ? null : 0,
  });
const done = (counts: Partial<Batch> = {}): Batch =>
  batch({ status: 'Success', successCount: 10, ...counts });

/** `other`: about another batch, twice. */
type Answer = Batch | null | 'down' | 'other';

/**
 * Watches some batches of a load, with a clock that only sleeping moves.
 * @param server the answers about each id, in order; the last one repeats
 */
function rig(states: readonly BatchState[], server: Readonly<Record<string, readonly Answer[]>>, settle = 0) {
  const context = testContext({ now: NIGHT });
  const asked: string[] = [];
  const events: LoadEvent[] = [];
  const run = {
    context,
    journal: memoryJournal(load(...states), context.now),
    emit: (event: LoadEvent) => events.push(event),
    statusNames: {},
    recordStatus: {},
    settle: settleTimes(settle * 1000),
    urls: null,
    client: {
      longestQuestionMs: 130_000,
      status: async (ref: BatchRef) => {
        const id = ('id' in ref ? ref.id : null) ?? ('jobId' in ref ? ref.jobId : null) ?? '';
        const answers = server[id] ?? [];
        const nth = asked.filter((one) => one === id).length;
        asked.push(id);
        const answer = answers[Math.min(nth, answers.length - 1)];
        if (answer === 'other') throw new EbillError('CONFLICT', `${id} is another batch`, { hint: 'Ask.' });
        if (answer === 'down') throw unavailable('Getting the status', 'HTTP 503');
        return answer ?? null;
      },
    },
  } as unknown as Run;
  const watched = (maxWaitMs: number | null = null): Promise<WatchEnd> =>
    watch(
      run,
      states.map(({ jobId }) => jobId),
      new Waiting(run, { cadence: { fixedMs: null }, maxWaitMs, patienceMs: 600_000 }),
    ).then(({ end }) => end);
  const phases = (): unknown => viewLoad(run.journal.state, {}).map(({ phase, status }) => [phase, status]);
  const look = (all = true) =>
    refresh(
      run,
      states.map(({ jobId }) => jobId),
      { question: { tries: 0 }, all },
    );
  return { run, context, asked, events, watched, phases, look };
}

describe('a batch that is not found', () => {
  it('once is no news: the poll failed', async () => {
    const { watched, phases, run } = rig([CUS], { 3: [null, done()] });
    expect(await watched()).toBe('settled');
    expect(phases()).toEqual([['succeeded', 'Success']]);
    expect(run.journal.state.batches.get('AUG_2020_CUS')?.missing).toBe(false);
  });

  it('is missing when it is not found again after the settle time, with its last status', async () => {
    const { watched, phases, context } = rig([CUS], { 3: [null] }, 60);
    expect(await watched()).toBe('missing');
    expect(phases()).toEqual([['missing', 'Queued']]);
    expect(context.now() - NIGHT).toBeGreaterThanOrEqual(60_000);
    expect(context.now() - NIGHT).toBeLessThan(120_000);
  });

  it('with --settle 0 is missing at the second look', async () => {
    const { watched, asked } = rig([CUS], { 3: [null] });
    expect(await watched()).toBe('missing');
    expect(asked).toEqual(['3', '3']);
  });

  it('a node that answers now and then does not make it missing', async () => {
    const { watched } = rig([CUS], { 3: [null, batch({ status: 'Queued' }), null, done()] });
    expect(await watched()).toBe('settled');
  });

  it('is no evidence within the settle time of its own calls', async () => {
    const submitted = { ...CUS, doubts: answered({ create: at(-50), finalize: at(-20) }) };
    const { look, phases } = rig([submitted], { 3: [null] }, 60);
    const { failures, answers } = await look();
    expect([failures[0]?.code, answers]).toEqual(['UNAVAILABLE', 0]);
    expect(failures[0]?.hint).not.toContain('--again');
    expect(phases()).toEqual([['queued', 'Queued']]);
  });

  it('is missing after one question when the settle time of its own calls is over', async () => {
    const submitted = { ...CUS, doubts: answered({ create: at(-90), finalize: at(-61) }) };
    const { look, phases } = rig([submitted], { 3: [null] }, 60);
    expect((await look()).failures).toEqual([]);
    expect(phases()).toEqual([['missing', 'Queued']]);
  });

  it('has no result, which is said: a lost batch, or a question without an answer', async () => {
    const results = (one: BatchState) => {
      const { run } = rig([one], { 3: [null] }, 60);
      return { run, files: downloadResults(run, [one.jobId], '/nowhere') };
    };
    const final = { ...CUS, seen: done() };
    const lost = results(final);
    expect((await lost.files).files).toEqual([]);
    expect(lost.run.journal.state.batches.get('AUG_2020_CUS')?.missing).toBe(true);
    const young = results({ ...final, doubts: answered({ finalize: at(-20) }) });
    expect((await young.files).failed).toMatchObject([
      { jobId: 'AUG_2020_CUS', error: { code: 'UNAVAILABLE' } },
    ]);
  });

  it('has no result if it was left out, whatever the server makes of its draft (commands rule 6)', async () => {
    const url = 'http://127.0.0.1:1/out/x_output.csv';
    const results = (successCount: number) => {
      const left = { ...CUS, uploaded: 'no', leftOut: true } as const;
      const { run } = rig([left], { 3: [batch({ status: 'Failed', successCount, downloadUrl: url })] }, 60);
      return downloadResults(run, [left.jobId], '/nowhere');
    };
    expect(await results(0)).toEqual({ files: [], without: [], gone: [], failed: [] });
    // What it loaded all the same is asked for.
    await expect(results(1)).rejects.toThrow();
  });

  it('stops nothing else: the others are watched to their end', async () => {
    const { watched, phases } = rig([CUS, INV], {
      3: [null],
      4: ['Queued', 'Running', 'Running', 'Success'].map((status) =>
        batch({ id: '4', jobId: 'AUG_2020_INV', status, successCount: status === 'Success' ? 10 : 0 }),
      ),
    });
    expect(await watched()).toBe('missing');
    expect(phases()).toEqual([
      ['missing', 'Queued'],
      ['succeeded', 'Success'],
    ]);
  });

  it('and is seen again is not missing any more, even as it was', async () => {
    const { look, phases } = rig([{ ...CUS, missing: true }], { 3: [batch({ status: 'Queued' })] });
    await look();
    expect(phases()).toEqual([['queued', 'Queued']]);
  });

  it('and never was is an upload that was interrupted', async () => {
    const { look, phases } = rig(
      [{ ...CUS, id: null, seen: null, created: 'unknown', uploaded: 'no', finalized: 'no' }],
      {},
    );
    expect((await look()).unseen).toEqual(['AUG_2020_CUS']);
    expect(phases()).toEqual([['draft', null]]);
  });
});

describe('an id on record that leads to another batch', () => {
  const run = (byJobId: Answer) =>
    rig([CUS], { 3: ['other'], AUG_2020_CUS: [byJobId], 7: [done({ id: '7' })] });

  it('was learnt from a wrong answer if the job id has another: the batch is asked for by that', async () => {
    const { look, asked, phases, run: at } = run(done({ id: '7' }));
    await look();
    await look();
    expect(asked).toEqual(['3', 'AUG_2020_CUS', '7']);
    expect(at.journal.state.batches.get('AUG_2020_CUS')?.id).toBe('7');
    expect(phases()).toEqual([['succeeded', 'Success']]);
  });

  it('stays if the job id has the same, and the answer counts', async () => {
    const { look, run: at } = run(done({ id: '03' }));
    await look();
    expect(at.journal.state.batches.get('AUG_2020_CUS')).toMatchObject({
      id: '3',
      seen: { status: 'Success' },
    });
  });

  it.each([
    ['not found', null],
    ['without a job id', done({ id: '7', jobId: null })],
    ['another', 'other'],
  ] as const)('is a conflict if the answer for the job id is %s', async (_what, answer) => {
    await expect(run(answer).look()).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('a server that is down', () => {
  const empty = [part('carryForwardInvoice', 'Success'), part('carryForwardCreditMemo', null)];

  it('gives no verdict on what looks final but can still change: 6 after --patience, 7 with --max-wait', async () => {
    const down = rig([init(empty)], { 1: ['down'] });
    await expect(down.watched()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(down.context.now() - NIGHT).toBeGreaterThanOrEqual(600_000);
    const short = rig([CUS], { 3: [done({ successCount: 0 }), 'down'] });
    await expect(short.watched()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const both = rig([init(empty), CUS], { 1: ['down'], 3: [done({ successCount: 0 })] });
    await expect(both.watched()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await rig([init(empty)], { 1: ['down'] }).watched(5_000)).toBe('timeout');
  });

  it('… and a verdict as soon as it answers', async () => {
    const { watched, asked } = rig([init(empty)], { 1: ['down', 'down', initAnswer(empty)] });
    expect(await watched()).toBe('settled');
    expect(asked).toHaveLength(3);
  });

  it('… for one batch alone, while another that was never submitted is answered for', async () => {
    const draft = { ...CUS, finalized: 'no', uploaded: 'yes', seen: batch() } as const;
    const { watched } = rig([init(empty), draft], { 1: ['down'], 3: [batch()] });
    await expect(watched()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('is not a look at counts that do not add up', async () => {
    const short = done({ successCount: 0 });
    const { watched, run } = rig([CUS], { 3: [short, 'down', 'down', done()] });
    expect(await watched()).toBe('settled');
    expect(viewLoad(run.journal.state, {})[0]?.outcome).toBe('succeeded');
  });

  it('makes nothing missing', async () => {
    const { look, phases } = rig([CUS], { 3: ['down'] });
    expect((await look()).failures).toHaveLength(1);
    expect(phases()).toEqual([['queued', 'Queued']]);
  });
});

describe('what a look asks for', () => {
  const PARTS = [part('carryForwardInvoice', 'Success'), part('carryForwardCreditMemo', null)];
  const final = { ...CUS, seen: done() };

  it('everything, final or not', async () => {
    const { look, asked } = rig([init([part('carryForwardInvoice', 'Success')]), final], {
      1: [initAnswer([])],
      3: [done()],
    });
    await look();
    expect(asked).toEqual(['1', '3']);
  });

  it('of a watch: not what is final and accounted for', async () => {
    const all = [part('carryForwardInvoice', 'Success'), part('carryForwardCreditMemo', 'Success')];
    const { watched, asked } = rig([init(all), final], {});
    expect(await watched()).toBe('settled');
    expect(asked).toEqual([]);
  });

  it('of a watch: an init with a part that was asked for and has not run', async () => {
    const { watched, asked } = rig([init(PARTS)], { 1: [initAnswer(PARTS)] });
    expect(await watched()).toBe('settled');
    expect(asked).toEqual(['1']);
  });

  it('of a watch: that part runs later and fails', async () => {
    const failed = initAnswer([PARTS[0] as Batch, part('carryForwardCreditMemo', 'Failed')]);
    const { watched, run } = rig([init(PARTS)], { 1: [failed] });
    expect(await watched()).toBe('settled');
    expect(viewLoad(run.journal.state, {})[0]?.outcome).toBe('failed');
  });

  it('of a watch: no part that was not asked for', async () => {
    const { watched, asked } = rig([init(PARTS, { carryForwardCreditMemos: false })], {});
    expect(await watched()).toBe('settled');
    expect(asked).toEqual([]);
  });
});

describe('counts that do not add up', () => {
  const short = done({ successCount: 0 });

  it('are asked for again until they do', async () => {
    const { watched, run } = rig([CUS], { 3: [short, short, done()] });
    expect(await watched()).toBe('settled');
    expect(viewLoad(run.journal.state, {})[0]?.outcome).toBe('succeeded');
  });

  it('are final when they stay as they are for the settle time', async () => {
    const { watched, run, context } = rig([CUS], { 3: [short] }, 60);
    expect(await watched()).toBe('settled');
    expect(viewLoad(run.journal.state, {})[0]?.outcome).toBe('failed');
    expect(context.now() - NIGHT).toBeGreaterThanOrEqual(60_000);
    expect(context.now() - NIGHT).toBeLessThan(120_000);
  });

  it('are asked for again by the next command, however long ago they were seen', async () => {
    const old = { ...CUS, seen: short };
    const { watched, asked, context } = rig([old], { 3: [short] }, 60);
    expect(await watched()).toBe('settled');
    expect(asked).toEqual(['3', '3', '3']);
    expect(context.now() - NIGHT).toBeLessThan(10_000);
  });

  it('do not outlast --max-wait', async () => {
    const { watched, context } = rig([CUS], { 3: [short] }, 60);
    expect(await watched(5_000)).toBe('settled');
    expect(context.now() - NIGHT).toBeLessThanOrEqual(6_000);
  });
});
