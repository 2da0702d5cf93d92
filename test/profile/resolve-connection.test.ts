import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { newProfile } from '../../src/profile/edit.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { type ConnectionOptions, resolveConnection } from '../../src/profile/resolve.ts';
import { setSecret } from '../../src/profile/secrets.ts';
import { changeProfiles } from '../../src/profile/store.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { tempDir, testContext } from '../helpers/context.ts';

const imported = vi.hoisted(() => ({ conf: false }));
vi.mock('conf', async (original) => {
  imported.conf = true;
  return original();
});

const NOBODY: ConnectionOptions = { profile: null, baseUrl: null };

async function homeWith(current: string | null, ...profiles: readonly Profile[]): Promise<string> {
  const home = tempDir();
  const all = new Map(profiles.map((profile) => [profile.name, profile]));
  await changeProfiles(testContext({ home }), () => ({ current, all }));
  return home;
}

const resolveIn = (home: string, env: Record<string, string>, options = NOBODY, redactor = new Redactor()) =>
  resolveConnection(testContext({ home, env }), options, redactor);

describe('an environment that is a complete set-up', () => {
  it('reads no file and loads no conf', async () => {
    const home = tempDir();
    // A folder where a file is expected: merely to open it fails, even for root.
    mkdirSync(join(home, 'profiles.json'));
    mkdirSync(join(home, 'secrets.json'));
    const env = { EBILL_BASE_URL: 'https://ci.example.com', EBILL_TOKEN: 'ci-token' };
    const { connection, warnings } = await resolveIn(home, env);
    expect(connection).toMatchObject({ profile: null, auth: { type: 'bearer', token: 'ci-token' } });
    expect(warnings).toEqual([]);
    expect(
      (await resolveIn(home, {}, { profile: null, baseUrl: 'https://x.example' })).connection.profile,
    ).toBeNull();
    await expect(resolveIn(home, {})).rejects.toMatchObject({ code: 'USAGE' });
    expect(imported.conf).toBe(false);
  });
});

describe('a profile', () => {
  const prod: Profile = { ...newProfile('eu.prod', 'https://eu.example.com'), auth: { type: 'bearer' } };
  const test = newProfile('test', 'https://test.example.com');

  it('is the named one, else the default', async () => {
    const home = await homeWith('test', prod, test);
    await setSecret(testContext({ home }), 'eu.prod', 'eu-secret');
    expect((await resolveIn(home, {})).connection).toMatchObject({ profile: 'test', auth: { type: 'none' } });
    const redactor = new Redactor();
    const named = await resolveIn(home, { EBILL_PROFILE: 'eu.prod' }, NOBODY, redactor);
    expect(named.connection).toMatchObject({ profile: 'eu.prod', auth: { token: 'eu-secret' } });
    expect(redactor.clean('it is eu-secret')).toBe('it is ***');
    const both = await resolveIn(home, { EBILL_PROFILE: 'eu.prod' }, { profile: 'test', baseUrl: null });
    expect(both.connection.profile).toBe('test');
  });

  it('does not send its secret to another origin, by option or environment', async () => {
    const home = await homeWith('eu.prod', prod);
    await setSecret(testContext({ home }), 'eu.prod', 'eu-secret');
    for (const [env, baseUrl] of [
      [{ EBILL_PROFILE: 'eu.prod' }, 'https://evil.example'],
      [{ EBILL_PROFILE: 'eu.prod', EBILL_BASE_URL: 'https://evil.example' }, null],
      [{ EBILL_BASE_URL: 'https://evil.example' }, null],
    ] as const) {
      const resolved = await resolveIn(home, env, { profile: null, baseUrl });
      expect(JSON.stringify(resolved)).not.toContain('eu-secret');
      expect(resolved.connection.baseUrl).toBe('https://evil.example');
    }
  });

  it('that does not exist is an error with the closest name and the list', async () => {
    const home = await homeWith(null, prod, test);
    await expect(resolveIn(home, { EBILL_PROFILE: 'tset' })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('Did you mean test?'),
      hint: expect.stringContaining('eu.prod, test'),
    });
    await expect(resolveIn(home, { EBILL_PROFILE: 'constructor' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(resolveIn(home, { EBILL_PROFILE: '__proto__' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(resolveIn(await homeWith('gone', test), {})).rejects.toMatchObject({
      message: expect.stringContaining('"gone"'),
    });
  });

  it('has to be chosen when there is no default, and the error lists them', async () => {
    const home = await homeWith(null, prod, test);
    await expect(resolveIn(home, {})).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('eu.prod, test'),
    });
    await expect(resolveIn(tempDir(), {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('No base URL'),
    });
  });

  it('whose secret others can read is used with a warning', async () => {
    const home = await homeWith('eu.prod', prod);
    await setSecret(testContext({ home }), 'eu.prod', 'eu-secret');
    chmodSync(join(home, 'secrets.json'), 0o644);
    const { warnings } = await resolveIn(home, {});
    expect(warnings).toEqual([expect.stringContaining('chmod 600')]);
  });

  it('does not read its secret when the environment has one', async () => {
    const home = await homeWith('eu.prod', prod);
    writeFileSync(join(home, 'secrets.json'), 'garbage');
    const { connection } = await resolveIn(home, { EBILL_TOKEN: 'from-env' });
    expect(connection.auth).toEqual({ type: 'bearer', token: 'from-env' });
    await expect(resolveIn(home, {})).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('makes all its secrets known to the redactor, in each form in which they are sent', async () => {
    const home = await homeWith('p', {
      ...newProfile('p', 'https://p.example'),
      auth: { type: 'basic', username: 'bob' },
      headers: { 'X-Api-Key': 'header-key-value', Accept: 'application/xml' },
      query: { api_token: 'query-token-value', format: 'xml' },
      proxy: 'http://u:proxy%zzpass@proxy.example:3128',
    });
    await setSecret(testContext({ home }), 'p', 'pass word!');
    const redactor = new Redactor();
    await resolveIn(home, {}, NOBODY, redactor);
    const all = `pass word! pass%20word! ${btoa('bob:pass word!')} header-key-value query-token-value proxy%zzpass`;
    expect(redactor.clean(all)).toBe('*** *** *** *** *** ***');
    expect(redactor.clean('application/xml')).toBe('application/xml');
  });
});
