import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { displayValue } from './spreadsheet-damage.ts';

/** `--status-column`, `--message-column`: a name, or `#N` for the Nth column. `null`: found by customary names. */
export interface ColumnChoice {
  readonly status: string | null;
  readonly message: string | null;
}

/** Where things are in a result file; indexes from 0. */
export interface ResultColumns {
  readonly status: number;
  /** `null`: the result file gives no reasons. */
  readonly message: number | null;
  /** For each column sent its place in the result, -1 when it is not there; `null`: the header sent is not known. */
  readonly sent: readonly number[] | null;
}

/**
 * The columns the server added: result header minus sent header; among them the status and the message by name
 * (issue 4, point 4). The vendor does not name them.
 * @param sent the header of the file sent; `null` when it is not at hand: then every column may be the server's
 * @throws EbillError USAGE listing the columns when it is unclear which is meant
 */
export function resultColumns(
  file: string,
  header: readonly string[],
  sent: readonly string[] | null,
  choice: ColumnChoice,
): ResultColumns {
  const places = sent === null ? null : placesOf(header, sent);
  if (places === 'unclear')
    throw unclear(file, 'which of its columns were sent is not clear', header, header.keys());
  const own = new Set(places ?? []);
  const added = [...header.keys()].filter((index) => !own.has(index));
  const pick = (
    option: string,
    asked: string | null,
    groups: readonly (readonly string[])[],
  ): number | null =>
    asked === null
      ? customary(file, option, header, added, groups)
      : chosen(file, option, asked, header, added);
  const status = pick('--status-column', choice.status, STATUS_NAMES);
  if (status === null) throw unclear(file, 'no column is known to be the status', header, added);
  const message = pick('--message-column', choice.message, MESSAGE_NAMES);
  if (message === null && (places === null || added.length > 1))
    throw unclear(file, 'no column is known to be the message', header, added);
  return { status, message, sent: places };
}

const same = (a: string | undefined, b: string | undefined): boolean => a?.trim() === b?.trim();

/** Servers add columns at the end, or before; else each name must be there once, for a name alone proves little. */
function placesOf(header: readonly string[], sent: readonly string[]): readonly number[] | 'unclear' {
  if (sent.every((name, i) => same(name, header[i]))) return sent.map((_, i) => i);
  const shift = header.length - sent.length;
  if (sent.every((name, i) => same(name, header[i + shift]))) return sent.map((_, i) => i + shift);
  const places = sent.map((name) => {
    const first = header.findIndex((other) => same(other, name));
    return first === header.findLastIndex((other) => same(other, name)) ? first : Number.NaN;
  });
  const found = places.filter((place) => place >= 0);
  return places.some(Number.isNaN) || new Set(found).size < found.length ? 'unclear' : places;
}

function customary(
  file: string,
  option: string,
  header: readonly string[],
  added: readonly number[],
  groups: readonly (readonly string[])[],
): number | null {
  for (const names of groups) {
    const matches = added.filter((index) => names.includes(normalizeWord(header[index] ?? '')));
    if (matches.length > 1) throw unclear(file, `several columns may be meant by ${option}`, header, matches);
    if (matches[0] !== undefined) return matches[0];
  }
  return null;
}

function chosen(
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
    found.length === 0 ? `it has no column "${visible(asked)}"` : `"${visible(asked)}" is there twice`;
  throw unclear(file, `${option}: ${why}`, header, header.keys());
}

/** Columns named in an error; the rest are counted. */
const LISTED = 50;

function unclear(file: string, why: string, header: readonly string[], listed: Iterable<number>): EbillError {
  const all = [...listed];
  const list = all.slice(0, LISTED).map((index) => `#${index + 1} ${displayValue(header[index] ?? '')}`);
  if (all.length > LISTED) list.push(`and ${all.length - LISTED} more`);
  const names = list.length === 0 ? 'none' : list.join(', ');
  return new EbillError('USAGE', `${visible(file)}: ${why}. Its columns: ${names}.`, {
    hint: 'Say which they are with --status-column and --message-column, by name or as #N.',
  });
}

/** Compared without case, spaces, `-`, `_` and `.`, as status names are (batch-api.md, what bites 6). */
export const normalizeWord = (text: string): string => text.toLowerCase().replace(/[\s_.-]+/gu, '');

/** What a status column says of a record that was loaded. The vendor lists no values, so these are the customary ones. */
const SUCCESS: ReadonlySet<string> = new Set([
  'success',
  'successful',
  'succeeded',
  'ok',
  'okay',
  'loaded',
  'processed',
  'imported',
  'created',
  'updated',
  'inserted',
  'added',
  'accepted',
  'completed',
  'complete',
  'done',
  'passed',
]);

/** Was the record loaded? Anything that is no known word of success is a failure, an empty cell too: a lost record must not pass. */
export const isLoaded = (status: string): boolean => SUCCESS.has(normalizeWord(status));

/** Customary names of the two added columns, the likeliest first; a later group counts only when the ones before it are absent. */
const STATUS_NAMES: readonly (readonly string[])[] = [
  ['status'],
  ['recordstatus', 'rowstatus', 'importstatus', 'loadstatus', 'processstatus', 'processingstatus'],
  ['resultstatus', 'result', 'outcome'],
];
const MESSAGE_NAMES: readonly (readonly string[])[] = [
  ['message'],
  ['errormessage', 'statusmessage', 'resultmessage', 'failuremessage', 'messages'],
  ['error', 'errors', 'reason', 'failurereason', 'errordescription', 'statusdescription'],
];

/** Customary names of columns that hold a key of their own, by kind. Unique or not is found out, not believed. */
export const KEY_NAMES: Readonly<Record<string, readonly string[]>> = {
  customer: ['accountnumber', 'accountno', 'accountid', 'customernumber', 'customerno', 'customerid'],
  invoice: ['invoicenumber', 'invoiceno', 'invoiceid'],
  items: ['itemid', 'lineitemid', 'lineid', 'itemnumber'],
};
