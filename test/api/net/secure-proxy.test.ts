import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { authorities, hasOpenssl, keysOf } from '../../helpers/authority.ts';
import { CREATE, DRAFT, listening, recordingHandler, rigFor } from '../rig.ts';

let pem: (name: string) => string;

describe.skipIf(!hasOpenssl)('an https proxy', () => {
  beforeAll(() => {
    pem = authorities();
  });

  /** Opens tunnels and asks for a client certificate; records credentials and certificates. */
  async function secureProxy(name: string) {
    const asked: { to: string | undefined; login: string | undefined; shown: unknown }[] = [];
    const options = { ...keysOf(pem, name), ca: readFileSync(pem('ca.crt')), requestCert: true };
    const server = createServer({ ...options, rejectUnauthorized: false });
    server.on('tlsClientError', () => undefined);
    server.on('request', (request: IncomingMessage, answer: ServerResponse) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      asked.push({ to: request.url, login: request.headers['proxy-authorization'], shown: subject?.CN });
      answer.end(DRAFT);
    });
    server.on('connect', (request: IncomingMessage, near: Socket) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      asked.push({ to: request.url, login: request.headers['proxy-authorization'], shown: subject?.CN });
      const far = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
        near.write('HTTP/1.1 200 OK\r\n\r\n');
        near.pipe(far).pipe(near);
      });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    return { port: await listening(server), asked };
  }

  async function target() {
    const requests: Parameters<typeof recordingHandler>[0] = [];
    const server = createServer(
      keysOf(pem, 'server'),
      recordingHandler(requests, (_one, response) => response.end(DRAFT)),
    );
    return { origin: `https://127.0.0.1:${await listening(server)}`, requests };
  }

  const own = () => ({
    caFile: pem('ca.crt'),
    clientCert: pem('client.crt'),
    clientKey: pem('client.key'),
  });

  test.each(['localhost', '127.0.0.1'])(
    'at %s is verified by the same authorities and gets no client certificate',
    async (host) => {
      const warnings: string[] = [];
      const warned = (warning: Error): void => void warnings.push(warning.message);
      process.on('warning', warned);
      const [proxy, server] = [await secureProxy('server'), await target()];
      const { client } = await rigFor(server.origin, {
        connection: own(),
        env: { HTTPS_PROXY: `https://robot:pw@${host}:${proxy.port}` },
      });
      expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
      const login = `Basic ${Buffer.from('robot:pw').toString('base64')}`;
      expect(proxy.asked).toEqual([{ to: new URL(server.origin).host, login, shown: undefined }]);
      process.off('warning', warned);
      expect(warnings.filter((one) => /ServerName/i.test(one))).toEqual([]);
    },
  );

  test('carries plain http as well, without a client certificate', async () => {
    const proxy = await secureProxy('server');
    const { client } = await rigFor('http://ebill.test', {
      connection: own(),
      env: { HTTP_PROXY: `https://robot:pw@127.0.0.1:${proxy.port}` },
    });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    const login = `Basic ${Buffer.from('robot:pw').toString('base64')}`;
    const to = 'http://ebill.test/rest/batchProcess?mode=S3FileUpload';
    expect(proxy.asked).toEqual([{ to, login, shown: undefined }]);
  });

  test.each([
    ['elsewhere', /is for another host name/, /Check the host/],
    ['stranger', /signed by an unknown authority/, /--ca-file FILE/],
    ['over', /has expired/, /clock is right/],
  ])('gets no password when its certificate is wrong (%s)', async (name, why, hint) => {
    const [proxy, server] = [await secureProxy(name), await target()];
    const { client, notices } = await rigFor(server.origin, {
      connection: own(),
      env: { HTTPS_PROXY: `https://robot:pw@127.0.0.1:${proxy.port}` },
    });
    const result = await client.create(CREATE);
    expect(result).toMatchObject({
      outcome: 'refused',
      status: null,
      message: expect.stringMatching(why),
      hint: expect.stringMatching(hint),
    });
    expect(result).toHaveProperty(
      'message',
      expect.stringMatching(/no secure connection with the proxy https:/),
    );
    expect([proxy.asked, server.requests, notices]).toEqual([[], [], []]);
  });
});
