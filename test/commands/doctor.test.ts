import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeVersion } from '../../src/commands/doctor/machine.ts';
import { main } from '../../src/main.ts';
import { machine, type Ran, sandbox } from '../e2e/harness.ts';
import { tempDir, testContext } from '../helpers/context.ts';

interface Check {
  readonly name: string;
  readonly state: string;
  readonly message: string;
  readonly hint: string;
}
const states = (ran: Ran): Record<string, string> =>
  Object.fromEntries((ran.json['checks'] as Check[]).map(({ name, state }) => [name, state]));
const check = (ran: Ran, title: string): Check | undefined =>
  (ran.json['checks'] as Check[]).find(({ name }) => name === title);
const WELL = { Node: 'ok', Terminal: 'ok', Permissions: 'ok', Journals: 'ok', 'Free space': 'ok' };

describe('ebill doctor', () => {
  it('finds no problem in a working set-up, and changes nothing', async () => {
    const server = await sandbox();
    const ran = await machine(server).call(['doctor', '--json']);
    expect(ran.code).toBe(0);
    expect(states(ran)).toEqual({
      ...WELL,
      'Set-up': 'ok',
      Name: 'ok',
      TLS: 'skipped',
      Connection: 'ok',
      Clock: 'ok',
      Authorisation: 'ok',
    });
    expect(server.requests.every(({ effect }) => !effect)).toBe(true);
    expect(ran.stdout).not.toContain('test-token-1');
  });

  it('says how to start without a set-up, and skips the checks of the server', async () => {
    const ran = await machine(null).call(['doctor', '--json']);
    expect([ran.code, ran.json.error?.code]).toEqual([2, 'USAGE']);
    expect(states(ran)).toMatchObject({
      ...WELL,
      'Set-up': 'problem',
      Name: 'skipped',
      Authorisation: 'skipped',
    });
    expect(check(ran, 'Set-up')?.hint).toContain('ebill profile add');
  });

  it('ends with 5 for wrong credentials and with 6 for an unreachable server', async () => {
    const at = machine(await sandbox());
    const wrong = await at.call(['doctor', '--json'], { env: { EBILL_TOKEN: 'another' } });
    expect([wrong.code, states(wrong)['Authorisation']]).toEqual([5, 'problem']);
    const away = await at.call(['doctor', '--json'], { env: { EBILL_BASE_URL: 'http://127.0.0.1:9' } });
    expect([
      away.code,
      states(away)['Connection'],
      states(away)['Clock'],
      states(away)['Authorisation'],
    ]).toEqual([6, 'problem', 'skipped', 'skipped']);
    expect(check(away, 'Connection')?.hint).not.toBe('');
  });

  it('checks the connection without credentials too, and ends with 5', async () => {
    const at = machine(await sandbox());
    const ran = await at.call(['doctor', '--json'], { env: { EBILL_TOKEN: '', EBILL_AUTH: 'bearer' } });
    expect([ran.code, ran.json.error?.code]).toEqual([5, 'AUTH']);
    expect(states(ran)).toMatchObject({
      'Set-up': 'problem',
      Connection: 'ok',
      Clock: 'ok',
      Authorisation: 'skipped',
    });
  });

  it('names a missing certificate file, and runs the other checks', async () => {
    const at = machine(await sandbox());
    const file = join(at.cwd, 'ca.pem');
    writeFileSync(file, 'PEM');
    await at.call(['profile', 'add', 'own', '--ca-file', file]);
    rmSync(file);
    const ran = await at.call(['doctor', '--json', '--profile', 'own']);
    expect([ran.code, ran.json.profile]).toEqual([2, 'own']);
    expect(states(ran)).toMatchObject({ ...WELL, TLS: 'skipped', Connection: 'problem', Clock: 'skipped' });
    expect(check(ran, 'Connection')?.message).toContain('ca.pem');
  });

  it('sends nothing under --dry-run, and lists the requests', async () => {
    const server = await sandbox();
    const ran = await machine(server).call(['doctor', '--dry-run', '--json']);
    expect([ran.code, states(ran)['Connection']]).toEqual([0, 'skipped']);
    expect(ran.json.requests?.map(({ method, url }) => `${method} ${url.replace(/^.*\/rest/, '')}`)).toEqual([
      'GET /batchProcess',
      'GET /batchProcess?jobId=EBILL_DOCTOR_ASKS',
    ]);
    expect(server.requests).toEqual([]);
  });

  it('names every unreadable journal, with the remedy for each', async () => {
    const at = machine(await sandbox());
    const folder = join(at.home, 'loads', 'prod');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'NEWER.jsonl'), '{"ebillJournal":99,"job":"A","baseUrl":"x"}\n');
    writeFileSync(join(folder, 'OTHER.jsonl'), '{"x":1}\n');
    const found = check(await at.call(['doctor', '--json']), 'Journals');
    expect(found?.state).toBe('problem');
    expect(found?.message).toMatch(/NEWER\.jsonl was written by a newer ebill.*OTHER\.jsonl is no journal/);
    expect(found?.hint).toMatch(/Update ebill.*Restore that file/);
  });

  it('names two journals of one load: no command goes on until one of them is moved', async () => {
    const at = machine(await sandbox());
    const line = (baseUrl: string) =>
      `${JSON.stringify({ ebillJournal: 1, job: 'AUG', profile: null, baseUrl, startedAt: '2020-08-01T00:00:00Z' })}\n`;
    for (const [folder, baseUrl] of [
      ['prod', 'https://ebill.example/rest'],
      ['test', 'HTTPS://EBILL.example'],
      ['other', 'https://other.example'],
    ] as const) {
      mkdirSync(join(at.home, 'loads', folder), { recursive: true, mode: 0o700 });
      writeFileSync(join(at.home, 'loads', folder, 'AUG.jsonl'), line(baseUrl));
    }
    const found = check(await at.call(['doctor', '--json']), 'Journals');
    expect([found?.state, found?.message]).toEqual([
      'problem',
      expect.stringMatching(/2 journals of AUG on https:\/\/ebill\.example: .*prod.* and .*test/),
    ]);
  });

  it.skipIf(process.getuid?.() === 0)('names a home that cannot be written', async () => {
    const at = machine(await sandbox());
    mkdirSync(at.home, { recursive: true });
    chmodSync(at.home, 0o500);
    const found = check(await at.call(['doctor', '--json']), 'Permissions');
    chmodSync(at.home, 0o700);
    expect([found?.state, found?.message]).toEqual(['problem', expect.stringContaining('cannot be written')]);
  });

  it.each([
    [404, false, /^an HTML page: Not here came instead.*could not be checked$/, /maintenance.*base URL/],
    [200, false, /^an HTML page: Not here came instead.*could not be checked$/, /maintenance.*base URL/],
    [200, true, /with the query parameter format=xml the server answers in XML$/, /--query format=xml$/],
  ])('does not take a page for the API: %i, XML on request %s', async (status, xml, message, hint) => {
    const page = createHttp(({ url = '' }, response) => {
      if (xml && url.includes('format=xml')) response.writeHead(404).end('<error>no such batch</error>');
      else response.writeHead(status).end('<!doctype html><title>Not here</title><p>Sorry');
    });
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
      const ran = await machine(null, { EBILL_BASE_URL: url, EBILL_TOKEN: 'x' }).call(['doctor', '--json']);
      expect([ran.code, states(ran)['Connection']]).toEqual([6, 'ok']);
      expect(check(ran, 'Authorisation')).toMatchObject({
        state: 'problem',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
    } finally {
      page.close();
    }
  });

  it('does not take a 404 without XML for the API', async () => {
    const other = createHttp((_request, response) => response.writeHead(404).end('{"error":"no route"}'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      const ran = await machine(null, { EBILL_BASE_URL: url, EBILL_TOKEN: 'x' }).call(['doctor', '--json']);
      expect(check(ran, 'Authorisation')).toMatchObject({
        state: 'warning',
        message: expect.stringContaining('HTTP 404 without XML'),
      });
    } finally {
      other.close();
    }
  });

  it('reports a clock that is years off', async () => {
    const server = await sandbox();
    const context = testContext({ env: { ...server.environment } });
    expect(await main(['doctor'], context)).toBe(6);
    expect(context.stdout.text).toMatch(/^✖ Clock +problem: \d+ d .* off from the server's clock$/m);
    expect(context.stdout.text).toContain('Set the clock (NTP)');
  });

  it('names paths that other users have access to, with the remedy', async () => {
    const at = machine(await sandbox());
    mkdirSync(at.home, { recursive: true });
    writeFileSync(join(at.home, 'secrets.json'), '{ "version": 1, "secrets": {} }', { mode: 0o644 });
    chmodSync(at.home, 0o755);
    const ran = await at.call(['doctor', '--json']);
    expect(ran.code).toBe(0);
    expect(check(ran, 'Permissions')).toMatchObject({
      state: 'warning',
      hint: `chmod 700 ${at.home} && chmod 600 ${join(at.home, 'secrets.json')}`,
    });
    writeFileSync(join(at.home, 'loads'), 'in the way');
    expect(states(await at.call(['doctor', '--json']))['Journals']).toBe('problem');
  });

  it('checks the issuer and the validity of the certificate', async () => {
    const folder = tempDir();
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '5',
        '-subj',
        '/CN=localhost/O=Our own',
        '-addext',
        'subjectAltName=DNS:localhost',
        '-keyout',
        'key.pem',
        '-out',
        'cert.pem',
      ],
      { cwd: folder, stdio: 'ignore' },
    );
    const server = createServer(
      { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) },
      (_request, response) => response.writeHead(401).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `https://localhost:${(server.address() as AddressInfo).port}`;
      const at = machine(null, { EBILL_BASE_URL: url, EBILL_TOKEN: 'x' });
      const unknown = await at.call(['doctor', '--json']);
      expect([unknown.code, states(unknown)['TLS']]).toEqual([6, 'problem']);
      expect(check(unknown, 'TLS')?.hint).toContain('--ca-file');
      await at.call([
        'profile',
        'add',
        'own',
        '--base-url',
        url,
        '--auth',
        'none',
        '--ca-file',
        join(folder, 'cert.pem'),
      ]);
      const own = await at.call(['doctor', '--json', '--profile', 'own'], {
        env: { EBILL_BASE_URL: '', EBILL_TOKEN: '' },
      });
      expect(check(own, 'TLS')).toMatchObject({
        state: 'warning',
        message: expect.stringMatching(/^certificate of localhost by Our own, [45] days left, with /),
      });
      expect([own.code, states(own)['Authorisation']]).toEqual([5, 'problem']);
    } finally {
      server.close();
    }
  });

  it.each([
    ['v20.18.1', 'ok'],
    ['v24.1.0', 'ok'],
    ['v20.18.0', 'problem'],
    ['v18.20.9', 'problem'],
  ])('reports Node %s as %s', (version, state) => {
    expect(nodeVersion(version).state).toBe(state);
  });
});
