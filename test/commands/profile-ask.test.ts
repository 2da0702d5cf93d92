import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { command as add } from '../../src/commands/profile/add.ts';
import { getSecret } from '../../src/profile/secrets.ts';
import { loadProfiles } from '../../src/profile/store.ts';
import { answering, closedPort } from '../api/rig.ts';
import { sandbox } from '../e2e/harness.ts';
import { tempDir, testContext } from '../helpers/context.ts';
import { run } from '../profile/rig.ts';

/** The token of the sandbox in the e2e harness. */
const TOKEN = 'test-token-1';
const NAME = 'Profile name';
const URL = 'Base URL of';
const AUTH = 'How do you authorise?';
const SECRET = 'The token for';
const ANYWAY = 'Save the profile anyway?';
const PRODUCTION = 'Is this a production server';
const DOWN = '\u001b[B';

const profilesIn = async (home: string) => loadProfiles(testContext({ home }));
const secretIn = async (home: string, name: string) => (await getSecret(testContext({ home }), name)).value;
const nothingIn = (home: string): boolean =>
  !existsSync(join(home, 'profiles.json')) && !existsSync(join(home, 'secrets.json'));

describe('profile add asks on a terminal', { timeout: 5_000 }, () => {
  it('for everything, makes a test call, and says where it stores what', async () => {
    const server = await sandbox();
    const home = tempDir();
    const { result, context, seen } = await run(add, [], {
      home,
      answers: [
        [NAME, 'prod\r'],
        [URL, `${server.apiUrl}\r`],
        [AUTH, '\r'],
        [SECRET, `${TOKEN}\r`],
        [PRODUCTION, 'y\r'],
      ],
    });
    expect(result.text).toBe(`Added prod: ${server.apiUrl} (bearer, production), the default profile`);
    expect(await profilesIn(home)).toMatchObject({ all: new Map([['prod', { production: true }]]) });
    expect(result.next).toContain('ebill doctor');
    expect(await profilesIn(home)).toMatchObject({ current: 'prod' });
    expect(await secretIn(home, 'prod')).toBe(TOKEN);
    // However long the path of the temporary folder is, and wherever the line breaks for it.
    const said = context.stderr.text.replace(/\s+/g, ' ');
    expect(said).toContain('Test call: the server accepts these credentials');
    expect(said).toContain(`The profile is stored in ${join(home, 'profiles.json')}.`);
    expect(said).toContain(`The secret is stored in ${join(home, 'secrets.json')}`);
    expect(seen).not.toContain(TOKEN);
    expect(server.requests.every(({ effect }) => !effect)).toBe(true);
  });

  it('again, with the reason, after an invalid name, base URL or header', async () => {
    const home = tempDir();
    await run(add, ['prod'], { home, globals: { baseUrl: 'https://ebill.example.com' } });
    const { apiUrl: url } = await sandbox({ auth: { type: 'none' } });
    // What was typed stays, to be corrected: Ctrl-U takes it away.
    const { result } = await run(add, [], {
      home,
      answers: [
        [NAME, 'prod\r'],
        ['A profile "prod" already exists', '\u0015a b\r'],
        ["cannot be a profile's name", '\u0015lab\r'],
        [URL, 'ebill.example.com\r'],
        ['does not begin with https://', '\u0015http://ebill.example.com\r'],
        ['plain http', `\u0015${url}\r`],
        [AUTH, `${DOWN}${DOWN}\r`],
        ['Name of the header', 'X Key\r'],
        ['The header:', '\u0015X-Key\r'],
        [SECRET, `${TOKEN}\r`],
        [PRODUCTION, '\r'],
        ['Make lab the default profile instead of prod', 'y\r'],
      ],
    });
    expect(result.text).toBe(`Added lab: ${url} (header:X-Key), the default profile`);
    expect((await profilesIn(home)).current).toBe('lab');
  });

  it('only for what is missing', async () => {
    const { apiUrl: url } = await sandbox({
      auth: { type: 'basic', username: 'bob', password: 'pass-4711' },
    });
    const home = tempDir();
    const { result, seen } = await run(add, ['p', '--auth', 'basic'], {
      home,
      globals: { baseUrl: url },
      answers: [
        ['Username:', 'a:b\r'],
        ['colon', '\u0015bob\r'],
        ['The password of bob', 'pass-4711\r'],
        [PRODUCTION, '\r'],
      ],
    });
    expect(result.text).toContain('(basic as bob)');
    expect(seen).toContain('Test call: the server accepts');
    for (const other of [NAME, URL, AUTH, '4711']) expect(seen).not.toContain(other);
  });

  it('whether to make it the default; no keeps the current default', async () => {
    const { apiUrl: url } = await sandbox({ auth: { type: 'none' } });
    const home = tempDir();
    await run(add, ['a'], { home, globals: { baseUrl: url } });
    const { result } = await run(add, ['b'], {
      home,
      globals: { baseUrl: url },
      answers: [
        [AUTH, '4\r'],
        [PRODUCTION, '\r'],
        ['Make b the default profile', 'n\r'],
      ],
    });
    expect((await profilesIn(home)).current).toBe('a');
    expect(result.next).toContain('profile use b');
  });

  it.each([
    ['saves the profile after yes', 'y\r', true],
    ['saves nothing after no', 'n\r', false],
  ])('after a failed test call, and %s', async (_, keys, kept) => {
    const home = tempDir();
    const call = run(add, ['p', '--auth', 'bearer'], {
      home,
      answers: [
        [URL, `${(await sandbox()).apiUrl}\r`],
        [SECRET, 'wrong-token\r'],
        [PRODUCTION, '\r'],
        [ANYWAY, keys],
      ],
    });
    if (kept)
      expect((await call).context.stderr.text).toMatch(
        /test call failed[\s\S]*HTTP 401[\s\S]*To store new credentials/,
      );
    else await expect(call).rejects.toMatchObject({ code: 'DECLINED', exitCode: 2 });
    expect(nothingIn(home)).toBe(!kept);
  });

  it.each<[string, () => Promise<string>, string]>([
    ['nothing listens', async () => `http://127.0.0.1:${await closedPort()}`, 'connection refused'],
    [
      'a web page where the API should be',
      async () => (await answering(404, '<html>Not here</html>', { 'content-type': 'text/html' })).origin,
      'HTML page',
    ],
  ])('after a failed test call: %s', async (_, origin, reason) => {
    const home = tempDir();
    const call = run(add, ['p', '--auth', 'none'], {
      home,
      answers: [
        [URL, `${await origin()}\r`],
        [PRODUCTION, '\r'],
        [reason, ''],
        [ANYWAY, '\r'],
      ],
    });
    await expect(call).rejects.toMatchObject({ code: 'DECLINED' });
    expect(nothingIn(home)).toBe(true);
  });

  it.each<[string, readonly (readonly [string, string])[]]>([
    ['the name', [[NAME, '\u0003']]],
    [
      'the authorisation',
      [
        [NAME, 'p\r'],
        [URL, 'https://ebill.example.com\r'],
        [AUTH, '\u0003'],
      ],
    ],
    [
      'whether to keep it',
      [
        [NAME, 'p\r'],
        [URL, 'http://127.0.0.1:9\r'],
        [AUTH, '\r'],
        [SECRET, 'some-token\r'],
        [PRODUCTION, '\r'],
        [ANYWAY, '\u0003'],
      ],
    ],
  ])('and saves nothing after Ctrl-C at %s', async (_, answers) => {
    const home = tempDir();
    await expect(run(add, [], { home, answers })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(nothingIn(home)).toBe(true);
  });

  it('again for a secret that cannot be sent; without a secret there is no test call', async () => {
    const home = tempDir();
    const { context } = await run(add, ['p'], {
      home,
      globals: { baseUrl: 'https://ebill.example.com' },
      answers: [
        [AUTH, '\r'],
        [SECRET, 'tökén €\r'],
        ['no header can carry', '\u0015\r'],
        [PRODUCTION, '\r'],
      ],
    });
    expect(context.stderr.text).not.toContain('est call');
    expect(context.stderr.text).toContain('No token is stored for p');
    expect(await secretIn(home, 'p')).toBeNull();
  });

  it('not in CI and in pipes, where the error names what is missing', async () => {
    const home = tempDir();
    const missing = (hint: RegExp) => ({ code: 'USAGE', hint: expect.stringMatching(hint) });
    await expect(run(add, [], { home })).rejects.toMatchObject(missing(/add NAME --base-url/));
    await expect(run(add, ['p'], { home, keys: '', env: { CI: 'true' } })).rejects.toMatchObject(
      missing(/--base-url/),
    );
    const named = { home, globals: { baseUrl: 'https://ebill.example.com' } };
    await expect(run(add, [], named)).rejects.toMatchObject(missing(/: ebill profile add NAME$/));
    expect(nothingIn(home)).toBe(true);
  });
});
