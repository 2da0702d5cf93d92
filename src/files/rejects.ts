import { basename } from 'node:path';
import type { FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { AtomicFile } from '../system/atomic-file.ts';
import { visible } from '../system/escaping.ts';
import { displayValue } from './findings.ts';
import { type FailedRecords, matchByKey, matchByPosition, type SentAndResult } from './rejects-match.ts';
import { KEY_NAMES, normalizeWord } from './result-columns.ts';

export interface RejectsRequest extends SentAndResult {
  readonly kind: FileKind;
  /** `--key-column`; `null` to match by position, else by a column with a usual key name. */
  readonly keyColumn: string | null;
  /** The file to write the failed records to. */
  readonly path: string;
  /** The file to write their lines and messages to. */
  readonly messagesPath: string;
  /** Replace existing files. */
  readonly force: boolean;
}

export interface Rejects {
  readonly records: number;
  /** The column they were matched by; `null` for by position. */
  readonly key: string | null;
  /** Existing files that were not replaced. */
  readonly kept: readonly string[];
}

/**
 * Writes the failed records of a batch exactly as they were sent (header, BOM, quotes, order, line ends), and a second
 * file with their lines and messages. Both files appear complete, after all records are matched, or not at all.
 *
 * Rows are matched by position if every row of the result agrees with the record at its position; otherwise (a server
 * that sorts, or returns only failures) by a key that is unique in both files.
 * @throws EbillError CONFLICT when the file sent has changed; UNACCOUNTED when rows and records do not match, naming line
 * and column; USAGE when a file cannot be read or written, or the key column does not exist
 */
export async function writeRejects(request: RejectsRequest): Promise<Rejects> {
  const key = keyIndex(request);
  const mismatches: string[] = [];
  const attempts = request.keyColumn === null ? [null, ...(key === null ? [] : [key])] : [key];
  for (const attempt of attempts) {
    const result = await tryWrite(request, attempt);
    if (typeof result !== 'string') return result;
    mismatches.push(result);
  }
  throw unmatched(request, mismatches);
}

/** The key's index in the header sent; `null` when there is no usual key. */
function keyIndex({ keyColumn, header, kind, sent }: RejectsRequest): number | null {
  const names = KEY_NAMES[kind];
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
    { hint: 'Use one of these names, or leave out --key-column.' },
  );
}

/** @param key index of the key column, `null` to match by position @returns the rejects, or why nothing matched */
async function tryWrite(request: RejectsRequest, key: number | null): Promise<Rejects | string> {
  const { path, messagesPath, force, header } = request;
  const rejects = await AtomicFile.open(path);
  try {
    const messages = await AtomicFile.open(messagesPath);
    try {
      const writer = new RejectsWriter(rejects, messages);
      await messages.write(messagesLine(['Line', 'Message', 'Line in rejects file']));
      const mismatch =
        key === null ? await matchByPosition(request, writer) : await matchByKey(request, key, writer);
      if (mismatch !== null) return mismatch;
      const kept: string[] = [];
      for (const file of [messages, rejects]) {
        if (!(await file.commit({ replace: force }))) kept.push(file.path);
      }
      return { records: writer.records, key: key === null ? null : (header[key] ?? null), kept };
    } finally {
      await messages.abort();
    }
  } finally {
    await rejects.abort();
  }
}

const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Writes failed records to the two files. */
class RejectsWriter implements FailedRecords {
  records = 0;
  readonly #rejects: AtomicFile;
  readonly #messages: AtomicFile;
  /** The line of the rejects file that the next record begins on. */
  #line = 1;

  constructor(rejects: AtomicFile, messages: AtomicFile) {
    this.#rejects = rejects;
    this.#messages = messages;
  }

  async header({ bytes }: { readonly bytes: Buffer }, hasBom: boolean): Promise<void> {
    if (hasBom) await this.#rejects.write(BOM);
    await this.#rejects.write(bytes);
    this.#line += countLines(bytes);
  }

  async record(
    { line, bytes }: { readonly line: number; readonly bytes: Buffer },
    message: string,
  ): Promise<void> {
    this.records += 1;
    await this.#rejects.write(bytes);
    await this.#messages.write(messagesLine([line, message, this.#line]));
    this.#line += countLines(bytes);
  }
}

/** Counts line ends: LF, CRLF, lone CR. */
function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 13 || (bytes[i] === 10 && bytes[i - 1] !== 13)) lines += 1;
  }
  return lines;
}

function unmatched({ resultPath, sent }: RejectsRequest, mismatches: readonly string[]): EbillError {
  const why = mismatches.map(visible).join('; ');
  return new EbillError(
    'UNACCOUNTED',
    `The rows of ${visible(basename(resultPath))} do not match the records of ${visible(basename(sent.path))}: ${why}. No rejects were written.`,
    {
      hint: 'If the result file was edited, download it again with --force. If the server changed values, name a column that is unique in both files with --key-column.',
    },
  );
}

/**
 * Makes a cell safe for spreadsheets: text that starts like a formula gets an apostrophe in front, because a server's
 * message may repeat what a stranger typed (OWASP, "CSV Injection"). Only for files for people, never for files that are
 * loaded again.
 */
export const escapeFormula = (text: string): string =>
  /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;

/** One line of a messages file (RFC 4180). */
export const messagesLine = (cells: readonly (string | number)[]): string =>
  `${cells.map((cell) => csvField(typeof cell === 'number' ? String(cell) : escapeFormula(cell))).join(',')}\r\n`;

const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
