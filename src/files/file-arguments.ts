import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { EbillError } from '../errors.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
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

/** Steps a matcher may take for one name; a second, about. */
const MOST_STEPS = 200_000_000;
/** Characters a file name has at most. */
const NAME = 255;
/** `**` in one pattern: each may stand for any of the folders of a path. */
const MOST_DEEP = 2;
/** Characters of a pattern. */
const LONGEST = 4096;

/**
 * Why a pattern is not looked for; `null` when it may be. A matcher goes back and forth over a name for every `*` in it,
 * and some patterns would take it years: they come from a mistake, or from somebody else's plan.
 */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > LONGEST) return `it has ${pattern.length} characters`;
  const { alternatives, widest } = unbraced(pattern);
  const segments = widest.split('/');
  if (segments.filter((segment) => segment.includes('**')).length > MOST_DEEP)
    return `it has more than ${MOST_DEEP} times **`;
  const stars = Math.max(0, ...segments.map(starsIn));
  let steps = alternatives;
  for (let n = 1; n <= stars && steps <= MOST_STEPS; n++) steps *= NAME / n;
  if (steps <= MOST_STEPS) return null;
  return alternatives === 1 ? `it has ${stars} times * in one name` : 'it stands for too many names';
}

/** How many ways through the braces there are, and the one with the most `*`. */
function unbraced(pattern: string): { readonly alternatives: number; readonly widest: string } {
  let alternatives = 1;
  let widest = pattern;
  for (;;) {
    const group = /\{([^{}]*)\}/.exec(widest);
    if (group === null) return { alternatives, widest };
    const options = (group[1] ?? '').split(',');
    alternatives *= options.length;
    const most = options.reduce((a, b) => (starsIn(b) > starsIn(a) ? b : a));
    widest = widest.slice(0, group.index) + most + widest.slice(group.index + group[0].length);
  }
}

const starsIn = (text: string): number => text.match(/\*+/g)?.length ?? 0;

/**
 * The pattern with `*`, `?`, `[ ]`, `{ }` and `**` alone: parentheses, `|` and `+` are letters of a name, not the signs of
 * a regular expression they are to the matcher.
 */
const plainPattern = (pattern: string): string =>
  pattern.replace(/\\[\s\S]|[()|+]/g, (c) => (c.length > 1 ? c : `\\${c}`));

/**
 * Refuses two files of one base name in one call or plan: the upload's object is named by the base name alone, and the
 * later file would silently replace the earlier one (batch-api.md, what bites 14). `paths`: all the files of the call,
 * absolute, customers, invoices and items together. Throws EbillError USAGE that names both.
 */
export function refuseSharedNames(paths: readonly string[]): void {
  const byName = new Map<string, string>();
  for (const path of paths) {
    const name = basename(path);
    const other = byName.get(name);
    if (other === undefined) {
      byName.set(name, path);
      continue;
    }
    if (other === path) {
      throw new EbillError('USAGE', `${visible(path)} is given twice in one call.`, {
        hint: 'A file is either customers, invoices or the items of one invoice file: name it once.',
      });
    }
    throw new EbillError('USAGE', `Two files have the same name: ${visible(other)} and ${visible(path)}`, {
      hint: 'On the server the second would replace the first before it is processed: rename one of them, or load them in different calls, the second when the first is final.',
    });
  }
}
