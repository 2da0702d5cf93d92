import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandFiles, refuseSharedNames } from '../../src/files/file-arguments.ts';
import { compareNaturally, comparePaths } from '../../src/files/natural-order.ts';
import { tempDir } from '../helpers/context.ts';

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

describe('files given', () => {
  it('come in natural order, patterns and names together', async () => {
    const cwd = folder('itm_1.csv', 'itm_2.csv', 'itm_10.csv', 'itm_9.csv');
    expect(await expand(cwd, 'itm_9.csv', 'itm_1*.csv', 'itm_2.csv')).toEqual([
      'itm_1.csv',
      'itm_2.csv',
      'itm_9.csv',
      'itm_10.csv',
    ]);
  });

  it('are ordered by base name, whatever their folder', async () => {
    const cwd = folder('b/itm_1.csv', 'a/itm_2.csv', 'a/itm_10.csv');
    expect(await expand(cwd, '**/*.csv')).toEqual(['b/itm_1.csv', 'a/itm_2.csv', 'a/itm_10.csv']);
  });

  it('count once when given twice, under whatever name', async () => {
    const cwd = folder('a.csv', 'd/b.csv');
    symlinkSync(join(cwd, 'a.csv'), join(cwd, 'link.csv'));
    expect(await expand(cwd, 'a.csv', './a.csv', '*.csv', join(cwd, 'a.csv'), 'd/../d/b.csv')).toEqual([
      'a.csv',
      'd/b.csv',
    ]);
  });

  it('are themselves when they exist, glob characters or not', async () => {
    const cwd = folder('inv[1].csv', 'inv1.csv', 'a*.csv', 'ab.csv', 'x{1,2}.csv', '!not.csv', '(1).csv');
    expect(await expand(cwd, 'inv[1].csv')).toEqual(['inv[1].csv']);
    expect(await expand(cwd, 'a*.csv')).toEqual(['a*.csv']);
    expect(await expand(cwd, 'x{1,2}.csv', '!not.csv', '(1).csv')).toHaveLength(3);
  });

  it('may be absolute patterns, patterns above the folder, and patterns with braces', async () => {
    const cwd = folder('sub/x', 'a1.csv', 'b1.csv', 'b2.csv');
    expect(await expand(cwd, join(cwd, 'b*.csv'))).toEqual(['b1.csv', 'b2.csv']);
    expect(await expandFiles(['../b*.csv'], { cwd: join(cwd, 'sub'), platform: 'linux' })).toEqual([
      join(cwd, 'b1.csv'),
      join(cwd, 'b2.csv'),
    ]);
    expect(await expand(cwd, '{a,b}1.csv')).toEqual(['a1.csv', 'b1.csv']);
  });

  it('may lie in a folder with glob characters', async () => {
    const cwd = join(folder('[2020] (x)/a1.csv', '[2020] (x)/a2.csv'), '[2020] (x)');
    expect(await expand(cwd, 'a*.csv')).toEqual(['a1.csv', 'a2.csv']);
  });

  it('may be patterns with backslashes on Windows', async () => {
    const cwd = folder('sub/a1.csv');
    const paths = await expandFiles(['sub\\a*.csv'], { cwd, platform: 'win32' });
    expect(paths).toEqual([join(cwd, 'sub/a1.csv')]);
  });

  it('leave folders out of a pattern, and do not look into them', async () => {
    const cwd = folder('data.csv/inner.csv', 'data1.csv');
    expect(await expand(cwd, 'data*')).toEqual(['data1.csv']);
    await expect(expand(cwd, 'dat[a].csv')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('that do not exist stay, for their check to say so', async () => {
    const cwd = folder('a.csv');
    expect(await expand(cwd, 'a.csv', 'nope.csv', 'nope.csv')).toEqual(['a.csv', 'nope.csv']);
  });

  it('that match nothing are refused', async () => {
    await expect(expand(folder('a.csv'), 'a.csv', 'itm_\u001b*.csv')).rejects.toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message: 'No file matches itm_\\u001b*.csv',
    });
    await expect(expand(folder('a.csv'), '')).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('natural order', () => {
  it('is total and the same from any start', () => {
    const sorted = ['itm_1', 'itm_01', 'itm_2', 'Itm_2', 'itm_10', 'itm_é', 'itm_e\u0301'].sort(
      compareNaturally,
    );
    expect([...sorted].reverse().sort(compareNaturally)).toEqual(sorted);
    expect(sorted.indexOf('itm_2')).toBeLessThan(sorted.indexOf('itm_10'));
    expect(compareNaturally('itm_é', 'itm_e\u0301')).not.toBe(0);
    expect(['/b/x1', '/a/x1', '/c/x0'].sort(comparePaths)).toEqual(['/c/x0', '/a/x1', '/b/x1']);
  });
});

describe('two files of one base name', () => {
  it('are refused, both named', () => {
    expect(() => refuseSharedNames(['/a/inv.csv', '/a/cus.csv', '/b/inv.csv'])).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'Two files have the same name: /a/inv.csv and /b/inv.csv',
      }),
    );
  });

  it('are refused too when they are one file in two roles', () => {
    expect(() => refuseSharedNames(['/a/inv.csv', '/a/inv.csv'])).toThrow(/given twice/);
  });

  it('are told apart by case', () => {
    expect(() => refuseSharedNames(['/a/inv.csv', '/b/INV.csv'])).not.toThrow();
  });
});
