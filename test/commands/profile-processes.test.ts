import { describe, expect, it } from 'vitest';
import { getSecret } from '../../src/profile/secrets.ts';
import { loadProfiles } from '../../src/profile/store.ts';
import { machine } from '../e2e/harness.ts';
import { testContext } from '../helpers/context.ts';

const NUMBERS = [...Array(12).keys()];

describe('twelve processes that change profiles at once', () => {
  it('lose nothing of each other: profiles, settings, secrets', { tags: 'slow' }, async () => {
    const { home, run } = machine(null);
    const context = testContext({ home });
    const all = async (lines: readonly (readonly string[])[], stdin = (_i: number) => ''): Promise<void> => {
      const ran = await Promise.all(
        lines.map((line, i) => run(['profile', ...line, '--progress', 'none'], { stdin: stdin(i) })),
      );
      expect(ran.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(lines.map(() => 0));
    };
    await all(
      NUMBERS.map((i) => ['add', `p${i}`, '--base-url', `https://h${i}.example.com`, '--token-stdin']),
      (i) => `token-of-p${i}`,
    );
    const added = await loadProfiles(context);
    expect([...added.all.keys()].sort()).toEqual(NUMBERS.map((i) => `p${i}`).sort());
    for (const i of NUMBERS) {
      expect((await getSecret(context, `p${i}`)).value).toBe(`token-of-p${i}`);
    }

    await all(
      [
        ...[0, 1, 2, 3, 4].map((i) => ['set', 'p0', '--query', `q${i}=${i}`]),
        ['set', 'p1', '--token-stdin'],
        ['set', 'p2', '--production'],
        ['use', 'p3'],
        ...[8, 9, 10, 11].map((i) => ['remove', `p${i}`, '--yes']),
      ],
      () => 'another-token',
    );
    const { current, all: left } = await loadProfiles(context);
    expect(current).toBe('p3');
    expect([...left.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `p${i}`));
    expect(left.get('p0')?.query).toEqual({ q0: '0', q1: '1', q2: '2', q3: '3', q4: '4' });
    expect(left.get('p2')?.production).toBe(true);
    expect((await getSecret(context, 'p1')).value).toBe('another-token');
    expect((await getSecret(context, 'p11')).value).toBeNull();
    expect((await getSecret(context, 'p7')).value).toBe('token-of-p7');
  });
});
