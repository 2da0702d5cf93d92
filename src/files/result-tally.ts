import { basename } from 'node:path';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { type ColumnChoice, type ResultColumns, resultColumns } from './result-columns.ts';
import { fieldsOf, MOST_COLUMNS, ownCopy } from './result-fields.ts';
import { type RecordReader, withRecords } from './result-reader.ts';
import { isLoaded } from './result-words.ts';

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
      const { ok, message } = fateOf(fieldsOf(record), columns);
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
export function fateOf(
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
  if (names.length <= MOST_COLUMNS && record.length <= LONGEST_HEADER) return names;
  throw new EbillError('INVALID_FILE', `${visible(reader.path)} has a header of too many columns.`, {
    hint: `At most ${MOST_COLUMNS} columns in ${LONGEST_HEADER} bytes are read. Check that this is a CSV file.`,
  });
}

/** Bytes, as for the files sent. */
const LONGEST_HEADER = 1 << 20;

function emptyResult(path: string): EbillError {
  return new EbillError('INVALID_FILE', `${visible(path)} is empty: it has not even a header.`, {
    hint: 'Download it again with --force. If it stays empty, ask for the result where the server is run.',
  });
}
