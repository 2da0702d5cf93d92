import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { downloadFile } from '../../src/api/download.ts';
import type { RetryNotice } from '../../src/api/retry.ts';
import { putFile } from '../../src/api/storage.ts';
import { EbillError } from '../../src/errors.ts';
import { tempDir } from '../helpers/context.ts';
import {
  answering,
  CREATE,
  csvOf,
  fileOf,
  hash,
  IGNORE_PROGRESS,
  rawServer,
  rejection,
  rigFor,
  sandbox,
} from './rig.ts';

const target = () => {
  const folder = join(tempDir('ebill-out-'), 'new', 'results');
  return { folder, path: join(folder, 'A_CUS_result.csv') };
};

/** A sandbox with a finished batch. */
async function finished(faults: readonly string[] = []) {
  const box = await sandbox({ faults });
  const rig = await rigFor(box.apiUrl, {
    retries: 3,
    connection: { auth: { type: 'bearer', token: 'tok-123' }, headers: { 'X-Tenant': 'acme' } },
  });
  const made = await rig.client.create(CREATE);
  if (made.outcome !== 'answered') throw new Error(made.message);
  const rows = Array.from({ length: 3000 }, (_, n) => `${n},name ${n}`);
  await putFile(
    rig.storage,
    made.value.uploadUrl ?? '',
    fileOf(Buffer.from(`id,name\n${rows.join('\n')}\n`)),
    IGNORE_PROGRESS,
  );
  await rig.client.finalize({ id: made.value.id, jobId: null });
  await box.waitForIdle();
  const batch = await rig.client.status({ jobId: 'A_CUS' });
  const downloads = () => box.requests.filter((request) => request.call === 'download');
  const key = box.snapshot().batches[0]?.resultKey;
  const sha256 = box.snapshot().objects.find((object) => object.key === key)?.sha256;
  return { ...rig, url: batch?.downloadUrl ?? '', downloads, sha256 };
}

describe('a downloaded result', () => {
  test('is saved byte for byte, readable by its owner only, in a new folder', async () => {
    const { storage, url, downloads, sha256 } = await finished();
    const { folder, path } = target();
    const result = await downloadFile(storage, url, path, () => undefined);
    const bytes = readFileSync(path);
    expect(result).toEqual({ outcome: 'saved', bytes: bytes.length, sha256: hash('sha256', bytes) });
    expect(hash('sha256', bytes)).toBe(sha256);
    expect(bytes.length).toBeGreaterThan(3000);
    expect(readdirSync(folder)).toEqual(['A_CUS_result.csv']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(downloads()).toHaveLength(1);
    expect(downloads()[0]).toMatchObject({ authorization: 'none', status: 200 });
    expect(downloads()[0]?.headerNames).toEqual(['connection', 'host']);
  });

  test.each([1, 65_536, 5 * 1024 * 1024])('of %i bytes is saved completely', async (size) => {
    const bytes = csvOf(size);
    const server = await rawServer((_request, response) => response.end(bytes));
    const { storage } = await rigFor(server.origin);
    const { path } = target();
    expect(await downloadFile(storage, `${server.origin}/o`, path, () => undefined)).toEqual({
      outcome: 'saved',
      bytes: size,
      sha256: hash('sha256', bytes),
    });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test('replaces an older file only when it is complete', async () => {
    const { path, folder } = target();
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, 'old');
    const server = await rawServer((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      const look = (): void => {
        // The temporary file is created some time after the response has begun.
        if (readdirSync(folder).length < 2) {
          setTimeout(look, 5);
          return;
        }
        seen.push(readFileSync(path, 'utf8'));
        response.socket?.destroy();
      };
      look();
    });
    const seen: string[] = [];
    const { storage } = await rigFor(server.origin, { retries: 0 });
    expect(await downloadFile(storage, `${server.origin}/o`, path, () => undefined)).toMatchObject({
      outcome: 'unavailable',
    });
    expect(seen).toEqual(['old']);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['A_CUS_result.csv']);
  });
});

describe('a download', () => {
  test.each([
    'cut',
    'reset-before',
    'reset-after',
    'slowdown',
    'request-timeout',
    'status:500',
    'status:503,retry-after:4',
    'status:429',
  ])('is repeated after %s', async (fault) => {
    const { storage, url, downloads, sha256, context } = await finished([`download@1=${fault}`]);
    const { folder, path } = target();
    const notices: RetryNotice[] = [];
    const result = await downloadFile(storage, url, path, (notice) => notices.push(notice));
    expect(result).toMatchObject({ outcome: 'saved', sha256 });
    expect(readdirSync(folder)).toEqual(['A_CUS_result.csv']);
    expect(downloads()).toHaveLength(2);
    expect(notices).toHaveLength(1);
    expect(context.slept).toEqual([fault.includes('retry-after:4') ? 4000 : 250]);
  });

  test.each(['cut', 'slowdown', 'reset-after'])('leaves no file when %s does not stop', async (fault) => {
    const { storage, url, downloads } = await finished([`download@*=${fault}`]);
    const { folder, path } = target();
    expect(await downloadFile(storage, url, path, () => undefined)).toMatchObject({ outcome: 'unavailable' });
    expect(downloads()).toHaveLength(4);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('leaves no file when the body is shorter than its length, whatever the connection says', async () => {
    const { storage } = await rigFor('http://127.0.0.1:9', { retries: 0 });
    async function* body() {
      yield Buffer.from('half');
    }
    const send = async () => ({
      status: 200,
      headers: { 'content-length': '8' },
      body: Object.assign(body(), { dump: async () => undefined }),
    });
    const { folder, path } = target();
    const result = await downloadFile(
      { ...storage, transport: { ...storage.transport, send } },
      'http://127.0.0.1:9/o',
      path,
      () => undefined,
    );
    expect(result).toMatchObject({
      outcome: 'unavailable',
      message: expect.stringContaining('4 of 8 bytes'),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('leaves no file when the body stalls', async () => {
    const server = await rawServer((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
    });
    const { storage } = await rigFor(server.origin, { timeoutMs: 100, retries: 0 });
    const { folder, path } = target();
    expect(await downloadFile(storage, `${server.origin}/o`, path, () => undefined)).toMatchObject({
      outcome: 'unavailable',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('leaves no file when it is interrupted', async () => {
    const server = await rawServer((_request, response) => {
      response.write('half');
      setTimeout(() => rig.context.interrupt(), 20);
    });
    const rig = await rigFor(server.origin, { retries: 0 });
    const { folder, path } = target();
    expect(await rejection(downloadFile(rig.storage, `${server.origin}/o`, path, () => undefined))).toBe(
      'SIGINT',
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('what is no result (api rule 21)', () => {
  const CSV = 'Account Number,Status\nA1,Success\n';
  test.each<[what: string, status: number, body: string, headers: Record<string, string>, says: RegExp]>([
    ['an HTML page', 200, '<!doctype html><title>Sign in</title>', {}, /an HTML page: Sign in/],
    ['an S3 error', 200, '<?xml version="1.0"?>\n<Error><Code>SlowDown</Code></Error>', {}, /SlowDown/],
    ['other XML', 200, '<batchProcess><id>3</id></batchProcess>', {}, /a document/],
    ['JSON', 200, ' {"message":"no such tenant"}', {}, /no such tenant/],
    ['nothing', 200, '', {}, /an empty file/],
    ['a part', 206, CSV, { 'content-range': 'bytes 0-33/90' }, /HTTP 206/],
    ['no content', 204, '', {}, /HTTP 204/],
    [
      'a body cut off, without a length',
      200,
      CSV,
      { etag: `"${hash('md5', Buffer.from(`${CSV}A2,Failed\n`))}"` },
      /other bytes/,
    ],
  ])('is tried again and never kept: %s', async (_what, status, body, headers, says) => {
    const server = await rawServer((_request, response) => {
      response.writeHead(status, headers);
      if (body !== '') response.write(body);
      response.end();
    });
    const { storage } = await rigFor(server.origin, { retries: 1 });
    const { folder, path } = target();
    expect(await downloadFile(storage, `${server.origin}/o`, path, () => undefined)).toEqual({
      outcome: 'unavailable',
      message: expect.stringMatching(says),
    });
    expect(server.requests).toHaveLength(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each<Record<string, string>>([
    { etag: '"0123456789abcdef0123456789abcdef-2"' },
    { etag: 'W/"0123456789abcdef0123456789abcdef"' },
    { etag: '"0123456789abcdef0123456789abcdef"', 'x-amz-server-side-encryption': 'aws:kms' },
  ])('is not told by an ETag that is no MD5: %j', async (headers) => {
    const server = await answering(200, CSV, headers);
    const { storage } = await rigFor(server.origin);
    expect(await downloadFile(storage, `${server.origin}/o`, target().path, () => undefined)).toMatchObject({
      outcome: 'saved',
    });
  });
});

describe('a refused download', () => {
  test('is expired when the URL is', async () => {
    const { storage, url } = await finished(['download=expired']);
    const { folder, path } = target();
    expect(await downloadFile(storage, url, path, () => undefined)).toMatchObject({ outcome: 'expired' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    [404, '<Error><Code>NoSuchKey</Code><Message>Gone</Message></Error>', 'NoSuchKey: Gone'],
    [403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>', 'AccessDenied'],
  ])('is not retried after %i', async (status, body, message) => {
    const server = await answering(status, body);
    const { storage } = await rigFor(server.origin);
    const { path } = target();
    const result = await downloadFile(storage, `${server.origin}/o`, path, () => undefined);
    expect(result).toMatchObject({ outcome: 'refused', status });
    expect(result).toHaveProperty('message', expect.stringContaining(message));
    expect(server.requests).toHaveLength(1);
    expect(existsSync(path)).toBe(false);
  });
});

describe('an unwritable target', () => {
  const save = async (path: string) => {
    const server = await answering(200, 'a,b\n');
    const { storage, context } = await rigFor(server.origin);
    const error = await rejection(downloadFile(storage, `${server.origin}/o`, path, () => undefined));
    expect(error).toBeInstanceOf(EbillError);
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(String(error)).toContain(path);
    // Retrying does not make a folder writable.
    expect(context.slept).toEqual([]);
    return server;
  };

  test('is reported before the request when the folder is a file', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'results'), 'x');
    const server = await save(join(folder, 'results', 'a.csv'));
    expect(server.requests).toEqual([]);
  });

  test('is reported when it is a folder', async () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'a.csv', 'deep'), { recursive: true });
    await save(join(folder, 'a.csv'));
    expect(readdirSync(folder)).toEqual(['a.csv']);
  });

  test.skipIf(process.getuid?.() === 0)('is reported when the folder is read-only', async () => {
    const folder = tempDir();
    chmodSync(folder, 0o500);
    await save(join(folder, 'a.csv'));
  });
});

describe('a redirected download', () => {
  const target = '/other/%2Fkey?X-Amz-Signature=a%2fB+c';

  test('is followed byte for byte and without credentials, after a check of the URL', async () => {
    const seen: string[] = [];
    const server = await rawServer((requests, response) => {
      seen.push(`${requests.url} ${String(requests.headers.authorization)}`);
      if (requests.url === '/first') response.writeHead(307, { location: `${server.origin}${target}` }).end();
      else response.end('rows');
    });
    const { storage } = await rigFor(server.origin);
    const path = join(tempDir(), 'result.csv');
    const checked: string[] = [];
    const safe = { ...storage, assertSafeUrl: (url: string) => checked.push(url) };
    expect(await downloadFile(safe, `${server.origin}/first`, path, () => undefined)).toMatchObject({
      outcome: 'saved',
      bytes: 4,
    });
    expect(seen).toEqual(['/first undefined', `${target} undefined`]);
    expect(checked).toEqual([`${server.origin}${target}`]);
  });

  test('is not followed to a URL that is not safe', async () => {
    const server = await answering(302, '', { location: 'http://other.example/result' });
    const { storage } = await rigFor(server.origin);
    const path = join(tempDir(), 'result.csv');
    const download = downloadFile(storage, `${server.origin}/first`, path, () => undefined);
    expect(await rejection(download)).toMatchObject({ code: 'REJECTED' });
    expect(existsSync(path)).toBe(false);
  });

  test('is followed five times at most', async () => {
    const server = await rawServer((_request, response) => {
      response.writeHead(302, { location: `${server.origin}/again` }).end();
    });
    const { storage } = await rigFor(server.origin);
    const path = join(tempDir(), 'result.csv');
    expect(await downloadFile(storage, `${server.origin}/first`, path, () => undefined)).toMatchObject({
      outcome: 'refused',
      status: 302,
    });
    expect(server.requests).toHaveLength(6);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a folder that others can write to', () => {
  test('cannot redirect a result with links, not even one named like a temporary file', async () => {
    const { storage, url } = await finished();
    const elsewhere = join(tempDir(), 'precious');
    writeFileSync(elsewhere, 'mine');
    const { folder, path } = target();
    mkdirSync(folder, { recursive: true });
    symlinkSync(elsewhere, path);
    symlinkSync(elsewhere, join(folder, `.A_CUS_result.csv.${storage.context.pid}.part`));
    expect(await downloadFile(storage, url, path, () => undefined)).toMatchObject({ outcome: 'saved' });
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine');
    expect(lstatSync(path).isFile()).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('name 7');
  });
});
