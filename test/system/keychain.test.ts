import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newProfile } from '../../src/profile/edit.ts';
import { resolveConnection } from '../../src/profile/resolve.ts';
import { getSecret, isInKeychain, removeSecret, setSecret } from '../../src/profile/secrets.ts';
import { changeProfiles } from '../../src/profile/store.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { usesKeychain } from '../../src/system/context.ts';
import type { Keychain } from '../../src/system/keychain.ts';
import { testContext } from '../helpers/context.ts';

function keychain(): Keychain & { readonly entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    get: async (profile) => entries.get(profile) ?? null,
    set: async (profile, secret) => void entries.set(profile, secret),
    remove: async (profile) => void entries.delete(profile),
  };
}

const broken: Keychain = {
  get: () => Promise.reject(new Error('it is locked')),
  set: () => Promise.reject(new Error('it is locked')),
  remove: () => Promise.reject(new Error('it is locked')),
};

describe('a keychain', () => {
  it('stores the secret; the file stores only that it does', async () => {
    const chain = keychain();
    const context = testContext({ keychain: chain });
    expect(await setSecret(context, 'prod', 'hush')).toEqual({ where: 'keychain' });
    expect(chain.entries.get('prod')).toBe('hush');
    const file = readFileSync(join(context.paths.config, 'secrets.json'), 'utf8');
    expect(file).not.toContain('hush');
    expect(JSON.parse(file)).toEqual({ version: 1, secrets: {}, keychain: ['prod'] });
    expect(await getSecret(context, 'prod')).toEqual({ value: 'hush', warning: null });
    expect(await isInKeychain(context, 'prod')).toBe(true);
    await removeSecret(context, 'prod');
    expect(chain.entries.size).toBe(0);
    expect(await getSecret(context, 'prod')).toEqual({ value: null, warning: null });
  });

  it('that refuses the secret leaves it to the file, with the reason', async () => {
    const context = testContext({ keychain: broken });
    expect(await setSecret(context, 'prod', 'hush')).toEqual({
      where: 'file',
      why: 'the keychain does not take it: it is locked',
    });
    expect((await getSecret(context, 'prod')).value).toBe('hush');
    expect(await setSecret(testContext(), 'prod', 'hush')).toMatchObject({ where: 'file' });
  });

  it('that has lost the secret, or cannot be used, is a warning with the remedy', async () => {
    const chain = keychain();
    const context = testContext({ keychain: chain });
    await setSecret(context, 'prod', 'hush');
    chain.entries.clear();
    expect(await getSecret(context, 'prod')).toEqual({
      value: null,
      lost: 'the keychain has lost the secret of prod',
      warning: expect.stringContaining(
        'has lost the secret of prod; set EBILL_TOKEN or EBILL_PASSWORD, or store it again: ebill profile set prod',
      ),
    });
    const locked = testContext({ home: context.paths.config, keychain: broken });
    expect((await getSecret(locked, 'prod')).warning).toContain('it is locked');
    const without = testContext({ home: context.paths.config });
    expect((await getSecret(without, 'prod')).warning).toContain('cannot be used here');
    // Kept again, it is found again.
    await setSecret(without, 'prod', 'new');
    expect(await getSecret(without, 'prod')).toMatchObject({ value: 'new' });
    expect(await isInKeychain(without, 'prod')).toBe(false);
  });

  it('that has lost the secret is named in the AUTH error, unless the environment has a token', async () => {
    const chain = keychain();
    const context = testContext({ keychain: chain });
    await changeProfiles(context, () => ({
      current: 'prod',
      all: new Map([
        ['prod', { ...newProfile('prod', 'https://ebill.example.com'), auth: { type: 'bearer' as const } }],
      ]),
    }));
    await setSecret(context, 'prod', 'hush');
    const resolved = (env: Record<string, string> = {}) =>
      resolveConnection({ ...context, env }, { profile: null, baseUrl: null }, new Redactor());
    expect((await resolved()).connection.auth).toEqual({ type: 'bearer', token: 'hush' });
    chain.entries.clear();
    await expect(resolved()).rejects.toMatchObject({
      code: 'AUTH',
      message: 'The keychain has lost the secret of prod. No token to authorise with (bearer).',
      hint: 'Set EBILL_TOKEN, or store it: ebill profile set prod --auth bearer',
    });
    expect(await resolved({ EBILL_TOKEN: 'other' })).toMatchObject({
      connection: { auth: { token: 'other' } },
      warnings: [],
    });
  });

  it('that does not delete the secret: the profile forgets it, and the user learns what remains', async () => {
    const context = testContext({ keychain: keychain() });
    await setSecret(context, 'prod', 'hush');
    const locked = testContext({ home: context.paths.config, keychain: broken });
    expect(await removeSecret(locked, 'prod')).toMatch(/may still be in the keychain \(it is locked\)/);
    expect(await isInKeychain(context, 'prod')).toBe(false);
    await setSecret(context, 'prod', 'hush');
    const without = testContext({ home: context.paths.config });
    expect(await removeSecret(without, 'prod')).toContain('cannot be used here');
    expect(await removeSecret(context, 'prod')).toBeNull();
  });

  it.each([
    [{}, true],
    [{ EBILL_HOME: '/x' }, false],
    [{ EBILL_HOME: '/x', EBILL_KEYCHAIN: 'on' }, true],
    [{ EBILL_KEYCHAIN: 'off' }, false],
  ])('with %j is used: %s', (env, used) => {
    expect(usesKeychain(env)).toBe(used);
  });
});
