import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { settingsOf } from '../../src/sandbox/options.ts';
import {
  create,
  field,
  finalize,
  init,
  lastRequest,
  post,
  put,
  sandbox,
  send,
  status,
  temporaryFolder,
  upload,
} from './rig.ts';

describe('where it listens', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', 'example.com', '127.0.0.1.evil.example'])(
    'not on %s unless meant',
    async (host) => {
      await expect(startSandbox({ host })).rejects.toMatchObject({
        code: 'USAGE',
        hint: expect.stringContaining('--allow-remote'),
      });
      expect(settingsOf({ host, allowRemote: true }).host).toBe(host);
    },
  );

  test('everywhere, when meant: the S3 side is where the API was reached', async () => {
    const box = await sandbox({ host: '0.0.0.0', allowRemote: true });
    const created = await create(box, 'customer', 'A', 'a.csv', { headers: { host: 'ebill.example:1234' } });
    const port = new URL(box.s3Url).port;
    const url = field(created, 'uploadUrl');
    expect(url.startsWith(`http://ebill.example:${port}/`)).toBe(true);
    const local = url.replace('ebill.example', '127.0.0.1');
    expect((await put(local, 'x', { host: `ebill.example:${port}` })).status).toBe(200);
    expect((await put(local, 'x')).status).toBe(403);
  });

  test('a public S3 URL is what is signed', async () => {
    const box = await sandbox({ publicS3Url: 'https://s3.example/' });
    expect(field(await create(box, 'customer', 'A', 'a.csv'), 'uploadUrl')).toMatch(
      /^https:\/\/s3\.example\/batch-upload-sandbox\/acme\/in\/a\.csv\?/,
    );
  });

  test('the S3 port follows the API port', () => {
    expect(settingsOf({ port: 4000 })).toMatchObject({ port: 4000, s3Port: 4001 });
    expect(settingsOf({ port: 4000, s3Port: 9 }).s3Port).toBe(9);
    expect(settingsOf({})).toMatchObject({ port: 0, s3Port: 0 });
  });

  test('a taken port says so', async () => {
    const box = await sandbox();
    const port = Number(new URL(box.apiUrl).port);
    await expect(startSandbox({ port, s3Port: 0 })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('the port is in use'),
    });
  });

  test.each([
    { port: 70_000 },
    { port: 1.5 },
    { processingTimeMs: -1 },
    { bandwidth: 0 },
    { urlExpirySeconds: 604_801 },
    { org: '../x' },
    { bucket: '' },
  ])('refuses %o', async (options) => {
    await expect(startSandbox(options)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('flags', () => {
  test('become options', () => {
    const flags = {
      port: '8080',
      data: './d',
      processingTime: '250ms',
      latency: '1.5s',
      bandwidth: '20M',
      style: 'escaped',
      duplicates: 'reissue',
      echo: 'vendor',
      auth: 'basic',
      fault: ['init=cut'],
      log: 'l.jsonl',
      urlExpiry: '5m',
      downloadUrls: 'fresh',
      downloadLife: '90s',
      allowRemote: true,
    };
    expect(sandboxOptions(flags)).toMatchObject({
      port: 8080,
      data: './d',
      processingTimeMs: 250,
      latencyMs: 1500,
      bandwidth: 20_000_000,
      style: 'escaped',
      duplicates: 'reissue',
      echo: 'vendor',
      auth: { type: 'basic', username: 'sandbox', password: 'sandbox-password' },
      faults: ['init=cut'],
      logFile: 'l.jsonl',
      urlExpirySeconds: 300,
      downloadUrls: 'fresh',
      downloadExpirySeconds: 90,
      allowRemote: true,
    });
    expect(settingsOf(sandboxOptions({}))).toEqual(settingsOf({}));
    expect(sandboxOptions({ auth: 'bearer', token: 't' }).auth).toEqual({ type: 'bearer', token: 't' });
    expect(sandboxOptions({ auth: 'header:X-K' }).auth).toEqual({
      type: 'header',
      name: 'X-K',
      token: 'sandbox-token',
    });
    expect(sandboxOptions({ auth: 'none' }).auth).toEqual({ type: 'none' });
    expect(sandboxOptions({ bandwidth: '500kB/s' }).bandwidth).toBe(500_000);
  });

  test.each([
    { port: 'http' },
    { latency: 'long' },
    { bandwidth: 'fast' },
    { style: 'pretty' },
    { duplicates: 'allow' },
    { auth: 'digest' },
    { auth: 'header:' },
    { urlExpiry: '-1' },
    { downloadUrls: 'never' },
    { downloadLife: 'long' },
  ])('%o is refused', (flags) => {
    expect(() => sandboxOptions(flags)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.any(String) }),
    );
  });
});

describe('the request log', () => {
  test('has a line for each request, there before the answer', async () => {
    const logFile = join(temporaryFolder(), 'log.jsonl');
    const box = await sandbox({
      logFile,
      processingTimeMs: 0,
      faults: ['finalize=reset-after'],
      auth: { type: 'basic', username: 'u', password: 'pass' },
    });
    const authorization = `Basic ${Buffer.from('u:pass').toString('base64')}`;
    const lines = () =>
      readFileSync(logFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    const created = await create(box, 'customer', 'A', 'a.csv', {
      headers: { authorization, 'x-extra': 'hidden', 'user-agent': 'me/1' },
    });
    expect(lines()).toHaveLength(1);
    await put(field(created, 'uploadUrl'), 'k\n1\n', { 'content-type': 'text/csv' });
    await post(box, 'BatchFinalize', '<batchProcess><id>1</id></batchProcess>', { authorization }).catch(
      () => {},
    );
    await send({ method: 'GET', url: `${box.apiUrl}/nowhere` });
    expect(lines()).toEqual(JSON.parse(JSON.stringify(box.requests)));
    expect(lines()).toMatchObject([
      {
        n: 1,
        side: 'api',
        call: 'create',
        method: 'POST',
        url: '/rest/batchProcess?mode=S3FileUpload',
        jobId: 'A',
        status: 200,
        fault: null,
        effect: true,
        authorization: 'basic',
        headers: { 'user-agent': 'me/1' },
      },
      {
        n: 2,
        side: 's3',
        call: 'put',
        jobId: 'A',
        status: 200,
        effect: true,
        authorization: 'none',
        headers: { 'content-length': '4', 'content-type': 'text/csv' },
      },
      {
        n: 3,
        call: 'finalize',
        jobId: 'A',
        batchId: '1',
        status: null,
        fault: 'finalize=reset-after',
        effect: true,
      },
      { n: 4, call: 'other', status: 401, effect: false },
    ]);
    const text = readFileSync(logFile, 'utf8');
    expect(text).not.toContain('hidden');
    expect(text).not.toContain(authorization.slice(6));
    expect(lines()[0].headerNames).toContain('x-extra');
  });

  test('tells connections apart', async () => {
    const box = await sandbox();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = () =>
      new Promise<void>((resolve, reject) => {
        request(`${box.apiUrl}/rest/batchProcess?id=1`, { agent }, (response) =>
          response.resume().on('end', resolve),
        )
          .on('error', reject)
          .end();
      });
    await get();
    await get();
    await status(box, '1');
    agent.destroy();
    const [first, second, third] = box.requests.map((record) => record.connection);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
  });

  test('a file that cannot be written is an error', async () => {
    await expect(startSandbox({ logFile: join(temporaryFolder(), 'no', 'log') })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});

test('latency comes before every answer', async () => {
  const box = await sandbox({ latencyMs: 40 });
  const started = performance.now();
  await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
  await finalize(box, '1');
  expect(performance.now() - started).toBeGreaterThanOrEqual(115);
});

test('the bandwidth cap holds for each connection', async () => {
  const box = await sandbox({ bandwidth: 400_000 });
  const urls = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name) =>
      field(await create(box, 'customer', name, `${name}.csv`), 'uploadUrl'),
    ),
  );
  const started = performance.now();
  await Promise.all(urls.map((url) => put(url, Buffer.alloc(300_000))));
  const took = performance.now() - started;
  expect(took).toBeGreaterThan(700);
  expect(box.snapshot().objects.map((object) => object.bytes)).toEqual(Array(4).fill(300_000));
  // Each takes 0.75 s alone; sharing one limit would take 3 s. The files are small, so that a busy machine does not add to it.
  expect(took).toBeLessThan(2_900);
});

test('closing ends open requests and removes the temporary folder', async () => {
  const box = await startSandbox({ latencyMs: 60_000, faults: ['status=hang'] });
  const pending = [init(box, 'A'), status(box, '1')].map((reply) =>
    reply.catch((error: Error) => error.message),
  );
  await expect.poll(() => box.requests.filter((record) => record.effect || record.fault).length).toBe(2);
  expect(existsSync(box.data)).toBe(true);
  await box.close();
  await Promise.all(pending);
  expect(existsSync(box.data)).toBe(false);
  expect(lastRequest(box)).toBeDefined();
});

test('a folder that cannot be one is an error', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  await expect(startSandbox({ data: file })).rejects.toMatchObject({ code: 'USAGE' });
});
