import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { downloadFile } from '../../../src/api/download.ts';
import { openTransport } from '../../../src/api/net/transport.ts';
import { putFile } from '../../../src/api/storage.ts';
import { authorities, hasOpenssl, keysOf, opensslServer, PASSPHRASE } from '../../helpers/authority.ts';
import { tempDir, testContext } from '../../helpers/context.ts';
import {
  answering,
  CREATE,
  connectionTo,
  DRAFT,
  fileOf,
  hash,
  IGNORE_PROGRESS,
  listening,
  type ReceivedRequest,
  type Rig,
  rawServer,
  recordingHandler,
  rejection,
  rigFor,
  S3_MARK,
} from '../rig.ts';

/** OpenSSL 3 speaks TLS 1.0 and 1.1 only with this. */
const OLD_TLS = { ciphers: 'DEFAULT@SECLEVEL=0' };

let pem: (name: string) => string;

describe.skipIf(!hasOpenssl)('certificates', () => {
  beforeAll(() => {
    pem = authorities();
  });

  async function secure(name: string, more: ServerOptions = {}) {
    const requests: ReceivedRequest[] = [];
    const server = createServer(
      { ...keysOf(pem, name), ...more },
      recordingHandler(requests, ({ method, url, body }, response) => {
        if (method === 'PUT') response.writeHead(200, { etag: `"${hash('md5', body)}"` }).end();
        else response.end(url.startsWith('/rest') ? DRAFT : 'id,status\n');
      }),
    );
    server.on('tlsClientError', () => undefined);
    return { origin: `https://127.0.0.1:${await listening(server)}`, requests };
  }

  /** A changing call, a status, an upload and a download. */
  async function allCalls(rig: Rig, origin: string) {
    const path = join(tempDir(), 'result.csv');
    const answers = [
      await rig.client.create(CREATE),
      await rig.client.status({ id: '3' }).then(
        () => ({ outcome: 'answered' }),
        (error: Error & { hint: string; code: string }) => ({
          outcome: 'refused',
          code: error.code,
          message: error.message,
          hint: error.hint,
        }),
      ),
      await putFile(rig.storage, `${origin}/o?X-Amz-Signature=s`, fileOf(randomBytes(5000)), IGNORE_PROGRESS),
      await downloadFile(rig.storage, `${origin}/r?X-Amz-Signature=s`, path, () => undefined),
    ];
    return { answers, downloaded: existsSync(path) };
  }

  test.each<[name: string, options: ServerOptions]>([
    ['server', {}],
    ['server', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
  ])('of a trusted server (%s with %j) lets all calls through', async (name, options) => {
    const server = await secure(name, options);
    const rig = await rigFor(server.origin, { connection: { caFile: pem('ca.crt') } });
    const { answers, downloaded } = await allCalls(rig, server.origin);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['answered', 'answered', 'stored', 'saved']);
    expect([server.requests.length, downloaded]).toEqual([4, true]);
  });

  test.each<[what: string, name: string, options: ServerOptions, why: RegExp, hint: RegExp]>([
    ['from an unknown authority', 'stranger', {}, /signed by an unknown authority/, /--ca-file FILE/],
    ['self-signed', 'self', {}, /is self-signed/, /--ca-file FILE/],
    ['expired', 'over', {}, /has expired/, /clock is right/],
    ['not valid yet', 'early', {}, /is not valid yet/, /clock/],
    ['for another host name', 'elsewhere', {}, /is for another host name/, /Check the host/],
    ['for clients', 'not-for-servers', {}, /is not a server certificate/, /serverAuth/],
    [
      'TLS 1.0',
      'server',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1', ...OLD_TLS },
      /nothing newer than TLS 1.1/,
      /TLS 1.2/,
    ],
    [
      'TLS 1.1',
      'server',
      { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ...OLD_TLS },
      /nothing newer than TLS 1.1/,
      /TLS 1.2/,
    ],
    [
      'no cipher in common',
      'server',
      { maxVersion: 'TLSv1.2', ciphers: 'NULL@SECLEVEL=0' },
      /aborted the handshake/,
      /operators/,
    ],
  ])(
    '%s: nothing is sent by any call, none is retried, and the reason is given',
    async (_what, name, options, why, hint) => {
      const server = await secure(name, options);
      const rig = await rigFor(server.origin, { connection: { caFile: pem('ca.crt') } });
      const { answers, downloaded } = await allCalls(rig, server.origin);
      expect(answers.map(({ outcome }) => outcome)).toEqual([
        'refused',
        'refused',
        'unavailable',
        'unavailable',
      ]);
      expect(answers[1]).toMatchObject({ code: 'UNAVAILABLE' });
      for (const answer of answers)
        expect(answer).toMatchObject({
          message: expect.stringMatching(why),
          hint: expect.stringMatching(hint),
        });
      for (const answer of answers)
        expect(answer).toHaveProperty('message', expect.stringContaining(server.origin));
      expect([server.requests, downloaded, rig.notices]).toEqual([[], false, []]);
    },
  );

  test('nothing is sent to a server that does not speak TLS', async () => {
    const plain = await answering(200, DRAFT);
    const origin = plain.origin.replace('http:', 'https:');
    const { answers } = await allCalls(await rigFor(origin), origin);
    for (const answer of answers)
      expect(answer).toHaveProperty('message', expect.stringContaining('does not speak TLS'));
    expect(plain.requests).toEqual([]);
  });

  test('NODE_TLS_REJECT_UNAUTHORIZED does not turn verification off', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      const server = await secure('stranger');
      const { client } = await rigFor(server.origin, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
      expect(await client.create(CREATE)).toMatchObject({ outcome: 'refused', status: null });
      expect(server.requests).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  describe('of a client', () => {
    const wanting = { requestCert: true, rejectUnauthorized: true };
    const withCa = { ...wanting };

    test.each(['TLSv1.2', 'TLSv1.3'] as const)('are accepted with %s', async (version) => {
      const server = await secure('server', {
        ...withCa,
        ca: readFileSync(pem('ca.crt')),
        minVersion: version,
        maxVersion: version,
      });
      for (const clientKey of ['client.key', 'locked.key']) {
        const rig = await rigFor(server.origin, {
          connection: { caFile: pem('ca.crt'), clientCert: pem('client.crt'), clientKey: pem(clientKey) },
          env: { EBILL_CLIENT_KEY_PASSPHRASE: PASSPHRASE },
        });
        const { answers } = await allCalls(rig, server.origin);
        expect(answers.map(({ outcome }) => outcome)).toEqual(['answered', 'answered', 'stored', 'saved']);
      }
    });

    test('may be in one file with the key', async () => {
      const both = pem('both.pem');
      writeFileSync(both, readFileSync(pem('client.crt'), 'utf8') + readFileSync(pem('client.key'), 'utf8'));
      const server = await secure('server', { ...withCa, ca: readFileSync(pem('ca.crt')) });
      const { client } = await rigFor(server.origin, {
        connection: { caFile: pem('ca.crt'), clientCert: both },
      });
      expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
    });

    test.each([
      ['none', null, '-tls1_2', /may require a client certificate/],
      ['none', null, '-tls1_3', /requires a client certificate, and none was sent/],
      [
        'of an unknown authority',
        'client-stranger',
        '-tls1_2',
        /does not know the authority that signed the client/,
      ],
      [
        'of an unknown authority',
        'client-stranger',
        '-tls1_3',
        /does not know the authority that signed the client/,
      ],
      ['expired', 'client-over', '-tls1_2', /says the client certificate has expired/],
      ['expired', 'client-over', '-tls1_3', /says the client certificate has expired/],
    ])('%s (%s, %s): nothing is sent, and the reason is given', async (_what, name, version, why) => {
      const port = await opensslServer(pem, ['-Verify', '1', '-verify_return_error', version]);
      const client = name === null ? {} : { clientCert: pem(`${name}.crt`), clientKey: pem(`${name}.key`) };
      const origin = `https://127.0.0.1:${port}`;
      const rig = await rigFor(origin, { connection: { caFile: pem('ca.crt'), ...client } });
      const { answers } = await allCalls(rig, origin);
      expect(answers.map(({ outcome }) => outcome)).toEqual([
        'refused',
        'refused',
        'unavailable',
        'unavailable',
      ]);
      for (const answer of answers)
        expect(answer).toMatchObject({
          message: expect.stringMatching(why),
          hint: expect.stringContaining('--client-cert FILE'),
        });
      expect(rig.notices).toEqual([]);
    });

    test('are not sent to a storage on another host that asks for one', async () => {
      const shown: (string | undefined)[] = [];
      const storage = createServer(
        {
          ...keysOf(pem, 'server'),
          ca: readFileSync(pem('ca.crt')),
          requestCert: true,
          rejectUnauthorized: false,
        },
        (request, response) => {
          const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate();
          shown.push([subject?.CN].flat()[0]);
          request.resume().on('end', () => response.writeHead(200, S3_MARK).end());
        },
      );
      const port = await listening(storage);
      const rig = await rigFor('https://127.0.0.1:1', {
        connection: { caFile: pem('ca.crt'), clientCert: pem('client.crt'), clientKey: pem('client.key') },
      });
      for (const host of ['localhost', '127.0.0.1'])
        expect(
          await putFile(rig.storage, `https://${host}:${port}/o`, fileOf(randomBytes(9)), IGNORE_PROGRESS),
        ).toMatchObject({ outcome: 'stored' });
      expect(shown).toEqual([undefined, 'client']);
    });
  });

  describe('in unusable files', () => {
    const junk = (text: string): string => {
      const path = join(tempDir(), 'junk.pem');
      writeFileSync(path, text);
      return path;
    };
    const own = () => ({ clientCert: pem('client.crt'), clientKey: pem('client.key') });

    test.each<
      [what: string, connection: () => object, env: Record<string, string>, message: RegExp, hint: RegExp]
    >([
      [
        'no certificate',
        () => ({ caFile: junk('hello') }),
        {},
        /CA file .*junk\.pem holds no certificate/,
        /-inform der/,
      ],
      ['a key for an authority', () => ({ caFile: pem('ca.key') }), {}, /holds no certificate/, /./],
      [
        'a damaged certificate',
        () => ({ caFile: junk('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') }),
        {},
        /certificate that cannot be read/,
        /Get the file again/,
      ],
      [
        'a key of another certificate',
        () => ({ ...own(), clientKey: pem('server.key') }),
        {},
        /key belongs to another certificate/,
        /Set both/,
      ],
      ['no key', () => ({ ...own(), clientKey: null }), {}, /there is no private key/, /--client-key FILE/],
      [
        'no key in the file',
        () => ({ ...own(), clientKey: pem('ca.crt') }),
        {},
        /there is no private key/,
        /--client-key FILE/,
      ],
      [
        'no client certificate',
        () => ({ ...own(), clientCert: junk('x') }),
        {},
        /holds no certificate/,
        /Set both/,
      ],
      [
        'a key with a passphrase',
        () => ({ ...own(), clientKey: pem('locked.key') }),
        {},
        /needs a passphrase/,
        /EBILL_CLIENT_KEY_PASSPHRASE/,
      ],
      [
        'a wrong passphrase',
        () => ({ ...own(), clientKey: pem('locked.key') }),
        { EBILL_CLIENT_KEY_PASSPHRASE: 'wrong-4711' },
        /passphrase of the key is wrong/,
        /Correct EBILL_CLIENT_KEY_PASSPHRASE/,
      ],
    ])('are a usage error: %s', async (_what, connection, env, message, hint) => {
      const error = await rejection(
        openTransport(testContext({ env }), connectionTo('https://127.0.0.1', connection()), 1000),
      );
      expect(error).toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
      expect(JSON.stringify(error) + String(error)).not.toContain('4711');
    });
  });

  describe('redirects', () => {
    test('are not followed to plain http, and take no credentials to another origin', async () => {
      const plain = await answering(200, DRAFT);
      const elsewhere = await secure('server');
      let to = '';
      const requests: ReceivedRequest[] = [];
      const keys = keysOf(pem, 'server');
      const server = createServer(
        keys,
        recordingHandler(requests, (_one, response) => {
          response.writeHead(307, { location: to }).end();
        }),
      );
      const origin = `https://127.0.0.1:${await listening(server)}`;
      const rig = await rigFor(origin, {
        connection: {
          caFile: pem('ca.crt'),
          auth: { type: 'bearer', token: 'tok-4711' },
          headers: { 'X-Tenant': 'acme-4711' },
          query: { key: 'q-4711' },
        },
      });
      to = 'http://ebill.example/rest/batchProcess?id=3';
      expect(await rejection(rig.client.status({ id: '3' }))).toMatchObject({
        code: 'REJECTED',
        exitCode: 9,
      });
      to = `${elsewhere.origin}/rest/batchProcess?id=3`;
      expect(await rig.client.status({ id: '3' })).toMatchObject({ id: '3' });
      expect(JSON.stringify([elsewhere.requests[0]?.headers, elsewhere.requests[0]?.url])).not.toContain(
        '4711',
      );
      expect(requests[1]?.headers.authorization).toBe('Bearer tok-4711');
      to = 'https://169.254.169.254/latest/meta-data/';
      expect(await rejection(rig.client.status({ id: '3' }))).toMatchObject({ code: 'REJECTED' });
      to = `https://user:pw@127.0.0.1:${new URL(elsewhere.origin).port}/`;
      expect(await rejection(rig.client.status({ id: '3' }))).toMatchObject({ code: 'REJECTED' });
      expect(plain.requests).toEqual([]);
    });

    test('of changing calls and uploads are not followed', async () => {
      const elsewhere = await secure('server');
      const server = await rawServer((_request, response) =>
        response.writeHead(307, { location: `${elsewhere.origin}/x` }).end(),
      );
      const rig = await rigFor(server.origin, { connection: { caFile: pem('ca.crt') } });
      expect(await rig.client.create(CREATE)).toMatchObject({ outcome: 'ambiguous', turnedAway: 307 });
      expect(
        await putFile(rig.storage, `${server.origin}/o`, fileOf(randomBytes(9)), IGNORE_PROGRESS),
      ).toMatchObject({
        outcome: 'refused',
        status: 307,
      });
      expect(elsewhere.requests).toEqual([]);
    });
  });
});
