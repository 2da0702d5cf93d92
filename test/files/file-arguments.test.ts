import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  compareNaturally,
  comparePaths,
  expandFiles,
  patternProblem,
  rejectSharedNames,
} from '../../src/files/file-arguments.ts';
import { tempDir } from '../helpers/context.ts';

const EBILL = fileURLToPath(new URL('../../bin/ebill.js', import.meta.url));

function folder(...names: string[]): string {
  const cwd = tempDir();
  for (const name of names) {
    mkdirSync(join(cwd, name, '..'), { recursive: true });
    writeFileSync(join(cwd, name), 'a\n1\n');
  }
  return cwd;
}

async function expand(cwd: string, ...given: string[]): Promise<string[]> {
  const paths = await expandFiles(given, { cwd, platform: 'linux' });
  return paths.map((path) => relative(cwd, path));
}

describe('expandFiles', () => {
  it('returns patterns and names together in natural order', async () => {
    const cwd = folder('itm_1.csv', 'itm_2.csv', 'itm_10.csv', 'itm_9.csv');
    expect(await expand(cwd, 'itm_9.csv', 'itm_1*.csv', 'itm_2.csv')).toEqual([
      'itm_1.csv',
      'itm_2.csv',
      'itm_9.csv',
      'itm_10.csv',
    ]);
  });

  it('orders by base name, whatever the folder', async () => {
    const cwd = folder('b/itm_1.csv', 'a/itm_2.csv', 'a/itm_10.csv');
    expect(await expand(cwd, '**/*.csv')).toEqual(['b/itm_1.csv', 'a/itm_2.csv', 'a/itm_10.csv']);
  });

  it('returns a file once, under whatever names it is given', async () => {
    const cwd = folder('a.csv', 'd/b.csv');
    symlinkSync(join(cwd, 'a.csv'), join(cwd, 'link.csv'));
    expect(await expand(cwd, 'a.csv', './a.csv', '*.csv', join(cwd, 'a.csv'), 'd/../d/b.csv')).toEqual([
      'a.csv',
      'd/b.csv',
    ]);
  });

  it('takes an existing path as it is, glob characters or not', async () => {
    const cwd = folder('inv[1].csv', 'inv1.csv', 'a*.csv', 'ab.csv', 'x{1,2}.csv', '!not.csv', '(1).csv');
    expect(await expand(cwd, 'inv[1].csv')).toEqual(['inv[1].csv']);
    expect(await expand(cwd, 'a*.csv')).toEqual(['a*.csv']);
    expect(await expand(cwd, 'x{1,2}.csv', '!not.csv', '(1).csv')).toHaveLength(3);
  });

  it('accepts absolute patterns, patterns with .. and with braces', async () => {
    const cwd = folder('sub/x', 'a1.csv', 'b1.csv', 'b2.csv');
    expect(await expand(cwd, join(cwd, 'b*.csv'))).toEqual(['b1.csv', 'b2.csv']);
    expect(await expandFiles(['../b*.csv'], { cwd: join(cwd, 'sub'), platform: 'linux' })).toEqual([
      join(cwd, 'b1.csv'),
      join(cwd, 'b2.csv'),
    ]);
    expect(await expand(cwd, '{a,b}1.csv')).toEqual(['a1.csv', 'b1.csv']);
  });

  it('searches in a folder with glob characters in its name', async () => {
    const cwd = join(folder('[2020] (x)/a1.csv', '[2020] (x)/a2.csv'), '[2020] (x)');
    expect(await expand(cwd, 'a*.csv')).toEqual(['a1.csv', 'a2.csv']);
  });

  it('accepts backslashes in patterns on Windows', async () => {
    const cwd = folder('sub/a1.csv');
    const paths = await expandFiles(['sub\\a*.csv'], { cwd, platform: 'win32' });
    expect(paths).toEqual([join(cwd, 'sub/a1.csv')]);
  });

  it('matches no folders, and does not look into them', async () => {
    const cwd = folder('data.csv/inner.csv', 'data1.csv');
    expect(await expand(cwd, 'data*')).toEqual(['data1.csv']);
    await expect(expand(cwd, 'dat[a].csv')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('keeps paths that do not exist, for their check to report', async () => {
    const cwd = folder('a.csv');
    expect(await expand(cwd, 'a.csv', 'nope.csv', 'nope.csv')).toEqual(['a.csv', 'nope.csv']);
  });

  it('rejects patterns without a match and empty names', async () => {
    await expect(expand(folder('a.csv'), 'a.csv', 'itm_\u001b*.csv')).rejects.toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message: 'No file matches itm_\\u001b*.csv',
    });
    await expect(expand(folder('a.csv'), '')).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('compareNaturally', () => {
  it('is a total order', () => {
    const sorted = ['itm_1', 'itm_01', 'itm_2', 'Itm_2', 'itm_10', 'itm_é', 'itm_e\u0301'].sort(
      compareNaturally,
    );
    expect([...sorted].reverse().sort(compareNaturally)).toEqual(sorted);
    expect(sorted.indexOf('itm_2')).toBeLessThan(sorted.indexOf('itm_10'));
    expect(compareNaturally('itm_é', 'itm_e\u0301')).not.toBe(0);
    expect(['/b/x1', '/a/x1', '/c/x0'].sort(comparePaths)).toEqual(['/c/x0', '/a/x1', '/b/x1']);
  });
});

describe('rejectSharedNames', () => {
  it('names both files with one base name', () => {
    expect(() => rejectSharedNames(['/a/inv.csv', '/a/cus.csv', '/b/inv.csv'])).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'Two files have the same name: /a/inv.csv and /b/inv.csv',
      }),
    );
  });

  it('rejects one file in two roles', () => {
    expect(() => rejectSharedNames(['/a/inv.csv', '/a/inv.csv'])).toThrow(/given twice/);
  });

  it('accepts names that differ in case', () => {
    expect(() => rejectSharedNames(['/a/inv.csv', '/b/INV.csv'])).not.toThrow();
  });
});

const HOSTILE = [
  `${'*a'.repeat(20)}b`,
  `${'{a,aa}'.repeat(30)}b`,
  `${'{*a,*aa}'.repeat(6)}b`,
  '**/a/**/b/**/c/**/d.csv',
  `${'x'.repeat(100_000)}*`,
  `${'{'.repeat(2000)}a,b${'}'.repeat(2000)}${'*x'.repeat(9)}`,
];

it('patternProblem rejects patterns that would take years to match', () => {
  for (const pattern of HOSTILE) expect(patternProblem(pattern), pattern.slice(0, 40)).not.toBeNull();
});

it('patternProblem accepts usual patterns', () => {
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

it('expandFiles takes signs of a regular expression as text, so that no pattern backtracks for ever', async () => {
  const cwd = tempDir();
  // In a child process, so that an endless matcher fails only this test.
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

it.skipIf(process.platform === 'win32')('expandFiles takes a quote as text', async () => {
  const cwd = tempDir();
  for (const name of ['itm_1.csv', 'itm_1".csv', 'itm_2".csv']) writeFileSync(join(cwd, name), '');
  const found = await expandFiles(['itm_*".csv'], { cwd, platform: 'linux' });
  expect(found.map((path) => relative(cwd, path))).toEqual(['itm_1".csv', 'itm_2".csv']);
});

it('expandFiles ends in folders with links to themselves', async () => {
  const cwd = tempDir();
  mkdirSync(join(cwd, 'in'));
  writeFileSync(join(cwd, 'in', 'x.csv'), '');
  for (const name of ['a', 'b', 'c']) symlinkSync('..', join(cwd, 'in', name));
  expect(await expandFiles(['**/*.csv'], { cwd, platform: 'linux' })).toHaveLength(1);
});
