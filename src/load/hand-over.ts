import { createHash } from 'node:crypto';
import { type ServerAddress, serverOf } from '../api/connection.ts';
import type { Redacted } from '../redact/redactor.ts';
import { type Clean, type Entry, isEntry, isRecord, sanitizeEntry } from './entries.ts';
import { isReadable, lineOf, readLine, TORN } from './journal-line.ts';

/**
 * A load as one file for another machine: `loads export` writes it, `loads import` reads it. A line for each line of the journal,
 * between one that says which load it is and one that ends it; each line has the SHA-256 of the line before, so that
 * a changed, missing or added byte is found wherever it is. Pure.
 */

/** The format's number; a higher one was written by a newer program and is refused. */
const EXPORT_VERSION = 1;

/** Which load, and when and where it was exported. */
export interface ExportedLoad extends ServerAddress {
  readonly job: string;
  readonly organisation: string | null;
  /** Program name and version. */
  readonly program: string;
  readonly host: string;
  /** By the clock of that machine, ISO 8601. */
  readonly exportedAt: string;
}

const sha256 = (line: string | Uint8Array): string => createHash('sha256').update(line).digest('hex');

/**
 * @param journal its bytes
 * @param about what the journal comes to, for people and other programs: each a line of its own
 * @param toText a value as JSON on one line
 * @param clean hides secrets
 */
export function exportText(
  load: ExportedLoad,
  journal: Buffer,
  about: Readonly<Record<string, unknown>>,
  toText: (value: unknown) => string,
  clean: Clean,
): string {
  let text = '';
  let before: string | null = null;
  let lines = 0;
  const add = (value: object): void => {
    const line = toText({ ...value, before });
    before = sha256(line);
    text += `${line}\n`;
    lines += 1;
  };
  add({ ebillLoad: EXPORT_VERSION, ...load });
  for (const line of linesOf(journal)) add(enclosed(exported(line, clean)));
  for (const [name, value] of Object.entries(about)) add({ [name]: value });
  return `${text}${lastLine(lines, before ?? '')}\n`;
}

/** Everything in it follows from the lines before: no byte of it can be another one. */
const lastLine = (lines: number, before: string): string => JSON.stringify({ end: { lines }, before });

/** The lines of a journal. A last one that a crash cut off is left out: its request never left (load rule 3). */
export function linesOf(journal: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < journal.length; ) {
    const end = journal.indexOf(0x0a, from);
    const line = journal.subarray(from, end < 0 ? journal.length : end);
    if (end >= 0 || isReadable(line)) lines.push(line);
    from += line.length + 1;
  }
  return lines;
}

/** A line of a journal in a line of the export: readable where it is JSON as the program writes it, byte for byte in any case. */
function enclosed(line: Buffer): object {
  const text = line.toString('utf8');
  if (!Buffer.from(text).equals(line)) return { base64: line.toString('base64') };
  try {
    const journal: unknown = JSON.parse(text);
    if (isRecord(journal) && JSON.stringify(journal) === text) return { journal };
  } catch {
    // A line that a crash cut off.
  }
  return { text };
}

function disclosed(value: Readonly<Record<string, unknown>>): Buffer | null {
  if (isRecord(value['journal'])) return Buffer.from(JSON.stringify(value['journal']));
  if (typeof value['text'] === 'string') return Buffer.from(value['text']);
  return typeof value['base64'] === 'string' ? Buffer.from(value['base64'], 'base64') : null;
}

/**
 * A line of a journal as it may leave the machine. It was redacted when it was written; what is known to be secret only since
 * then is hidden now.
 */
function exported(line: Buffer, clean: Clean): Buffer {
  const read = readLine(line);
  if (!('value' in read) || !isEntry(read.value)) return line;
  const cleaned = sanitizeEntry(read.value as Entry, clean);
  return isSame(cleaned, read.value) ? line : Buffer.from(lineOf(cleaned).trimEnd());
}

/** Whether everything in `part` is in `whole`; fields of newer programs are in `whole` alone. */
function isSame(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null) return part === whole;
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([key, one]) => isSame(one, (whole as Record<string, unknown>)[key]));
}

/** A journal of these lines, with nothing that is known to be secret. */
export const journalOf = (lines: readonly Buffer[], clean: Clean): Redacted<Buffer> =>
  Buffer.concat(lines.flatMap((line) => [exported(line, clean), LF])) as Redacted<Buffer>;

const LF = Buffer.from('\n');

/** A load that was read from a file. */
export interface HandedOver {
  readonly load: ExportedLoad;
  /** The lines of its journal, the first one its header. */
  readonly lines: readonly Buffer[];
}

/**
 * Reads and checks an export.
 * @returns why it cannot be used, in words that follow "it" and end a sentence
 */
export function readExport(bytes: Buffer): HandedOver | { readonly problem: string } {
  const problem = (text: string): { readonly problem: string } => ({ problem: text });
  const all: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0x0a, from);
    if (end < 0) return problem('was cut off: its last line is not complete');
    all.push(bytes.subarray(from, end));
    from = end + 1;
  }
  let before: string | null = null;
  const values: Readonly<Record<string, unknown>>[] = [];
  for (const [i, line] of all.entries()) {
    const value = parsed(line);
    if (i === 0 && typeof value?.['ebillLoad'] !== 'number') return problem('is not an export of ebill');
    if (value === null || !('before' in value)) return problem(`was changed: line ${i + 1} is damaged`);
    if (value['before'] !== before)
      return problem(
        i === 0
          ? 'was changed: line 1 is damaged'
          : `was changed: line ${i} is not the one that line ${i + 1} follows`,
      );
    before = sha256(line);
    values.push(value);
  }
  const last = all.at(-1);
  if (last === undefined) return problem('is empty');
  if (!('end' in (values.at(-1) ?? {}))) return problem('was cut off: the line that ends it is missing');
  const expected = lastLine(all.length - 1, sha256(all.at(-2) ?? ''));
  if (all.length < 3 || last.toString('utf8') !== expected || last.length !== expected.length)
    return problem('was changed: its last line is damaged');

  const [first = {}, ...rest] = values.slice(0, -1);
  if ((first['ebillLoad'] as number) > EXPORT_VERSION)
    return problem(`was written by a newer ebill (format ${String(first['ebillLoad'])}): update this one`);
  const load = loadOf(first);
  const lines = rest.flatMap((value) => disclosed(value) ?? []);
  const header = lines[0] === undefined ? null : parsed(lines[0]);
  if (load === null || header === null) return problem('does not say which load it is');
  if (
    header['job'] !== load.job ||
    serverOf({ baseUrl: String(header['baseUrl']) }) !== serverOf({ baseUrl: load.baseUrl })
  )
    return problem('contains the journal of another load than its header says');
  return { load, lines };
}

function parsed(line: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function loadOf(value: Readonly<Record<string, unknown>>): ExportedLoad | null {
  const { job, baseUrl, organisation, program, host, exportedAt } = value;
  for (const text of [job, baseUrl, program, host, exportedAt])
    if (typeof text !== 'string' || text === '') return null;
  if (organisation !== null && typeof organisation !== 'string') return null;
  return { job, baseUrl, organisation, program, host, exportedAt } as ExportedLoad;
}

/**
 * How the journal in a file relates to the one here. `longer`: it has all that is here, and more; `shorter`: all of it is here;
 * `differs`: each has something that the other has not, from that line on.
 */
export type Relation =
  | { readonly is: 'same' | 'shorter' }
  /** `common`: how many lines both have; `keep`: lines that only the one here has and that are true beside the others. */
  | { readonly is: 'longer'; readonly common: number; readonly keep: readonly Buffer[] }
  | { readonly is: 'differs'; readonly line: number };

/** What a machine only looked up or noted about itself: the other one can go on without it. */
const NOTED: ReadonlySet<unknown> = new Set(['seen', 'result', 'counted', 'closed', 'imported', TORN]);

/** @param clean hides secrets, as when the line was exported */
export function relationOf(here: readonly Buffer[], there: readonly Buffer[], clean: Clean): Relation {
  const isEqual = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
    a !== undefined && b !== undefined && (a.equals(b) || exported(a, clean).equals(b));
  let common = 0;
  while (isEqual(here[common], there[common])) common += 1;
  const [own, theirs] = [here.slice(common), there.slice(common)];
  const decides = (lines: readonly Buffer[]): boolean => lines.some((line) => !NOTED.has(typeOf(line)));
  if (decides(own)) return decides(theirs) ? { is: 'differs', line: common + 1 } : { is: 'shorter' };
  if (!decides(theirs) && (theirs.length === 0 || own.length > 0)) return { is: 'same' };
  return { is: 'longer', common, keep: own.filter((line) => typeOf(line) === 'result') };
}

/** The type of an entry; that of a line that a crash cut off, or of an empty one, is the same as of its mark. */
function typeOf(line: Buffer): unknown {
  const read = readLine(line);
  return 'value' in read ? read.value['type'] : TORN;
}
