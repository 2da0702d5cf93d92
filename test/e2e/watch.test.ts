import { createServer, type ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listening, recordingHandler } from '../api/rig.ts';
import { someRows } from '../helpers/some-rows.ts';
import { type Machine, machine } from './harness.ts';

// A watch through everything that servers and gateways do instead of answering (commands rule 13).

/** A clock that only sleeping moves. @param asleep ms that the machine itself sleeps in each pause */
const slowClock = (asleep = 0) => {
  let now = Date.UTC(2020, 7, 31, 22, 0, 0);
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms + asleep;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
};

type Answer = (response: ServerResponse, origin: string) => void;

const batch =
  (status: string, id = '1'): Answer =>
  (response) => {
    const counts = status === 'Success' ? '<successCount>2</successCount><failCount>0</failCount>' : '';
    response.end(
      `<batchProcess><id>${id}</id><jobId>A_CUS</jobId><status>${status}</status>${counts}</batchProcess>`,
    );
  };
const QUEUED = batch('Queued');
const DONE = batch('Success');
const page =
  (status: number): Answer =>
  (response) =>
    response
      .writeHead(status, { 'content-type': 'text/html' })
      .end('<html><title>Default backend</title></html>');
const busy =
  (retryAfter?: string): Answer =>
  (response) =>
    response.writeHead(503, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
const reset: Answer = (response) => response.socket?.resetAndDestroy();
const hang: Answer = () => undefined;
const drip: Answer = (response) => {
  response.writeHead(200, { 'content-length': '100000' });
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
};

/** Answers questions in this order; the last answer repeats. */
async function answering(answers: readonly Answer[], clock = slowClock()) {
  const at: number[] = [];
  let origin = '';
  const server = createServer(
    recordingHandler([], (_request, response, n) => {
      at.push(clock.now());
      answers[Math.min(n, answers.length) - 1]?.(response, origin);
    }),
  );
  origin = `http://127.0.0.1:${await listening(server)}`;
  const client: Machine = machine(null, { EBILL_BASE_URL: origin }, clock);
  /** ms between questions. */
  const pauses = (): number[] => at.slice(1).map((time, i) => time - (at[i] ?? 0));
  return { client, asked: () => at.length, pauses, host: new URL(origin).host };
}

const WATCH = ['watch', '--id', '1'];

describe('a batch that is not on record here', () => {
  it.each<[string, Answer]>([
    ['a reset', reset],
    ['HTTP 503', busy()],
    ['a page at 200', page(200)],
    ['a page at 400', page(400)],
    ['a page at 404', page(404)],
    ['a page at 405', page(405)],
  ])('is watched through %s, from the first poll on and later', async (_what, broken) => {
    const { client, asked } = await answering([broken, broken, QUEUED, broken, QUEUED, DONE]);
    const ran = await client.call([...WATCH, '--json']);
    expect([ran.code, ran.json.outcome, asked()]).toEqual([0, 'succeeded', 6]);
  });

  it('ends with 6 after --patience without an answer, which is said', async () => {
    const clock = slowClock();
    const { client, host } = await answering([busy()], clock);
    const began = clock.now();
    const ran = await client.call([...WATCH, '--patience', '2m']);
    expect([ran.code, ran.stderr]).toEqual([
      6,
      expect.stringContaining(`Getting the status of batch 1 from ${host}: HTTP 503`),
    ]);
    expect(ran.stderr).toContain('no answer since 22:00:00');
    expect(clock.now() - began).toBeGreaterThanOrEqual(120_000);
    expect(clock.now() - began).toBeLessThan(240_000);
  });

  it('is unknown at once where the API says so, and after the third page', async () => {
    const unknown: Answer = (response) =>
      response.writeHead(404).end('<error><message>No batch</message></error>');
    const told = await answering([unknown]);
    expect([(await told.client.call(WATCH)).code, told.asked()]).toEqual([9, 1]);
    const paged = await answering([page(404)]);
    expect([(await paged.client.call(WATCH)).code, paged.asked()]).toEqual([9, 3]);
  });

  it('of a load named with --job is looked up with the same patience', async () => {
    const none: Answer = (response) =>
      response.writeHead(404).end('<error><message>No batch</message></error>');
    const { client } = await answering([busy(), none, reset, DONE, page(404), none, busy(), none]);
    const ran = await client.call(['watch', '--job', 'A', '--json']);
    expect([ran.code, ran.json.batches.map(({ jobId }) => jobId)]).toEqual([0, ['A_CUS']]);
  });
});

describe('--max-wait', () => {
  const { some, others } = someRows<{ readonly which: string; readonly answers: readonly Answer[] }>(
    [
      { which: 'the first answer hangs', answers: [hang] },
      { which: 'a later answer hangs', answers: [QUEUED, hang] },
      { which: 'the first answer drips', answers: [drip] },
      { which: 'a later answer drips', answers: [QUEUED, drip] },
    ],
    3,
  );
  const ends = async ({ answers }: { readonly answers: readonly Answer[] }): Promise<void> => {
    const { client } = await answering(answers, { now: Date.now, sleep: async () => undefined });
    const began = performance.now();
    const ran = await client.call([...WATCH, '--max-wait', '1200ms', '--json']);
    expect([ran.code, ran.json.error?.code]).toEqual([7, 'STILL_RUNNING']);
    expect(performance.now() - began).toBeLessThan(2_200);
  };
  it.each(some)('ends a poll under way, within a second: $which', ends);
  it.each(others)('ends a poll under way, within a second: $which', { tags: 'slow' }, ends);
});

describe('the pauses between two polls', () => {
  it('are as long as --interval says, the one after the look-up included', async () => {
    const { client, pauses } = await answering([QUEUED, QUEUED, QUEUED, DONE]);
    expect((await client.call([...WATCH, '--interval', '1s'])).code).toBe(0);
    expect(pauses()).toEqual([1000, 1000, 1000]);
  });

  it.each<[string, Answer]>([
    ['with 503', busy('20')],
    ['with an answer', (response, origin) => QUEUED(response.setHeader('retry-after', '20'), origin)],
  ])('are as long as Retry-After says, which is reported once: %s', async (_what, answer) => {
    const { client, pauses } = await answering([answer, answer, QUEUED, answer, DONE]);
    const ran = await client.call([...WATCH, '--interval', '30s']);
    expect([ran.code, pauses()]).toEqual([0, [30_000, 30_000, 30_000, 30_000]]);
    const short = await answering([answer, answer, QUEUED, answer, DONE]);
    const then = await short.client.call([...WATCH, '--interval', '1s']);
    expect([then.code, short.pauses()]).toEqual([0, [20_000, 20_000, 1_000, 20_000]]);
    expect(then.stderr.match(/the server asks for 20 s between requests/g)).toHaveLength(1);
  });

  it('are 5 minutes at most, however long the server asks for', async () => {
    const { client, pauses } = await answering([QUEUED, busy('86400'), DONE]);
    const ran = await client.call([...WATCH, '--interval', '1s']);
    expect([ran.code, pauses()]).toEqual([0, [1_000, 300_000]]);
    expect(ran.stderr).toContain(
      'asks for 86,400 s between requests (Retry-After); it is asked again after 5 min',
    );
  });
});

describe('--patience', () => {
  it('counts no time in which the machine slept', async () => {
    const hour = 3_600_000;
    const { client } = await answering([QUEUED, busy(), busy(), busy(), DONE], slowClock(hour));
    expect((await client.call(WATCH)).code).toBe(0);
    const down = await answering([QUEUED, busy()], slowClock(hour));
    const ran = await down.client.call([...WATCH, '--interval', '1m']);
    // Ten minutes of pauses.
    expect([ran.code, down.asked()]).toEqual([6, 12]);
  });
});
