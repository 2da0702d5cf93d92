import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { RetryNotice } from '../../src/api/retry.ts';
import { putFile, type StorageOptions } from '../../src/api/storage.ts';
import type { ExpectedFile } from '../../src/api/upload-body.ts';
import {
  answering,
  closedPort,
  draft,
  fileOf,
  hash,
  listening,
  rawServer,
  rejection,
  rigFor,
} from './rig.ts';

const MIB = 1024 * 1024;
const SIZES = [0, 1, 1000, MIB - 1, MIB, MIB + 1, 2 * MIB, 5 * MIB];

/** Puts a file and records progress and retries. */
async function put(storage: StorageOptions, url: string, file: ExpectedFile) {
  const progress: number[] = [];
  const notices: RetryNotice[] = [];
  const result = await putFile(storage, url, file, {
    onBytes: (bytes) => progress.push(bytes),
    onRetry: (notice) => notices.push(notice),
  });
  return { result, progress, notices };
}

describe('an uploaded file', () => {
  test.each(SIZES)('of %i bytes arrives with a length, not chunked', async (size) => {
    const bytes = randomBytes(size);
    const server = await rawServer(({ body }, response) => {
      response.writeHead(200, { etag: `"${hash('md5', body)}"` }).end();
    });
    const { storage } = await rigFor(server.origin);
    const { result, progress } = await put(storage, `${server.origin}/o`, fileOf(bytes));
    expect(result).toEqual({ outcome: 'stored', etag: `"${hash('md5', bytes)}"`, verified: true });
    const [requests] = server.requests;
    expect(requests?.body.equals(bytes)).toBe(true);
    expect(requests?.headers).toMatchObject({ 'content-length': String(size) });
    expect(requests?.headers['transfer-encoding']).toBeUndefined();
    expect(progress.at(-1) ?? 0).toBe(size);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  test('arrives at a slow reader: no block is overwritten before it is sent', async () => {
    const bytes = randomBytes(5 * MIB + 17);
    const parts: Buffer[] = [];
    const port = await listening(
      createServer((request, response) => {
        request.on('data', (part: Buffer) => {
          parts.push(part);
          request.pause();
          setTimeout(() => request.resume(), 1);
        });
        request.on('end', () => response.writeHead(200, { etag: hash('md5', bytes) }).end());
      }),
    );
    const { storage } = await rigFor(`http://127.0.0.1:${port}`);
    const { result } = await put(storage, `http://127.0.0.1:${port}/o`, fileOf(bytes));
    expect(result).toMatchObject({ outcome: 'stored', verified: true });
    expect(hash('sha256', Buffer.concat(parts))).toBe(hash('sha256', bytes));
  });

  test('arrives at the sandbox’s S3, without credentials', async () => {
    const { storage, url, stored, puts } = await draft();
    const bytes = randomBytes(3 * MIB);
    expect((await put(storage, url, fileOf(bytes))).result).toMatchObject({
      outcome: 'stored',
      verified: true,
    });
    expect(stored()).toBe(hash('sha256', bytes));
    expect(puts()).toHaveLength(1);
    expect(puts()[0]).toMatchObject({ authorization: 'none', bodyBytes: bytes.length });
    expect(puts()[0]?.headerNames).toEqual(['connection', 'content-length', 'expect', 'host']);
    expect(puts()[0]?.url).not.toContain('format=xml');
    // The signature is valid, so the URL arrived unchanged.
    expect(puts()[0]?.status).toBe(200);
  });
});

describe('an upload', () => {
  test.each([
    ['reset-before', 1],
    ['reset-during', 1],
    ['reset-after', 1],
    ['slowdown', 1],
    ['request-timeout', 1],
    ['bad-etag', 1],
    ['corrupt', 1],
    ['cut', 1],
    ['status:500', 1],
    ['status:502,retry-after:4', 1],
    ['status:408', 1],
    ['status:429', 1],
  ])('is repeated from the first byte after %s', async (fault, tries) => {
    const { storage, url, stored, puts, context } = await draft([`put@1=${fault}`]);
    const bytes = randomBytes(MIB + 5);
    const { result, progress, notices } = await put(storage, url, fileOf(bytes));
    expect(result).toMatchObject({ outcome: 'stored', verified: true });
    expect(stored()).toBe(hash('sha256', bytes));
    expect(puts()).toHaveLength(tries + 1);
    expect(notices).toHaveLength(tries);
    expect(notices[0]?.message).not.toBe('');
    expect(context.slept).toEqual([fault.includes('retry-after:4') ? 4000 : 250]);
    // Progress restarts with each try and never goes backwards within one.
    const starts = progress.filter((n, i) => i > 0 && n <= (progress[i - 1] ?? 0)).length;
    expect(starts).toBeLessThanOrEqual(tries);
    expect(progress.at(-1)).toBe(bytes.length);
  });

  test('is repeated after several failures in a row', async () => {
    const { storage, url, stored, puts } = await draft([
      'put@1=reset-during',
      'put@2=slowdown',
      'put@3=bad-etag',
    ]);
    const bytes = randomBytes(2 * MIB);
    expect((await put(storage, url, fileOf(bytes))).result).toMatchObject({
      outcome: 'stored',
      verified: true,
    });
    expect(stored()).toBe(hash('sha256', bytes));
    expect(puts()).toHaveLength(4);
  });

  test.each([['bad-etag'], ['corrupt'], ['slowdown'], ['reset-before'], ['status:503']])(
    'is unavailable when %s does not stop',
    async (fault) => {
      const { storage, url, puts } = await draft([`put@*=${fault}`]);
      const { result } = await put(storage, url, fileOf(randomBytes(99)));
      expect(result).toMatchObject({ outcome: 'unavailable' });
      expect(puts()).toHaveLength(4);
    },
  );

  test('is unavailable when the connection is refused', async () => {
    const { storage } = await rigFor('http://127.0.0.1:1');
    const { result, notices } = await put(
      storage,
      `http://127.0.0.1:${await closedPort()}/o`,
      fileOf(Buffer.from('a')),
    );
    expect(result).toMatchObject({ outcome: 'unavailable' });
    expect(notices).toHaveLength(2);
  });

  test('is unavailable when the storage does not answer in time', async () => {
    const server = await rawServer(() => undefined);
    const { storage } = await rigFor(server.origin, { timeoutMs: 100, retries: 0 });
    expect((await put(storage, `${server.origin}/o`, fileOf(Buffer.from('a')))).result).toMatchObject({
      outcome: 'unavailable',
    });
  });

  test('rejects with the reason of an interruption', async () => {
    const server = await rawServer(() => rig.context.interrupt());
    const rig = await rigFor(server.origin, { retries: 0 });
    expect(await rejection(put(rig.storage, `${server.origin}/o`, fileOf(Buffer.from('a'))))).toBe('SIGINT');
  });
});

describe('the evidence that a file is stored', () => {
  const file = fileOf(Buffer.from('a,b\n1,2\n'));
  const OURS = `"${file.md5}"`;
  const OTHER = `"${'0'.repeat(32)}"`;
  const S3 = { 'x-amz-request-id': 'R' };
  const ERROR =
    '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>Try again</Message></Error>';

  async function answered(headers: Record<string, string>, body = '', status = 200) {
    const server = await answering(status, body, headers);
    const { storage } = await rigFor(server.origin, { retries: 1 });
    return { ...(await put(storage, `${server.origin}/o`, file)), server };
  }

  test.each<[string, Record<string, string>, boolean]>([
    ['our MD5, quoted', { etag: OURS }, true],
    ['our MD5, bare', { etag: file.md5 }, true],
    ['our MD5 in capitals', { etag: OURS.toUpperCase() }, true],
    ['like that of a multipart upload, from S3', { etag: `"${file.md5}-1"`, ...S3 }, false],
    ['no MD5, with the second id of S3', { etag: '"abc"', 'x-amz-id-2': 'I' }, false],
    ['no MD5, from Google Cloud Storage', { etag: '"-CKih16G"', 'x-goog-generation': '1' }, false],
    ['no MD5, from Azure', { etag: '"0x8D4BCC2E4835CD0"', 'x-ms-request-id': 'R' }, false],
    ['weak, from S3', { etag: `W/${OURS}`, ...S3 }, false],
    ['of a KMS key, shaped as an MD5', { etag: OTHER, 'x-amz-server-side-encryption': 'aws:kms' }, false],
    [
      'of a customer’s key, shaped as an MD5',
      { etag: OTHER, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
      false,
    ],
  ])('is an ETag that is %s', async (_what, headers, verified) => {
    const { result, server } = await answered(headers);
    expect(result).toEqual({ outcome: 'stored', etag: headers['etag'], verified });
    expect(server.requests).toHaveLength(1);
  });

  test.each<[string, Record<string, string>, string, string]>([
    ['no ETag', {}, '', 'no ETag'],
    ['no ETag, although S3 answered', S3, '', 'no ETag'],
    ['an empty ETag', { etag: '', ...S3 }, '', 'no ETag'],
    ['an ETag that is no MD5, from anybody', { etag: '"abc"', server: 'nginx' }, '', 'no MD5'],
    [
      'a prefix that names no storage',
      { etag: '"abc"', 'x-amz-': '1', 'x-amzn-trace-id': '1' },
      '',
      'no MD5',
    ],
    [
      'an ETag that is no MD5, and words',
      { etag: '"abc"', ...S3 },
      '{"error":"Quota exceeded"}',
      'Quota exceeded',
    ],
    ['another MD5', { etag: OTHER, ...S3 }, '', file.md5],
    [
      'another MD5 under a key of S3 itself',
      { etag: OTHER, 'x-amz-server-side-encryption': 'AES256' },
      '',
      file.md5,
    ],
    ['a page', {}, '<!DOCTYPE html><html><title>Please sign in</title></html>', 'Please sign in'],
    ['a page with our ETag', { etag: OURS, ...S3 }, '\n<html><body>Hello</body></html>', 'Hello'],
    ['a page that begins with a comment', { etag: OURS }, '<!-- gateway --><html></html>', 'does not prove'],
    ['an error document', {}, ERROR, 'InternalError: Try again'],
    ['an error document with our ETag', { etag: OURS, ...S3 }, ERROR, 'InternalError: Try again'],
    ['a broken error document with our ETag', { etag: OURS }, '<Error><Code>Internal', 'does not prove'],
    ['an error document of a namespace', { etag: OURS }, '<e:Error xmlns:e="x"/>', 'does not prove'],
  ])('is not a 200 with %s: the file is sent again', async (_what, headers, body, message) => {
    const { result, server } = await answered(headers, body);
    expect(result).toMatchObject({ outcome: 'unavailable' });
    expect(result).toHaveProperty('message', expect.stringContaining(message));
    expect(server.requests.map((one) => one.body.length)).toEqual([file.bytes, file.bytes]);
  });

  test.each([201, 204])('may come with HTTP %i', async (status) => {
    expect((await answered({ etag: OURS }, '', status)).result).toMatchObject({ verified: true });
  });

  test('is not an answer that came before the whole file was sent', async () => {
    const big = fileOf(Buffer.alloc(34 * MIB, 'x'));
    let requests = 0;
    const port = await listening(
      createServer((request, response) => {
        requests += 1;
        request.on('error', () => undefined);
        response.writeHead(200, { etag: `"${big.md5}"`, ...S3 }).end();
      }),
    );
    const { storage } = await rigFor(`http://127.0.0.1:${port}`, { retries: 1 });
    const { result } = await put(storage, `http://127.0.0.1:${port}/o`, big);
    expect(result).toMatchObject({ outcome: 'unavailable' });
    expect(requests).toBe(2);
  });

  test('is not an early answer, even when the rest of the file is taken afterwards', async () => {
    const big = fileOf(Buffer.alloc(34 * MIB, 'x'));
    const port = await listening(
      createServer((request, response) => {
        response.writeHead(200, { etag: `"${big.md5}"`, ...S3 }).flushHeaders();
        request.resume().on('end', () => response.end());
      }),
    );
    const { storage } = await rigFor(`http://127.0.0.1:${port}`, { retries: 0 });
    const { result } = await put(storage, `http://127.0.0.1:${port}/o`, big);
    expect(result).toMatchObject({ outcome: 'unavailable' });
  });

  test('of a KMS upload leaves it unverified', async () => {
    const { storage, url } = await draft(['put=kms-etag']);
    expect((await put(storage, url, file)).result).toMatchObject({ outcome: 'stored', verified: false });
  });
});

describe('a refused upload', () => {
  const file = fileOf(Buffer.from('a,b\n1,2\n'));

  test('is expired when the URL is', async () => {
    const { storage, url, puts } = await draft(['put=expired']);
    expect((await put(storage, url, file)).result).toMatchObject({ outcome: 'expired' });
    expect(puts()).toHaveLength(1);
    const late = await draft(['create=expired']);
    expect((await put(late.storage, late.url, file)).result).toMatchObject({ outcome: 'expired' });
  });

  test.each([
    [400, 'ExpiredToken', 'The provided token has expired.'],
    [403, 'AccessDenied', 'Request has expired'],
  ])('is expired with %i %s', async (status, code, message) => {
    const server = await answering(
      status,
      `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    );
    const { storage } = await rigFor(server.origin);
    expect((await put(storage, `${server.origin}/o`, file)).result).toEqual({
      outcome: 'expired',
      message: expect.stringMatching(
        `^${code}: ${message.replace(/\.$/, '')} .the storage's clock says 20..-.*, this machine's 2020-08-31T22:00:00.000Z.$`,
      ),
    });
  });

  test.each([
    ['20200831T200000Z', 3600, 'expired'],
    ['20200831T213000Z', 3600, 'refused'],
  ])(
    'is expired with an empty 403 once the life of its URL is over: signed %s',
    async (date, life, outcome) => {
      const body = '<Error><Code>AccessDenied</Code><Message></Message></Error>';
      const server = await answering(403, body, { date: new Date(Date.UTC(2020, 7, 31, 22)).toUTCString() });
      const { storage } = await rigFor(server.origin);
      const url = `${server.origin}/o?X-Amz-Date=${date}&X-Amz-Expires=${life}`;
      const { result } = await put(storage, url, file);
      expect(result).toMatchObject({ outcome, message: expect.stringMatching(/^AccessDenied(?: \(|$)/) });
    },
  );

  test.each([
    ['X-Amz-SignedHeaders=host%3Bcontent-type', 'text/csv'],
    ['X-Amz-SignedHeaders=host', undefined],
    ['AWSAccessKeyId=A&Signature=s&Expires=1', undefined],
  ])('has a content type only where its URL asks for one: %s', async (query, type) => {
    const server = await answering(403, '');
    const { storage } = await rigFor(server.origin);
    await put(storage, `${server.origin}/o?${query}`, file);
    expect(server.requests[0]?.headers['content-type']).toBe(type);
  });

  test('is not retried after a changed URL, and shows no signature', async () => {
    const { storage, url, puts } = await draft();
    const { result } = await put(storage, url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=9999'), file);
    expect(result).toMatchObject({ outcome: 'refused', status: 403 });
    expect(result).toHaveProperty(
      'message',
      expect.stringMatching(/^SignatureDoesNotMatch: .*was changed on its way/),
    );
    expect(JSON.stringify(result)).not.toMatch(/AKIA|X-Amz-Signature|AWS4-HMAC/);
    expect(puts()).toHaveLength(1);
  });

  test.each([
    [403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>', 'does not allow this'],
    [404, '<Error><Code>NoSuchBucket</Code><Message>Gone</Message></Error>', 'NoSuchBucket: Gone'],
    [400, '<Error><Code>EntityTooLarge</Code><Message>Big</Message></Error>', 'EntityTooLarge: Big'],
    [403, '<html><title>Blocked</title></html>', 'HTTP 403 an HTML page: Blocked'],
    [307, '', 'HTTP 307'],
    [301, '<Error><Code>PermanentRedirect</Code><Message>Elsewhere</Message></Error>', 'PermanentRedirect'],
    [501, '', 'HTTP 501'],
  ])('is not retried after %i %s', async (status, body, message) => {
    const server = await answering(status, body, { location: 'http://127.0.0.1:1/' });
    const { storage } = await rigFor(server.origin);
    const { result, notices } = await put(storage, `${server.origin}/o`, file);
    expect(result).toMatchObject({ outcome: 'refused', status });
    expect(result).toHaveProperty('message', expect.stringContaining(message));
    expect(notices).toEqual([]);
  });

  test.each(['SlowDown', 'RequestTimeout', 'InternalError', 'ServiceUnavailable', 'IncompleteBody'])(
    'is retried after 400 %s',
    async (code) => {
      const server = await answering(400, `<Error><Code>${code}</Code><Message>x</Message></Error>`);
      const { storage } = await rigFor(server.origin, { retries: 1 });
      expect((await put(storage, `${server.origin}/o`, file)).result).toMatchObject({
        outcome: 'unavailable',
      });
      expect(server.requests).toHaveLength(2);
    },
  );
});

describe('an outage of the storage', () => {
  const BYTES = Buffer.from('a,b\n1,2\n');
  /** Of so many ms by the fake clock, after which the file is taken. */
  const outage = async (
    ms: number,
    fails: (response: ServerResponse) => void,
    options: { retries?: number; outageMs?: number } = {},
  ) => {
    let over = (): boolean => false;
    const server = await rawServer(({ body }, response) =>
      over() ? response.writeHead(200, { etag: `"${hash('md5', body)}"` }).end() : fails(response),
    );
    const { storage, context } = await rigFor(server.origin, { retries: 5, outageMs: 60_000, ...options });
    const began = context.now();
    over = () => context.now() - began >= ms;
    const { result } = await put(storage, `${server.origin}/x`, fileOf(BYTES));
    return { result, tries: server.requests.length, ms: context.now() - began };
  };
  const KINDS: readonly (readonly [string, (response: ServerResponse) => void])[] = [
    ['a reset', (response) => response.socket?.resetAndDestroy()],
    ['HTTP 503', (response) => response.writeHead(503).end()],
    ['SlowDown', (response) => response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')],
  ];

  test.each(KINDS)('of 13 s and 50 s is waited for: %s', async (_what, fails) => {
    for (const ms of [13_000, 50_000]) expect((await outage(ms, fails)).result.outcome).toBe('stored');
  });

  test.each(KINDS)('is waited for at least a minute, but not for ever: %s', async (_what, fails) => {
    const { result, ms } = await outage(Number.POSITIVE_INFINITY, fails);
    expect(result.outcome).toBe('unavailable');
    expect(ms).toBeGreaterThanOrEqual(60_000);
    expect(ms).toBeLessThan(120_000);
  });

  test('is not waited for with --retries', async () => {
    for (const retries of [0, 2]) {
      const { tries } = await outage(13_000, (response) => response.writeHead(503).end(), {
        retries,
        outageMs: 0,
      });
      expect(tries).toBe(retries + 1);
    }
  });

  test('is none where the storage answers without proof that it has the file', async () => {
    const { result, tries } = await outage(50_000, (response) => response.writeHead(200).end());
    expect([result.outcome, tries]).toEqual(['unavailable', 6]);
  });

  test('of a refused connection is waited for', async () => {
    const { storage, context } = await rigFor('http://127.0.0.1:1', { retries: 5, outageMs: 60_000 });
    const began = context.now();
    const { result } = await put(storage, `http://127.0.0.1:${await closedPort()}/x`, fileOf(BYTES));
    expect(result.outcome).toBe('unavailable');
    expect(context.now() - began).toBeGreaterThanOrEqual(60_000);
  });
});
