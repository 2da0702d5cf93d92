import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcp,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateCheck } from '../../src/commands/doctor/server.ts';
import { main } from '../../src/main.ts';
import { machine, type Ran } from '../e2e/harness.ts';
import { tempDir, testContext } from '../helpers/context.ts';

interface Check {
  readonly name: string;
  readonly state: string;
  readonly message: string;
  readonly hint: string;
}
const check = (ran: Ran, wanted: string): Check | undefined =>
  (ran.json['checks'] as Check[]).find(({ name }) => name === wanted);
const port = async (server: NetServer): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return (server.address() as AddressInfo).port;
};

let folder = '';
const pem = (name: string): string => join(folder, name);
const closing: { close(): unknown }[] = [];

beforeAll(() => {
  folder = tempDir();
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...KEY,
    '-days',
    '40',
    '-subj',
    '/CN=ca/O=Our own',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  for (const [name, extension, days] of [
    ['good', 'DNS:localhost,IP:127.0.0.1', '30'],
    ['soon', 'DNS:localhost', '5'],
    ['elsewhere', 'DNS:elsewhere.test', '30'],
    ['over', 'DNS:localhost', '-1'],
  ] as const) {
    writeFileSync(pem('ext'), `subjectAltName=${extension}`);
    openssl('req', ...KEY, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-out', `${name}.pem`, '-days', days, '-extfile', 'ext'],
    );
  }
});
afterAll(() => {
  for (const one of closing) one.close();
});

/** Starts a server with the certificate of that name. @returns its port */
async function secure(name: string): Promise<number> {
  const keys = { key: readFileSync(pem(`${name}.key`)), cert: readFileSync(pem(`${name}.pem`)) };
  const server = createServer(keys, (_request, response) => response.writeHead(404).end());
  closing.push(server);
  return port(server);
}

async function doctor(baseUrl: string, env: Record<string, string> = {}, more: readonly string[] = []) {
  const at = machine(null, { EBILL_AUTH: 'none', ...env });
  const add = ['profile', 'add', 'own', '--base-url', baseUrl, '--ca-file', pem('ca.pem')];
  expect((await at.call(add)).code).toBe(0);
  return at.call(['doctor', '--json', ...more]);
}

describe('the TLS check of doctor', () => {
  it.each<[string, string, string, RegExp, RegExp]>([
    ['good', 'localhost', 'ok', /^certificate of good by Our own, (29|30) days left, with .*ca\.pem$/, /^$/],
    ['good', '127.0.0.1', 'ok', /^certificate of good/, /^$/],
    ['soon', 'localhost', 'warning', /^certificate of soon by Our own, [45] days left/, /operators/],
    [
      'elsewhere',
      'localhost',
      'problem',
      /is not accepted: it is for another host name/,
      /Check the host name in the URL/,
    ],
    ['over', 'localhost', 'problem', /\(over by Our own\) is not accepted: it has expired/, /operators/],
  ])('reports a certificate of kind %s on %s as %s', async (name, host, state, message, hint) => {
    const ran = await doctor(`https://${host}:${await secure(name)}`);
    expect(check(ran, 'TLS')).toEqual({
      name: 'TLS',
      state,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    expect(ran.code).toBe(state === 'problem' ? 6 : 0);
  });

  it('goes through a proxy and names it without its password', async () => {
    const to = await secure('good');
    const asked: (string | undefined)[] = [];
    const proxy = createHttp();
    proxy.on('connect', (request: IncomingMessage, near: Socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      const far = connect(to, '127.0.0.1', () => {
        near.write('HTTP/1.1 200 OK\r\n\r\n');
        far.pipe(near).pipe(far);
      });
      for (const [one, other] of [
        [far, near],
        [near, far],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    closing.push(proxy);
    const HTTPS_PROXY = `http://user:pw-4711@127.0.0.1:${await port(proxy)}`;
    // Only the proxy resolves this host.
    const ran = await doctor('https://localhost', { HTTPS_PROXY });
    expect(check(ran, 'TLS')).toMatchObject({ state: 'ok', message: expect.stringContaining('of good by') });
    expect(check(ran, 'Connection')?.state).toBe('ok');
    expect(check(ran, 'Name')?.message).toMatch(
      /by the proxy http:\/\/\*\*\*@127\.0\.0\.1:\d+ \(HTTPS_PROXY\)/,
    );
    const login = `Basic ${Buffer.from('user:pw-4711').toString('base64')}`;
    expect(asked.every((one) => one === `localhost:443 ${login}`)).toBe(true);
    expect(ran.stdout + ran.stderr).not.toContain('4711');
  });

  it('reports the status of a proxy that refuses the tunnel', async () => {
    const proxy = createHttp();
    proxy.on('connect', (_request, near: Socket) => near.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'));
    closing.push(proxy);
    const ran = await doctor('https://localhost', { HTTPS_PROXY: `http://127.0.0.1:${await port(proxy)}` });
    expect([ran.code, check(ran, 'TLS')]).toEqual([
      6,
      expect.objectContaining({ state: 'problem', message: expect.stringContaining('(407)') }),
    ]);
  });

  it('times out on a silent server, and stops on Ctrl-C', async () => {
    const silent = createTcp((socket) => socket.on('error', () => undefined));
    closing.push(silent);
    const baseUrl = `https://127.0.0.1:${await port(silent)}`;
    const ran = await doctor(baseUrl, {}, ['--timeout', '150ms']);
    expect([ran.code, check(ran, 'TLS')?.message]).toEqual([6, expect.stringContaining('no answer within')]);
    const context = testContext({ env: { EBILL_BASE_URL: baseUrl } });
    setTimeout(() => context.interrupt('SIGINT'), 50);
    expect(await main(['doctor'], context)).toBe(130);
  });

  it('shows an unknown error code with the hint for an unknown authority', () => {
    const shown = { subject: 'a', issuer: 'b', validTo: 0, errorCode: 'CERT_SIGNATURE_FAILURE' };
    expect(certificateCheck(shown, 'ebill.test', null, 0)).toMatchObject({
      state: 'problem',
      message: 'the certificate of ebill.test (a by b) is not accepted: CERT_SIGNATURE_FAILURE',
      hint: expect.stringContaining('--ca-file'),
    });
  });
});
