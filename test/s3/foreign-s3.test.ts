import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Connection } from '../../src/api/connection.ts';
import { downloadFile } from '../../src/api/download.ts';
import { openApi } from '../../src/api/open.ts';
import type { RetryNotice } from '../../src/api/retry.ts';
import { type PutResult, putFile, type StorageOptions } from '../../src/api/storage.ts';
import { presignedFacts } from '../../src/api/transfer-url.ts';
import type { ExpectedFile } from '../../src/api/upload-body.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { csvOf } from '../api/rig.ts';
import { type TestContext, tempDir, testContext } from '../helpers/context.ts';
import { type ForeignS3, openBrittleDoor, startForeignS3 } from './foreign-s3.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const USER_AGENT = 'ebill/test';

/** File names that a URL has to escape. */
const KEYS = [
  'plain.csv',
  'a b  c.csv',
  'Zürich – Rechnungen €🧾.csv',
  'e\u0301 (decomposed).csv',
  '100%.csv',
  '%2F%20.csv',
  'a+b.csv',
  "it's (1)*!.csv",
  'a&b=c?d#e.csv',
  '~;,:@$[]^|`{}<>".csv',
  'back\\slash.csv',
  '00D000000000001/in/customers 2020-08.csv',
  '__proto__',
];

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Has credentials and headers, none of which may reach the storage. */
const CONNECTION: Connection = {
  profile: 'test',
  baseUrl: 'https://ebill.invalid',
  organisation: null,
  auth: { type: 'bearer', token: 'SECRET-TOKEN' },
  query: { key: 'SECRET-QUERY' },
  headers: { 'x-api-key': 'SECRET-HEADER' },
  statusNames: {},
  recordStatus: {},
  caFile: null,
  clientCert: null,
  clientKey: null,
  proxy: null,
  allowInsecure: true,
  production: false,
};

let s3: ForeignS3;
let folder: string;
let context: TestContext;
let storage: StorageOptions;

beforeAll(async () => {
  s3 = await startForeignS3();
});
afterAll(() => s3.close());

beforeEach(async () => {
  folder = tempDir('ebill-s3-files-');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  context = testContext({ home: folder });
  const api = await openApi({
    context,
    connection: CONNECTION,
    userAgent: USER_AGENT,
    timeoutMs: 20_000,
    retries: 2,
    redactor: new Redactor(),
  });
  onTestFinished(() => api.close());
  storage = api.storage;
  s3.requests.length = 0;
});

// S3 requires this or the program promises it, but s3rver does not check it.
afterEach(() => {
  for (const { method, headers } of s3.requests) {
    if (headers.get('user-agent')?.startsWith('aws-sdk-js/')) continue;
    expect(headers.has('content-length')).toBe(method === 'PUT');
    expect(headers.has('transfer-encoding')).toBe(false);
    expect(headers.has('authorization')).toBe(false);
    expect([...headers.values()].join()).not.toContain('SECRET');
  }
});

function file(bytes: Buffer): ExpectedFile {
  const path = join(folder, 'load.csv');
  writeFileSync(path, bytes);
  return { path, bytes: bytes.length, md5: md5(bytes), sha256: sha256(bytes), crc32: crc32(bytes) };
}

interface Put {
  readonly result: PutResult;
  readonly progress: readonly number[];
  readonly retries: readonly RetryNotice[];
}

async function put(url: string, bytes: Buffer): Promise<Put> {
  const progress: number[] = [];
  const retries: RetryNotice[] = [];
  const result = await putFile(storage, url, file(bytes), {
    onBytes: (count) => progress.push(count),
    onRetry: (notice) => retries.push(notice),
  });
  return { result, progress, retries };
}

async function get(url: string) {
  const path = join(folder, 'results', 'result.csv');
  const retries: RetryNotice[] = [];
  const result = await downloadFile(storage, url, path, (notice) => retries.push(notice));
  return { result, retries, saved: existsSync(path) ? readFileSync(path) : null };
}

/** The URL after its authority, as the request line must have it. */
const targetOf = (url: string): string => url.replace(/^http:\/\/[^/]*/, '');

/** The same URL with another signature of the same form. */
const tampered = (url: string): string =>
  url.replace(
    /(X-Amz-Signature=)(.)/,
    (_, name: string, digit: string) => name + (digit === '0' ? '1' : '0'),
  );

/** The clock of the tests is not that of the storage. */
const EXPIRED = expect.stringMatching(/^AccessDenied: Request has expired .the storage's clock says/);

const anHourAndASecondAgo = (): Date => new Date(Date.now() - 3_601_000);

describe('PUT to a presigned URL', () => {
  test.each([1, 64 * KIB + 1, MIB - 1, MIB, MIB + 1, 8 * MIB])(
    'stores %i bytes unchanged, which the ETag proves',
    async (size) => {
      const bytes = randomBytes(size);
      const url = await s3.putUrl('load.csv');
      const { result, progress, retries } = await put(url, bytes);
      expect(result).toEqual({ outcome: 'stored', etag: `"${md5(bytes)}"`, verified: true });
      expect(retries).toEqual([]);
      expect(progress.at(-1)).toBe(size);
      const [request, ...more] = s3.requests;
      expect(more).toEqual([]);
      expect(request).toMatchObject({ method: 'PUT', target: targetOf(url) });
      expect(request?.headers.get('content-length')).toBe(String(size));
      const stored = await s3.read('load.csv');
      expect(stored?.body.equals(bytes)).toBe(true);
    },
  );

  // A load has no empty files, but S3 takes them.
  test('stores an empty file as an empty object', async () => {
    const { result } = await put(await s3.putUrl('empty.csv'), Buffer.alloc(0));
    expect(result).toEqual({
      outcome: 'stored',
      etag: '"d41d8cd98f00b204e9800998ecf8427e"',
      verified: true,
    });
    expect(s3.requests[0]?.headers.get('content-length')).toBe('0');
    expect((await s3.read('empty.csv'))?.body).toEqual(Buffer.alloc(0));
  });

  test.each(KEYS)('works for the key %s', async (key) => {
    const bytes = Buffer.from(`k\n${key}\n`);
    const url = await s3.putUrl(key);
    expect((await put(url, bytes)).result).toMatchObject({ outcome: 'stored', verified: true });
    expect(s3.requests[0]?.target).toBe(targetOf(url));
    expect((await s3.read(key))?.body).toEqual(bytes);
  });

  test('replaces an earlier, longer file', async () => {
    await s3.store('twice.csv', randomBytes(2 * MIB));
    const bytes = randomBytes(MIB);
    expect((await put(await s3.putUrl('twice.csv'), bytes)).result).toMatchObject({ verified: true });
    expect((await s3.read('twice.csv'))?.body.equals(bytes)).toBe(true);
  });

  test('is repeated from the first byte after a lost connection', async () => {
    const door = await openBrittleDoor(s3.port, 3 * MIB);
    onTestFinished(() => door.close());
    const bytes = randomBytes(8 * MIB);
    const { result, progress, retries } = await put(await s3.putUrl('lost.csv', { port: door.port }), bytes);
    expect(result).toMatchObject({ outcome: 'stored', verified: true });
    expect(retries).toMatchObject([{ attempt: 1 }]);
    expect(door.taken()).toBe(2);
    // Progress begins again.
    const again = progress.slice(progress.findLastIndex((sent, i) => sent < (progress[i - 1] ?? 0)));
    expect(again[0]).toBeLessThanOrEqual(2 * MIB);
    expect(again.at(-1)).toBe(8 * MIB);
    expect((await s3.read('lost.csv'))?.body.equals(bytes)).toBe(true);
  });
});

describe('a PUT that S3 refuses', () => {
  const bytes = Buffer.from('k\n1\n');

  afterEach(async () => {
    expect(await s3.read('refused.csv')).toBeNull();
  });

  // S3 answers 403 AccessDenied "Request has expired".
  test('is expired when the URL is', async () => {
    const url = await s3.putUrl('refused.csv', { at: anHourAndASecondAgo() });
    expect(await put(url, bytes)).toMatchObject({
      result: { outcome: 'expired', message: EXPIRED },
      retries: [],
    });
    expect(presignedFacts(url).expiresAt).toBeLessThan(Date.now());
  });

  test('is expired with a body larger than any buffer', async () => {
    const url = await s3.putUrl('refused.csv', { at: anHourAndASecondAgo() });
    expect((await put(url, randomBytes(8 * MIB))).result).toMatchObject({ outcome: 'expired' });
  });

  test.each<[string, (url: string) => string]>([
    ['another signature', tampered],
    ['another object', (url) => url.replace('/other.csv?', '/refused.csv?')],
    ['a longer life', (url) => url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=7200')],
    ['one more parameter', (url) => `${url}&x=1`],
    ['a parameter less', (url) => url.replace('&x-id=PutObject', '')],
  ])('has a changed URL: %s', async (_, change) => {
    const url = await s3.putUrl('other.csv');
    expect(change(url)).not.toBe(url);
    const { result, retries } = await put(change(url), bytes);
    expect(result).toMatchObject({ outcome: 'refused', status: 403 });
    expect(result).toHaveProperty(
      'message',
      expect.stringMatching(/^SignatureDoesNotMatch: .* \(the presigned URL was /),
    );
    expect(retries).toEqual([]);
    expect(await s3.read('other.csv')).toBeNull();
  });

  test('has a URL signed for GET', async () => {
    const { result } = await put(await s3.getUrl('refused.csv'), bytes);
    expect(result).toMatchObject({ outcome: 'refused', status: 403 });
    expect(result).toHaveProperty(
      'message',
      expect.stringMatching(/^SignatureDoesNotMatch: .* another method\)$/),
    );
  });

  test('has a URL signed for another host', async () => {
    const url = await s3.putUrl('refused.csv', { port: 9 });
    const { result } = await put(url.replace('//127.0.0.1:9/', `//127.0.0.1:${s3.port}/`), bytes);
    expect(result).toMatchObject({ outcome: 'refused', status: 403 });
    expect(result).toHaveProperty('message', expect.stringMatching(/^SignatureDoesNotMatch: /));
  });

  test.each<[string, number, RegExp, Parameters<ForeignS3['putUrl']>[1]]>([
    [
      'with another secret',
      403,
      /^SignatureDoesNotMatch: /,
      { account: { accessKeyId: 'S3RVER', secretAccessKey: 'x' } },
    ],
    [
      'by an unknown account',
      403,
      /^InvalidAccessKeyId: /,
      { account: { accessKeyId: 'x', secretAccessKey: 'S3RVER' } },
    ],
    ['for a bucket that is not there', 404, /^NoSuchBucket: /, { bucket: 'nowhere' }],
  ])('has a URL signed %s', async (_, status, message, options) => {
    const { result, retries } = await put(await s3.putUrl('refused.csv', options), bytes);
    expect(result).toMatchObject({ outcome: 'refused', status, message: expect.stringMatching(message) });
    expect(retries).toEqual([]);
  });
});

describe('GET from a presigned URL', () => {
  test.each([1, MIB + 1, 8 * MIB])('saves %i bytes unchanged', async (size) => {
    const bytes = csvOf(size);
    await s3.store('result.csv', bytes);
    s3.requests.length = 0;
    const url = await s3.getUrl('result.csv');
    const { result, saved, retries } = await get(url);
    expect(result).toEqual({ outcome: 'saved', bytes: size, sha256: sha256(bytes) });
    expect(saved?.equals(bytes)).toBe(true);
    expect(retries).toEqual([]);
    expect(s3.requests).toMatchObject([{ method: 'GET', target: targetOf(url) }]);
    expect(readdirSync(join(folder, 'results'))).toEqual(['result.csv']);
  });

  test.each(KEYS)('works for the key %s', async (key) => {
    const bytes = Buffer.from(`k\n${key}\n`);
    await s3.store(`results/${key}`, bytes);
    const url = await s3.getUrl(`results/${key}`, { disposition: 'attachment; filename="a b+c%.csv"' });
    expect((await get(url)).saved).toEqual(bytes);
    expect(s3.requests.at(-1)?.target).toBe(targetOf(url));
  });

  test('returns what was put', async () => {
    const bytes = csvOf(3 * MIB + 7);
    await put(await s3.putUrl('round trip.csv'), bytes);
    expect((await get(await s3.getUrl('round trip.csv'))).result).toEqual({
      outcome: 'saved',
      bytes: bytes.length,
      sha256: sha256(bytes),
    });
  });

  test('is repeated after a lost connection', async () => {
    const bytes = csvOf(8 * MIB);
    await s3.store('lost result.csv', bytes);
    const door = await openBrittleDoor(s3.port, 3 * MIB);
    onTestFinished(() => door.close());
    const { result, retries, saved } = await get(await s3.getUrl('lost result.csv', { port: door.port }));
    expect(result).toEqual({ outcome: 'saved', bytes: bytes.length, sha256: sha256(bytes) });
    expect(retries).toMatchObject([{ attempt: 1 }]);
    expect(saved?.equals(bytes)).toBe(true);
    expect(readdirSync(join(folder, 'results'))).toEqual(['result.csv']);
  });
});

describe('a GET that S3 refuses', () => {
  beforeAll(() => s3.store('there.csv', Buffer.from('k\n1\n')));

  afterEach(() => {
    expect(readdirSync(join(folder, 'results'))).toEqual([]);
  });

  test('is expired when the URL is', async () => {
    const { result, retries } = await get(await s3.getUrl('there.csv', { at: anHourAndASecondAgo() }));
    expect(result).toEqual({ outcome: 'expired', message: EXPIRED });
    expect(retries).toEqual([]);
  });

  test('has another signature', async () => {
    const { result, retries } = await get(tampered(await s3.getUrl('there.csv')));
    expect(result).toMatchObject({ outcome: 'refused', status: 403 });
    expect(result).toHaveProperty('message', expect.stringMatching(/^SignatureDoesNotMatch: /));
    expect(retries).toEqual([]);
  });

  test('has a URL signed for PUT', async () => {
    const { result } = await get(await s3.putUrl('there.csv'));
    expect(result).toMatchObject({ outcome: 'refused', status: 403 });
    expect(result).toHaveProperty('message', expect.stringMatching(/^SignatureDoesNotMatch: /));
  });

  // Without permission to list the bucket, S3 answers 403 AccessDenied instead.
  test('names no object', async () => {
    const { result } = await get(await s3.getUrl('nothing.csv'));
    expect(result).toEqual({
      outcome: 'refused',
      status: 404,
      message: 'NoSuchKey: The specified key does not exist',
    });
  });
});

test("the expiry of the SDK's URLs is read correctly", async () => {
  const at = new Date(Date.UTC(2020, 7, 31, 22, 0, 0));
  const url = await s3.putUrl('a b+c.csv', { at, seconds: 3599 });
  expect(presignedFacts(url)).toEqual({
    object: `http://127.0.0.1:${s3.port}/ebill/a%20b%2Bc.csv`,
    expiresAt: at.getTime() + 3_599_000,
  });
});
