import { lookup } from 'node:dns';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { closedPort, DRAFT, listening, rawServer } from '../api/rig.ts';
import { authorities, hasOpenssl, PASSPHRASE } from '../helpers/authority.ts';
import { hasTinyproxy, tinyproxy } from '../helpers/tinyproxy.ts';
import { calls, EBILL, type Machine, machine, month, type Ran } from './harness.ts';
import { securedSandbox } from './secured.ts';

/** In the proxy's password, and nowhere we look. */
const CANARY = 'c4n4ry-9f8e';

let pem: (name: string) => string;

/** Knows these names, and asks the system for others. */
const lookupIn =
  (names: Readonly<Record<string, string>>): LookupFunction =>
  (name, options, callback) => {
    const address = names[name];
    if (address === undefined) return lookup(name, options, callback);
    const family = address.includes(':') ? 6 : 4;
    if (options.all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };

/** One whole load, from init to results, in this process or in others. @returns the last command that did not end with 0, or the last one */
async function load(at: Machine, how: 'call' | 'run'): Promise<Ran> {
  const { customers } = await month(at, { records: 5 });
  const lines = [
    ['init', '--job', 'AUG_2020'],
    ['upload', 'customer', ...customers, '--job', 'AUG_2020', '--wait', '--download', 'results'],
  ];
  let ran: Ran | undefined;
  for (const line of lines) {
    ran = await at[how]([...line, '--json', '--verbose']);
    if (ran.code !== 0) return ran;
  }
  if (ran === undefined) throw new Error('nothing ran');
  return ran;
}

/** Everything a run left behind: its output and every file of its home and folder. */
function traces(at: Machine, ran: Ran): string {
  const files = [at.home, at.cwd].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
  );
  return [ran.stdout, ran.stderr, ...files].join('\n');
}

describe.skipIf(!hasOpenssl)('the program on a network', () => {
  beforeAll(() => {
    pem = authorities();
  });

  /** A machine whose profile knows a secured sandbox: its authority, the client certificate, the locked key. */
  async function profiled(api: string, env: Readonly<Record<string, string>> = {}): Promise<Machine> {
    const at = machine(null, { EBILL_TOKEN: 'test-token-1', ...env });
    const files = [
      '--ca-file',
      pem('ca.crt'),
      '--client-cert',
      pem('client.crt'),
      '--client-key',
      pem('locked.key'),
    ];
    const added = await at.call([
      'profile',
      'add',
      'own',
      '--base-url',
      api,
      '--auth',
      'bearer',
      '--use',
      ...files,
    ]);
    expect(added.code).toBe(0);
    return at;
  }

  const wanting = () => ({
    ca: readFileSync(pem('ca.crt')),
    requestCert: true,
    rejectUnauthorized: true,
  });

  describe('over TLS', () => {
    it('loads a month with its own certificate authority, a client certificate and an encrypted key', async () => {
      const { server, api, storage } = await securedSandbox(pem, wanting());
      const at = await profiled(api, { EBILL_CLIENT_KEY_PASSPHRASE: PASSPHRASE });
      const ran = await load(at, 'call');
      expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining(`PUT ${storage}/`)]);
      expect(calls(server)).toEqual(expect.arrayContaining(['init AUG_2020_INIT', 'put AUG_2020_CUS']));
      expect(traces(at, ran)).not.toContain(PASSPHRASE);
    });

    it('reports that the key is encrypted, and sends nothing', async () => {
      const { server, api } = await securedSandbox(pem, wanting());
      const at = await profiled(api);
      const ran = await at.call(['init', '--job', 'AUG_2020', '--json']);
      expect([ran.code, ran.json.error]).toEqual([
        2,
        expect.objectContaining({ hint: expect.stringContaining('EBILL_CLIENT_KEY_PASSPHRASE') }),
      ]);
      expect(server.requests).toEqual([]);
    });

    it('trusts what NODE_EXTRA_CA_CERTS names', async () => {
      const { api } = await securedSandbox(pem);
      const at = machine(null, { EBILL_BASE_URL: api, EBILL_TOKEN: 'test-token-1' });
      const ran = await at.run(['init', '--job', 'AUG_2020'], {
        env: { NODE_EXTRA_CA_CERTS: pem('ca.crt') },
      });
      expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
    });

    it.each([{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }])(
      'an unknown authority is exit 6, at once, with what to do (%j)',
      async (env) => {
        const { server, api } = await securedSandbox(pem);
        const at = machine(null, { EBILL_BASE_URL: api, EBILL_TOKEN: 'test-token-1', ...env });
        const ran = await at.run(['init', '--job', 'AUG_2020', '--json'], { entry: EBILL });
        expect([ran.code, ran.json.error]).toEqual([
          6,
          {
            code: 'UNAVAILABLE',
            message: expect.stringMatching(
              /localhost:\d+: no secure connection: its certificate was signed by an unknown authority\.$/,
            ),
            hint: expect.stringContaining('--ca-file FILE'),
          },
        ]);
        expect(ran.stderr).not.toContain('retry');
        expect(server.requests).toEqual([]);
      },
    );
  });

  describe.skipIf(!hasTinyproxy)('through a real proxy', () => {
    it('loads a month through its tunnels, with its password, which is never shown', async () => {
      const proxy = await tinyproxy(`BasicAuth robot ${CANARY}`);
      const { api, storage } = await securedSandbox(pem, wanting());
      const at = await profiled(api, {
        EBILL_CLIENT_KEY_PASSPHRASE: PASSPHRASE,
        HTTPS_PROXY: `http://robot:${CANARY}@${proxy.host}`,
      });
      const ran = await load(at, 'run');
      expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
      const doctor = await at.call(['doctor', '--verbose']);
      expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringContaining('(HTTPS_PROXY)')]);
      const all = traces(at, ran) + doctor.stdout + doctor.stderr;
      for (const secret of [CANARY, Buffer.from(`robot:${CANARY}`).toString('base64')])
        expect(all).not.toContain(secret);
      const asked = await proxy.asked();
      expect(new Set(asked)).toEqual(new Set([new URL(api).host, new URL(storage).host]));
    });

    it.each([
      ['wrong', `robot:${CANARY}x@`, /rejected the username and password/],
      ['missing', '', /requires a username and a password/],
    ])('ends with 6 after one try with %s credentials', async (_what, login, words) => {
      const proxy = await tinyproxy(`BasicAuth robot ${CANARY}`);
      const { server, api } = await securedSandbox(pem);
      const at = await profiled(api, {
        EBILL_CLIENT_KEY_PASSPHRASE: PASSPHRASE,
        HTTPS_PROXY: `http://${login}${proxy.host}`,
      });
      const ran = await at.call(['status', '--id', '3', '--json', '--verbose']);
      expect([ran.code, ran.json.error]).toEqual([
        6,
        {
          code: 'UNAVAILABLE',
          message: expect.stringMatching(words),
          hint: expect.stringContaining('USER:PASSWORD@'),
        },
      ]);
      expect(ran.json.error?.message).toContain('(HTTPS_PROXY)');
      expect(traces(at, ran)).not.toContain(CANARY);
      expect(server.requests).toEqual([]);
      expect(await proxy.asked()).toHaveLength(1);
    });

    it('sends it a wrong password once, not at every poll', { tags: 'slow' }, async () => {
      const proxy = await tinyproxy(`BasicAuth robot ${CANARY}`);
      const { api } = await securedSandbox(pem, {}, { processingTimeMs: 3_600_000 });
      const at = await profiled(api, { EBILL_CLIENT_KEY_PASSPHRASE: PASSPHRASE });
      const files = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `cus_${n}.csv`);
      for (const file of files) writeFileSync(join(at.cwd, file), `Account Number,Name\n1,${file}\n`);
      const uploaded = await at.call(['upload', 'customer', ...files, '--job', 'AUG_2020', '--finalize']);
      expect([uploaded.code, uploaded.stderr]).toEqual([0, expect.any(String)]);
      const HTTPS_PROXY = `http://robot:${CANARY}x@${proxy.host}`;
      const ran = await at.call(['watch', '--job', 'AUG_2020', '--json'], { env: { HTTPS_PROXY } });
      expect([ran.code, ran.json.error?.message]).toEqual([
        6,
        expect.stringContaining('rejected the username and password'),
      ]);
      // Four looks may be under way at once; the other four batches are not asked for.
      expect((await proxy.asked()).length).toBeLessThanOrEqual(4);
    });

    it('is not used for hosts in NO_PROXY, and the proxy of the profile takes precedence', {
      tags: 'slow',
    }, async () => {
      const [proxy, own] = [await tinyproxy(), await tinyproxy()];
      const { api } = await securedSandbox(pem);
      const HTTPS_PROXY = `http://${proxy.host}`;
      const at = await profiled(api, { EBILL_CLIENT_KEY_PASSPHRASE: PASSPHRASE, HTTPS_PROXY });
      const status = (NO_PROXY: string) => at.call(['status', '--id', '3', '--json'], { env: { NO_PROXY } });
      const ports = new URL(api).port;
      for (const noProxy of ['localhost', `other.test, localhost:${ports}`, '*'])
        expect((await status(noProxy)).code).not.toBe(6);
      expect((await status('localhost:1')).code).not.toBe(6);
      expect((await at.call(['profile', 'set', 'own', '--proxy', `http://${own.host}`])).code).toBe(0);
      expect((await status('*')).code).not.toBe(6);
      expect([await proxy.asked(), await own.asked()]).toEqual([[new URL(api).host], [new URL(api).host]]);
    });

    it('shows the answer of the proxy about an unreachable server', async () => {
      const proxy = await tinyproxy();
      const at = machine(null, {
        EBILL_BASE_URL: `https://127.0.0.1:${await closedPort()}`,
        HTTPS_PROXY: `http://${proxy.host}`,
      });
      const ran = await at.call(['status', '--id', '3', '--json', '--retries', '1']);
      expect([ran.code, ran.json.error?.message]).toEqual([
        6,
        expect.stringMatching(
          /the proxy http:\/\/127\.0\.0\.1:\d+ \(HTTPS_PROXY\) cannot reach the server \(it answered 5\d\d\)/,
        ),
      ]);
    });
  });

  describe('through an unusable proxy', () => {
    const through = async (HTTPS_PROXY: string): Promise<Ran> => {
      const { api } = await securedSandbox(pem);
      const at = machine(null, { EBILL_BASE_URL: api, HTTPS_PROXY });
      return at.call(['status', '--id', '3', '--json', '--retries', '1']);
    };

    it('nothing there', async () => {
      const ran = await through(`http://user:${CANARY}@127.0.0.1:${await closedPort()}`);
      expect([ran.code, ran.json.error]).toEqual([
        6,
        {
          code: 'UNAVAILABLE',
          message: expect.stringMatching(
            /the proxy \S+ \(HTTPS_PROXY\) cannot be reached: connection refused/,
          ),
          hint: expect.stringContaining('Check HTTPS_PROXY'),
        },
      ]);
      expect(ran.stdout + ran.stderr).not.toContain(CANARY);
    });

    it.each([
      [
        'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Log in, please</html>',
        /through the proxy: it does not speak TLS/,
      ],
      [
        'HTTP/1.1 302 Found\r\nLocation: http://portal/\r\nContent-Length: 0\r\n\r\n',
        /refused the connection \(it answered 302\)/,
      ],
      [
        'HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>',
        /refused the connection \(it answered 403\)/,
      ],
      ['<html>what?</html>\r\n\r\n', /the proxy .* cannot be reached/],
    ])('%j', async (answer, words) => {
      const server = createServer();
      server.on('connect', (_request, socket) => socket.end(answer));
      const ran = await through(`http://127.0.0.1:${await listening(server)}`);
      expect([ran.code, ran.json.error?.message]).toEqual([6, expect.stringMatching(words)]);
    });

    it('no URL of a proxy: a usage error before anything is sent', async () => {
      const ran = await through(`socks5://user:${CANARY}@127.0.0.1:1080`);
      expect([ran.code, ran.json.error]).toEqual([
        2,
        {
          code: 'USAGE',
          message: expect.stringContaining('socks5://***@127.0.0.1:1080 (HTTPS_PROXY)'),
          hint: expect.stringContaining('http://proxy.example.com:3128'),
        },
      ]);
      expect(ran.stdout + ran.stderr).not.toContain(CANARY);
    });
  });

  describe('over plain http', () => {
    it.each([
      [false, 2],
      [true, 0],
    ])('to another machine, allowed %s: exit %i', async (allowed, code) => {
      const server = await rawServer((_request, response) => response.end(DRAFT));
      const at = machine(null, { EBILL_TOKEN: 'tok-4711' });
      const url = `http://ebill.test:${new URL(server.origin).port}`;
      const allow = allowed ? ['--allow-insecure'] : [];
      const added = await at.call([
        'profile',
        'add',
        'own',
        '--base-url',
        url,
        '--auth',
        'bearer',
        '--use',
        ...allow,
      ]);
      expect(added.code).toBe(code);
      const by = allowed ? [] : ['--base-url', url];
      const ran = await at.call(['status', '--id', '3', ...by], {
        lookup: lookupIn({ 'ebill.test': '127.0.0.1' }),
      });
      expect([ran.code, server.requests.length > 0]).toEqual([code, allowed]);
    });
  });

  describe('to the upload URLs of the server', () => {
    it.each<[url: string, names: Record<string, string>, message: RegExp]>([
      ['https://169.254.169.254/latest/api/token', {}, /metadata service/],
      ['https://0xa9fea9fe/x', {}, /metadata service/],
      ['https://[fe80::1]/x', {}, /link-local/],
      [
        'https://files.test/x',
        { 'files.test': '169.254.169.254' },
        /files\.test resolves to 169\.254\.169\.254: a cloud metadata/,
      ],
      [
        'https://files.test/x',
        { 'files.test': '::ffff:169.254.1.1' },
        /files\.test resolves to .*link-local/,
      ],
      [
        'http://files.localhost/x',
        { 'files.localhost': '192.0.2.7' },
        /192\.0\.2\.7, which is not this machine/,
      ],
      ['http://files.test/x', {}, /not https/],
      ['https://user:pw-4711@files.test/x', {}, /username or password/],
    ])('%s with %j: exit 9, and no byte leaves', async (url, names, message) => {
      const answer = DRAFT.replace(
        /<uploadUrl>.*<\/uploadUrl>/,
        `<uploadUrl>${url}?X-Amz-Signature=5ec2e7</uploadUrl>`,
      );
      const server = await rawServer(({ method }, response) =>
        method === 'GET' ? response.writeHead(404).end() : response.end(answer),
      );
      const at = machine(null, { EBILL_BASE_URL: server.origin });
      const { customers } = await month(at, { records: 3 });
      const ran = await at.call(['upload', 'customer', ...customers, '--job', 'AUG_2020', '--json'], {
        lookup: lookupIn(names),
      });
      expect([ran.code, ran.json.error]).toEqual([
        9,
        {
          code: 'REJECTED',
          message: expect.stringMatching(message),
          hint: expect.stringContaining('Nothing was sent there'),
        },
      ]);
      expect(traces(at, ran)).not.toMatch(/5ec2e7|pw-4711/);
      expect(server.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
    });
  });
});
