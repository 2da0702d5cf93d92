import { rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { beforeAll, describe, expect, it } from 'vitest';
import { nameLookUp } from '../../src/commands/doctor/server.ts';
import { fakeLookup } from '../api/fake-lookup.ts';
import { listening } from '../api/rig.ts';
import { type Machine, machine, type Ran } from '../e2e/harness.ts';
import { authorities, hasOpenssl, keysOf, opensslServer, PASSPHRASE } from '../helpers/authority.ts';
import { testContext } from '../helpers/context.ts';
import { hasTinyproxy, tinyproxy } from '../helpers/tinyproxy.ts';

interface Check {
  readonly name: string;
  readonly state: string;
  readonly message: string;
  readonly hint: string;
}
const checks = (ran: { readonly stdout: string }): Record<string, Check> =>
  Object.fromEntries((JSON.parse(ran.stdout).checks as Check[]).map((one) => [one.name, one]));

let pem: (name: string) => string;

describe.skipIf(!hasOpenssl)('the network checks of doctor', () => {
  beforeAll(() => {
    pem = authorities();
  });

  async function secure(more = {}): Promise<string> {
    const server = createServer({ ...keysOf(pem, 'server'), ...more }, (_request, response) =>
      response.writeHead(404).end(),
    );
    return `https://localhost:${await listening(server)}`;
  }

  async function own(
    baseUrl: string,
    more: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Machine> {
    const at = machine(null, { EBILL_AUTH: 'none', ...env });
    const add = [
      'profile',
      'add',
      'own',
      '--base-url',
      baseUrl,
      '--ca-file',
      pem('ca.crt'),
      '--use',
      ...more,
    ];
    expect((await at.call(add)).code).toBe(0);
    return at;
  }

  const doctor = (at: Machine): Promise<Ran> => at.call(['doctor', '--json']);
  const client = (name: string, key = name) => [
    ...['--client-cert', pem(`${name}.crt`), '--client-key', pem(`${key}.key`)],
  ];

  it.each([
    ['client', 'ok', /^CN=client, (?:39|40) days left$/, /^$/, 0],
    ['client-soon', 'warning', /^CN=client-soon, [45] days left$/, /Renew it/, 0],
    ['client-over', 'problem', /^CN=client-over: expired on Jan {2}1 /, /Renew it/, 2],
  ])('report the client certificate %s as %s', async (name, state, message, hint, code) => {
    const ran = await doctor(await own(await secure(), client(name)));
    expect([ran.code, checks(ran)['Client certificate']]).toEqual([
      code,
      {
        name: 'Client certificate',
        state,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      },
    ]);
    expect(checks(ran)['Connection']?.state).toBe('ok');
  });

  it('omit the client certificate without one; a missing file is a problem of the connection', async () => {
    const url = await secure();
    expect(checks(await doctor(await own(url, [])))['Client certificate']).toBeUndefined();
    const copy = authorities();
    const at = await own(url, ['--client-cert', copy('client.crt'), '--client-key', copy('client.key')]);
    rmSync(copy('client.crt'));
    const found = checks(await doctor(at));
    expect([found['Client certificate'], found['Connection']]).toEqual([
      undefined,
      expect.objectContaining({ state: 'problem', message: expect.stringContaining('client.crt') }),
    ]);
  });

  it('need the passphrase of an encrypted client key', async () => {
    const at = await own(await secure(), client('client', 'locked'));
    const shut = checks(await doctor(at));
    expect(shut['Connection']).toMatchObject({
      state: 'problem',
      message: expect.stringContaining('needs a passphrase'),
      hint: expect.stringContaining('EBILL_CLIENT_KEY_PASSPHRASE'),
    });
    const open = await at.call(['doctor', '--json'], { env: { EBILL_CLIENT_KEY_PASSPHRASE: PASSPHRASE } });
    expect(checks(open)['Connection']?.state).toBe('ok');
    expect(open.stdout + open.stderr).not.toContain(PASSPHRASE);
  });

  it('report a server that requires a client certificate', async () => {
    const port = await opensslServer(pem, ['-Verify', '1', '-verify_return_error']);
    const ran = await doctor(await own(`https://localhost:${port}`, []));
    expect([ran.code, checks(ran)['Connection']]).toEqual([
      6,
      expect.objectContaining({
        message: expect.stringContaining('requires a client certificate, and none was sent'),
        hint: expect.stringContaining('--client-cert FILE'),
      }),
    ]);
  });

  it('report a server with only an old TLS version', async () => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    const ran = await doctor(await own(await secure(old), []));
    expect([ran.code, checks(ran)['TLS'], checks(ran)['Connection']]).toEqual([
      6,
      expect.objectContaining({
        state: 'problem',
        message: expect.stringContaining('nothing newer than TLS 1.1'),
        hint: expect.stringContaining('TLS 1.2 is the minimum'),
      }),
      expect.objectContaining({ state: 'problem', hint: expect.stringContaining('TLS 1.2 is the minimum') }),
    ]);
  });

  it('warn that NODE_TLS_REJECT_UNAUTHORIZED is ignored', async () => {
    const ran = await doctor(await own(await secure(), [], { NODE_TLS_REJECT_UNAUTHORIZED: '0' }));
    expect([ran.code, checks(ran)['TLS']]).toEqual([
      0,
      expect.objectContaining({
        state: 'warning',
        message: expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored'),
        hint: expect.stringContaining('Unset it'),
      }),
    ]);
  });

  it('report an unusable proxy without its password', async () => {
    const ran = await doctor(
      await own(await secure(), [], { HTTPS_PROXY: 'socks5://u:pw-4711@127.0.0.1:1' }),
    );
    const found = checks(ran);
    expect([ran.code, found['Connection'], found['TLS']?.state, found['Authorisation']?.state]).toEqual([
      2,
      expect.objectContaining({
        state: 'problem',
        message: expect.stringContaining('(HTTPS_PROXY) is not an http'),
      }),
      'skipped',
      'skipped',
    ]);
    expect(ran.stdout + ran.stderr).not.toContain('4711');
  });

  it.skipIf(!hasTinyproxy)('report a real proxy that rejects the password', async () => {
    const proxy = await tinyproxy('BasicAuth robot right-4711');
    const ran = await doctor(
      await own(await secure(), [], { HTTPS_PROXY: `http://robot:wrong-4711@${proxy.host}` }),
    );
    for (const name of ['TLS', 'Connection'])
      expect(checks(ran)[name]).toMatchObject({
        state: 'problem',
        message: expect.stringContaining('rejected the username and password'),
        hint: expect.stringContaining('USER:PASSWORD@'),
      });
    expect([ran.code, ran.stdout + ran.stderr]).toEqual([6, expect.not.stringContaining('4711')]);
  });

  it.each([
    ['10.1.2.3', '10.1.2.3, a private address'],
    ['169.254.3.4', '169.254.3.4, a link-local address'],
    ['0.0.0.0', '0.0.0.0, an unspecified address'],
    ['192.0.2.7', '192.0.2.7'],
  ])('name the kind of address of %s', async (address, words) => {
    const context = testContext({ lookup: fakeLookup({ 'ebill.test': [address] }).lookup });
    expect(await nameLookUp(context, 'ebill.test', null, 5000)).toMatchObject({
      state: 'ok',
      message: `ebill.test resolves to ${words}`,
    });
  });
});
