import { lookup } from 'node:dns';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ProxyError } from '../../../src/api/net/proxy.ts';
import { transportError } from '../../../src/api/net/transport-error.ts';
import { openTunnel } from '../../../src/api/net/tunnel.ts';
import { readBody } from '../../../src/api/response-body.ts';
import { answering, CREATE, closedPort, DRAFT, listening, rejection, rigFor } from '../rig.ts';

/** A proxy that opens tunnels to one server, whatever the target, or refuses every CONNECT. */
async function proxyTo(origin: string, refusal: number | null = null, opened = 200) {
  const asked: { to: string; authorization: string | undefined }[] = [];
  const server = createServer((_request, response) => response.writeHead(500).end('no tunnel asked for'));
  server.on('connect', (request: IncomingMessage, near: Socket) => {
    asked.push({ to: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    if (refusal !== null) {
      near.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const far = connect(Number(new URL(origin).port), '127.0.0.1', () => {
      near.write(`HTTP/1.1 ${opened} OK\r\n\r\n`);
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
    expect(proxy.asked.map((one) => one.to)).toEqual(['ebill.test:80', 's3.test:80']);
    expect(server.requests.map((one) => one.url)).toEqual([
      '/acme/rest/batchProcess?mode=S3FileUpload',
      '/a%2fb//c?x=%2F+y',
    ]);
    expect(server.requests[0]?.headers.host).toBe('ebill.test');
  });

  test.each([201, 202, 299])('opens a tunnel with any 2xx: %i', async (opened) => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin, null, opened);
    const { client } = await rigFor('http://ebill.test', { env: { HTTP_PROXY: proxy.url } });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
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
      { to: 'ebill.test:80', authorization: `Basic ${Buffer.from('us@er:p:w').toString('base64')}` },
    ]);
    expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer tok' });
    expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  test.each([
    [407, 'requires a username and a password'],
    [403, 'answered 403'],
    [502, 'answered 502'],
  ])('that answers %i is named, and nothing is sent', async (status, words) => {
    const server = await answering(200, DRAFT);
    const proxy = await proxyTo(server.origin, status);
    const { client } = await rigFor('http://ebill.test', { retries: 1, env: { HTTP_PROXY: proxy.url } });
    const result = await client.create(CREATE);
    expect(result).toMatchObject({ outcome: 'refused', status: null });
    expect(result).toHaveProperty('message', expect.stringContaining(words));
    expect(result).toHaveProperty('message', expect.stringContaining('proxy'));
    expect(server.requests).toEqual([]);
    expect(await rejection(client.status({ id: '3' }))).toMatchObject({ code: 'UNAVAILABLE' });
  });

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
