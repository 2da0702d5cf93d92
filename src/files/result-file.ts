import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { EbillError, errnoOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { fieldsOf, MAX_COLUMNS, ownCopy, type RecordReader, withRecords } from './record-reader.ts';
import { type ColumnChoice, isLoaded, type ResultColumns, resultColumns } from './result-columns.ts';

/** Why records failed, as a result file says it. */
export interface Reason {
  /** As the server spelled it; empty when it gave none. */
  readonly message: string;
  /** Records. */
  readonly count: number;
  /** Line of the first such record in the result file, from 1. */
  readonly line: number;
}

/** What a result file comes to. */
export interface ResultTally {
  /** Records besides the header. */
  readonly rows: number;
  readonly failed: number;
  /** The most frequent messages, most frequent first. */
  readonly reasons: readonly Reason[];
  /** Failed records whose message is not among `reasons`. */
  readonly others: number;
  readonly columns: ResultColumns;
  readonly header: readonly string[];
}

/** So many different messages are told apart; messages that hold a key each must not fill the memory. */
const DISTINCT = 50_000;
/** Characters of all of them together. */
const KEPT = 10_000_000;
/** Messages that are the same in so many characters are one. */
const TOLD = 10_000;

/**
 * Reads a result file once, with flat memory: its rows, its failures, and the most frequent reasons.
 * @param sent the header of the file sent; `null` when it is not at hand
 * @param most how many reasons
 * @throws EbillError USAGE when it cannot be read, or its columns are unclear; INVALID_FILE when it is empty
 */
export async function tallyResult(
  path: string,
  sent: readonly string[] | null,
  choice: ColumnChoice = { status: null, message: null },
  most = 10,
): Promise<ResultTally> {
  return withRecords(path, async (reader) => {
    const header = await headerOf(reader);
    if (header === null) throw emptyResult(path);
    const columns = resultColumns(basename(path), header, sent, choice);
    const found = new Map<string, { count: number; line: number }>();
    let kept = 0;
    let rows = 0;
    let failed = 0;
    for (let record = await reader.read(); record !== null; record = reader.take() ?? (await reader.read())) {
      rows += 1;
      const { ok, message } = recordResult(fieldsOf(record), columns);
      if (ok) continue;
      failed += 1;
      const told = message.slice(0, TOLD);
      const known = found.get(told);
      if (known !== undefined) known.count += 1;
      else if (found.size < DISTINCT && kept + told.length <= KEPT) {
        kept += told.length;
        found.set(ownCopy(told), { count: 1, line: record.line });
      }
    }
    const reasons = [...found]
      .map(([message, { count, line }]) => ({ message, count, line }))
      .sort((a, b) => b.count - a.count || a.line - b.line)
      .slice(0, most);
    const others = failed - reasons.reduce((sum, reason) => sum + reason.count, 0);
    return { rows, failed, reasons, others, columns, header };
  });
}

/** What became of one record. */
export function recordResult(
  fields: readonly string[],
  { status, message }: ResultColumns,
): { readonly ok: boolean; readonly message: string } {
  return {
    ok: isLoaded(fields[status] ?? ''),
    message: message === null ? '' : (fields[message] ?? ''),
  };
}

/** The names in a file's first record; `null` when it has none. @throws EbillError INVALID_FILE when they are too many to be names */
export async function headerOf(reader: RecordReader): Promise<readonly string[] | null> {
  const record = await reader.read();
  if (record === null) return null;
  const names = fieldsOf(record);
  if (names.length <= MAX_COLUMNS && record.length <= LONGEST_HEADER) return names;
  throw new EbillError('INVALID_FILE', `${visible(reader.path)} has a header of too many columns.`, {
    hint: `At most ${MAX_COLUMNS} columns in ${LONGEST_HEADER} bytes are read. Check that this is a CSV file.`,
  });
}

/** Bytes, as for the files sent. */
const LONGEST_HEADER = 1 << 20;

function emptyResult(path: string): EbillError {
  return new EbillError('INVALID_FILE', `${visible(path)} is empty: it has not even a header.`, {
    hint: 'Download it again with --force. If it stays empty, ask for the result where the server is run.',
  });
}

/** A file that was sent, as the journal has it. */
export interface SentFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * The header of a file that was sent, if it is still the file that was sent (by its SHA-256). Reads all of it.
 * @throws EbillError CONFLICT when it is gone or changed; USAGE when it cannot be read
 */
export async function sentHeader(file: SentFile): Promise<readonly string[]> {
  const size = await stat(file.path).then(
    (found) => (found.isFile() ? found.size : null),
    (cause: unknown) => {
      if (errnoOf(cause) === 'ENOENT') return null;
      return undefined;
    },
  );
  if (size === null) throw gone(file);
  if (size !== undefined && size !== file.bytes) throw sentFileChanged(file);
  const hash = createHash('sha256');
  const header = await withRecords(
    file.path,
    async (reader) => {
      const names = await headerOf(reader);
      while ((await reader.readBlock()) === true);
      return names ?? [];
    },
    (block) => hash.update(block),
  );
  if (hash.digest('hex') !== file.sha256) throw sentFileChanged(file);
  return header;
}

/** @returns the error for a file that is not the one sent any more */
export function sentFileChanged(file: SentFile): EbillError {
  return new EbillError('CONFLICT', `${visible(file.path)} is not the file that was sent: it was changed.`, {
    hint: `Restore it (its SHA-256 was ${file.sha256}); failed records are copied from what was sent, byte for byte.`,
  });
}

function gone(file: SentFile): EbillError {
  return new EbillError('CONFLICT', `${visible(file.path)}, the file that was sent, is not there any more.`, {
    hint: `Put it back there (its SHA-256 was ${file.sha256}); failed records are copied from what was sent, byte for byte.`,
  });
}
