import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { newProfile } from '../../src/profile/edit.ts';
import type { Profile, Profiles } from '../../src/profile/profile.ts';
import { changeProfiles, loadProfiles } from '../../src/profile/store.ts';
import { type TestContext, tempDir, testContext } from '../helpers/context.ts';
import { spyOnSync } from '../helpers/sync-spy.ts';

const FULL: Profile = {
  name: 'full',
  baseUrl: 'https://ebill.example.com/acme',
  organisation: 'Acme Ltd',
  auth: { type: 'header', name: 'X-Api-Key' },
  tokenCommand: 'vault read -field=token secret/ebill',
  query: JSON.parse('{"__proto__":"p","format":"xml"}'),
  headers: { 'X-Tenant': 'acme' },
  statusNames: { 'In Review': 'running' },
  recordStatus: { 'Loaded (check)': 'loaded' },
  columns: { invoice: { key: 'Invoice Number', amount: 'Amount' } },
  caFile: '/etc/ca.pem',
  clientCert: '/etc/c.pem',
  clientKey: '/etc/k.pem',
  proxy: 'http://proxy:3128',
  allowInsecure: true,
  production: true,
};

const profiles = (current: string | null, ...all: Profile[]): Profiles => ({
  current,
  all: new Map(all.map((profile) => [profile.name, profile])),
});
const permissions = (path: string): number => statSync(path).mode & 0o777;
const plain = (name: string): Profile => newProfile(name, `https://${name.toLowerCase()}.example`);

describe('profiles.json', () => {
  it('is read as it was written, in a home created with 0700, itself 0600', async () => {
    const home = join(tempDir(), 'not', 'yet');
    const context = testContext({ home });
    const kept = profiles('full', FULL, { ...plain('b'), auth: { type: 'basic', username: 'bob' } });
    await changeProfiles(context, () => kept);
    expect(await loadProfiles(context)).toEqual(kept);
    expect(Object.keys((await loadProfiles(context)).all.get('full')?.query ?? {})).toEqual([
      '__proto__',
      'format',
    ]);
    expect(permissions(home)).toBe(0o700);
    expect(permissions(join(home, 'profiles.json'))).toBe(0o600);
    expect(readdirSync(home)).toEqual(['profiles.json', 'profiles.json.lock']);
  });

  it('is not created by reading', async () => {
    const home = join(tempDir(), 'nowhere');
    expect((await loadProfiles(testContext({ home }))).all.size).toBe(0);
    expect(existsSync(home)).toBe(false);
  });

  it('keeps names apart that have dots, are numbers, or are members of objects', async () => {
    const context = testContext();
    const names = [
      'eu.prod',
      'eu',
      '007',
      '7',
      'constructor',
      'toString',
      'hasOwnProperty',
      'A',
      'a',
      'x-_.',
    ];
    for (const name of names) {
      await changeProfiles(context, (before) => ({
        ...before,
        all: new Map(before.all).set(name, plain(name)),
      }));
    }
    const { all } = await loadProfiles(context);
    expect([...all.keys()].sort()).toEqual([...names].sort());
    for (const name of names) expect(all.get(name)).toEqual(plain(name));
  });

  it('has the same bytes in whatever order the profiles were added', async () => {
    const [one, two] = [testContext(), testContext()];
    await changeProfiles(one, () => profiles('a', plain('a'), plain('b'), FULL));
    await changeProfiles(two, () => profiles('a', FULL, plain('b'), plain('a')));
    const text = (home: string) => readFileSync(join(home, 'profiles.json'), 'utf8');
    expect(text(one.paths.config)).toBe(text(two.paths.config));
    expect(JSON.parse(text(one.paths.config))).toMatchObject({ version: 1, current: 'a' });
  });

  it('is flushed with its folder, so that it survives a power loss', async () => {
    const context = testContext();
    const calls = await spyOnSync(join(context.paths.config, 'profiles.json'));
    await changeProfiles(context, () => profiles('a', plain('a')));
    vi.restoreAllMocks();
    expect(calls).toContainEqual({ kind: 'folder', named: true });
  });

  it('gets mode 0600 at the next write, and a link remains a link', async () => {
    const context = testContext();
    const file = join(tempDir(), 'mine.json');
    writeFileSync(file, '{"version":1,"current":null,"profiles":{}}', { mode: 0o644 });
    chmodSync(file, 0o644);
    symlinkSync(file, join(context.paths.config, 'profiles.json'));
    await changeProfiles(context, () => profiles('a', plain('a')));
    expect(permissions(file)).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain('a.example');
  });
});

describe('an invalid profiles.json', () => {
  const profile = (fields: string) => `{"version":1,"profiles":{"p":${fields}}}`;
  it.each([
    ['empty', '', /not valid JSON/],
    ['cut off', '{"version":1,\n"profiles":', /not valid JSON/],
    ['a comma too much', '{"version":1,\n"current":null,}', /not valid JSON \(line 2\)|not valid JSON/],
    ['null', 'null', /not a JSON object/],
    ['a list', '[]', /not a JSON object/],
    ['no version', '{"profiles":{}}', /no version/],
    ['a newer version', '{"version":2,"profiles":{"p":{}}}', /version 2/],
    ['a text as version', '{"version":"1"}', /no version/],
    ['profiles as list', '{"version":1,"profiles":[]}', /"profiles" is not/],
    ['current of the wrong type', '{"version":1,"current":7}', /"current"/],
    ['a name no profile can have', '{"version":1,"profiles":{"__proto__":{"baseUrl":"https://x"}}}', /name/],
    ['a profile that is a text', profile('"x"'), /Profile p is not/],
    ['no base URL', profile('{}'), /profile p: baseUrl/],
    ['a base URL with userinfo', profile('{"baseUrl":"https://u:pw4711@x"}'), /profile p: baseUrl/],
    [
      'an unknown field',
      profile('{"baseUrl":"https://x","alowInsecure":true}'),
      /"alowInsecure" is not a field/,
    ],
    ['an unknown auth', profile('{"baseUrl":"https://x","auth":{"type":"magic"}}'), /profile p: auth/],
    ['basic without username', profile('{"baseUrl":"https://x","auth":{"type":"basic"}}'), /username/],
    [
      'a password in it',
      profile('{"baseUrl":"https://x","auth":{"type":"basic","username":"u","password":"pw4711"}}'),
      /"auth"/,
    ],
    ['a header with a line break', profile('{"baseUrl":"https://x","headers":{"X-A":"b\\r\\nX: y"}}'), /X-A/],
    ['a header that is not its to set', profile('{"baseUrl":"https://x","headers":{"HOST":"y"}}'), /HOST/],
    ['a query of the API', profile('{"baseUrl":"https://x","query":{"mode":"y"}}'), /mode/],
    ['an unknown phase', profile('{"baseUrl":"https://x","statusNames":{"A":"gone"}}'), /phase/],
    ['a relative path', profile('{"baseUrl":"https://x","caFile":"ca.pem"}'), /absolute/],
    ['a proxy of another kind', profile('{"baseUrl":"https://x","proxy":"socks5://pw4711"}'), /proxy/],
    ['a text for a flag', profile('{"baseUrl":"https://x","production":"yes"}'), /true or false/],
    ['a number for a text', profile('{"baseUrl":"https://x","query":{"a":1}}'), /object of texts/],
  ])('is an error with its path, and is not changed: %s', async (_, text, message) => {
    const context = testContext();
    const path = join(context.paths.config, 'profiles.json');
    writeFileSync(path, text);
    for (const attempt of [loadProfiles, (c: TestContext) => changeProfiles(c, (all) => all)]) {
      const error = await attempt(context).then(
        () => null,
        (e: unknown) => e,
      );
      expect(error).toMatchObject({ code: 'USAGE', exitCode: 2, message: expect.stringMatching(message) });
      expect(String(error)).toContain(path);
      expect(String(error)).not.toContain('pw4711');
    }
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is not one with a BOM', async () => {
    const context = testContext();
    writeFileSync(join(context.paths.config, 'profiles.json'), '\ufeff{"version":1,"profiles":{}}');
    expect((await loadProfiles(context)).all.size).toBe(0);
    await changeProfiles(context, () => profiles(null, plain('a')));
    expect((await loadProfiles(context)).all.size).toBe(1);
  });
});

describe('a home that cannot be used', () => {
  it('is an error with the path and a next step', async () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    const context = testContext({ home: join(file, 'home') });
    const expected = {
      code: 'USAGE',
      message: expect.stringContaining(file),
      hint: expect.stringContaining('EBILL_HOME'),
    };
    await expect(changeProfiles(context, () => profiles(null))).rejects.toMatchObject(expected);
    await expect(loadProfiles(context)).rejects.toMatchObject(expected);
    const inTheWay = testContext();
    mkdirSync(join(inTheWay.paths.config, 'profiles.json'));
    await expect(loadProfiles(inTheWay)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('folder'),
    });
  });

  // Root may write anywhere.
  it.skipIf(process.getuid?.() === 0)('is an error when it is read-only', async () => {
    const context = testContext();
    chmodSync(context.paths.config, 0o500);
    await expect(changeProfiles(context, () => profiles(null))).rejects.toMatchObject({ code: 'USAGE' });
  });
});
