import { lookup } from 'node:dns';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect, createServer as createTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ProxyError } from '../../../src/api/net/proxy.ts';
import { transportError } from '../../../src/api/net/transport-error.ts';
import { openTunnel } from '../../../src/api/net/tunnel.ts';
import { readBody } from '../../../src/api/response-body.ts';
import { putFile } from '../../../src/api/storage.ts';
import {
  answering,
  CREATE,
  closedPort,
  DRAFT,
  fileOf,
  hash,
  IGNORE_PROGRESS,
  listening,
  rawServer,
  rejection,
  rigFor,
} from '../rig.ts';

const OPENED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/**
 * A proxy to one server, whatever the target: forwards plain requests, opens tunnels, or refuses both. Like squid, it opens
 * no tunnel to port 80.
 */
async function proxyTo(origin: string, refusal: number | null = null, opened = OPENED) {
  const asked: { to: string; authorization: string | undefined }[] = [];
  const note = ({ url = '', headers }: IncomingMessage): void => {
    asked.push({ to: url, authorization: headers['proxy-authorization'] });
  };
  const server = createServer((near, answer) => {
    note(near);
    if (refusal !== null) {
      const squid = refusal === 403 ? { 'x-squid-error': 'ERR_ACCESS_DENIED 0' } : {};
      near
        .resume()
        .on('end', () => answer.writeHead(refusal, squid).end('<html><title>Proxy says no</title></html>'));
      return;
    }
    const { 'proxy-authorization': _ours, ...headers } = near.headers;
    const path = (near.url ?? '').replace(/^http:\/\/[^/]*/, '');
    const far = request(`${origin}/`, { method: near.method ?? '', path, headers }, (from) => {
      answer.writeHead(from.statusCode ?? 0, from.headers);
      from.pipe(answer);
    });
    near.pipe(far);
  });
  server.on('connect', (request: IncomingMessage, near: Socket) => {
    note(request);
    if (refusal !== null || request.url?.endsWith(':80')) {
      near.end(`HTTP/1.1 ${refusal ?? 403} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const far = connect(Number(new URL(origin).port), '127.0.0.1', () => {
      near.write(opened);
      far.pipe(near).pipe(far);
    });
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    near.on('close', () => far.destroy());
  });
  return { url: `http://127.0.0.1:${await listening(server)}`, asked };
}

afterEach(() => vi.unstubAllEnvs());

describe('a proxy', () => {
  test.each(['HTTP_PROXY', 'http_proxy'])('named by %s carries plain http, URLs unchanged', async (name) => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin);
    const { client, transport } = await rigFor('http://ebill.test/acme', { env: { [name]: proxy.url } });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    await readBody(
      await transport.send({ method: 'GET', url: 'http://s3.test/a%2fb//c?x=%2F+y', headers: {} }),
    );
    expect(proxy.asked.map((one) => one.to)).toEqual([
      'http://ebill.test/acme/rest/batchProcess?mode=S3FileUpload',
      'http://s3.test/a%2fb//c?x=%2F+y',
    ]);
    expect(server.requests.map((one) => one.url)).toEqual([
      '/acme/rest/batchProcess?mode=S3FileUpload',
      '/a%2fb//c?x=%2F+y',
    ]);
    expect(server.requests[0]?.headers.host).toBe('ebill.test');
  });

  test('carries files over plain http as well, on one connection', async () => {
    const server = await rawServer(({ body }, response) =>
      response.writeHead(200, { etag: `"${hash('md5', body)}"` }).end(),
    );
    const proxy = await proxyTo(server.origin);
    const env = { HTTP_PROXY: proxy.url.replace('//', '//robot:pw@') };
    const { storage, exchanges } = await rigFor('http://ebill.test', { env });
    for (const size of [10, 3_000_000])
      expect(
        await putFile(
          storage,
          `http://s3.test/in/${size}?a=%2f`,
          fileOf(Buffer.alloc(size, 'x')),
          IGNORE_PROGRESS,
        ),
      ).toMatchObject({ verified: true });
    const authorization = `Basic ${Buffer.from('robot:pw').toString('base64')}`;
    expect(proxy.asked).toEqual([
      { to: 'http://s3.test/in/10?a=%2f', authorization },
      { to: 'http://s3.test/in/3000000?a=%2f', authorization },
    ]);
    expect(server.requests.map((one) => one.headers['proxy-authorization'])).toEqual([undefined, undefined]);
    expect(exchanges.join()).not.toContain(authorization.slice(6));
    expect(exchanges.join()).not.toContain('pw@');
  });

  test.each([
    'HTTP/1.1 201 Created\r\n\r\n',
    'HTTP/1.1 299 Odd\r\n\r\n',
    'HTTP/1.0 200\n\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nVia: one,\r\n two\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  ])('opens a tunnel with %j', async (opened) => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin, null, opened);
    const { client } = await rigFor('https://ebill.test', { retries: 0, env: { HTTP_PROXY: proxy.url } });
    // The server behind the tunnel has no TLS.
    expect(await client.create(CREATE)).toMatchObject({
      message: expect.stringContaining('it does not speak TLS'),
    });
  });

  test('from HTTPS_PROXY is not used for plain http', async () => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin);
    const { client } = await rigFor(server.origin, { env: { HTTPS_PROXY: proxy.url } });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    expect(proxy.asked).toEqual([]);
  });

  test.each([
    ['HTTPS_PROXY', 'ebill.test:443'],
    ['https_proxy', 'ebill.test:443'],
    ['HTTP_PROXY', 'ebill.test:443'],
  ])('from %s is asked for a tunnel for https', async (name, to) => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin);
    // The server behind the tunnel has no TLS: the handshake fails, and nothing is sent.
    const { client } = await rigFor('https://ebill.test', { retries: 0, env: { [name]: proxy.url } });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'refused', status: null });
    expect(proxy.asked.map((one) => one.to)).toEqual([to]);
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['127.0.0.1', true],
    ['other.test, 127.0.0.1', true],
    ['*', true],
    ['other.test', false],
    ['', false],
  ])('is bypassed with NO_PROXY=%j: %s', async (noProxy, direct) => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin);
    const { client } = await rigFor(server.origin, { env: { HTTP_PROXY: proxy.url, NO_PROXY: noProxy } });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    expect(proxy.asked).toHaveLength(direct ? 0 : 1);
  });

  test('comes from the context, not from the process', async () => {
    const dead = `http://127.0.0.1:${await closedPort()}`;
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, dead);
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '*');
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin);
    const none = await rigFor(server.origin, { retries: 0 });
    expect(await none.client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    const only = await rigFor(server.origin, { retries: 0, env: { HTTPS_PROXY: proxy.url } });
    expect(await only.client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    expect(proxy.asked).toEqual([]);
    const through = await rigFor('http://ebill.test', { retries: 0, env: { HTTP_PROXY: proxy.url } });
    expect(await through.client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    expect(proxy.asked).toHaveLength(1);
    // HTTP_PROXY alone is used for https as well.
    const secure = await rigFor('https://ebill.test', { retries: 0, env: { HTTP_PROXY: proxy.url } });
    expect(await secure.client.create(CREATE)).toMatchObject({ outcome: 'refused', status: null });
    expect(proxy.asked.at(-1)?.to).toBe('ebill.test:443');
  });

  test('of the profile comes first, and its credentials go nowhere else', async () => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin);
    const { client } = await rigFor('http://ebill.test', {
      connection: {
        proxy: proxy.url.replace('//', '//us%40er:p%3Aw@'),
        auth: { type: 'bearer', token: 'tok' },
      },
      env: { HTTP_PROXY: `http://127.0.0.1:${await closedPort()}` },
    });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    expect(proxy.asked).toEqual([
      {
        to: 'http://ebill.test/rest/batchProcess?mode=S3FileUpload',
        authorization: `Basic ${Buffer.from('us@er:p:w').toString('base64')}`,
      },
    ]);
    expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer tok' });
    expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  test.each([
    ['http', 407, 'requires a username and a password'],
    ['http', 403, 'refused the connection (it answered 403)'],
    ['https', 407, 'requires a username and a password'],
    ['https', 403, 'answered 403'],
    ['https', 502, 'answered 502'],
  ])('that answers a request to %s with %i is named, and nothing is sent', async (scheme, status, words) => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin, status);
    const { client } = await rigFor(`${scheme}://ebill.test`, { retries: 1, env: { HTTP_PROXY: proxy.url } });
    const result = await client.create(CREATE);
    expect(result).toMatchObject({ outcome: 'refused', status: null });
    expect(result).toHaveProperty('message', expect.stringContaining(words));
    expect(result).toHaveProperty('message', expect.stringContaining('proxy'));
    expect(server.requests).toEqual([]);
    // A wrong password is tried once.
    expect(proxy.asked).toHaveLength(status === 407 ? 1 : 2);
    expect(await rejection(client.status({ id: '3' }))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test.each([400, 502])(
    'that answers plain http with a page (%i) leaves a changing call in doubt',
    async (status) => {
      const server = await answering(200, DRAFT);
      const proxy = await proxyTo(server.origin, status);
      const { client } = await rigFor('http://ebill.test', { retries: 1, env: { HTTP_PROXY: proxy.url } });
      const result = await client.finalize({ id: '3', jobId: null });
      expect(result).toMatchObject({ message: expect.stringContaining('Proxy says no') });
      expect(server.requests).toEqual([]);
    },
  );

  test('that does not answer in time is named', async () => {
    const silent = createTcp();
    const choice = { url: `http://127.0.0.1:${await listening(silent)}`, source: 'HTTPS_PROXY' } as const;
    const options = { tls: () => Promise.reject(new Error('not asked for')), lookup };
    for (const [reason, expected] of [
      [new DOMException('late', 'TimeoutError'), ProxyError],
      ['SIGINT', 'SIGINT'],
    ] as const) {
      const over = new AbortController();
      const tunnel = rejection(openTunnel('ebill.test:443', choice, options, over.signal));
      over.abort(reason);
      const error = await tunnel;
      if (typeof expected === 'string') expect(error).toBe(expected);
      else {
        expect(error).toBeInstanceOf(expected);
        expect(transportError(error, 'https://ebill.test', false, choice)).toMatchObject({
          kind: 'unsent',
          permanent: false,
          message: expect.stringMatching(
            /^https:\/\/ebill\.test: the proxy \S+ \(HTTPS_PROXY\) cannot be reached: no tunnel within 10 s$/,
          ),
        });
      }
    }
  });

  test('that is not there gets nothing', async () => {
    const { client } = await rigFor('http://ebill.test', {
      retries: 0,
      env: { HTTP_PROXY: `http://127.0.0.1:${await closedPort()}` },
    });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'refused', status: null });
  });
});
