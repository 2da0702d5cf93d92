import { describe, expect, it } from 'vitest';
import type { Auth, TokenCommand } from '../../src/api/connection.ts';
import { newProfile } from '../../src/profile/edit.ts';
import type { Profile, StoredAuth } from '../../src/profile/profile.ts';
import { environmentLayer, type Layers, profileToUse, resolve } from '../../src/profile/resolve.ts';

const OWN = 'https://own.example.com/acme';
const OTHER = 'https://other.example.com';
const BASIC: StoredAuth = { type: 'basic', username: 'bob' };
const HEADER: StoredAuth = { type: 'header', name: 'X-Api-Key' };

interface Case {
  readonly env?: Record<string, string>;
  readonly baseUrl?: string | null;
  /** The stored profile's auth; `undefined`: no profile. */
  readonly auth?: StoredAuth | undefined;
  readonly secret?: string | null;
  readonly more?: Partial<Profile>;
}

const COMMAND = { tokenCommand: 'own' };
const printedBy = (command: string, profile: string | null = null) => ({ command, profile });

function layers({ env = {}, baseUrl = null, auth, secret = 'stored', more }: Case): Layers {
  return {
    options: { profile: null, baseUrl },
    env: environmentLayer(env),
    stored: auth === undefined ? null : { profile: { ...newProfile('prod', OWN), auth, ...more }, secret },
  };
}

const basic = (username: string, password: string): Auth => ({ type: 'basic', username, password });
const bearer = (token: string | TokenCommand): Auth => ({ type: 'bearer', token });
const header = (name: string, token: string | TokenCommand): Auth => ({ type: 'header', name, token });
const NONE: Auth = { type: 'none' };

describe('authorisation', () => {
  const url = { EBILL_BASE_URL: OTHER };
  it.each<[string, Case, Auth]>([
    // The environment alone.
    ['nothing', { env: url }, NONE],
    ['a token means bearer', { env: { ...url, EBILL_TOKEN: 't' } }, bearer('t')],
    [
      'a username means basic',
      { env: { ...url, EBILL_USERNAME: 'u', EBILL_PASSWORD: 'p' } },
      basic('u', 'p'),
    ],
    [
      'token before username',
      { env: { ...url, EBILL_TOKEN: 't', EBILL_USERNAME: 'u', EBILL_PASSWORD: 'p' } },
      bearer('t'),
    ],
    ['a password alone means nothing', { env: { ...url, EBILL_PASSWORD: 'p' } }, NONE],
    [
      'EBILL_AUTH decides',
      { env: { ...url, EBILL_AUTH: 'basic', EBILL_TOKEN: 't', EBILL_USERNAME: 'u', EBILL_PASSWORD: 'p' } },
      basic('u', 'p'),
    ],
    ['EBILL_AUTH=none', { env: { ...url, EBILL_AUTH: 'none', EBILL_TOKEN: 't' } }, NONE],
    [
      'EBILL_AUTH=header',
      { env: { ...url, EBILL_AUTH: 'header:X-K', EBILL_TOKEN: 't' } },
      header('X-K', 't'),
    ],
    ['EBILL_AUTH=Bearer', { env: { ...url, EBILL_AUTH: 'Bearer', EBILL_TOKEN: 't' } }, bearer('t')],
    [
      'empty variables are absent',
      { env: { ...url, EBILL_AUTH: '', EBILL_TOKEN: '', EBILL_USERNAME: '', EBILL_PASSWORD: '' } },
      NONE,
    ],
    // A profile alone.
    ['profile: none', { auth: { type: 'none' } }, NONE],
    ['profile: basic', { auth: BASIC }, basic('bob', 'stored')],
    ['profile: bearer', { auth: { type: 'bearer' } }, bearer('stored')],
    ['profile: header', { auth: HEADER }, header('X-Api-Key', 'stored')],
    // The environment over a profile.
    ['its password', { auth: BASIC, env: { EBILL_PASSWORD: 'p' } }, basic('bob', 'p')],
    ['its username, same', { auth: BASIC, env: { EBILL_USERNAME: 'bob' } }, basic('bob', 'stored')],
    [
      'its username and password',
      { auth: BASIC, env: { EBILL_USERNAME: 'u', EBILL_PASSWORD: 'p' } },
      basic('u', 'p'),
    ],
    ['its token, on bearer', { auth: { type: 'bearer' }, env: { EBILL_TOKEN: 't' } }, bearer('t')],
    [
      'its token, on header: sent as the profile does',
      { auth: HEADER, env: { EBILL_TOKEN: 't' } },
      header('X-Api-Key', 't'),
    ],
    ['its token, on basic', { auth: BASIC, env: { EBILL_TOKEN: 't' } }, bearer('t')],
    ['its token, on none', { auth: { type: 'none' }, env: { EBILL_TOKEN: 't' } }, bearer('t')],
    ['its auth, same kind', { auth: BASIC, env: { EBILL_AUTH: 'basic' } }, basic('bob', 'stored')],
    [
      'its auth, same header',
      { auth: HEADER, env: { EBILL_AUTH: 'header:x-api-key' } },
      header('x-api-key', 'stored'),
    ],
    ['its auth: none', { auth: BASIC, env: { EBILL_AUTH: 'none' } }, NONE],
    // The same origin, another path: still the profile's.
    [
      'same origin by option',
      { auth: BASIC, baseUrl: 'https://OWN.example.com:443/x' },
      basic('bob', 'stored'),
    ],
    // Another origin: never the profile's.
    ['other origin by option', { auth: BASIC, baseUrl: OTHER }, NONE],
    ['other origin by environment', { auth: { type: 'bearer' }, env: url }, NONE],
    ['other port', { auth: BASIC, baseUrl: 'https://own.example.com:8443' }, NONE],
    ['other origin, own credentials', { auth: BASIC, env: { ...url, EBILL_TOKEN: 't' } }, bearer('t')],
    // Commands that print the token.
    ['a command', { env: { ...url, EBILL_TOKEN_COMMAND: ' cat t ' } }, bearer(printedBy('cat t'))],
    [
      'a token over a command',
      { env: { ...url, EBILL_TOKEN: 't', EBILL_TOKEN_COMMAND: 'cat t' } },
      bearer('t'),
    ],
    [
      'a command over a username',
      { env: { ...url, EBILL_USERNAME: 'u', EBILL_TOKEN_COMMAND: 'cat t' } },
      bearer(printedBy('cat t')),
    ],
    ['no command with none', { env: { ...url, EBILL_AUTH: 'none', EBILL_TOKEN_COMMAND: 'cat t' } }, NONE],
    ['its command, on basic', { auth: BASIC, env: { EBILL_TOKEN_COMMAND: 'c' } }, bearer(printedBy('c'))],
    [
      'its command, on header',
      { auth: HEADER, env: { EBILL_TOKEN_COMMAND: 'c' } },
      header('X-Api-Key', printedBy('c')),
    ],
    ['profile: command', { auth: HEADER, more: COMMAND }, header('X-Api-Key', printedBy('own', 'prod'))],
    [
      'its command over a profile’s',
      { auth: HEADER, more: COMMAND, env: { EBILL_TOKEN_COMMAND: 'c' } },
      header('X-Api-Key', printedBy('c')),
    ],
    [
      'its token over a profile’s command',
      { auth: HEADER, more: COMMAND, env: { EBILL_TOKEN: 't' } },
      header('X-Api-Key', 't'),
    ],
    ['other origin: not the profile’s command', { auth: HEADER, more: COMMAND, baseUrl: OTHER }, NONE],
  ])('%s', (_, given, auth) => {
    expect(resolve(layers(given)).connection.auth).toEqual(auth);
  });

  it.each<[Case, string | null]>([
    [{ env: url }, null],
    [{ env: { ...url, EBILL_TOKEN: 't' } }, 'token from EBILL_TOKEN'],
    [{ env: { ...url, EBILL_TOKEN_COMMAND: 'c' } }, 'token from the command of EBILL_TOKEN_COMMAND'],
    [{ env: { ...url, EBILL_USERNAME: 'u', EBILL_PASSWORD: 'p' } }, 'password from EBILL_PASSWORD'],
    [{ auth: BASIC }, 'password stored for prod'],
    [{ auth: HEADER }, 'token stored for prod'],
    [{ auth: HEADER, more: COMMAND }, 'token from the command of profile prod'],
  ])('says where the secret comes from: %j → %s', (given, secret) => {
    expect(resolve(layers(given)).secret).toBe(secret);
  });

  it('refuses a command with basic, and one that is none', () => {
    const basicly = { ...url, EBILL_AUTH: 'basic', EBILL_USERNAME: 'u', EBILL_PASSWORD: 'p' };
    for (const env of [
      { ...basicly, EBILL_TOKEN_COMMAND: 'c' },
      { ...url, EBILL_TOKEN_COMMAND: ' ' },
    ])
      expect(() => resolve(layers({ env }))).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it.each<[string, Case]>([
    ['basic without a password', { env: { ...url, EBILL_USERNAME: 'u' } }],
    ['basic without a username', { env: { ...url, EBILL_AUTH: 'basic', EBILL_PASSWORD: 'p' } }],
    ['bearer without a token', { env: { ...url, EBILL_AUTH: 'bearer' } }],
    ['header without a token', { env: { ...url, EBILL_AUTH: 'header:X-K' } }],
    ['a profile without its secret', { auth: BASIC, secret: null }],
    ["another username with the profile's password", { auth: BASIC, env: { EBILL_USERNAME: 'eve' } }],
    ["another kind with the profile's secret", { auth: BASIC, env: { EBILL_AUTH: 'bearer' } }],
    ["another header with the profile's token", { auth: HEADER, env: { EBILL_AUTH: 'header:X-Log' } }],
    [
      "another origin with the profile's token",
      { auth: HEADER, env: { ...url, EBILL_AUTH: 'header:X-Api-Key' } },
    ],
    [
      "another origin with the profile's password",
      { auth: BASIC, baseUrl: OTHER, env: { EBILL_USERNAME: 'bob' } },
    ],
  ])('is an AUTH error with the next step: %s', (_, given) => {
    expect(() => resolve(layers(given))).toThrow(
      expect.objectContaining({
        code: 'AUTH',
        exitCode: 5,
        hint: expect.stringMatching(/EBILL_(USERNAME|PASSWORD|TOKEN)/),
      }),
    );
  });

  it.each(['tok\r\nX-Evil: 1', 'tok\n', 'tok\u0000', 'tök\u{1f600}'])(
    'a token %j is USAGE and not shown',
    (token) => {
      const attempt = () => resolve(layers({ env: { ...url, EBILL_TOKEN: token } }));
      expect(attempt).toThrow(expect.objectContaining({ code: 'USAGE' }));
      expect(attempt).not.toThrow(/tok|tök/);
    },
  );
});

describe('base URL', () => {
  it.each<[string, Case & { option?: string }, string]>([
    [
      'option over all',
      { baseUrl: 'https://opt.example', env: { EBILL_BASE_URL: OTHER }, auth: BASIC },
      'https://opt.example',
    ],
    ['environment over profile', { env: { EBILL_BASE_URL: OTHER }, auth: BASIC }, OTHER],
    ['profile', { auth: BASIC }, OWN],
  ])('%s', (_, given, baseUrl) => {
    expect(resolve(layers(given)).connection.baseUrl).toBe(baseUrl);
  });

  it('is an error with the next steps when there is none', () => {
    expect(() => resolve(layers({}))).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        hint: expect.stringMatching(/EBILL_BASE_URL.*profile add.*ebill sandbox/s),
      }),
    );
  });

  it('may be plain http beyond loopback only with the allowInsecure of the same origin', () => {
    const lab = { baseUrl: 'http://10.0.0.4:8080', allowInsecure: true };
    const none: StoredAuth = { type: 'none' };
    expect(resolve(layers({ auth: none, more: lab })).connection.allowInsecure).toBe(true);
    expect(() => resolve(layers({ auth: none, more: { ...lab, allowInsecure: false } }))).toThrow(
      /plain http/,
    );
    expect(() => resolve(layers({ auth: none, more: lab, baseUrl: 'http://10.0.0.5:8080' }))).toThrow(
      /plain http/,
    );
    expect(() => resolve(layers({ env: { EBILL_BASE_URL: 'http://10.0.0.4' } }))).toThrow(/plain http/);
    expect(
      resolve(layers({ env: { EBILL_BASE_URL: 'http://127.0.0.1:8080' } })).connection.allowInsecure,
    ).toBe(false);
  });
});

describe('the other fields of a profile', () => {
  const more: Partial<Profile> = {
    organisation: 'Acme',
    query: { format: 'xml' },
    headers: { 'X-Api-Key': 'k' },
    statusNames: { 'In Review': 'running' },
    recordStatus: { S: 'loaded' },
    caFile: '/ca.pem',
    clientCert: '/c.pem',
    clientKey: '/k.pem',
    proxy: 'http://proxy:3128',
    production: true,
  };

  it('are all used for its own origin', () => {
    const { connection, warnings } = resolve(layers({ auth: BASIC, more }));
    expect(connection).toEqual({
      profile: 'prod',
      baseUrl: OWN,
      auth: basic('bob', 'stored'),
      ...more,
      allowInsecure: false,
    });
    expect(warnings).toEqual([]);
  });

  it('the organisation of the environment overrides that of the profile', () => {
    const env = { EBILL_ORGANISATION: ' Globex ' };
    expect(resolve(layers({ auth: BASIC, more, env })).connection.organisation).toBe('Globex');
    expect(() => layers({ auth: BASIC, env: { EBILL_ORGANISATION: 'a\u0007' } })).toThrow(
      /EBILL_ORGANISATION/,
    );
  });

  it('are used for another origin except credentials, with a warning', () => {
    const { connection, warnings } = resolve(layers({ auth: BASIC, more, baseUrl: OTHER }));
    expect(connection).toMatchObject({
      profile: 'prod',
      auth: NONE,
      clientCert: null,
      clientKey: null,
      organisation: null,
      caFile: '/ca.pem',
      proxy: 'http://proxy:3128',
      production: true,
      statusNames: { 'In Review': 'running' },
      recordStatus: { S: 'loaded' },
    });
    expect([connection.query, connection.headers]).toEqual([{}, {}]);
    expect(warnings).toEqual([
      expect.stringMatching(/own\.example\.com.*not sent.*other\.example\.com.*--base-url/),
    ]);
  });
});

describe('the profile to use', () => {
  const named = (name: string) => ({ name });
  it.each([
    [{ profile: 'a', baseUrl: null }, {}, named('a')],
    [{ profile: 'a', baseUrl: null }, { EBILL_PROFILE: 'b' }, named('a')],
    [{ profile: null, baseUrl: null }, { EBILL_PROFILE: 'b' }, named('b')],
    [{ profile: null, baseUrl: OTHER }, { EBILL_PROFILE: 'b' }, named('b')],
    [{ profile: 'a', baseUrl: OTHER }, { EBILL_BASE_URL: OWN }, named('a')],
    [{ profile: null, baseUrl: null }, {}, 'default'],
    [{ profile: null, baseUrl: null }, { EBILL_PROFILE: '', EBILL_BASE_URL: '' }, 'default'],
    [{ profile: null, baseUrl: null }, { EBILL_TOKEN: 't' }, 'default'],
    [{ profile: null, baseUrl: OTHER }, {}, 'none'],
    [{ profile: null, baseUrl: null }, { EBILL_BASE_URL: OTHER }, 'none'],
  ])('with options %j and environment %j is %j', (options, env, asked) => {
    expect(profileToUse(options, environmentLayer(env))).toEqual(asked);
  });
});
