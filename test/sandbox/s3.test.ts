import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { verify } from '../../src/sandbox/presigned-url.ts';
import { batch, create, field, finalize, lastRequest, put, sandbox, send, temporaryFolder } from './rig.ts';

const md5 = (body: string | Buffer) => createHash('md5').update(body).digest('hex');
const sha256 = (body: string | Buffer) => createHash('sha256').update(body).digest('hex');

async function uploadUrl(box: Sandbox, file = 'a.csv', jobId = 'A'): Promise<string> {
  return field(await create(box, 'customer', jobId, file), 'uploadUrl');
}

/** Writes on a bare socket and gives everything that comes back until it closes. */
function raw(url: string, text: string, { end = false, destroyAfterMs = 0 } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    if (end) socket.end(text);
    else socket.write(text);
    if (destroyAfterMs > 0) setTimeout(() => socket.destroy(), destroyAfterMs);
  });
}

function head(url: string, headers: Record<string, string>): string {
  const { host, pathname, search } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `PUT ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

describe('PUT', () => {
  test('stores the bytes and answers their MD5', async () => {
    const box = await sandbox();
    const body = Buffer.from([0, 255, 13, 10, 195, 164]);
    const reply = await put(await uploadUrl(box), body);
    expect(reply).toMatchObject({ status: 200, body: '' });
    expect(reply.headers.etag).toBe(`"${md5(body)}"`);
    expect(reply.headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/);
    expect(batch(box, 'A')).toMatchObject({ sha256: sha256(body), bytes: 6, status: 'Draft' });
    expect(lastRequest(box)).toMatchObject({
      side: 's3',
      call: 'put',
      jobId: 'A',
      effect: true,
      bodyBytes: 6,
      bodySha256: sha256(body),
      requestBody: null,
      authorization: 'none',
    });
  });

  test('works with fetch, whatever the file is called', async () => {
    const box = await sandbox({ style: 'escaped' });
    const names = [
      'a b.csv',
      '100%.csv',
      'a+b.csv',
      '%2F.csv',
      'ä€🧾.csv',
      "it's (1)*!.csv",
      'a&b=c?d#e.csv',
      '~;,:@$.csv',
      '__proto__',
      'a\\b.csv',
    ];
    for (const [index, name] of names.entries()) {
      const url = await uploadUrl(box, name, `job ${index}`);
      const response = await fetch(url, { method: 'PUT', body: `k\n${index}\n` });
      expect([name, response.status, await response.text()]).toEqual([name, 200, '']);
      expect(lastRequest(box).url).toBe(url.slice(box.s3Url.length));
      expect(batch(box, `job ${index}`)).toMatchObject({ objectKey: `acme/in/${name}`, bytes: 4 });
      await finalize(box, String(index + 1));
    }
    await box.waitForIdle();
    for (const { id, resultKey } of box.snapshot().batches) {
      const done = await send({ method: 'GET', url: `${box.apiUrl}/rest/batchProcess?id=${id}` });
      expect(resultKey).not.toBeNull();
      const result = await fetch(field(done, 'downloadUrl'));
      expect(await result.text()).toBe(`k,Status,Message\r\n${Number(id) - 1},Success,\r\n`);
    }
  });

  test('agrees with an independent signer', async () => {
    const box = await sandbox({ s3Credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' } });
    const client = new AwsClient({
      accessKeyId: 'AK',
      secretAccessKey: 'SK',
      service: 's3',
      region: 'us-east-2',
      retries: 0,
    });
    const target = `${box.s3Url}/batch-upload-sandbox/acme/in/own.csv?X-Amz-Expires=60`;
    const signed = await client.sign(target, { method: 'PUT', aws: { signQuery: true } });
    expect((await put(signed.url, 'x')).status).toBe(200);
    expect(box.snapshot().objects).toMatchObject([{ key: 'acme/in/own.csv', bytes: 1 }]);
  });

  test('the order of the query does not matter to S3, its content does', async () => {
    const box = await sandbox();
    const url = await uploadUrl(box);
    const [base = '', query = ''] = url.split('?');
    expect((await put(`${base}?${query.split('&').reverse().join('&')}`, 'x')).status).toBe(200);
    const tampered = [
      url.replace('a.csv', 'b.csv'),
      url.replace('a.csv', 'x/../a.csv'),
      url.replace('X-Amz-Expires=3599', 'X-Amz-Expires=3600'),
      url.replace(/Signature=./, (text) => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`),
      url.replace(/Signature=[0-9a-f]+/, 'Signature=00'),
      url.replace('SignedHeaders=host', 'SignedHeaders=host%3Bx'),
      `${url}&x=1`,
    ];
    for (const each of tampered) {
      const reply = await put(each, 'tampered');
      expect([each, reply.status]).toEqual([each, 403]);
      expect(reply.body).toContain('<Code>SignatureDoesNotMatch</Code>');
    }
    expect(box.snapshot().objects).toMatchObject([{ key: 'acme/in/a.csv', bytes: 1, puts: 1 }]);
  });

  test('refuses another method, host, key id, region, and doubled or missing parameters', async () => {
    const box = await sandbox();
    const url = await uploadUrl(box);
    const codeOf = async (method: string, target: string, headers: Record<string, string> = {}) => {
      const reply = await send({ method, url: target, headers, ...(method === 'GET' ? {} : { body: 'x' }) });
      return [reply.status, /<Code>(\w+)/.exec(reply.body)?.[1]];
    };
    expect(await codeOf('GET', url)).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await codeOf('POST', url)).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await codeOf('PUT', url, { host: 'elsewhere.example' })).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await codeOf('PUT', url.replace('AKIAIOSFODNN7', 'AKIAANOTHER00'))).toEqual([
      403,
      'InvalidAccessKeyId',
    ]);
    expect(await codeOf('PUT', url.replace('us-east-2', 'us-east-1'))).toEqual([
      400,
      'AuthorizationQueryParametersError',
    ]);
    expect(await codeOf('PUT', `${url}&X-Amz-Expires=1`)).toEqual([400, 'AuthorizationQueryParametersError']);
    expect(await codeOf('PUT', url.replace(/&?X-Amz-Expires=\d+/, ''))).toEqual([
      400,
      'AuthorizationQueryParametersError',
    ]);
    expect(await codeOf('PUT', url.replace('Expires=3599', 'Expires=604801'))).toEqual([
      400,
      'AuthorizationQueryParametersError',
    ]);
    expect(await codeOf('PUT', url.replace(/Date=\w+/, 'Date=yesterday'))).toEqual([
      400,
      'AuthorizationQueryParametersError',
    ]);
    expect(await codeOf('PUT', url.split('?')[0] ?? '')).toEqual([403, 'AccessDenied']);
    expect(await codeOf('PUT', `${box.s3Url}/`)).toEqual([403, 'AccessDenied']);
    expect(box.snapshot().objects).toEqual([]);
  });

  test('an expired URL is refused', async () => {
    let now = Date.UTC(2021, 8, 21);
    const box = await sandbox({ now: () => now, urlExpirySeconds: 60 });
    const url = await uploadUrl(box);
    now += 60_000;
    expect((await put(url, 'x')).status).toBe(200);
    now += 1;
    const late = await put(url, 'y');
    expect(late.status).toBe(403);
    expect(late.body).toContain(
      '<Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires>',
    );
    now -= 3_600_000;
    expect((await put(url, 'y')).body).toContain('Request is not valid yet');
    expect(batch(box, 'A').bytes).toBe(1);
  });

  test('credentials sent along are refused as S3 does, and noted without their value', async () => {
    const box = await sandbox({ auth: { type: 'none' } });
    const url = await uploadUrl(box);
    const reply = await put(url, 'x', { authorization: 'Bearer s3cret-value' });
    expect(reply.status).toBe(400);
    expect(reply.body).toContain('Only one auth mechanism allowed');
    expect(lastRequest(box)).toMatchObject({ authorization: 'bearer', effect: false });
    expect(JSON.stringify(box.requests)).not.toContain('s3cret-value');
  });

  test('no chunked encoding, no missing length', async () => {
    const box = await sandbox();
    const url = await uploadUrl(box);
    const chunked = await put(url, 'x', { 'transfer-encoding': 'chunked' });
    expect(chunked.status).toBe(411);
    expect(chunked.body).toContain('<Code>MissingContentLength</Code>');
    expect(await raw(url, head(url, { connection: 'close' }))).toMatch(/^HTTP\/1.1 411 /);
    expect(batch(box, 'A').bytes).toBeNull();
    expect((await put(url, '')).status).toBe(200);
    expect(batch(box, 'A').bytes).toBe(0);
  });

  test('a body that stops short stores nothing', async () => {
    const box = await sandbox({ bodyIdleMs: 60 });
    const url = await uploadUrl(box);
    await put(url, 'old');
    const ended = await raw(url, `${head(url, { 'content-length': '10' })}12345`, { end: true });
    expect(ended).toContain('<Code>IncompleteBody</Code>');
    // The answer comes from below Node's request: the record may follow a moment later.
    await expect.poll(() => lastRequest(box)).toMatchObject({ call: 'put', status: 400, effect: false });
    const silent = await raw(url, `${head(url, { 'content-length': '10' })}12345`);
    expect(silent).toContain('<Code>RequestTimeout</Code>');
    await expect
      .poll(() => lastRequest(box))
      .toMatchObject({ call: 'put', status: 400, bodyBytes: 5, effect: false });
    await raw(url, `${head(url, { 'content-length': '10' })}12345`, { destroyAfterMs: 20 });
    await expect.poll(() => box.requests.length).toBe(5);
    expect(batch(box, 'A')).toMatchObject({ bytes: 3, sha256: sha256('old') });
    await expect.poll(() => readdirSync(join(box.data, 'objects'))).toHaveLength(1);
  });

  test('bytes beyond the length are not stored', async () => {
    const box = await sandbox();
    const url = await uploadUrl(box);
    expect(await raw(url, `${head(url, { 'content-length': '3' })}123456`)).toContain('HTTP/1.1 400');
    await expect.poll(() => lastRequest(box).call).toBe('put');
    expect([null, 3]).toContain(batch(box, 'A').bytes);
  });

  test('no HTTP is a 400', async () => {
    const box = await sandbox();
    expect(await raw(box.s3Url, 'nonsense\r\n\r\n')).toContain('<Code>BadRequest</Code>');
  });

  test('a wrong Content-MD5 stores nothing', async () => {
    const box = await sandbox();
    const url = await uploadUrl(box);
    const digest = (text: string) => ({ 'content-md5': createHash('md5').update(text).digest('base64') });
    expect((await put(url, 'x', digest('y'))).body).toContain('<Code>BadDigest</Code>');
    expect(batch(box, 'A').bytes).toBeNull();
    expect((await put(url, 'x', digest('x'))).status).toBe(200);
  });

  test('a client that waits with Expect never sends a refused body', async () => {
    const box = await sandbox();
    const url = await uploadUrl(box);
    const attempt = (target: string) =>
      new Promise<{ status: number; asked: boolean }>((resolve, reject) => {
        const { hostname, port, pathname, search } = new URL(target);
        let asked = false;
        const headers = { expect: '100-continue', 'content-length': '4' };
        const outgoing = request({
          method: 'PUT',
          hostname,
          port,
          path: pathname + search,
          headers,
          agent: false,
        });
        outgoing.on('continue', () => {
          asked = true;
          outgoing.end('k\n1\n');
        });
        outgoing.on('response', (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, asked });
          outgoing.destroy();
        });
        outgoing.on('error', reject);
        outgoing.flushHeaders();
      });
    expect(await attempt(url)).toEqual({ status: 200, asked: true });
    expect(await attempt(url.replace('a.csv', 'b.csv'))).toEqual({ status: 403, asked: false });
  });

  test('a refused upload of many megabytes still gets its answer', async () => {
    const box = await sandbox();
    const url = (await uploadUrl(box)).replace('a.csv', 'b.csv');
    const reply = await put(url, Buffer.alloc(16 * 1024 * 1024));
    expect(reply.body).toContain('<Code>SignatureDoesNotMatch</Code>');
  });

  test('a replaced object leaves no bytes behind', async () => {
    const box = await sandbox();
    const url = await uploadUrl(box);
    for (let index = 0; index < 5; index += 1) await put(url, `${index}`);
    expect(readdirSync(join(box.data, 'objects'))).toHaveLength(1);
  });
});

describe('GET', () => {
  test('sends length and ETag; an unknown key is NoSuchKey', async () => {
    const box = await sandbox();
    const client = new AwsClient({
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'ebill-sandbox-secret-not-a-secret',
      service: 's3',
      region: 'us-east-2',
    });
    await put(await uploadUrl(box), 'hello');
    const get = async (key: string) => {
      const target = `${box.s3Url}/batch-upload-sandbox/${key}?X-Amz-Expires=60`;
      return send({ method: 'GET', url: (await client.sign(target, { aws: { signQuery: true } })).url });
    };
    const reply = await get('acme/in/a.csv');
    expect(reply).toMatchObject({ status: 200, body: 'hello' });
    expect(reply.headers).toMatchObject({ 'content-length': '5', etag: `"${md5('hello')}"` });
    const missing = await get('acme/in/nothing.csv');
    expect(missing.status).toBe(404);
    expect(missing.body).toContain('<Code>NoSuchKey</Code>');
    const elsewhere = await client.sign(`${box.s3Url}/other/a.csv?X-Amz-Expires=60`, {
      aws: { signQuery: true },
    });
    expect((await send({ method: 'GET', url: elsewhere.url })).body).toContain('<Code>NoSuchBucket</Code>');
  });
});

test('a key that walks through folders is a name like any other', async () => {
  const data = join(temporaryFolder(), 'deep', 'data');
  const box = await sandbox({ data });
  const client = new AwsClient({
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'ebill-sandbox-secret-not-a-secret',
    service: 's3',
    region: 'us-east-2',
  });
  const target = `${box.s3Url}/batch-upload-sandbox/acme%2F..%2F..%2F..%2F..%2Fescaped?X-Amz-Expires=60`;
  const { url } = await client.sign(target, { method: 'PUT', aws: { signQuery: true } });
  expect((await put(url, 'out!')).status).toBe(200);
  expect(existsSync(join(dirname(data), 'escaped'))).toBe(false);
  expect(readdirSync(data).sort()).toEqual(['objects', 'state.json']);
  const [blob = ''] = readdirSync(join(data, 'objects'));
  expect(readFileSync(join(data, 'objects', blob), 'utf8')).toBe('out!');
});

test('verify needs a readable URL', async () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const request = { method: 'PUT', rawUrl: '/b/k', hasAuthorization: false, now: 0 };
  expect(await verify({ ...request, host: undefined }, credentials)).toMatchObject({ code: 'InvalidURI' });
  expect(await verify({ ...request, host: 'a b' }, credentials)).toMatchObject({ code: 'InvalidURI' });
});
