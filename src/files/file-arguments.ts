import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { EbillError } from '../errors.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { quotedPair } from './lookalikes.ts';

/**
 * Expands the files of one argument list (paths or patterns, relative to `cwd`) to absolute paths in natural order, each
 * file once (commands rule 14). An argument that names an existing path is that path, whatever characters it contains;
 * otherwise one with glob characters is a pattern. A path that does not exist stays in the list: its check reports it
 * together with all other bad files. Throws EbillError USAGE for a pattern that matches no file or is too complex.
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
    throw new EbillError('USAGE', 'A file name is empty.', {
      hint: 'Check the command: a shell variable that is not set gives an empty name.',
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
      `The pattern ${visible(argument.slice(0, 100))} is too complex: ${problem}.`,
      { hint: 'Use a simpler pattern, such as itm_*.csv, or several.' },
    );
  }
  const match = (one: string): Promise<string[]> =>
    glob(withLiterals(one), {
      cwd,
      absolute: true,
      onlyFiles: true,
      expandDirectories: false,
      extglob: false,
      caseSensitiveMatch: platform !== 'win32',
    });
  const matches = await match(pattern);
  if (matches.length === 0) {
    // macOS writes names in NFD; most keyboards write NFC.
    const forms = ['NFC', 'NFD'].filter((form) => pattern.normalize(form) !== pattern);
    const [like] = (await Promise.all(forms.map((form) => match(pattern.normalize(form))))).flat();
    throw new EbillError('USAGE', `No file matches ${visible(argument)}`, {
      hint:
        like === undefined
          ? `Searched in ${visible(cwd)}. Check the pattern and the folder; patterns do not match hidden files.`
          : `Did you mean ${quotedPair(basename(like), basename(like).normalize(pattern.normalize('NFC') === pattern ? 'NFC' : 'NFD'))[0]}? Its name is in another Unicode form (NFC, NFD). Write * for its accented letters.`,
    });
  }
  return matches.map((match) => resolve(cwd, match));
}

/** Keeps the first of several names for one file (a link, `./x` and `x`). */
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

/** Limit for the steps of the matcher for one name; they take about a second. */
const MAX_STEPS = 200_000_000;
/** Maximum length of a file name. */
const NAME_LENGTH = 255;
/** Limit for `**` in one pattern: each may match any number of folders. */
const MAX_GLOBSTARS = 2;
const MAX_PATTERN_LENGTH = 4096;

/**
 * Why a pattern is not accepted; `null` when it is. The matcher backtracks for every `*`, and some patterns, made by
 * mistake or in a stranger's plan, would take years.
 */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN_LENGTH) return `it has ${pattern.length} characters`;
  const { alternatives, widest } = expandBraces(pattern);
  const segments = widest.split('/');
  if (segments.filter((segment) => segment.includes('**')).length > MAX_GLOBSTARS)
    return `it has more than ${MAX_GLOBSTARS} times **`;
  const stars = Math.max(0, ...segments.map(countStars));
  let steps = alternatives;
  for (let n = 1; n <= stars && steps <= MAX_STEPS; n++) steps *= NAME_LENGTH / n;
  if (steps <= MAX_STEPS) return null;
  return alternatives === 1 ? `it has ${stars} times * in one name` : 'it expands to too many names';
}

/** How many alternatives the braces give, and the one with the most `*`. */
function expandBraces(pattern: string): { readonly alternatives: number; readonly widest: string } {
  let alternatives = 1;
  let widest = pattern;
  for (;;) {
    const group = /\{([^{}]*)\}/.exec(widest);
    if (group === null) return { alternatives, widest };
    const options = (group[1] ?? '').split(',');
    alternatives *= options.length;
    const most = options.reduce((a, b) => (countStars(b) > countStars(a) ? b : a));
    widest = widest.slice(0, group.index) + most + widest.slice(group.index + group[0].length);
  }
}

const countStars = (text: string): number => text.match(/\*+/g)?.length ?? 0;

/**
 * Escapes parentheses, `|` and `+`, which the matcher would pass on to a regular expression, and `"`, which it would leave
 * out. Only `*`, `?`, `[ ]`, `{ }` and `**` have a meaning in our patterns.
 */
const withLiterals = (pattern: string): string =>
  pattern.replace(/\\[\s\S]|[()|+"]/g, (c) => (c.length > 1 ? c : `\\${c}`));

/**
 * Rejects two files with the same base name in one call: the server names the uploaded object by the base name alone, and
 * the later file would silently replace the earlier one (api rule 26). Throws EbillError USAGE naming both.
 * @param paths all files of the call, absolute, of every kind
 */
export function rejectSharedNames(paths: readonly string[]): void {
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
        hint: 'A file contains customers, invoices or the items of one invoice file: name it once.',
      });
    }
    throw new EbillError('USAGE', `Two files have the same name: ${visible(other)} and ${visible(path)}`, {
      hint: 'On the server the second would replace the first before it is processed. Rename one of them, or load them in different calls, the second when the first is final.',
    });
  }
}

// A fixed locale: the order decides the numbers in job ids, and machines must agree on it (`--shard`, `--adopt`).
let collator: Intl.Collator | null = null;

/** Natural order: `itm_2` before `itm_10`. Never 0 for different strings. */
export function compareNaturally(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Natural order of paths (commands rule 14): by base name first, because it is the same on every machine, whatever folder
 * the files are in.
 */
export function comparePaths(a: string, b: string): number {
  return compareNaturally(basename(a), basename(b)) || compareNaturally(a, b);
}
