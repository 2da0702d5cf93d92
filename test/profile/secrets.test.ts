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
import { describe, expect, it } from 'vitest';
import { getSecret, removeSecret, setSecret } from '../../src/profile/secrets.ts';
import { type TestContext, tempDir, testContext } from '../helpers/context.ts';

const permissions = (path: string): number => statSync(path).mode & 0o777;

describe('secrets.json', () => {
  it('stores one secret for each profile, readable by its owner alone', async () => {
    const context = testContext({ home: join(tempDir(), 'new') });
    await setSecret(context, 'eu.prod', 'one');
    await setSecret(context, 'constructor', 'two');
    await setSecret(context, 'eu.prod', 'three\u{1f511}"\\');
    expect(await getSecret(context, 'eu.prod')).toEqual({ value: 'three\u{1f511}"\\', warning: null });
    expect((await getSecret(context, 'constructor')).value).toBe('two');
    expect((await getSecret(context, 'toString')).value).toBeNull();
    expect(permissions(context.paths.config)).toBe(0o700);
    expect(permissions(join(context.paths.config, 'secrets.json'))).toBe(0o600);
    expect(readdirSync(context.paths.config)).toEqual(['secrets.json']);
    await removeSecret(context, 'eu.prod');
    expect((await getSecret(context, 'eu.prod')).value).toBeNull();
    expect((await getSecret(context, 'constructor')).value).toBe('two');
  });

  it('is not created by reading or removing a secret', async () => {
    const home = join(tempDir(), 'nowhere');
    const context = testContext({ home });
    expect(await getSecret(context, 'a')).toEqual({ value: null, warning: null });
    await removeSecret(context, 'a');
    expect(existsSync(home)).toBe(false);
  });

  it('has mode 0600 whatever the umask', async () => {
    const before = process.umask(0o000);
    try {
      const context = testContext({ home: join(tempDir(), 'new') });
      await setSecret(context, 'a', 'x');
      expect(permissions(context.paths.config)).toBe(0o700);
      expect(permissions(join(context.paths.config, 'secrets.json'))).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  it.each([
    ['the file readable', 'secrets.json', 0o640, /chmod 600/],
    ['the folder writable', '.', 0o770, /chmod 700/],
  ])(
    '%s by others: a warning without the secret; writing again mends the file',
    async (_, name, mode, warning) => {
      const context = testContext();
      await setSecret(context, 'a', 's3cret-value');
      chmodSync(join(context.paths.config, name), mode);
      const found = await getSecret(context, 'a');
      expect(found).toEqual({ value: 's3cret-value', warning: expect.stringMatching(warning) });
      expect(found.warning).not.toContain('s3cret-value');
      await setSecret(context, 'a', 's3cret-value');
      expect(permissions(join(context.paths.config, 'secrets.json'))).toBe(0o600);
      expect((await getSecret({ ...context, platform: 'win32' }, 'a')).warning).toBeNull();
    },
  );

  it('may be a link, and remains one', async () => {
    const context = testContext();
    const target = join(tempDir(), 'elsewhere.json');
    writeFileSync(target, '{"version":1,"secrets":{}}', { mode: 0o600 });
    symlinkSync(target, join(context.paths.config, 'secrets.json'));
    await setSecret(context, 'a', 'x');
    expect(readFileSync(target, 'utf8')).toContain('"a": "x"');
  });

  it.each([
    ['broken', '{"version":1,"secrets":{"a":"s3cret-value"'],
    ['bare', 's3cret-value'],
    ['newer', '{"version":2,"secrets":{"a":"s3cret-value"}}'],
    ['of the wrong form', '{"version":1,"secrets":["s3cret-value"]}'],
    ['with a number', '{"version":1,"secrets":{"a":7,"b":"s3cret-value"}}'],
  ])(
    'that is invalid (%s) is an error that quotes nothing of it, and is not overwritten',
    async (_, text) => {
      const context = testContext();
      const path = join(context.paths.config, 'secrets.json');
      writeFileSync(path, text, { mode: 0o600 });
      const attempts = [getSecret, (c: TestContext, p: string) => setSecret(c, p, 'x'), removeSecret];
      for (const attempt of attempts) {
        const error = await attempt(context, 'a').then(
          () => null,
          (e: unknown) => e,
        );
        expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(path) });
        expect(error).not.toHaveProperty('cause');
        expect(`${error} ${(error as { hint: string }).hint}`).not.toContain('s3cret');
      }
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  it('that cannot be read or written is an error with the path, and leaves no temporary file', async () => {
    const context = testContext();
    mkdirSync(join(context.paths.config, 'secrets.json'));
    await expect(getSecret(context, 'a')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('secrets.json'),
    });
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    await expect(setSecret(testContext({ home: join(file, 'x') }), 'a', 'x')).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('EBILL_HOME'),
    });
    expect(readdirSync(context.paths.config)).toEqual(['secrets.json']);
  });
});
