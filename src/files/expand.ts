import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { EbillError } from '../errors.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { patternProblem, plainPattern } from './glob-cost.ts';
import { comparePaths } from './natural-order.ts';

/**
 * From the files one argument list gave (paths or patterns, relative to `cwd`) to absolute paths in natural order,
 * a file given twice once (cli.md, "Files given"). An argument that names something that exists is that, whatever
 * characters it holds; else one with glob characters is a pattern. A plain path to nothing stays in the list: its
 * check reports it, beside all the other bad files. Throws EbillError USAGE for a pattern that matches no file, and for one that would take too long to match.
 */
export async function expandFiles(
  given: readonly string[],
  { cwd, platform }: Pick<Context, 'cwd' | 'platform'>,
): Promise<string[]> {
  const found: string[] = [];
  for (const argument of given) found.push(...(await expandOne(argument, cwd, platform)));
  return (await withoutRepeats(found)).sort(comparePaths);
}

async function expandOne(argument: string, cwd: string, platform: NodeJS.Platform): Promise<string[]> {
  if (argument === '') {
    throw new EbillError('USAGE', 'An empty file name was given.', {
      hint: 'A shell variable that is not set gives an empty name: check the command.',
    });
  }
  const path = resolve(cwd, argument);
  if (await exists(path)) return [path];
  // On Windows a backslash separates folders; in a pattern it would escape the next character.
  const pattern = platform === 'win32' ? argument.replaceAll('\\', '/') : argument;
  if (!isDynamicPattern(pattern)) return [path];
  const problem = patternProblem(pattern);
  if (problem !== null) {
    throw new EbillError(
      'USAGE',
      `The pattern ${visible(argument.slice(0, 100))} is too intricate: ${problem}.`,
      {
        hint: 'Use a simpler pattern, such as itm_*.csv, or several.',
      },
    );
  }
  const matches = await glob(plainPattern(pattern), {
    cwd,
    absolute: true,
    onlyFiles: true,
    expandDirectories: false,
    extglob: false,
    caseSensitiveMatch: platform !== 'win32',
  });
  if (matches.length === 0) {
    throw new EbillError('USAGE', `No file matches ${visible(argument)}`, {
      hint: `The pattern was looked for in ${visible(cwd)}. Check the pattern and the folder; hidden files are not matched.`,
    });
  }
  return matches.map((match) => resolve(cwd, match));
}

/** Two names of one file (a link, `./x` and `x`) are one; the first given stays. */
async function withoutRepeats(paths: readonly string[]): Promise<string[]> {
  const byFile = new Map<string, string>();
  for (const path of paths) {
    const file = await realpath(path).catch(() => path);
    if (!byFile.has(file)) byFile.set(file, path);
  }
  return [...byFile.values()];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
