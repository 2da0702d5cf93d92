import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type RecordResult, type RecordStatusMap, recordStatus } from '../batch/record-status.ts';
import type { UnknownResults } from '../batch/types.ts';
import { EbillError, errnoOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { type Reason, Reasons } from './reasons.ts';
import { detached, type RecordReader, recordFields, withRecords } from './record-reader.ts';
import { commaSeparated } from './result-blocks.ts';
import { type ColumnChoice, lackingColumns, type ResultColumns, resultColumns } from './result-columns.ts';

/** Counts and reasons of a result file. */
export interface ResultTally {
  /** Records without the header. */
  readonly rows: number;
  readonly failed: number;
  /** The most frequent messages first. */
  readonly reasons: readonly Reason[];
  /** Failed records whose message is not among `reasons`. */
  readonly others: number;
  /** Present only when there are records that it says neither "loaded" nor "rejected" of. */
  readonly unknown?: UnknownResults;
  readonly columns: ResultColumns;
  /** Reads the result of one record from its row. */
  readonly resultOf: ResultReader;
  readonly header: readonly string[];
}

/** How a result file is to be read. */
export interface ResultReading {
  readonly columns: ColumnChoice;
  /** Status values that a user declared. */
  readonly recordStatus: RecordStatusMap;
  /**
   * `successCount` of the batch: without a status column, as many rows must have no message. `null` when the server gives none.
   */
  readonly successCount: number | null;
}

export const USUAL_READING: ResultReading = {
  columns: { status: null, message: null },
  recordStatus: {},
  successCount: null,
};

type ResultReader = (fields: readonly string[]) => {
  readonly result: RecordResult;
  readonly message: string;
};

/**
 * Reads a result file once, with flat memory: rows, failures, and the most frequent reasons.
 * @param sent the header of the file that was sent; `null` when it is not available
 * @param most how many reasons to return
 * @throws EbillError USAGE when the file cannot be read or its columns are ambiguous; INVALID_FILE when it is empty
 */
export async function tallyResult(
  path: string,
  sent: readonly string[] | null,
  reading: ResultReading = USUAL_READING,
  most = 10,
): Promise<ResultTally> {
  return withResultRecords(path, async (reader) => {
    const header = await reader.readHeader();
    if (header === null) throw emptyResult(path);
    const columns = resultColumns(basename(path), header, sent, reading.columns);
    const resultOf = resultReader(columns, header, reading);
    const [reasons, unknown] = [new Reasons(header), new Occurrences()];
    let rows = 0;
    for (let record = await reader.read(); record !== null; record = reader.take() ?? (await reader.read())) {
      rows += 1;
      const fields = recordFields(record);
      const { result, message } = resultOf(fields);
      if (result === 'rejected')
        reasons.add(
          message,
          record.line,
          fields.filter((_, i) => i !== columns.status && i !== columns.message),
        );
      else if (result === 'unknown') unknown.add(fields[columns.status ?? -1] ?? '', record.line);
    }
    const tally = {
      rows,
      failed: reasons.total,
      ...reasons.list(most),
      ...(unknown.total === 0 ? {} : { unknown: { records: unknown.total, values: unknown.list(most) } }),
      columns,
      resultOf,
      header,
    };
    // Without a status column an empty message means loaded only if the server counted as many (api rule 23).
    return columns.status !== null || rows - tally.failed === reading.successCount
      ? tally
      : { ...tally, failed: 0, reasons: [], others: 0, unknown: { records: rows, values: [] } };
  });
}

/** Records of a result file besides the header, whatever they say. @throws as `tallyResult` */
export const countRows = (path: string): Promise<number> =>
  withResultRecords(path, async (reader) => {
    await reader.readHeader();
    let rows = 0;
    while ((await reader.read()) !== null) rows += 1;
    return rows;
  });

/** Different unknown status values that are counted, and how many characters of each. */
const MAX_VALUES = 1_000;
const VALUE_LENGTH = 200;

/** Status values with the number of times they occur and the first line, in bounded memory. */
class Occurrences {
  total = 0;
  readonly #found = new Map<string, { count: number; line: number }>();

  add(text: string, line: number): void {
    this.total += 1;
    // The `…` stands right after what may be the start of a secret: the redactor hides that.
    const short = text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH)}…` : text;
    const known = this.#found.get(short);
    if (known !== undefined) known.count += 1;
    else if (this.#found.size < MAX_VALUES) this.#found.set(detached(short), { count: 1, line });
  }

  /** The most frequent ones. */
  list(most: number): UnknownResults['values'] {
    return [...this.#found]
      .map(([value, { count, line }]) => ({ value, count, line }))
      .sort((a, b) => b.count - a.count || a.line - b.line)
      .slice(0, most);
  }
}

/** Status values remembered, since a result has few different ones. */
const REMEMBERED = 1_000;

function resultReader(
  { status, message }: ResultColumns,
  header: readonly string[],
  { recordStatus: declared, successCount }: ResultReading,
): ResultReader {
  const name = header[status ?? -1];
  const known = new Map<string, RecordResult>();
  const ofStatus = (value: string): RecordResult => {
    let result = known.get(value);
    if (result === undefined) {
      result = recordStatus(value, declared, name, successCount !== null);
      if (known.size < REMEMBERED && value.length < 200) known.set(detached(value), result);
    }
    return result;
  };
  return (fields) => {
    const text = message === null ? '' : (fields[message] ?? '');
    if (status !== null) return { result: ofStatus(fields[status] ?? ''), message: text };
    return { result: text.trim() === '' ? 'loaded' : 'rejected', message: text };
  };
}

function emptyResult(path: string): EbillError {
  return new EbillError('INVALID_FILE', `${visible(path)} is empty: it does not even have a header.`, {
    hint: "Download it again with --force. If it is still empty, ask the server's operator for the result.",
  });
}

/** Calls `work` with the records of a result file, in whatever encoding and with whatever delimiter. @throws as `withRecords` */
export const withResultRecords = <T>(path: string, work: (reader: RecordReader) => Promise<T>): Promise<T> =>
  withRecords(path, work, undefined, commaSeparated);

/** A file that was sent, as recorded in the journal. */
export interface SentFile {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * The header of a file that was sent, provided that the file still has its SHA-256. Reads the whole file.
 * @throws EbillError CONFLICT when the file is missing or changed; USAGE when it cannot be read
 */
export async function sentHeader(file: SentFile): Promise<readonly string[]> {
  const size = await stat(file.path).then(
    (found) => (found.isFile() ? found.size : null),
    (cause: unknown) => (errnoOf(cause) === 'ENOENT' ? null : undefined),
  );
  if (size === null) throw sentFileMissing(file);
  if (size !== undefined && size !== file.bytes) throw sentFileChanged(file);
  return withSentFile(file, async (reader) => {
    const names = await reader.readHeader();
    await reader.skipToEnd();
    return names ?? [];
  });
}

/**
 * Calls `work` with the records of a file that was sent, and then checks its hash.
 * @param readToEnd whether `work` read the whole file, by its result; if not, there is no hash to check
 * @throws what `work` throws; EbillError CONFLICT when the file changed since it was sent
 */
export async function withSentFile<T>(
  file: SentFile,
  work: (reader: RecordReader) => Promise<T>,
  readToEnd: (result: T) => boolean = () => true,
): Promise<T> {
  const hash = createHash('sha256');
  const result = await withRecords(file.path, work, (block) => hash.update(block));
  if (readToEnd(result) && hash.digest('hex') !== file.sha256) throw sentFileChanged(file);
  return result;
}

function sentFileChanged(file: SentFile): EbillError {
  return new EbillError('CONFLICT', `${visible(file.path)} has changed since it was sent.`, {
    hint: `Restore the file that was sent (SHA-256 ${file.sha256}): failed records are copied from it byte for byte.`,
  });
}

function sentFileMissing(file: SentFile): EbillError {
  return new EbillError('CONFLICT', `${visible(file.path)}, which was sent, no longer exists.`, {
    hint: `Put it back (SHA-256 ${file.sha256}): failed records are copied from it byte for byte.`,
  });
}

/**
 * Why a file cannot be the result of a file that was sent: it has to have the columns sent, names compared without case
 * (api rule 21); `null`: it can be.
 * @param sent `null` when it is not known: then any columns will do
 */
export async function resultProblem(path: string, sent: readonly string[] | null): Promise<string | null> {
  const header = await withResultRecords(path, (reader) => reader.readHeader()).catch((error: unknown) => {
    // The reader names the file, which has a temporary name and is about to go.
    if (error instanceof EbillError && error.code === 'INVALID_FILE') return 'unreadable' as const;
    throw error;
  });
  if (header === null) return 'it is empty';
  if (header === 'unreadable') return 'its first line is no header';
  return lackingColumns(header, sent ?? []);
}
