import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authHeaders, endpointOf } from '../../src/api/connection.ts';
import { withQuery } from '../../src/api/request.ts';
import { refusal, unavailable } from '../../src/api/result.ts';
import {
  firstPollDelay,
  isRetryable,
  nextPollDelay,
  retryAfterMs,
  retryDelay,
  wasNotProcessed,
  withJitter,
  withRetries,
} from '../../src/api/retry.ts';
import { isExpired, presignedFacts } from '../../src/api/transfer-url.ts';
import { EbillError } from '../../src/errors.ts';
import { testContext } from '../helpers/context.ts';
import { connectionTo, golden, rejection } from './rig.ts';

describe('presigned URLs', () => {
  const uploadUrl = /<uploadUrl>(.*)<\/uploadUrl>/.exec(golden('create-customer-answer'))?.[1] ?? '';
  const end = Date.UTC(2021, 8, 21, 7, 15, 53) + 3599_000;

  test('the vendor’s: its object and its end, and nothing of its signature', () => {
    expect(presignedFacts(uploadUrl)).toEqual({
      object: 'https://batch-upload-dev.s3.us-east-2.amazonaws.com/acme/in/CUS_21ST_SEPT_1PM.csv',
      expiresAt: end,
    });
  });

  test('two URLs of one object name the same', () => {
    const again = uploadUrl
      .replace('20210921T071553Z', '20210922T000000Z')
      .replace('EXAMPLE_SIGNATURE', 'OTHER');
    expect(presignedFacts(again).object).toBe(presignedFacts(uploadUrl).object);
  });

  test.each([
    ['https://h/o', null],
    ['https://h/o?X-Amz-Date=20210921T071553Z', null],
    ['https://h/o?X-Amz-Expires=3599', null],
    ['https://h/o?X-Amz-Date=2021-09-21&X-Amz-Expires=3599', null],
    ['https://h/o?X-Amz-Date=20210921T071553Z&X-Amz-Expires=-1', null],
    ['https://h/o?X-Amz-Date=20210921T071553Z&X-Amz-Expires=1e3', null],
    ['https://h/o?X-Amz-Expires=3599&x-amz-date=20210921T071553Z', end],
    ['https://h/o?a=1&X-Amz-Expires=3599&b&X-Amz-Date=20210921T071553Z#f', end],
    ['https://h/o?not-X-Amz-Expires=9&X-Amz-Expires=3599&X-Amz-Date=20210921T071553Z', end],
    ['', null],
  ])('%s ends at %s', (url, expiresAt) => {
    expect(presignedFacts(url).expiresAt).toBe(expiresAt);
  });

  test('userinfo is not kept', () => {
    expect(presignedFacts('https://user:secret@h/o?x=1').object).not.toContain('secret');
  });

  test('is past its life five seconds early, never before', () => {
    const facts = presignedFacts(uploadUrl);
    expect(isExpired(facts, end - 5_001)).toBe(false);
    expect(isExpired(facts, end - 5_000)).toBe(true);
    expect(isExpired(facts, end + 1)).toBe(true);
    expect(isExpired({ object: 'x', expiresAt: null }, Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

describe('polling', () => {
  const growing = { fixedMs: null };

  test('from 2 s growing by half to 60 s, back at each change', () => {
    const pauses = [firstPollDelay(growing)];
    for (let n = 0; n < 10; n += 1) pauses.push(nextPollDelay(growing, pauses.at(-1) ?? 0, false));
    expect(pauses).toEqual([
      2000, 3000, 4500, 6750, 10125, 15187.5, 22781.25, 34171.875, 51257.8125, 60000, 60000,
    ]);
    expect(nextPollDelay(growing, 60_000, true)).toBe(2000);
  });

  test('jitter is ±20 %', () => {
    expect([0, 0.5, 0.999999].map((random) => withJitter(growing, 10_000, random))).toEqual([
      8000, 10_000, 12_000,
    ]);
  });

  test('a fixed interval is kept as asked for', () => {
    const fixed = { fixedMs: 500 };
    expect([firstPollDelay(fixed), nextPollDelay(fixed, 500, false), nextPollDelay(fixed, 9, true)]).toEqual([
      500, 500, 500,
    ]);
    expect([0, 0.7].map((random) => withJitter(fixed, 500, random))).toEqual([500, 500]);
  });
});

describe('retries', () => {
  test('which statuses', () => {
    const all = Array.from({ length: 500 }, (_, n) => n + 100);
    expect(all.filter(isRetryable)).toEqual([408, 425, 429, 500, 502, 503, 504]);
    expect(all.filter(wasNotProcessed)).toEqual([408, 425, 429]);
  });

  test('exponential from 0.5 s, full jitter, capped at 30 s', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 2000].map((n) => retryDelay(n, 1 - 1e-12, null))).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(retryDelay(3, 0, null)).toBe(0);
    expect(retryDelay(3, 0.5, null)).toBe(1000);
    expect(retryDelay(1, 0.5, 120_000)).toBe(120_000);
    expect(retryDelay(1, 0.5, 0)).toBe(0);
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
    // A timer set for longer would fire at once.
    ['999999999', 2_147_483_647],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 2_147_483_647],
  ])('Retry-After %j is %j ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });

  test('as many further tries as asked for, then the last value', async () => {
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
          return { retry: tries, message: 'no', retryAfterMs: tries === 2 ? 77 : null };
        },
      );
      expect(value).toBe(retries + 1);
      expect(context.slept).toEqual([250, 77, 1000, 2000].slice(0, retries));
      expect(notices).toEqual(context.slept.flatMap((ms, n) => [n + 1, ms]));
    }
  });

  test('done is done, and what is thrown is not tried again', async () => {
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

  test('an interruption ends it, also at the last try', async () => {
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

  test('what is done before an interruption counts', async () => {
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

describe('the endpoint', () => {
  test.each([
    ['https://h', 'https://h/rest/batchProcess'],
    ['https://h/', 'https://h/rest/batchProcess'],
    ['https://h//', 'https://h/rest/batchProcess'],
    ['https://h/rest', 'https://h/rest/batchProcess'],
    ['https://h/rest/', 'https://h/rest/batchProcess'],
    ['https://h/REST', 'https://h/rest/batchProcess'],
    ['https://h/rest/batchProcess/', 'https://h/rest/batchProcess'],
    [' https://h/acme ', 'https://h/acme/rest/batchProcess'],
    ['https://h/acme/rest/', 'https://h/acme/rest/batchProcess'],
    ['https://h/forest', 'https://h/forest/rest/batchProcess'],
    ['https://h:8443/a/b', 'https://h:8443/a/b/rest/batchProcess'],
  ])('of %j is %s', (base, endpoint) => {
    expect(endpointOf(base)).toBe(endpoint);
  });

  test('values survive the query', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme' })), (query) => {
        const url = withQuery(withQuery('https://h/x', { id: '1' }), query);
        expect([...new URL(url).searchParams]).toEqual([['id', '1'], ...Object.entries(query)]);
      }),
    );
  });

  test('credentials as headers', () => {
    const of = (auth: Parameters<typeof connectionTo>[1] & object) =>
      authHeaders(connectionTo('https://h', auth));
    expect(of({ auth: { type: 'none' } })).toEqual({});
    expect(of({ auth: { type: 'basic', username: 'zoë', password: 'p:ä' } })).toEqual({
      authorization: `Basic ${Buffer.from('zoë:p:ä').toString('base64')}`,
    });
    expect(of({ auth: { type: 'bearer', token: 'tok' } })).toEqual({ authorization: 'Bearer tok' });
    expect(of({ auth: { type: 'header', name: 'X-Api-Key', token: 'tok' } })).toEqual({ 'X-Api-Key': 'tok' });
  });
});

describe('the errors of a call', () => {
  test.each<[number | null, string, number]>([
    [null, 'UNAVAILABLE', 6],
    [401, 'AUTH', 5],
    [403, 'AUTH', 5],
    [400, 'REJECTED', 9],
    [404, 'REJECTED', 9],
    [409, 'REJECTED', 9],
    [307, 'REJECTED', 9],
    [200, 'REJECTED', 9],
  ])('refused with %s is %s (%i)', (status, code, exitCode) => {
    const error = refusal('Creating AUG_2020_CUS', status, 'because');
    expect(error).toBeInstanceOf(EbillError);
    expect(error).toMatchObject({ code, exitCode });
    expect(error.message).toContain('Creating AUG_2020_CUS');
    expect(error.message).toContain('because');
    expect(error.hint).not.toBe('');
  });

  test('without a message there is no dangling colon', () => {
    expect(refusal('Asking', 404, '').message).toBe('Asking: the server refused it (HTTP 404).');
  });

  test('no answer at all', () => {
    expect(unavailable('Asking', 'no answer within the time-out')).toMatchObject({
      code: 'UNAVAILABLE',
      exitCode: 6,
    });
  });
});
