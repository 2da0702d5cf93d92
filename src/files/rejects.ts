import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { usualKeyColumn } from '../batch/column-names.ts';
import type { FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { AtomicFile } from '../system/atomic-file.ts';
import { visible } from '../system/escaping.ts';
import { displayValue } from './findings.ts';
import {
  agreeingColumns,
  type Comparison,
  matchByPosition,
  matchByValues,
  type RejectedRecords,
  type SentAndResult,
  type SharedColumn,
  sharedColumns,
  type ValueMatch,
  writeMatched,
} from './match-rows.ts';
import { sameName } from './result-columns.ts';

export interface RejectsRequest extends SentAndResult {
  readonly kind: FileKind;
  /** `--key-column`; none: by position, else by the values of all columns, of those that agree, of the usual key. */
  readonly keyColumns: readonly string[];
  /** The file to write the failed records to. */
  readonly path: string;
  /** The file to write their lines and messages to. */
  readonly messagesPath: string;
  /** Replace existing files. */
  readonly force: boolean;
}

export interface Rejects {
  readonly records: number;
  /** Of the rejected records as they were sent; a file that was kept may have other content. */
  readonly bytes: number;
  readonly sha256: string;
  /** How rows were matched with the records sent. */
  readonly by: MatchedBy;
  /** Existing files that were not replaced. */
  readonly kept: readonly string[];
}

export interface MatchedBy {
  readonly way: 'position' | 'row' | 'columns';
  /** The columns compared; empty for `position` and `row`. */
  readonly columns: readonly string[];
  /** Rejected rows of which it is not certain which record they are: not written. */
  readonly unplaced: number;
  /** The line of the first of these in the result file. */
  readonly unplacedLine: number | null;
}

/**
 * Writes the failed records of a batch exactly as they were sent (header, BOM, quotes, order, line ends), and a second
 * file with their lines and messages. Both files appear complete, after all records are matched, or not at all.
 *
 * Rows are matched by position if every row of the result agrees with the record at its position; otherwise (a server that sorts,
 * reformats, or returns only failures) by their values: of all columns, else of the columns that agree, else of the usual key.
 * @throws EbillError CONFLICT when the file sent has changed; UNACCOUNTED when rows and records do not match, naming line
 * and column; USAGE when a file cannot be read or written, or a key column does not exist
 */
export async function writeRejects(request: RejectsRequest): Promise<Rejects> {
  const mismatches: string[] = [];
  if (request.keyColumns.length === 0) {
    const written = await writeBoth(request, (out) => matchByPosition(request, out));
    if (typeof written !== 'string')
      return { ...written, by: { way: 'position', columns: [], unplaced: 0, unplacedLine: null } };
    mismatches.push(written);
  }
  let best: ValueMatch | null = null;
  for (const comparison of await comparisons(request)) {
    const match = await matchByValues(request, comparison);
    if (typeof match === 'string') mismatches.push(match);
    else if (best === null || match.unplaced < best.unplaced) best = match;
    if (best?.unplaced === 0) break;
  }
  if (best === null) throw unmatched(request, mismatches);
  const { columns, unplaced, unplacedLine } = best;
  const found = best;
  const written = await writeBoth(request, async (out) => {
    await writeMatched(request, found, out);
    return null;
  });
  if (typeof written === 'string') throw new Error(written);
  const whole = columns.length === sharedColumns(request).length;
  const names = whole ? [] : columns.map(({ column }) => request.header[column] ?? '');
  return { ...written, by: { way: whole ? 'row' : 'columns', columns: names, unplaced, unplacedLine } };
}

/** What to compare, in the order to try it. */
async function comparisons(request: RejectsRequest): Promise<readonly Comparison[]> {
  const { header, kind, keyColumns } = request;
  const shared = sharedColumns(request);
  if (keyColumns.length > 0)
    return [{ columns: keyColumns.map((key) => chosenKey(request, key)), exact: false }];
  const agreeing = await agreeingColumns(request);
  const key = usualKeyColumn(kind, header);
  // Another number of rows: a server that returns only failures.
  return [
    { columns: shared, exact: true },
    { columns: agreeing ?? shared, exact: false },
    { columns: shared.filter(({ column }) => column === key), exact: false },
  ].filter(({ columns }) => columns.length > 0);
}

/** @param key a name, or `#N` for the Nth column of the file sent */
function chosenKey(request: RejectsRequest, key: string): SharedColumn {
  const { header, sent } = request;
  const number = Number(/^#(\d{1,4})$/.exec(key)?.[1] ?? 0);
  const column =
    number > 0 && number <= header.length ? number - 1 : header.findIndex((name) => sameName(name, key));
  const list = header
    .slice(0, 50)
    .map((name, index) => `#${index + 1} ${displayValue(name)}`)
    .join(', ');
  if (column < 0)
    throw new EbillError(
      'USAGE',
      `--key-column: ${visible(sent.path)} has no column "${visible(key)}". Its columns: ${list}.`,
      { hint: 'Use one of these, by name or as #N, or leave out --key-column.' },
    );
  const shared = sharedColumns(request).find((one) => one.column === column);
  if (shared !== undefined) return shared;
  throw new EbillError('USAGE', `--key-column: the result file has no column "${visible(key)}".`, {
    hint: 'Use a column that both files have, or leave out --key-column.',
  });
}

/** @param write returns why nothing can be written @returns that, or what was written */
async function writeBoth(
  { path, messagesPath, force }: RejectsRequest,
  write: (out: RejectedRecords) => Promise<string | null>,
): Promise<Omit<Rejects, 'by'> | string> {
  const rejects = await AtomicFile.open(path);
  try {
    const messages = await AtomicFile.open(messagesPath);
    try {
      const writer = new RejectsWriter(rejects, messages);
      await messages.write(messagesLine(['Line', 'Message', 'Line in rejects file']));
      const mismatch = await write(writer);
      if (mismatch !== null) return mismatch;
      const kept: string[] = [];
      for (const file of [messages, rejects]) {
        if (!(await file.commit({ replace: force }))) kept.push(file.path);
      }
      return { ...writer.written(), kept };
    } finally {
      await messages.abort();
    }
  } finally {
    await rejects.abort();
  }
}

const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Writes failed records to the two files. */
class RejectsWriter implements RejectedRecords {
  #records = 0;
  readonly #rejects: AtomicFile;
  readonly #messages: AtomicFile;
  /** The line of the rejects file that the next record begins on. */
  #line = 1;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(rejects: AtomicFile, messages: AtomicFile) {
    this.#rejects = rejects;
    this.#messages = messages;
  }

  written(): Pick<Rejects, 'records' | 'bytes' | 'sha256'> {
    return { records: this.#records, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#rejects.write(bytes);
  }

  async header({ bytes }: { readonly bytes: Buffer }, hasBom: boolean): Promise<void> {
    if (hasBom) await this.#write(BOM);
    await this.#write(bytes);
    this.#line += countLines(bytes);
  }

  async record(
    { line, bytes }: { readonly line: number; readonly bytes: Buffer },
    message: string,
  ): Promise<void> {
    this.#records += 1;
    await this.#write(bytes);
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
      hint: 'If the result file was edited, download it again with --force. If the server changed values, name a column with --key-column that it did not change (repeat the option for several).',
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
