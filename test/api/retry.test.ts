import { describe, expect, test } from 'vitest';
import {
  firstPollDelay,
  isRetryable,
  nextPollDelay,
  retryAfterMs,
  retryDelay,
  withJitter,
  withRetries,
  withRetryAfter,
} from '../../src/api/retry.ts';
import { testContext } from '../helpers/context.ts';
import { rejection } from './rig.ts';

describe('retries', () => {
  test('are made for these statuses', () => {
    const all = Array.from({ length: 500 }, (_, n) => n + 100);
    expect(all.filter(isRetryable)).toEqual([408, 425, 429, 500, 502, 503, 504]);
  });

  test('wait exponentially from 0.5 s to 30 s with full jitter', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 2000].map((n) => retryDelay(n, 1 - 1e-12, null))).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(retryDelay(3, 0, null)).toBe(0);
    expect(retryDelay(3, 0.5, null)).toBe(1000);
  });

  test('wait as long as the server asks, but no shorter than without, and 5 minutes at most', () => {
    expect(retryDelay(1, 0.5, 120_000)).toBe(120_000);
    expect(retryDelay(1, 0.5, 0)).toBe(250);
    expect(retryDelay(6, 0.5, 7_000)).toBe(8_000);
    expect(retryDelay(1, 0.5, 86_400_000)).toBe(300_000);
    expect(withRetryAfter('busy', 86_400_000)).toBe('busy (Retry-After: 86,400 s; trying again after 5 min)');
    expect(withRetryAfter('busy', 300_000)).toBe('busy');
  });

  const now = Date.UTC(2020, 7, 31, 22, 0, 0);
  test.each<[string | undefined, number | null]>([
    [undefined, null],
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['Mon, 31 Aug 2020 22:00:09 GMT', 9000],
    ['Mon, 31 Aug 2020 21:00:00 GMT', 0],
    ['Monday, 31-Aug-20 22:00:09 GMT', 9000],
    ['Mon Aug 31 22:00:09 2020', 9000],
    ['', null],
    ['soon', null],
    ['-1', null],
    ['1.5', null],
    ['in 5 seconds', null],
    ['5 seconds', null],
    // Node fires a longer timer at once.
    ['999999999', 2_147_483_647],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 2_147_483_647],
  ])('read Retry-After %j as %j ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });

  test('stop after the given number and return the last value', async () => {
    for (const retries of [0, 1, 4]) {
      const context = testContext();
      const notices: number[] = [];
      let tries = 0;
      const value = await withRetries(
        context,
        retries,
        ({ attempt, waitMs }) => notices.push(attempt, waitMs),
        async () => {
          tries += 1;
          return { retry: tries, message: 'no', retryAfterMs: tries === 2 ? 7777 : null };
        },
      );
      expect(value).toBe(retries + 1);
      expect(context.slept).toEqual([250, 7777, 1000, 2000].slice(0, retries));
      expect(notices).toEqual(context.slept.flatMap((ms, n) => [n + 1, ms]));
    }
  });

  test('are not made for a result or an exception', async () => {
    const context = testContext();
    expect(
      await withRetries(
        context,
        9,
        () => undefined,
        async () => ({ done: 1 }),
      ),
    ).toBe(1);
    const error = new Error('bug');
    const failing = withRetries(
      context,
      9,
      () => undefined,
      async () => {
        throw error;
      },
    );
    expect(await rejection(failing)).toBe(error);
    expect(context.slept).toEqual([]);
  });

  test('end with an interruption, also at the last try', async () => {
    for (const retries of [0, 3]) {
      const context = testContext();
      const trying = withRetries(
        context,
        retries,
        () => undefined,
        async () => {
          context.interrupt();
          return { retry: 'no', message: 'no', retryAfterMs: null };
        },
      );
      expect(await rejection(trying)).toBe('SIGINT');
    }
  });

  test('keep a result from before an interruption', async () => {
    const context = testContext();
    const value = await withRetries(
      context,
      0,
      () => undefined,
      async () => {
        context.interrupt();
        return { done: 'yes' };
      },
    );
    expect(value).toBe('yes');
  });
});

describe('the poll interval', () => {
  const growing = { fixedMs: null };

  test('grows from 2 s by half to 60 s, and starts again at each change', () => {
    const pauses = [firstPollDelay(growing)];
    for (let n = 0; n < 10; n += 1) pauses.push(nextPollDelay(growing, pauses.at(-1) ?? 0, false));
    expect(pauses).toEqual([
      2000, 3000, 4500, 6750, 10125, 15187.5, 22781.25, 34171.875, 51257.8125, 60000, 60000,
    ]);
    expect(nextPollDelay(growing, 60_000, true)).toBe(2000);
  });

  test('has ±20 % jitter', () => {
    expect([0, 0.5, 0.999999].map((random) => withJitter(growing, 10_000, random))).toEqual([
      8000, 10_000, 12_000,
    ]);
  });

  test('is kept when it is fixed', () => {
    const fixed = { fixedMs: 500 };
    expect([firstPollDelay(fixed), nextPollDelay(fixed, 500, false), nextPollDelay(fixed, 9, true)]).toEqual([
      500, 500, 500,
    ]);
    expect([0, 0.7].map((random) => withJitter(fixed, 500, random))).toEqual([500, 500]);
  });
});
