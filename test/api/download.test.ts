import { randomBytes } from 'node:crypto';
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
import { answering, fileOf, hash, rawServer, rejection, rigFor, sandbox } from './rig.ts';

const target = () => {
  const folder = join(tempDir('ebill-out-'), 'new', 'results');
  return { folder, path: join(folder, 'A_CUS_result.csv') };
};

/** A sandbox with a result to fetch. */
async function finished(faults: readonly string[] = []) {
  const box = await sandbox({ faults });
  const rig = await rigFor(box.apiUrl, {
    retries: 3,
    connection: { auth: { type: 'bearer', token: 'tok-123' }, headers: { 'X-Tenant': 'acme' } },
  });
  const made = await rig.client.create({
    kind: 'customer',
    jobId: 'A_CUS',
    inputFilename: 'cus.csv',
    parent: null,
  });
  if (made.outcome !== 'answered') throw new Error(made.message);
  const rows = Array.from({ length: 3000 }, (_, n) => `${n},name ${n}`);
  await putFile(
    rig.storage,
    made.value.uploadUrl ?? '',
    fileOf(Buffer.from(`id,name\n${rows.join('\n')}\n`)),
    {
      onBytes: () => undefined,
      onRetry: () => undefined,
    },
  );
  await rig.client.finalize({ id: made.value.id, jobId: null });
  await box.waitForIdle();
  const batch = await rig.client.status({ jobId: 'A_CUS' });
  const downloads = () => box.requests.filter((request) => request.call === 'download');
  const key = box.snapshot().batches[0]?.resultKey;
  const sha256 = box.snapshot().objects.find((object) => object.key === key)?.sha256;
  return { ...rig, url: batch?.downloadUrl ?? '', downloads, sha256 };
}

describe('a result', () => {
  test('is saved byte for byte, privately, in a folder that is made for it', async () => {
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
    expect(downloads()[0]?.headerNames).toEqual(['connection', 'host', 'user-agent']);
  });

  test.each([0, 1, 65_536, 5 * 1024 * 1024])('of %i bytes', async (size) => {
    const bytes = randomBytes(size);
    const server = await rawServer((_heard, response) => response.end(bytes));
    const { storage } = await rigFor(server.origin);
    const { path } = target();
    expect(await downloadFile(storage, `${server.origin}/o`, path, () => undefined)).toEqual({
      outcome: 'saved',
      bytes: size,
      sha256: hash('sha256', bytes),
    });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test('takes the place of an older file only when it is whole', async () => {
    const { path, folder } = target();
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, 'old');
    const server = await rawServer((_heard, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => {
        // While it comes in, the name still stands for the old one.
        seen.push(readFileSync(path, 'utf8'), readdirSync(folder).length);
        response.socket?.destroy();
      }, 30);
    });
    const seen: unknown[] = [];
    const { storage } = await rigFor(server.origin, { retries: 0 });
    expect(await downloadFile(storage, `${server.origin}/o`, path, () => undefined)).toMatchObject({
      outcome: 'unavailable',
    });
    expect(seen).toEqual(['old', 2]);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['A_CUS_result.csv']);
  });
});

describe('tries', () => {
  test.each([
    'cut',
    'reset-before',
    'reset-after',
    'slowdown',
    'request-timeout',
    'status:500',
    'status:503,retry-after:4',
    'status:429',
  ])('%s is passing', async (fault) => {
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

  test.each(['cut', 'slowdown', 'reset-after'])('%s for ever leaves nothing behind', async (fault) => {
    const { storage, url, downloads } = await finished([`download@*=${fault}`]);
    const { folder, path } = target();
    expect(await downloadFile(storage, url, path, () => undefined)).toMatchObject({ outcome: 'unavailable' });
    expect(downloads()).toHaveLength(4);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a body that stops is given up after the time-out, and leaves nothing behind', async () => {
    const server = await rawServer((_heard, response) => {
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

  test('an interruption is no verdict, and leaves nothing behind', async () => {
    const server = await rawServer((_heard, response) => {
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

describe('a no', () => {
  test('for an expired URL', async () => {
    const { storage, url } = await finished(['download=expired']);
    const { folder, path } = target();
    expect(await downloadFile(storage, url, path, () => undefined)).toMatchObject({ outcome: 'expired' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    [404, '<Error><Code>NoSuchKey</Code><Message>Gone</Message></Error>', 'NoSuchKey: Gone'],
    [403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>', 'AccessDenied'],
    [206, 'half', 'HTTP 206'],
    [204, '', 'HTTP 204'],
  ])('%i is refused at once', async (status, body, message) => {
    const server = await answering(status, body);
    const { storage } = await rigFor(server.origin);
    const { path } = target();
    const result = await downloadFile(storage, `${server.origin}/o`, path, () => undefined);
    expect(result).toMatchObject({ outcome: 'refused', status });
    expect(result).toHaveProperty('message', expect.stringContaining(message));
    expect(server.heard).toHaveLength(1);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a place that cannot be written', () => {
  const save = async (path: string) => {
    const server = await answering(200, 'a,b\n');
    const { storage, context } = await rigFor(server.origin);
    const error = await rejection(downloadFile(storage, `${server.origin}/o`, path, () => undefined));
    expect(error).toBeInstanceOf(EbillError);
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(String(error)).toContain(path);
    // No further try makes a folder writable.
    expect(context.slept).toEqual([]);
    return server;
  };

  test('a folder that is a file is found before anything is asked for', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'results'), 'x');
    const server = await save(join(folder, 'results', 'a.csv'));
    expect(server.heard).toEqual([]);
  });

  test('a name that is a folder', async () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'a.csv', 'deep'), { recursive: true });
    await save(join(folder, 'a.csv'));
    expect(readdirSync(folder)).toEqual(['a.csv']);
  });

  test.skipIf(process.getuid?.() === 0)('a folder without permission', async () => {
    const folder = tempDir();
    chmodSync(folder, 0o500);
    await save(join(folder, 'a.csv'));
  });
});

describe('a redirect', () => {
  const target = '/other/%2Fkey?X-Amz-Signature=a%2fB+c';

  test('is followed, byte for byte and without credentials, where the address can be vouched for', async () => {
    const seen: string[] = [];
    const server = await rawServer((heard, response) => {
      seen.push(`${heard.url} ${String(heard.headers.authorization)}`);
      if (heard.url === '/first') response.writeHead(307, { location: `${server.origin}${target}` }).end();
      else response.end('rows');
    });
    const { storage } = await rigFor(server.origin);
    const path = join(tempDir(), 'result.csv');
    const vouched: string[] = [];
    const safe = { ...storage, assertSafeUrl: (url: string) => vouched.push(url) };
    expect(await downloadFile(safe, `${server.origin}/first`, path, () => undefined)).toMatchObject({
      outcome: 'saved',
      bytes: 4,
    });
    expect(seen).toEqual(['/first undefined', `${target} undefined`]);
    expect(vouched).toEqual([`${server.origin}${target}`]);
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
    const server = await rawServer((_heard, response) => {
      response.writeHead(302, { location: `${server.origin}/again` }).end();
    });
    const { storage } = await rigFor(server.origin);
    const path = join(tempDir(), 'result.csv');
    expect(await downloadFile(storage, `${server.origin}/first`, path, () => undefined)).toMatchObject({
      outcome: 'refused',
      status: 302,
    });
    expect(server.heard).toHaveLength(6);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a folder others may write in', () => {
  test('links with the name of a result, or of what was once its temporary file, lead nowhere', async () => {
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
