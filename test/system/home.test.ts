import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { homeProblem } from '../../src/system/home.ts';
import { tempDir, testContext } from '../helpers/context.ts';

const ROOT = process.getuid?.() === 0;
const OTHER = 54_321;
const UID = process.getuid?.() ?? null;

const problem = async (home: string, uid: number | null = UID): Promise<string | null> => {
  const found = await homeProblem({ paths: { config: home, state: home }, platform: 'linux', uid });
  return found === null ? null : `${found.message} ${found.hint}`;
};

/** A folder within another, of these permissions. */
function within(mode: number, owner?: number): { outer: string; home: string } {
  const outer = join(tempDir(), 'outer');
  const home = join(outer, 'home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chmodSync(outer, mode);
  if (owner !== undefined) chownSync(outer, owner, owner);
  return { outer, home };
}

describe.skipIf(process.platform === 'win32')('a home that others can replace', () => {
  it.each([0o700, 0o755, 0o750, 0o1777])('is not one in a private folder (%o)', async (mode) => {
    const { home } = within(mode);
    expect(await problem(home)).toBeNull();
    expect(await problem(join(home, 'not', 'there', 'yet'))).toBeNull();
  });

  it('is one below a folder that everybody can write to, whether it exists yet or not', async () => {
    const { outer, home } = within(0o777);
    for (const path of [home, join(home, 'deep', 'down'), join(outer, 'new')]) {
      const said = await problem(path);
      expect(said).toContain(`is in ${outer}, where every user of this machine could replace it`);
      expect(said).toContain('Set EBILL_HOME to a folder of your own');
    }
  });

  it('is found through a link', async () => {
    const { home } = within(0o777);
    const link = join(tempDir(), 'link');
    symlinkSync(home, link);
    expect(await problem(link)).toContain('every user of this machine');
  });

  it('is one that everybody can write to, and the hint says how to fix it', async () => {
    const { home } = within(0o700);
    chmodSync(home, 0o777);
    expect(await problem(home)).toMatch(/can be written to by every user.*chmod 700/);
    chmodSync(home, 0o1777);
    expect(await problem(home)).toContain('chmod 700');
  });

  it('is one of another user, and the hint says how to fix it', async () => {
    const { home } = within(0o700);
    const said = await problem(home, (UID ?? 0) + 1);
    expect(said).toMatch(/belongs to another user \(uid \d+, and this is \d+\).*[Cc]hown|Make it yours/);
  });

  it.runIf(ROOT)('is one of another user for root too', async () => {
    const { home } = within(0o700);
    chownSync(home, OTHER, OTHER);
    expect(await problem(home)).toContain(`uid ${OTHER}`);
  });

  it.runIf(ROOT)('is one in a sticky folder of another user, who can rename it', async () => {
    expect(await problem(within(0o1777, OTHER).home)).toContain('could replace it');
    expect(await problem(within(0o755, OTHER).home)).toBeNull();
  });

  it('is never reported on Windows', async () => {
    const { home } = within(0o777);
    const where = { paths: { config: home, state: home }, uid: null };
    expect(await homeProblem({ ...where, platform: 'win32' })).toBeNull();
  });

  it('is refused by every command that uses it, before anything is read, written or sent', async () => {
    const { home } = within(0o777);
    writeFileSync(join(home, 'profiles.json'), '{ broken');
    for (const args of [
      ['status', '--job', 'J'],
      ['init', '--job', 'J'],
      ['profile', 'list'],
      ['profile', 'add', 'p', '--base-url', 'https://h.example', '--auth', 'none'],
      ['loads'],
      ['api', 'GET', '/x'],
    ]) {
      const context = testContext({
        home,
        env: { EBILL_BASE_URL: 'http://127.0.0.1:9', EBILL_TOKEN: 'tok-123456' },
      });
      expect(await main([...args, '--json'], context), args.join(' ')).toBe(2);
      const { error } = JSON.parse(context.stdout.text) as { error: { code: string; message: string } };
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('every user') });
    }
    expect(readdirSync(home)).toEqual(['profiles.json']);
    for (const args of [['help', 'security'], ['--version'], ['init', '--help'], ['completion', 'bash']]) {
      expect(await main(args, testContext({ home })), args.join(' ')).toBe(0);
    }
  });

  it('is reported by doctor, which still makes its other checks', async () => {
    const { home } = within(0o777);
    const context = testContext({
      home,
      env: { EBILL_BASE_URL: 'http://127.0.0.1:9', EBILL_TOKEN: 'tok-123456' },
    });
    expect(await main(['doctor', '--json'], context)).toBe(2);
    const { checks } = JSON.parse(context.stdout.text) as {
      checks: { name: string; state: string; message: string }[];
    };
    expect(checks.find(({ name }) => name === 'Permissions')).toMatchObject({
      state: 'problem',
      message: expect.stringContaining('could replace it'),
    });
    expect(checks.length).toBeGreaterThan(6);
  });
});

describe.skipIf(process.platform === 'win32')('permissions that are too wide', () => {
  const wide = (): string => {
    const home = tempDir('ebill-home-');
    writeFileSync(join(home, 'secrets.json'), '{ "version": 1, "secrets": {} }', { mode: 0o644 });
    mkdirSync(join(home, 'log'), { mode: 0o755 });
    writeFileSync(join(home, 'log', 'errors.log'), '', { mode: 0o644 });
    chmodSync(home, 0o755);
    return home;
  };
  const modes = (home: string): number[] =>
    [home, join(home, 'secrets.json'), join(home, 'log', 'errors.log')].map(
      (path) => statSync(path).mode & 0o777,
    );

  it('are reported by doctor, and not changed without consent', async () => {
    const home = wide();
    const context = testContext({ home });
    await main(['doctor'], context);
    expect(context.stdout.text).toContain('other users of this machine have access to');
    expect(modes(home)).toEqual([0o755, 0o644, 0o644]);
  });

  it('are corrected with --yes, those of the home included', async () => {
    const home = wide();
    chmodSync(home, 0o777);
    const context = testContext({ home });
    await main(['doctor', '--yes', '--json'], context);
    expect(modes(home)).toEqual([0o700, 0o600, 0o600]);
    const { checks } = JSON.parse(context.stdout.text) as {
      checks: { name: string; state: string; message: string }[];
    };
    expect(checks.find(({ name }) => name === 'Permissions')).toMatchObject({
      state: 'ok',
      message: expect.stringContaining('other users no longer have access to'),
    });
  });

  it.each([
    ['y\n', [0o700, 0o600, 0o600]],
    ['n\n', [0o755, 0o644, 0o644]],
  ])('are corrected on a terminal only with consent: %j', async (answer, after) => {
    const home = wide();
    const context = testContext({ home, tty: true, stdin: answer });
    await main(['doctor'], context);
    expect(context.stderr.text).toContain('Remove their access?');
    expect(modes(home)).toEqual(after);
    expect(existsSync(home)).toBe(true);
  });
});
