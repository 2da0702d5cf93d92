import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errnoOf } from '../errors.ts';
import { escaped, visible } from '../system/escaping.ts';
import { type FindingDetails, type FindingList, finding, unreadable } from './findings.ts';

const withoutBlanks = (text: string): string => text.replace(/\p{White_Space}/gu, '');
const singleBlanks = (text: string): string => text.replace(/\p{White_Space}+/gu, ' ').trim();

/** What texts that look alike may differ in, with the step that removes it. Their order matters: each reads what the last one left. */
const FOLDS: readonly (readonly [difference: string, fold: (text: string) => string])[] = [
  ['Unicode form (NFC, NFD)', (text) => text.normalize('NFC')],
  ['blanks', withoutBlanks],
  [
    'invisible characters',
    (text) => text.replace(/(?!\p{White_Space})[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/gu, ''),
  ],
  ['the kind of dash', (text) => text.replace(/[\p{Pd}\u2212]/gu, '-')],
  ['upper and lower case', (text) => text.toLowerCase()],
  ['leading zeros', (text) => text.replace(/^0+(?=.)/su, '')],
];

/** A text without everything that lookalikes may differ in (commands rule 17): equal for lookalikes. */
export function folded(text: string): string {
  // Case folding can leave a text that is not composed.
  return FOLDS.reduce((rest, [, fold]) => fold(rest), text).normalize('NFC');
}

/** What two lookalikes differ in: `leading zeros`, `blanks and upper and lower case`. */
export function differences(a: string, b: string): string {
  const names = FOLDS.filter(([, left]) => {
    const fold = (text: string): string =>
      FOLDS.reduce((rest, [, one]) => (one === left ? rest : one(rest)), text);
    return fold(a) !== fold(b);
  }).map(([name]) => name);
  const last = names.pop() ?? 'characters that are not shown';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

/**
 * True if two keys with the same fold may be one, written in two ways. Blanks inside divide parts (`1 11` and `11 1`), and codes in
 * upper and lower case (`aB3` and `Ab3`) differ in it on purpose.
 */
export function areLikeKeys(a: string, b: string): boolean {
  const spaced = (text: string): string =>
    FOLDS.reduce((rest, [, fold]) => (fold === withoutBlanks ? singleBlanks(rest) : fold(rest)), text);
  if (a === b || spaced(a).normalize('NFC') !== spaced(b).normalize('NFC')) return false;
  const isCode = (text: string): boolean => /\p{Ll}.*\p{Lu}/su.test(text);
  return !(isCode(a) && isCode(b) && differences(a, b) === 'upper and lower case');
}

/** Characters shown of a text. */
const SHOWN = 60;
/** Characters shown before the first difference of two long texts. */
const BEFORE = 20;

/**
 * Two texts that differ, in quotes, with every difference visible: blanks at the ends and in pairs as `␠`, other spaces, dashes,
 * combining marks and invisible characters as `\uXXXX`. Of long texts the part with the first difference.
 */
export function quotedPair(a: string, b: string): readonly [string, string] {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const from = Math.max(a.length, b.length) > SHOWN ? Math.max(0, at - BEFORE) : 0;
  const [composed, other] = [a.normalize('NFC'), b.normalize('NFC')];
  const marks = composed === other && a !== b;
  const part = (text: string): string => {
    const end = from + SHOWN;
    const shown = marked(text.slice(from, end), { start: from === 0, end: end >= text.length, marks });
    return `"${from > 0 ? '…' : ''}${shown}${end < text.length ? '…' : ''}"`;
  };
  return [part(a), part(b)];
}

/** A text from a file in quotes, with what looks like something else made visible. */
export const quotedValue = (text: string): string =>
  `"${marked(text.slice(0, SHOWN), { start: true, end: text.length <= SHOWN, marks: false })}${text.length > SHOWN ? '…' : ''}"`;

interface Ends {
  readonly start: boolean;
  readonly end: boolean;
  /** Combining marks are to be seen. */
  readonly marks: boolean;
}

function marked(text: string, { start, end, marks }: Ends): string {
  const blanks = (run: string): string => '␠'.repeat(run.length);
  let shown = text.replace(/ {2,}/gu, blanks);
  if (start) shown = shown.replace(/^ /u, blanks);
  if (end) shown = shown.replace(/ $/u, blanks);
  if (marks) shown = shown.replace(/\p{M}/gu, escaped);
  // A plain space and a plain minus stay.
  return visible(shown.replace(/(?![ \t-])[\p{White_Space}\p{Pd}\u2212]/gu, escaped));
}

/** Names of a header that are compared. */
const MOST_NAMES = 1000;

/** Warns of columns whose names look alike; equal ones are another finding. */
export function reportLikeNames(names: readonly string[], line: number, findings: FindingList): void {
  const first = new Map<string, number>();
  names.slice(0, MOST_NAMES).forEach((name, index) => {
    const fold = folded(name);
    const before = first.get(fold);
    if (fold === '' || before === undefined) {
      first.set(fold, index);
      return;
    }
    const other = names[before] ?? '';
    // Reported as the same name.
    if (other.trim() === name.trim()) return;
    const [one, two] = quotedPair(other, name);
    findings.warning(
      finding(
        'lookalike-header',
        { line, column: index + 1 },
        `the names ${one} of column ${before + 1} and ${two} of column ${index + 1} differ only in ${differences(other, name)}`,
        'Rename or remove one of the two columns: they are easily confused.',
      ),
    );
  });
}

/** The finding for a file that could not be opened, with the file of the same folder whose name looks like its own. */
export async function unreadableFile(error: unknown, path: string): Promise<FindingDetails> {
  const details = unreadable(error);
  if (errnoOf(error) !== 'ENOENT') return details;
  const name = basename(path);
  const names = await readdir(dirname(path)).catch(() => []);
  const like = names.find((other) => folded(other) === folded(name));
  if (like === undefined) return details;
  const [given, other] = quotedPair(name, like);
  const message = `the file ${given} does not exist, but ${other} does: the names differ only in ${differences(name, like)}`;
  return {
    ...details,
    message,
    hint: `Did you mean ${other}? Complete the name with the Tab key, or use a pattern.`,
  };
}
