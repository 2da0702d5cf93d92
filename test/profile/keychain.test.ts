import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usesKeychain } from '../../src/context.ts';
import type { Keychain } from '../../src/keychain.ts';
import { getSecret, isInKeychain, removeSecret, setSecret } from '../../src/profile/secrets.ts';
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
  it('keeps the secret, and the file only that it does', async () => {
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

  it('that takes nothing leaves it to the file, and says why', async () => {
    const context = testContext({ keychain: broken });
    expect(await setSecret(context, 'prod', 'hush')).toEqual({
      where: 'file',
      why: 'the keychain does not take it: it is locked',
    });
    expect((await getSecret(context, 'prod')).value).toBe('hush');
    expect(await setSecret(testContext(), 'prod', 'hush')).toMatchObject({ where: 'file' });
  });

  it('that has lost it, or is out of reach, is told of with the remedy', async () => {
    const chain = keychain();
    const context = testContext({ keychain: chain });
    await setSecret(context, 'prod', 'hush');
    chain.entries.clear();
    expect(await getSecret(context, 'prod')).toEqual({
      value: null,
      warning: expect.stringContaining(
        'has lost the secret of prod; keep it again with: ebill profile set prod',
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

  it.each([
    [{}, true],
    [{ EBILL_HOME: '/x' }, false],
    [{ EBILL_HOME: '/x', EBILL_KEYCHAIN: 'on' }, true],
    [{ EBILL_KEYCHAIN: 'off' }, false],
  ])('%j: used %s', (env, used) => {
    expect(usesKeychain(env)).toBe(used);
  });
});
