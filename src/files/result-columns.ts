import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { displayValue } from './findings.ts';

/** `--status-column` and `--message-column`: a name, or `#N` for the Nth column. `null`: find it by its usual names. */
export interface ColumnChoice {
  readonly status: string | null;
  readonly message: string | null;
}

/** The columns of a result file, by index from 0. */
export interface ResultColumns {
  /** `null` when it has only messages: an empty one then means loaded, if `successCount` agrees. */
  readonly status: number | null;
  /** `null` when the result file has no messages. */
  readonly message: number | null;
  /** For each column sent its index in the result, -1 when it is missing; `null` when the header sent is not known. */
  readonly sent: readonly number[] | null;
}

/**
 * Finds the status and message columns among the columns that the server added, by their usual names; the vendor does not
 * document them (api rules 21 and 23).
 * @param sent the header of the file sent; `null` when it is not available: then every column may be the server's
 * @throws EbillError USAGE listing the columns when they are ambiguous
 */
export function resultColumns(
  file: string,
  header: readonly string[],
  sent: readonly string[] | null,
  choice: ColumnChoice,
): ResultColumns {
  const places = sent === null ? null : sentPlaces(header, sent);
  if (places === 'unclear')
    throw unclear(file, 'it is not clear which of its columns were sent', header, header.keys());
  const own = new Set(places ?? []);
  const added = [...header.keys()].filter((index) => !own.has(index));
  const pick = (
    option: string,
    asked: string | null,
    groups: readonly (readonly string[])[],
  ): number | null =>
    asked === null
      ? findUsual(file, option, header, added, groups)
      : findChosen(file, option, asked, header, added);
  const status = pick('--status-column', choice.status, STATUS_NAMES);
  const message = pick('--message-column', choice.message, MESSAGE_NAMES);
  if (status === null && (message === null || places === null))
    throw unclear(file, 'no column has a known name for the status', header, added);
  if (message === null && (places === null || added.length > 1))
    throw unclear(file, 'no column has a known name for the message', header, added);
  return { status, message, sent: places };
}

/** Column names are compared without case, and without blanks around them. */
export const sameName = (a: string, b: string): boolean => columnName(a) === columnName(b);

const same = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && sameName(a, b);

/** Servers add columns at the end or at the start; otherwise each name must occur exactly once. */
function sentPlaces(header: readonly string[], sent: readonly string[]): readonly number[] | 'unclear' {
  if (sent.every((name, i) => same(name, header[i]))) return sent.map((_, i) => i);
  const shift = header.length - sent.length;
  if (sent.every((name, i) => same(name, header[i + shift]))) return sent.map((_, i) => i + shift);
  const place = (is: (other: string) => boolean): number => {
    const first = header.findIndex(is);
    return first === header.findLastIndex(is) ? first : Number.NaN;
  };
  const places = sent.map((name) => {
    const exact = place((other) => other.trim() === name.trim());
    return exact === -1 ? place((other) => same(other, name)) : exact;
  });
  const found = places.filter((place) => place >= 0);
  return places.some(Number.isNaN) || new Set(found).size < found.length ? 'unclear' : places;
}

function findUsual(
  file: string,
  option: string,
  header: readonly string[],
  added: readonly number[],
  groups: readonly (readonly string[])[],
): number | null {
  for (const names of groups) {
    const matches = added.filter((index) => names.includes(normalizeWord(header[index] ?? '')));
    if (matches.length > 1) throw unclear(file, `several columns match ${option}`, header, matches);
    if (matches[0] !== undefined) return matches[0];
  }
  return null;
}

function findChosen(
  file: string,
  option: string,
  asked: string,
  header: readonly string[],
  added: readonly number[],
): number {
  const number = /^#(\d{1,4})$/.exec(asked)?.[1];
  if (number !== undefined && header[Number(number) - 1] !== undefined) return Number(number) - 1;
  const matches = (among: readonly number[]): number[] => among.filter((index) => same(header[index], asked));
  const found = matches(added).length > 0 ? matches(added) : matches([...header.keys()]);
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const why =
    found.length === 0 ? `it has no column "${visible(asked)}"` : `"${visible(asked)}" occurs more than once`;
  throw unclear(file, `${option}: ${why}`, header, header.keys());
}

/** Columns listed in an error; the others are counted. */
const LISTED = 50;

function unclear(file: string, why: string, header: readonly string[], listed: Iterable<number>): EbillError {
  const all = [...listed];
  const list = all.slice(0, LISTED).map((index) => `#${index + 1} ${displayValue(header[index] ?? '')}`);
  if (all.length > LISTED) list.push(`and ${all.length - LISTED} more`);
  const names = list.length === 0 ? 'none' : list.join(', ');
  return new EbillError('USAGE', `${visible(file)}: ${why}. Its columns: ${names}.`, {
    hint: 'Name the columns with --status-column and --message-column, by name or as #N.',
  });
}

/** What a result lacks of the columns sent, for a sentence; `null` when it has them all (api rule 21). */
export function lackingColumns(header: readonly string[], sent: readonly string[]): string | null {
  const left = header.map(columnName);
  const lacking = sent.filter((name) => {
    const at = left.indexOf(columnName(name));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return lacking.length === 0
    ? null
    : `of the columns sent it lacks ${columnList(lacking)}; it has ${columnList(header)}`;
}

/** Columns shown in a sentence; the others are counted. */
const SHOWN = 5;

const columnList = (names: readonly string[]): string =>
  names.slice(0, SHOWN).map(displayValue).join(', ') +
  (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');

const columnName = (name: string): string => name.trim().toLowerCase();

/** A word for comparison: lower case, without spaces, `-`, `_` and `.`, like status names (api rule 6). */
const normalizeWord = (text: string): string => text.toLowerCase().replace(/[\s_.-]+/gu, '');

/** Usual names of the two added columns; a later group counts only when no earlier one matches. */
const STATUS_NAMES: readonly (readonly string[])[] = [
  ['status'],
  ['recordstatus', 'rowstatus', 'importstatus', 'loadstatus', 'processstatus', 'processingstatus'],
  ['resultstatus', 'result', 'outcome'],
  // With true or false in them.
  ['success', 'succeeded', 'successful', 'issuccess', 'loaded'],
];
const MESSAGE_NAMES: readonly (readonly string[])[] = [
  ['message'],
  ['errormessage', 'statusmessage', 'resultmessage', 'failuremessage', 'messages'],
  ['error', 'errors', 'reason', 'failurereason', 'errordescription', 'statusdescription'],
];
