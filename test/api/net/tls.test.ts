import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import { connect, createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { downloadFile } from '../../../src/api/download.ts';
import { openTransport } from '../../../src/api/net/transport.ts';
import { putFile } from '../../../src/api/storage.ts';
import { authorities, hasOpenssl, keysOf } from '../../helpers/authority.ts';
import { tempDir, testContext } from '../../helpers/context.ts';
import {
  CREATE,
  connectionTo,
  DRAFT,
  fileOf,
  hash,
  IGNORE_PROGRESS,
  listening,
  type ReceivedRequest,
  rawServer,
  recordingHandler,
  rejection,
  rigFor,
} from '../rig.ts';

let pem: (name: string) => string;

describe.skipIf(!hasOpenssl)('TLS', () => {
  beforeAll(() => {
    pem = authorities();
  });

  const tlsServer = async (
    answer: Parameters<typeof recordingHandler>[1],
    more: ServerOptions = {},
    name = 'server',
  ) => {
    const requests: ReceivedRequest[] = [];
    const server = createServer({ ...keysOf(pem, name), ...more }, recordingHandler(requests, answer));
    server.on('tlsClientError', () => undefined);
    const port = await listening(server);
    return { origin: `https://127.0.0.1:${port}`, port, requests };
  };
  const draft: Parameters<typeof recordingHandler>[1] = (_request, response) => response.end(DRAFT);

  test('refuses an unknown authority, and says why', async () => {
    const server = await tlsServer(draft);
    const { client, context } = await rigFor(server.origin, { retries: 1 });
    const result = await client.create(CREATE);
    expect(result).toMatchObject({ outcome: 'refused', status: null });
    expect(result).toHaveProperty('message', expect.stringContaining('no secure connection'));
    expect(result).toHaveProperty('message', expect.stringContaining(server.origin));
    // Another try would fail in the same way.
    expect([server.requests.length, context.slept.length]).toEqual([0, 0]);
    expect(await rejection(client.status({ id: '3' }))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('refuses a server of another authority', async () => {
    const server = await tlsServer(draft);
    const { client } = await rigFor(server.origin, {
      retries: 0,
      connection: { caFile: pem('other-ca.crt') },
    });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'refused', status: null });
    expect(server.requests).toEqual([]);
  });

  test('accepts a server of the authority of the profile', async () => {
    const server = await tlsServer(draft);
    const { client } = await rigFor(server.origin, { connection: { caFile: pem('ca.crt') } });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
  });

  test('accepts the authorities of the environment besides those of the profile', async () => {
    const server = await tlsServer(draft);
    const connection = { caFile: pem('other-ca.crt') };
    const env = { NODE_EXTRA_CA_CERTS: pem('ca.crt') };
    const { client } = await rigFor(server.origin, { connection, env });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    const gone = { NODE_EXTRA_CA_CERTS: pem('gone.crt') };
    const without = await rigFor(server.origin, { retries: 0, connection, env: gone });
    expect(await without.client.create(CREATE)).toMatchObject({ outcome: 'refused' });
  });

  test('accepts several authorities in one file', async () => {
    const both = pem('both.crt');
    writeFileSync(both, readFileSync(pem('other-ca.crt'), 'utf8') + readFileSync(pem('ca.crt'), 'utf8'));
    const server = await tlsServer(draft);
    const { client } = await rigFor(server.origin, { connection: { caFile: both } });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
  });

  test('refuses a certificate of another host', async () => {
    const server = await tlsServer(draft, {}, 'elsewhere');
    const { client } = await rigFor(server.origin, { retries: 0, connection: { caFile: pem('ca.crt') } });
    const result = await client.create(CREATE);
    expect(result).toMatchObject({ outcome: 'refused', status: null });
    expect(result).toHaveProperty('message', expect.stringContaining('no secure connection'));
    expect(server.requests).toEqual([]);
  });

  test('sends nothing to a server that speaks plain http', async () => {
    const plain = await rawServer(draft);
    const { client } = await rigFor(plain.origin.replace('http:', 'https:'), { retries: 0 });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'refused', status: null });
    expect(plain.requests).toEqual([]);
  });

  test('sends the client certificate, without which the server does not answer', async () => {
    const server = await tlsServer(draft, {
      ca: readFileSync(pem('ca.crt')),
      requestCert: true,
      rejectUnauthorized: true,
    });
    const ca = { caFile: pem('ca.crt') };
    const shown = await rigFor(server.origin, {
      connection: { ...ca, clientCert: pem('client.crt'), clientKey: pem('client.key') },
    });
    expect(await shown.client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    const { client } = await rigFor(server.origin, { retries: 0, connection: ca });
    // Node closes the connection after the handshake without an alert, so this may be ambiguous.
    expect((await client.create(CREATE)).outcome).not.toBe('answered');
    expect(server.requests).toHaveLength(1);
  });

  test.each(['caFile', 'clientCert', 'clientKey'] as const)(
    'reports an unreadable %s as a usage error',
    async (field) => {
      const connection = connectionTo('https://127.0.0.1', {
        clientCert: pem('client.crt'),
        [field]: pem('none.pem'),
      });
      const error = await rejection(openTransport(testContext(), connection, 1000));
      expect(error).toMatchObject({ code: 'USAGE' });
      expect(String(error)).toContain('none.pem');
    },
  );

  test('carries a file and its result unchanged', async () => {
    const bytes = randomBytes(5 * 1024 * 1024 + 3);
    const server = await tlsServer(({ method, body }, response) => {
      if (method === 'PUT') response.writeHead(200, { etag: `"${hash('md5', body)}"` }).end();
      else response.end(bytes);
    });
    const { storage } = await rigFor(server.origin, { connection: { caFile: pem('ca.crt') } });
    const result = await putFile(
      storage,
      `${server.origin}/o?X-Amz-Signature=%2f`,
      fileOf(bytes),
      IGNORE_PROGRESS,
    );
    expect(result).toMatchObject({ outcome: 'stored', verified: true });
    expect(server.requests[0]?.headers).toMatchObject({ 'content-length': String(bytes.length) });
    expect(server.requests[0]?.url).toBe('/o?X-Amz-Signature=%2f');
    const path = join(tempDir(), 'result.csv');
    expect(await downloadFile(storage, `${server.origin}/r`, path, () => undefined)).toMatchObject({
      outcome: 'saved',
      sha256: hash('sha256', bytes),
    });
  });

  test('is ambiguous when the connection breaks during the response', async () => {
    let spoil = false;
    const server = await tlsServer((_request, response) => {
      spoil = true;
      response.end(DRAFT);
    });
    // Changes the server's bytes once it has the request.
    const relay = createTcp((near) => {
      const far = connect(server.port, '127.0.0.1');
      near.on('data', (part) => far.write(part));
      far.on('data', (part) => {
        // The end may be of the alert that closes the connection.
        const middle = part.length >> 1;
        if (spoil) part[middle] = (part[middle] ?? 0) ^ 0xff;
        near.write(part);
      });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    const port = await listening(relay);
    const { client } = await rigFor(`https://127.0.0.1:${port}`, { connection: { caFile: pem('ca.crt') } });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'ambiguous' });
    expect(server.requests).toHaveLength(1);
  });
});
