import { expect, test } from 'vitest';
import { withShutdownDelay } from '../../src/api/client.ts';
import { testContext } from '../helpers/context.ts';
import { CREATE, DRAFT, rawServer, rejection, rigFor } from './rig.ts';

/** A context whose sleep ends when the test calls `end`. */
function heldContext() {
  const context = testContext();
  let end = (): void => undefined;
  const slept: number[] = [];
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      slept.push(ms);
      end = resolve;
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  return { ...context, sleep, slept, end: () => end() };
}

test('work under way may finish shortly after an interruption', async () => {
  const context = heldContext();
  const work = withShutdownDelay(context, async (signal) => {
    context.interrupt();
    await new Promise((resolve) => setImmediate(resolve));
    expect(signal.aborted).toBe(false);
    return 'answer';
  });
  expect(await work).toBe('answer');
  expect(context.slept).toEqual([1500]);
});

test('work that takes longer is aborted', async () => {
  const context = heldContext();
  const work = withShutdownDelay(
    context,
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        context.interrupt('SIGTERM');
        setImmediate(context.end);
      }),
  );
  expect(await rejection(work)).toBe('SIGTERM');
});

test('nothing is started after an interruption', async () => {
  const context = testContext();
  context.interrupt();
  let started = false;
  const work = withShutdownDelay(context, async () => {
    started = true;
  });
  expect(await rejection(work)).toBe('SIGINT');
  expect(started).toBe(false);
});

test('without an interruption there is no delay and no listener left', async () => {
  const context = heldContext();
  expect(await withShutdownDelay(context, async () => 1)).toBe(1);
  context.interrupt();
  expect(context.slept).toEqual([]);
});

test('a changing call is not sent after an interruption', async () => {
  const server = await rawServer((_request, response) => response.end(DRAFT));
  const { client, context } = await rigFor(server.origin);
  context.interrupt();
  expect(await rejection(client.create(CREATE))).toBe('SIGINT');
  expect(server.requests).toEqual([]);
});
