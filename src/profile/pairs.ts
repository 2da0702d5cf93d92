import type { Phase } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { checkHeaderName, checkHeaderValue } from './header.ts';

/** One `K=V` of the command line; `null` takes K out. */
export type Pair<Value = string> = readonly [key: string, value: Value | null];

/** The phases a server's status name can mean; the others are this program's own. */
export const STATUS_PHASES = ['draft', 'queued', 'running', 'succeeded', 'partial', 'failed'] as const;

// They say which call a request is; a profile's would change every call into another.
const OWN_PARAMETERS = new Set(['mode', 'id', 'jobid']);
const CONTROL = /[\u0000-\u001f\u007f]/u;

/** `--header K=V`. @throws EbillError `USAGE` */
export function parseHeader(text: string): Pair {
  const [name, value] = split(text, '--header', text.indexOf('='));
  return [checkHeaderName(name, '--header'), value === '' ? null : checkHeaderValue(name, value, '--header')];
}

/** `--query K=V`, as it is meant, not percent-encoded. @throws EbillError `USAGE` */
export function parseQuery(text: string): Pair {
  const [name, value] = split(text, '--query', text.indexOf('='));
  return [checkQueryName(name, '--query'), value === '' ? null : checkQueryValue(name, value, '--query')];
}

/** `--status-name NAME=PHASE` (batch-api.md, what bites 6). A name may hold `=`; a phase does not. @throws EbillError `USAGE` */
export function parseStatusName(text: string): Pair<Phase> {
  const [name, value] = split(text, '--status-name', text.lastIndexOf('='));
  if (CONTROL.test(name)) throw badPair('--status-name', 'the name holds a control character');
  return [name, value === '' ? null : checkPhase(value, '--status-name')];
}

export function checkQueryName(name: string, source: string): string {
  if (name === '' || CONTROL.test(name))
    throw badPair(source, 'the name is empty or holds a control character');
  if (OWN_PARAMETERS.has(name.toLowerCase()))
    throw badPair(source, `the API's own parameter ${name} cannot be set`);
  return name;
}

/** The message does not show the value: it may be a key. */
export function checkQueryValue(name: string, value: string, source: string): string {
  if (CONTROL.test(value)) throw badPair(source, `the value of ${visible(name)} holds a control character`);
  return value;
}

export function checkPhase(text: string, source: string): Phase {
  const phase = STATUS_PHASES.find((known) => known === text.toLowerCase());
  if (phase !== undefined) return phase;
  throw badPair(source, `"${visible(text.slice(0, 40))}" is no phase (${STATUS_PHASES.join(', ')})`);
}

function split(text: string, source: string, at: number): [string, string] {
  // What has no name may be a secret given in the wrong place: not shown.
  if (at < 1) throw badPair(source, 'there is no "=" with a name before it');
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function badPair(source: string, problem: string): EbillError {
  const form =
    source === '--status-name'
      ? 'NAME=PHASE, for example "In Review=running"'
      : 'K=V, for example format=xml';
  return new EbillError('USAGE', `${source}: ${problem}.`, { hint: `Write it as ${form}.` });
}

/**
 * The record with the changes made, sorted by key.
 *
 * @param sameKey header names differ in case only to the eye
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
  // fromEntries defines: even a key `__proto__` is only a key.
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Status names are compared without case, spaces, `-` and `_` (batch-api.md, what bites 6). */
export const sameStatusName = (a: string, b: string): boolean => bare(a) === bare(b);
const bare = (name: string): string => name.toLowerCase().replace(/[\s_-]+/gu, '');

export const sameHeader = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
