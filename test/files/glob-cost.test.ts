import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { expandFiles, patternProblem } from '../../src/files/file-arguments.ts';
import { tempDir } from '../helpers/context.ts';

const EBILL = fileURLToPath(new URL('../../bin/ebill.js', import.meta.url));

const HOSTILE = [
  `${'*a'.repeat(20)}b`,
  `${'{a,aa}'.repeat(30)}b`,
  `${'{*a,*aa}'.repeat(6)}b`,
  '**/a/**/b/**/c/**/d.csv',
  `${'x'.repeat(100_000)}*`,
  `${'{'.repeat(2000)}a,b${'}'.repeat(2000)}${'*x'.repeat(9)}`,
];

it('a pattern that would take a matcher years is refused', () => {
  for (const pattern of HOSTILE) expect(patternProblem(pattern), pattern.slice(0, 40)).not.toBeNull();
});

it('patterns people write are looked for', () => {
  const usual = [
    'itm_*.csv',
    '**/*.csv',
    '*_AUG_*_2020_*.csv',
    '{inv,itm,cus}_*.csv',
    '/data/**/in/*.csv',
    'itm_[0-9]?.csv',
  ];
  for (const pattern of usual) expect(patternProblem(pattern), pattern).toBeNull();
});

it('signs of a regular expression are letters: no pattern goes back and forth without end', async () => {
  const cwd = tempDir();
  // A child, so that a matcher that never ends fails this test, and not the whole run.
  const names = ['a'.repeat(60), 'x(1)_2.csv', 'a+b_1.csv', 'p|q_1.csv'];
  for (const name of names) writeFileSync(join(cwd, name), '');
  const patterns = ['((a+)+)+b*', '(a|aa)+b*', '+(a|aa)b*', '*(*(a)*(a))b*', '([a]+)+b*', '(a|a?)+?b*'];
  for (const pattern of patterns) {
    const ended = spawnSync(process.execPath, [EBILL, 'validate', '--items', pattern], {
      cwd,
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect([ended.error, ended.status, ended.stderr.includes('No file matches')], pattern).toEqual([
      undefined,
      2,
      true,
    ]);
  }
  const found = await expandFiles(['x(1)_*.csv', 'a+b_*.csv', 'p|q_*.csv'], { cwd, platform: 'linux' });
  expect(found.map((path) => relative(cwd, path))).toEqual(['a+b_1.csv', 'p|q_1.csv', 'x(1)_2.csv']);
});

it('folders that lead back into themselves end', async () => {
  const cwd = tempDir();
  mkdirSync(join(cwd, 'in'));
  writeFileSync(join(cwd, 'in', 'x.csv'), '');
  for (const name of ['a', 'b', 'c']) symlinkSync('..', join(cwd, 'in', name));
  expect(await expandFiles(['**/*.csv'], { cwd, platform: 'linux' })).toHaveLength(1);
});
