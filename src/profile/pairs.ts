import { type Columns, columnList, columnsOf, ROLE_NAMES, ROLES, type RoleName } from '../batch/columns.ts';
import type { FileKind, Phase } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { isSecretName } from '../redact/known-secrets.ts';
import { HIDDEN } from '../redact/shapes.ts';
import { visible } from '../system/escaping.ts';
import { nearest } from '../system/nearest.ts';
import { checkHeaderName, isHeaderText } from './auth.ts';

/** One `K=V` of the command line; `null` removes K. */
export type Pair<Value = string> = readonly [key: string, value: Value | null];

/** The phases that a server's status name can mean; the others exist only in this program. */
export const STATUS_PHASES = ['draft', 'queued', 'running', 'succeeded', 'partial', 'failed'] as const;

// Parameters of the API: with a profile's own, every call would become another.
const API_PARAMETERS = new Set(['mode', 'id', 'jobid']);
const CONTROL = /[\u0000-\u001f\u007f]/u;

/** Parses `--header K=V`. @throws EbillError `USAGE` */
export function parseHeader(text: string): Pair {
  const [name, value] = split(text, '--header', text.indexOf('='));
  return [checkHeaderName(name, '--header'), value === '' ? null : checkHeaderValue(name, value, '--header')];
}

/** Parses `--query K=V`, which is not percent-encoded. @throws EbillError `USAGE` */
export function parseQuery(text: string): Pair {
  const [name, value] = split(text, '--query', text.indexOf('='));
  return [checkQueryName(name, '--query'), value === '' ? null : checkQueryValue(name, value, '--query')];
}

/** Parses `--status-name NAME=PHASE` (api rule 6). A name may contain `=`; a phase does not. @throws EbillError `USAGE` */
export function parseStatusName(text: string): Pair<Phase> {
  const [name, value] = split(text, '--status-name', text.lastIndexOf('='));
  if (CONTROL.test(name)) throw badPair('--status-name', 'the name holds a control character');
  return [name, value === '' ? null : checkPhase(value, '--status-name')];
}

/** Parses `--record-status VALUE=loaded|rejected` (api rule 23). A value may contain `=`. @throws EbillError `USAGE` */
export function parseRecordStatus(text: string): Pair<'loaded' | 'rejected'> {
  const [value, result] = split(text, '--record-status', text.lastIndexOf('='));
  if (CONTROL.test(value)) throw badPair('--record-status', 'the value holds a control character');
  return [value, result === '' ? null : checkRecordResult(result, '--record-status')];
}

/**
 * The record with the changes made, sorted by key.
 *
 * @param sameKey whether two keys name the same thing; default: equal
 */
export function withPairs<Value>(
  record: Readonly<Record<string, Value>>,
  changes: readonly Pair<Value>[],
  sameKey: (a: string, b: string) => boolean = (a, b) => a === b,
): Readonly<Record<string, Value>> {
  let entries = Object.entries(record);
  for (const [key, value] of changes) {
    entries = entries.filter(([known]) => !sameKey(known, key));
    if (value !== null) entries.push([key, value]);
  }
  // `fromEntries` defines own properties: even `__proto__` is only a key.
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const sameHeader = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/**
 * Checks the value of a header. The message does not contain it: it may be a key.
 *
 * @returns the value without spaces around it
 * @throws EbillError `USAGE`
 */
export function checkHeaderValue(name: string, value: string, source: string): string {
  const trimmed = value.trim();
  if (isHeaderText(trimmed)) return trimmed;
  throw new EbillError(
    'USAGE',
    `${source}: the value of ${name} holds a line break or another character no header can carry.`,
    { hint: 'Give it on one line, in Latin-1.' },
  );
}

/** @throws EbillError `USAGE` */
export function checkQueryName(name: string, source: string): string {
  if (name === '' || CONTROL.test(name))
    throw badPair(source, 'the name is empty or holds a control character');
  if (API_PARAMETERS.has(name.toLowerCase()))
    throw badPair(source, `${name} is a parameter of the API itself`);
  return name;
}

/** The message does not contain the value: it may be a key. @throws EbillError `USAGE` */
export function checkQueryValue(name: string, value: string, source: string): string {
  if (CONTROL.test(value)) throw badPair(source, `the value of ${visible(name)} holds a control character`);
  return value;
}

/** @throws EbillError `USAGE` */
export function checkPhase(text: string, source: string): Phase {
  const phase = STATUS_PHASES.find((known) => known === text.toLowerCase());
  if (phase !== undefined) return phase;
  throw badPair(source, `"${visible(text.slice(0, 40))}" is not a phase (${STATUS_PHASES.join(', ')})`);
}

/** @throws EbillError `USAGE` */
export function checkRecordResult(text: string, source: string): 'loaded' | 'rejected' {
  const result = text.toLowerCase();
  if (result === 'loaded' || result === 'rejected') return result;
  throw badPair(source, `"${visible(text.slice(0, 40))}" is neither "loaded" nor "rejected"`);
}

function split(text: string, source: string, at: number): [string, string] {
  // Text without a name may be a secret in the wrong place: it is not shown.
  if (at < 1) throw badPair(source, 'there is no "=" with a name before it');
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

const FORMS: ReadonlyMap<string, string> = new Map([
  ['--status-name', 'NAME=PHASE, for example "In Review=running"'],
  ['--record-status', 'VALUE=loaded or VALUE=rejected, for example "Loaded with warnings=loaded"'],
]);

function badPair(source: string, problem: string): EbillError {
  const form = FORMS.get(source) ?? 'K=V, for example format=xml';
  return new EbillError('USAGE', `${source}: ${problem}.`, { hint: `Write it as ${form}.` });
}

/** One `KIND.ROLE=NAME` of the command line; `null` removes the role. */
export type ColumnChange = readonly [role: RoleName, column: string | null];

/**
 * Parses `--column KIND.ROLE=NAME`: which column has the role in the checks across files. A name may contain `=` and
 * spaces; an empty one says that no column has the role. `KIND.ROLE` alone takes back what is declared.
 *
 * @throws EbillError `USAGE`, with the closest role
 */
export function parseColumn(text: string): ColumnChange {
  const at = text.indexOf('=');
  const alone = ROLE_NAMES.find((name) => name === text.trim().toLowerCase());
  if (alone !== undefined) return [alone, null];
  if (at < 1) {
    throw new EbillError('USAGE', `--column "${short(text)}" has no "=" with a role before it.`, {
      hint: `Write it as KIND.ROLE=NAME, for example --column "invoice.key=Invoice Number". Roles: ${ROLE_NAMES.join(', ')}.`,
    });
  }
  const column = text.slice(at + 1).trim();
  return [roleNamed(text.slice(0, at).trim()), checkColumn(column, '--column')];
}

/** The columns with the changes made. */
export function changedColumns(before: Columns, changes: readonly ColumnChange[]): Columns {
  const after = new Map<RoleName, string>(columnList(before));
  for (const [role, column] of changes) {
    if (column === null) after.delete(role);
    else after.set(role, column);
  }
  return columnsOf(after);
}

/**
 * Parses the columns of a profile or plan: `{ invoice: { key: "Invoice Number" } }`.
 *
 * @throws EbillError `USAGE`
 */
export function parseColumns(value: unknown, source: string): Columns {
  const list: [RoleName, string][] = [];
  for (const [kind, roles] of entries(value, source)) {
    if (!Object.hasOwn(ROLES, kind))
      throw wrong(source, `"${short(kind)}" is not a kind of file`, Object.keys(ROLES));
    for (const [role, column] of entries(roles, `${source}.${kind}`)) {
      const name = ROLE_NAMES.find((known) => known === `${kind}.${role}`);
      if (name === undefined) {
        throw wrong(source, `"${short(role)}" is not a role of ${kind}`, ROLES[kind as FileKind]);
      }
      if (typeof column !== 'string') throw wrong(source, `${name} is not a text`, []);
      list.push([name, checkColumn(column, source)]);
    }
  }
  return columnsOf(list);
}

function roleNamed(text: string): RoleName {
  const role = ROLE_NAMES.find((name) => name === text.toLowerCase());
  if (role !== undefined) return role;
  const match = nearest(text, ROLE_NAMES);
  throw new EbillError('USAGE', `--column: "${short(text)}" is not a role.`, {
    hint: `${match === null ? '' : `Did you mean ${match}? `}Roles: ${ROLE_NAMES.join(', ')}.`,
  });
}

function checkColumn(column: string, source: string): string {
  if (column === '' || (column.trim() !== '' && !/[\p{Cc}\u2028\u2029]/u.test(column))) return column;
  throw wrong(source, 'the name of a column is blank or holds a control character', []);
}

function entries(value: unknown, source: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw wrong(source, 'this is not an object of columns', []);
}

function wrong(source: string, problem: string, known: readonly string[]): EbillError {
  return new EbillError('USAGE', `${source}: ${problem}.`, {
    hint:
      known.length > 0
        ? `Known: ${known.join(', ')}.`
        : 'Name columns as in { "invoice": { "key": "Invoice Number" } }.',
  });
}

const short = (text: string): string => visible(text.slice(0, 60));

/** Hides the values of headers and parameters that are named like a key or token. */
export function masked(pairs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(pairs).map(([key, value]) => [key, isSecretName(key) ? HIDDEN : value]),
  );
}
