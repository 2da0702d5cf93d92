import { basename } from 'node:path';
import type { FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { AtomicFile } from '../system/atomic-file.ts';
import { visible } from '../system/escaping.ts';
import { byKey, byPosition, type FailedRecords, type Mismatch, type Pair } from './rejects-match.ts';
import { KEY_NAMES, normalizeWord } from './result-columns.ts';
import { displayValue } from './spreadsheet-damage.ts';

export interface RejectsRequest extends Pair {
  readonly kind: FileKind;
  /** `--key-column`; `null`: by position, else by a customary key. */
  readonly keyColumn: string | null;
  /** The failed records as they were sent. */
  readonly path: string;
  /** Their lines and messages. */
  readonly messagesPath: string;
  readonly force: boolean;
}

export interface Rejects {
  readonly records: number;
  /** The column they were matched by; `null`: by position, every column agreeing. */
  readonly key: string | null;
  /** Files that were there and were left as they are. */
  readonly kept: readonly string[];
}

const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * Writes a batch's failed records exactly as they were sent (header, BOM, quoting, order, line ends), and beside them
 * each one's line and message. Both appear whole, after all is matched, or not at all.
 *
 * Rows are matched by position when every row of the result agrees with the record in its place; else (a server that
 * sorts, or tells of failures only) by a key that is unique in both files.
 * @throws EbillError CONFLICT when the file sent has changed; UNACCOUNTED when rows and records cannot be brought
 * together, naming line and column; USAGE when a file cannot be read or written, or there is no such key column
 */
export async function writeRejects(request: RejectsRequest): Promise<Rejects> {
  const key = keyOf(request);
  const asked = request.keyColumn !== null;
  const first = asked ? null : await attempt(request, null);
  if (first?.outcome === 'written') return first.rejects;
  if (key === null) throw unmatched(request, first === null ? [] : [first.mismatch]);
  const second = await attempt(request, key);
  if (second.outcome === 'written') return second.rejects;
  throw unmatched(request, first === null ? [second.mismatch] : [first.mismatch, second.mismatch]);
}

/** The key's place in the header sent; `null` when there is none. */
function keyOf({ keyColumn, header, kind, sent }: RejectsRequest): number | null {
  const names = KEY_NAMES[kind] ?? [];
  const index =
    keyColumn === null
      ? header.findIndex((name) => names.includes(normalizeWord(name)))
      : header.findIndex((name) => name.trim() === keyColumn.trim());
  if (index >= 0) return index;
  if (keyColumn === null) return null;
  const list = header.slice(0, 50).map(displayValue).join(', ');
  throw new EbillError(
    'USAGE',
    `--key-column: ${visible(sent.path)} has no column "${visible(keyColumn)}". Its columns: ${list}.`,
    { hint: 'Name one of these, or leave --key-column out.' },
  );
}

type Attempt =
  | { readonly outcome: 'written'; readonly rejects: Rejects }
  | { readonly outcome: 'mismatch'; readonly mismatch: Mismatch };

async function attempt(request: RejectsRequest, key: number | null): Promise<Attempt> {
  const { path, messagesPath, force, header } = request;
  const rejects = await AtomicFile.open(path);
  const messages = await AtomicFile.open(messagesPath);
  try {
    const sink = new Sink(rejects, messages);
    await messages.write(MESSAGES_HEADER);
    const mismatch = key === null ? await byPosition(request, sink) : await byKey(request, key, sink);
    if (mismatch !== null) return { outcome: 'mismatch', mismatch };
    const kept: string[] = [];
    for (const file of [messages, rejects])
      if (!(await file.commit({ replace: force }))) kept.push(file.path);
    const name = key === null ? null : (header[key] ?? null);
    return { outcome: 'written', rejects: { records: sink.records, key: name, kept } };
  } finally {
    await rejects.abort();
    await messages.abort();
  }
}

/** Puts failed records into the two files. */
class Sink implements FailedRecords {
  records = 0;
  readonly #rejects: AtomicFile;
  readonly #messages: AtomicFile;
  /** Line of the rejects file the next record begins on. */
  #line = 1;

  constructor(rejects: AtomicFile, messages: AtomicFile) {
    this.#rejects = rejects;
    this.#messages = messages;
  }

  async header({ bytes }: { readonly bytes: Buffer }, hasBom: boolean): Promise<void> {
    if (hasBom) await this.#rejects.write(BOM);
    await this.#rejects.write(bytes);
    this.#line += linesIn(bytes);
  }

  async record(
    { line, bytes }: { readonly line: number; readonly bytes: Buffer },
    message: string,
  ): Promise<void> {
    this.records += 1;
    await this.#rejects.write(bytes);
    await this.#messages.write(messagesLine([line, message, this.#line]));
    this.#line += linesIn(bytes);
  }
}

/** Line ends: LF, CRLF, lone CR. */
function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 13 || (bytes[i] === 10 && bytes[i - 1] !== 13)) lines += 1;
  }
  return lines;
}

function unmatched({ resultPath, sent }: RejectsRequest, mismatches: readonly Mismatch[]): EbillError {
  const why = mismatches.map((mismatch) => visible(mismatch.why)).join('; ');
  return new EbillError(
    'UNACCOUNTED',
    `${visible(basename(resultPath))} does not answer for the records of ${visible(basename(sent.path))}: ${why}. No rejects were written.`,
    {
      hint: 'If the result file was edited, fetch it again with --force. If the server changed values, name a column that is unique in both files: --key-column.',
    },
  );
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * A cell a spreadsheet will show as it is: one that begins like a formula gets an apostrophe before it, because server
 * text may echo what a stranger typed (OWASP, "CSV Injection"). Only for files that are read by people: a file that is
 * loaded again is never touched.
 */
export const neutral = (text: string): string => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);

/** One line of a messages file, RFC 4180. */
export const messagesLine = (cells: readonly (string | number)[]): string =>
  `${cells.map((cell) => quoted(typeof cell === 'number' ? String(cell) : neutral(cell))).join(',')}\r\n`;

const MESSAGES_HEADER = messagesLine(['Line', 'Message', 'Line in rejects file']);
