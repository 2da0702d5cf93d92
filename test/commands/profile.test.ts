import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { command as add } from '../../src/commands/profile/add.ts';
import { command as list } from '../../src/commands/profile/list.ts';
import { command as remove } from '../../src/commands/profile/remove.ts';
import { command as set } from '../../src/commands/profile/set.ts';
import { command as show } from '../../src/commands/profile/show.ts';
import { command as use } from '../../src/commands/profile/use.ts';
import type { GlobalOptions } from '../../src/commands/shared/command.ts';
import { parseAuthKind } from '../../src/profile/auth.ts';
import { getSecret } from '../../src/profile/secrets.ts';
import { loadProfiles } from '../../src/profile/store.ts';
import { tempDir, testContext } from '../helpers/context.ts';
import { parse, run } from '../profile/rig.ts';

const URL = 'https://ebill.example.com';
const SECRET = 's3cret-value-4711';
const at = (baseUrl: string, more: Partial<GlobalOptions> = {}) => ({ globals: { baseUrl, ...more } });
const profilesIn = async (home: string) => loadProfiles(testContext({ home }));
const profileIn = async (home: string, name: string) => (await profilesIn(home)).all.get(name);
const secretIn = async (home: string, name: string) => (await getSecret(testContext({ home }), name)).value;

const typing = (keys: string) => ({ keys });

describe('profile options', () => {
  const given = (argv: readonly string[]) => parse(set, ['p', ...argv]);
  it.each([
    [['--auth', 'header:X-K'], { auth: parseAuthKind('header:X-K', '') }],
    [['--username', 'bob'], { username: 'bob' }],
    [['--token-command', 'vault read t'], { tokenCommand: 'vault read t' }],
    [['--no-token-command'], { tokenCommand: null }],
    [
      ['--query', 'a=1', '--query', 'b='],
      {
        query: [
          ['a', '1'],
          ['b', null],
        ],
      },
    ],
    [['--header', 'X-A=1'], { headers: [['X-A', '1']] }],
    [['--status-name', 'In Review=running'], { statusNames: [['In Review', 'running']] }],
    [['--ca-file', 'ca.pem'], { caFile: 'ca.pem' }],
    [['--no-ca-file'], { caFile: null }],
    [['--client-cert', 'c.pem', '--client-key', 'k.pem'], { clientCert: 'c.pem', clientKey: 'k.pem' }],
    [['--no-client-cert', '--no-client-key'], { clientCert: null, clientKey: null }],
    [['--proxy', 'http://p:1'], { proxy: 'http://p:1' }],
    [['--no-proxy'], { proxy: null }],
    [['--allow-insecure', '--production'], { allowInsecure: true, production: true }],
    [['--no-organisation'], { organisation: null }],
    [['--no-allow-insecure', '--no-production'], { allowInsecure: false, production: false }],
    [[], { allowInsecure: undefined, production: undefined, proxy: undefined, caFile: undefined, query: [] }],
  ])('%j are parsed', (argv, changes) => {
    expect(given(argv).changes).toMatchObject(changes);
  });

  it('--password-stdin, --token-stdin and --use are parsed, and bad values refused', () => {
    expect(given(['--password-stdin'])).toMatchObject({ name: 'p', stdin: 'password', use: false });
    expect(given(['--token-stdin', '--use'])).toMatchObject({ stdin: 'token', use: true });
    expect(() => given(['--token-stdin', '--password-stdin'])).toThrow(/together/);
    expect(() => given(['--token-stdin', '--token-command', 'x'])).toThrow(/together/);
    expect(() => parse(add, ['a b'])).toThrow(/name/);
    expect(() => given(['--ca-file', ''])).toThrow(/--ca-file/);
    expect(() => given(['--password', SECRET])).toThrow(/unknown option/);
  });
});

describe('profile add', () => {
  it('stores the options, the secret in another place, and makes the first profile the default', async () => {
    const home = tempDir();
    for (const file of ['ca.pem', 'c.pem', 'k.pem']) writeFileSync(join(home, file), 'PEM');
    const argv = [
      'prod',
      '--auth',
      'basic',
      '--username',
      'bob',
      '--password-stdin',
      '--query',
      'format=xml',
    ];
    argv.push('--organisation', ' Acme Ltd ');
    argv.push('--header', 'X-Tenant=acme', '--status-name', 'In Review=running', '--production');
    argv.push(
      '--ca-file',
      'ca.pem',
      '--client-cert',
      './c.pem',
      '--client-key',
      join(home, 'k.pem'),
      '--proxy',
      'http://p:1',
    );
    const { result, seen, redactor } = await run(add, argv, { home, stdin: `${SECRET}\n`, ...at(URL) });
    expect(result).toMatchObject({ profile: 'prod', job: null, outcome: null, batches: [], error: null });
    expect(result.text).toBe(
      `Added prod: ${URL} for Acme Ltd (basic as bob, production), the default profile`,
    );
    expect(await profilesIn(home)).toMatchObject({ current: 'prod' });
    expect(await profileIn(home, 'prod')).toEqual({
      name: 'prod',
      baseUrl: URL,
      organisation: 'Acme Ltd',
      auth: { type: 'basic', username: 'bob' },
      tokenCommand: null,
      query: { format: 'xml' },
      headers: { 'X-Tenant': 'acme' },
      statusNames: { 'In Review': 'running' },
      recordStatus: {},
      columns: {},
      caFile: join(home, 'ca.pem'),
      clientCert: join(home, 'c.pem'),
      clientKey: join(home, 'k.pem'),
      proxy: 'http://p:1',
      allowInsecure: false,
      production: true,
    });
    expect(await secretIn(home, 'prod')).toBe(SECRET);
    expect(readFileSync(join(home, 'profiles.json'), 'utf8')).not.toContain(SECRET);
    expect(seen).not.toContain(SECRET);
    expect(redactor.clean(SECRET)).toBe('***');
  });

  it.each<[string, string[], Record<string, string>, string | undefined, string, string | null]>([
    ['nothing', [], {}, undefined, 'none', null],
    ['--username', ['--username', 'u'], {}, undefined, 'basic', null],
    ['--token-stdin', ['--token-stdin'], {}, 'tok-4711', 'bearer', 'tok-4711'],
    [
      'a header with its token',
      ['--auth', 'header:X-K', '--token-stdin'],
      {},
      'tok-4711',
      'header',
      'tok-4711',
    ],
    ['EBILL_TOKEN', [], { EBILL_TOKEN: 'env-4711' }, undefined, 'bearer', 'env-4711'],
    [
      'EBILL_USERNAME and EBILL_PASSWORD',
      [],
      { EBILL_USERNAME: 'u', EBILL_PASSWORD: 'pw-4711' },
      undefined,
      'basic',
      'pw-4711',
    ],
    [
      'EBILL_AUTH',
      [],
      { EBILL_AUTH: 'header:X-K', EBILL_TOKEN: 'env-4711' },
      undefined,
      'header',
      'env-4711',
    ],
    [
      'stdin over the environment',
      ['--token-stdin'],
      { EBILL_TOKEN: 'env-4711' },
      'tok-4711',
      'bearer',
      'tok-4711',
    ],
    [
      '--auth none over the environment',
      ['--auth', 'none'],
      { EBILL_TOKEN: 'env-4711' },
      undefined,
      'none',
      null,
    ],
  ])('takes the authorisation from %s', async (_, argv, env, stdin, type, secret) => {
    const home = tempDir();
    const { seen, context } = await run(add, ['p', ...argv], {
      home,
      env,
      ...at(URL),
      ...(stdin ? { stdin } : {}),
    });
    expect((await profileIn(home, 'p'))?.auth.type).toBe(type);
    expect(await secretIn(home, 'p')).toBe(secret);
    expect(seen).not.toContain('4711');
    if (type !== 'none' && secret === null)
      expect(context.stderr.text).toMatch(/warning: No password is stored/);
  });

  it('asks for the secret on a terminal without showing it; Enter alone stores none', async () => {
    const home = tempDir();
    const bearer = ['--auth', 'bearer'];
    const { seen } = await run(add, ['p', ...bearer], { home, ...at(URL), ...typing(`${SECRET}\r`) });
    expect(await secretIn(home, 'p')).toBe(SECRET);
    expect(seen).toContain(`The token for ${URL}:`);
    expect(seen).not.toContain('s3cret');
    const empty = await run(add, ['q', ...bearer], { home, ...at(URL), ...typing('\r') });
    expect(await secretIn(home, 'q')).toBeNull();
    expect(empty.context.stderr.text).toContain('EBILL_TOKEN');
    await expect(run(add, ['r', ...bearer], { home, ...at(URL), ...typing('\u0003') })).rejects.toMatchObject(
      { exitCode: 130 },
    );
    expect(await profileIn(home, 'r')).toBeUndefined();
  });

  it('takes the base URL from --base-url, else from the environment', async () => {
    const home = tempDir();
    const env = { EBILL_BASE_URL: 'https://env.example' };
    await run(add, ['a'], { home, env });
    await run(add, ['b'], { home, env, ...at(URL) });
    expect((await profileIn(home, 'a'))?.baseUrl).toBe('https://env.example');
    expect((await profileIn(home, 'b'))?.baseUrl).toBe(URL);
  });

  it('keeps the default profile, unless --use', async () => {
    const home = tempDir();
    await run(add, ['a'], { home, ...at(URL) });
    const second = await run(add, ['b'], { home, ...at(URL) });
    expect((await profilesIn(home)).current).toBe('a');
    expect(second.result.next).toContain('profile use b');
    await run(add, ['c', '--use'], { home, ...at(URL) });
    expect((await profilesIn(home)).current).toBe('c');
  });

  it.each<[string, string[], string | null, RegExp]>([
    ['no base URL', ['x'], null, /base URL/],
    ['a name that exists', ['a'], 'https://other.example.com', /already/],
    ['a name that exists, with a token', ['a', '--token-stdin'], URL, /already/],
    ['a missing file', ['x', '--ca-file', 'gone.pem'], URL, /--ca-file: .*gone\.pem/],
    ['a folder as file', ['x', '--ca-file', '.'], URL, /--ca-file/],
    ['a key without certificate', ['x', '--client-key', 'profiles.json'], URL, /certificate/],
    ['plain http', ['x'], 'http://ebill.example.com', /plain http/],
    ['userinfo', ['x'], 'https://u:p@ebill.example.com', /username or password/],
    ['basic without username', ['x', '--auth', 'basic'], URL, /username/],
    ['bearer with username', ['x', '--auth', 'bearer', '--username', 'u'], URL, /username/],
    ['a password for bearer', ['x', '--auth', 'bearer', '--password-stdin'], URL, /--password-stdin/],
    ['a token for basic', ['x', '--auth', 'basic', '--username', 'u', '--token-stdin'], URL, /--token-stdin/],
    ['an empty stdin', ['x', '--token-stdin'], URL, /is empty/],
  ])('refuses %s with USAGE and stores nothing', async (_, argv, baseUrl, message) => {
    const home = tempDir();
    await run(add, ['a'], { home, ...at(URL) });
    const before = readFileSync(join(home, 'profiles.json'), 'utf8');
    await expect(run(add, argv, { home, globals: { baseUrl } })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    });
    expect(readFileSync(join(home, 'profiles.json'), 'utf8')).toBe(before);
  });

  it('changes nothing when a profile of this name has these settings', async () => {
    const home = tempDir();
    const line = ['a', '--production', '--query', 'format=xml'];
    await run(add, line, { home, ...at(URL) });
    const before = readFileSync(join(home, 'profiles.json'), 'utf8');
    expect((await run(add, line, { home, ...at(URL) })).result.text).toContain('already');
    expect(readFileSync(join(home, 'profiles.json'), 'utf8')).toBe(before);
  });

  it('refuses a secret with a line break, without showing it', async () => {
    const stdin = `${SECRET}\nX-Evil: 1`;
    const error = await run(add, ['p', '--token-stdin'], { home: tempDir(), stdin, ...at(URL) }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(String(error)).not.toContain('s3cret');
  });

  it('does not take over a secret left under its name', async () => {
    const home = tempDir();
    writeFileSync(join(home, 'secrets.json'), JSON.stringify({ version: 1, secrets: { p: SECRET } }));
    await run(add, ['p', '--username', 'u'], { home, ...at(URL) });
    expect(await secretIn(home, 'p')).toBeNull();
  });

  it('allows plain http with --allow-insecure; --dry-run stores nothing', async () => {
    const home = tempDir();
    const http = 'http://lab.example.com';
    const dry = await run(add, ['lab', '--allow-insecure'], { home, ...at(http, { dryRun: true }) });
    expect(dry.result).toMatchObject({ text: expect.stringContaining('Would add'), requests: [] });
    expect((await profilesIn(home)).all.size).toBe(0);
    await run(add, ['lab', '--allow-insecure'], { home, ...at(http) });
    expect(await profileIn(home, 'lab')).toMatchObject({ allowInsecure: true });
  });
});

/** A home with `prod` (basic, bob, the default) and `test` (none). */
async function homeWithTwo(): Promise<string> {
  const home = tempDir();
  const argv = [
    'prod',
    '--username',
    'bob',
    '--password-stdin',
    '--query',
    'format=xml',
    '--header',
    'X-Tenant=acme',
  ];
  await run(add, [...argv, '--proxy', 'http://p:1', '--production'], { home, stdin: SECRET, ...at(URL) });
  await run(add, ['test'], { home, ...at('https://test.example.com') });
  return home;
}

describe('profile set', () => {
  it('changes only what the options name, whatever the environment says', async () => {
    const home = await homeWithTwo();
    const before = await profileIn(home, 'prod');
    const env = {
      EBILL_TOKEN: 'env-4711',
      EBILL_PASSWORD: 'env-4711',
      EBILL_BASE_URL: 'https://env.example',
      EBILL_AUTH: 'bearer',
    };
    await run(
      set,
      [
        'prod',
        '--no-production',
        '--query',
        'format=',
        '--query',
        'a=1',
        '--header',
        'x-tenant=b',
        '--no-proxy',
      ],
      { home, env },
    );
    expect(await profileIn(home, 'prod')).toEqual({
      ...before,
      production: false,
      query: { a: '1' },
      headers: { 'x-tenant': 'b' },
      proxy: null,
    });
    expect(await secretIn(home, 'prod')).toBe(SECRET);
  });

  it('takes a new password from stdin, from the environment with --auth, or from a prompt', async () => {
    const home = await homeWithTwo();
    await run(set, ['prod', '--password-stdin'], { home, stdin: 'new-1\n' });
    expect(await secretIn(home, 'prod')).toBe('new-1');
    const { seen } = await run(set, ['prod', '--auth', 'basic'], { home, env: { EBILL_PASSWORD: 'new-2' } });
    expect(await secretIn(home, 'prod')).toBe('new-2');
    expect(seen).not.toContain('new-2');
    await run(set, ['prod', '--auth', 'basic'], { home, ...typing('new-3\r') });
    expect(await secretIn(home, 'prod')).toBe('new-3');
    await run(set, ['prod', '--username', 'eve'], { home, ...typing('\r') });
    expect(await secretIn(home, 'prod')).toBe('new-3');
    expect((await profileIn(home, 'prod'))?.auth).toEqual({ type: 'basic', username: 'eve' });
  });

  it('removes the old secret when the kind of authorisation changes', async () => {
    const home = await homeWithTwo();
    const { context } = await run(set, ['prod', '--auth', 'bearer'], { home });
    expect(await secretIn(home, 'prod')).toBeNull();
    expect(context.stderr.text).toContain('No token is stored for prod');
  });

  it('warns when the stored secret will be sent to another server', async () => {
    const home = await homeWithTwo();
    const same = await run(set, ['prod'], { home, ...at(`${URL}/acme`) });
    expect(same.context.stderr.text).toBe('');
    const other = await run(set, ['prod'], { home, ...at('https://new.example.com') });
    expect(other.context.stderr.text).toContain('will be sent to https://new.example.com');
    expect(await secretIn(home, 'prod')).toBe(SECRET);
  });

  it('makes a profile the default with --use, and refuses a call that changes nothing', async () => {
    const home = await homeWithTwo();
    await run(set, ['test', '--use'], { home });
    expect((await profilesIn(home)).current).toBe('test');
    await expect(run(set, ['test'], { home })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('Nothing to change'),
    });
    await expect(run(set, ['tset', '--use'], { home })).rejects.toMatchObject({
      message: expect.stringContaining('mean test?'),
    });
    await expect(run(set, ['test', '--token-stdin'], { home, stdin: 'x' })).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(run(set, ['test'], { home, ...at('http://test.example.com') })).rejects.toMatchObject({
      code: 'USAGE',
    });
    const before = readFileSync(join(home, 'profiles.json'), 'utf8');
    await run(set, ['test', '--production'], { home, globals: { dryRun: true } });
    expect(readFileSync(join(home, 'profiles.json'), 'utf8')).toBe(before);
  });
});

describe('profile list and show', () => {
  it('list prints a table for people and a list for scripts', async () => {
    const home = await homeWithTwo();
    const { result, seen } = await run(list, [], { home });
    expect(result.text.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['Name', 'Base URL', 'Auth', 'Production'],
      ['*', 'prod', URL, 'basic (bob)', 'yes'],
      ['test', 'https://test.example.com', 'none', 'no'],
    ]);
    expect(result.extra?.['profiles']).toMatchObject([
      { name: 'prod', current: true, baseUrl: URL, auth: 'basic', username: 'bob', production: true },
      { name: 'test', current: false, auth: 'none', username: null, production: false },
    ]);
    expect(seen).not.toContain(SECRET);
    const empty = await run(list, [], { home: tempDir() });
    expect(empty.result).toMatchObject({ text: 'No profiles yet.', extra: { profiles: [] } });
  });

  it('show prints everything but the secret', async () => {
    const home = await homeWithTwo();
    await run(set, ['prod', '--header', 'X-Api-Key=key-4711'], { home });
    const path = join(home, 'profiles.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('http://p:1', 'http://u:pw4711@p:1'));
    const { result, seen } = await run(show, [], { home });
    for (const line of [
      'name: prod (default)',
      `base URL: ${URL}`,
      'auth: basic',
      'username: bob',
      'password: stored',
      'query: format=xml',
      'header: X-Tenant=acme',
      'header: X-Api-Key=***',
      'proxy: http://***@p:1',
      'production: yes',
    ]) {
      expect(result.text.replace(/: +/g, ': ')).toContain(line);
    }
    expect(result.extra?.['profiles']).toMatchObject([
      { name: 'prod', secret: 'stored', secretPlace: 'file', proxy: 'http://***@p:1' },
    ]);
    expect(seen).not.toMatch(/4711/);
    await run(set, ['test', '--auth', 'bearer'], { home });
    expect((await run(show, ['test'], { home })).result.text).toMatch(/token: +missing/);
    expect((await run(show, [], { home, env: { EBILL_PROFILE: 'test' } })).result.profile).toBe('test');
    expect((await run(show, [], { home, globals: { profile: 'test' } })).result.profile).toBe('test');
    await expect(run(show, ['x'], { home })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(run(show, [], { home: tempDir() })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('a token command takes the place of a token, and is shown', async () => {
    const home = tempDir();
    const command = 'vault read -field=token kv/ebill';
    const commandIn = async () => (await profileIn(home, 'prod'))?.tokenCommand;
    await run(add, ['prod', '--token-stdin'], { home, stdin: SECRET, ...at(URL) });
    const changed = await run(set, ['prod', '--token-command', command], { home });
    expect(changed.result.text).toBe(`Changed prod: ${URL} (bearer), the default profile`);
    expect([await commandIn(), await secretIn(home, 'prod')]).toEqual([command, null]);
    expect(changed.seen).not.toContain('No token is stored');
    const { result } = await run(show, [], { home });
    expect(result.text).toMatch(/token command: +vault read -field=token kv\/ebill/);
    expect(result.text).not.toMatch(/missing/);
    expect(result.extra?.['profiles']).toMatchObject([{ tokenCommand: command, secret: null }]);
    expect((await run(list, [], { home })).result.text).toContain(`bearer (${command})`);
    // Another header has the same command; a stored token, or an authorisation without one, replaces it.
    await run(set, ['prod', '--auth', 'header:X-K'], { home });
    expect(await commandIn()).toBe(command);
    await expect(
      run(set, ['prod', '--auth', 'basic', '--username', 'u', '--token-command', 'x'], { home }),
    ).rejects.toMatchObject({
      code: 'USAGE',
      message: '--token-command cannot be used with basic: it prints a token.',
    });
    const basic = await run(set, ['prod', '--auth', 'basic', '--username', 'u'], { home });
    expect(basic.seen).toContain('The token command is removed');
    expect(await commandIn()).toBeNull();
    await run(set, ['prod', '--auth', 'bearer', '--token-command', command], { home });
    await run(set, ['prod', '--token-stdin'], { home, stdin: SECRET });
    expect([await commandIn(), await secretIn(home, 'prod')]).toEqual([null, SECRET]);
    await run(set, ['prod', '--token-command', command], { home });
    expect((await run(set, ['prod', '--no-token-command'], { home })).seen).toContain('No token is stored');
    expect(await commandIn()).toBeNull();
    const env = { EBILL_TOKEN_COMMAND: command };
    await run(add, ['ci'], { home, env, ...at(URL) });
    expect(await profileIn(home, 'ci')).toMatchObject({ auth: { type: 'bearer' }, tokenCommand: command });
    for (const bad of [' ', 'a\nb', 'x'.repeat(5000)])
      await expect(run(set, ['ci', '--token-command', bad], { home })).rejects.toMatchObject({
        code: 'USAGE',
      });
  });

  it('show escapes control characters from a file edited by hand', async () => {
    const home = tempDir();
    const profile = { baseUrl: URL, query: { a: '\u202eevil' }, statusNames: { '\u001b[2J': 'running' } };
    writeFileSync(
      join(home, 'profiles.json'),
      JSON.stringify({ version: 1, current: 'p', profiles: { p: profile } }),
    );
    const { result } = await run(show, [], { home });
    expect(result.text).not.toMatch(/[\u001b\u202e]/u);
  });
});

describe('profile use and remove', () => {
  it('use changes the default', async () => {
    const home = await homeWithTwo();
    expect((await run(use, ['test'], { home })).result.text).toContain(
      'The default is now test: https://test.example.com',
    );
    expect((await profilesIn(home)).current).toBe('test');
    await run(use, ['prod'], { home, globals: { dryRun: true } });
    expect((await profilesIn(home)).current).toBe('test');
    await expect(run(use, ['pord'], { home })).rejects.toMatchObject({
      message: expect.stringContaining('mean prod?'),
    });
  });

  it('remove deletes the secret too, and asks only on a terminal', async () => {
    const home = await homeWithTwo();
    await expect(run(remove, ['prod'], { home, ...typing('n\r') })).rejects.toMatchObject({
      code: 'DECLINED',
      exitCode: 2,
    });
    expect(await secretIn(home, 'prod')).toBe(SECRET);
    await run(remove, ['prod'], { home, globals: { dryRun: true } });
    expect(await profileIn(home, 'prod')).toBeDefined();
    const { result } = await run(remove, ['prod'], { home, ...typing('y\r') });
    expect(result.next).toContain('profile use');
    expect(await secretIn(home, 'prod')).toBeNull();
    expect(await profilesIn(home)).toMatchObject({ current: null });
    await run(remove, ['test'], { home });
    expect((await profilesIn(home)).all.size).toBe(0);
    await expect(run(remove, ['test'], { home })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('remove --yes asks nothing on a terminal', async () => {
    const home = await homeWithTwo();
    const { context } = await run(remove, ['prod'], { home, keys: '', globals: { yes: true } });
    expect(context.stderr.text).not.toContain('Remove');
    expect(await profileIn(home, 'prod')).toBeUndefined();
  });
});
