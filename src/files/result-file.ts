import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { EbillError, errnoOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { detached, type RecordReader, recordFields, withRecords } from './record-reader.ts';
import { type ColumnChoice, isLoaded, type ResultColumns, resultColumns } from './result-columns.ts';

/** A reason for failed records, from a result file. */
export interface Reason {
  /** The server's message; empty when it gave none. */
  readonly message: string;
  /** Records. */
  readonly count: number;
  /** Line of the first such record in the result file, from 1. */
  readonly line: number;
}

/** Counts and reasons of a result file. */
export interface ResultTally {
  /** Records without the header. */
  readonly rows: number;
  readonly failed: number;
  /** The most frequent messages first. */
  readonly reasons: readonly Reason[];
  /** Failed records whose message is not among `reasons`. */
  readonly others: number;
  readonly columns: ResultColumns;
  readonly header: readonly string[];
}

/** Limits for the different messages that are counted; messages may each contain a key, and memory must stay flat. */
const MAX_MESSAGES = 50_000;
const MAX_MESSAGE_CHARACTERS = 10_000_000;
/** Messages are compared up to this many characters. */
const MESSAGE_LENGTH = 10_000;

/**
 * Reads a result file once, with flat memory: rows, failures, and the most frequent reasons.
 * @param sent the header of the file that was sent; `null` when it is not available
 * @param most how many reasons to return
 * @throws EbillError USAGE when the file cannot be read or its columns are ambiguous; INVALID_FILE when it is empty
 */
export async function tallyResult(
  path: string,
  sent: readonly string[] | null,
  choice: ColumnChoice = { status: null, message: null },
  most = 10,
): Promise<ResultTally> {
  return withRecords(path, async (reader) => {
    const header = await reader.readHeader();
    if (header === null) throw emptyResult(path);
    const columns = resultColumns(basename(path), header, sent, choice);
    const messages = new Map<string, { count: number; line: number }>();
    let characters = 0;
    let rows = 0;
    let failed = 0;
    for (let record = await reader.read(); record !== null; record = reader.take() ?? (await reader.read())) {
      rows += 1;
      const { ok, message } = recordResult(recordFields(record), columns);
      if (ok) continue;
      failed += 1;
      const short = message.slice(0, MESSAGE_LENGTH);
      const known = messages.get(short);
      if (known !== undefined) known.count += 1;
      else if (messages.size < MAX_MESSAGES && characters + short.length <= MAX_MESSAGE_CHARACTERS) {
        characters += short.length;
        messages.set(detached(short), { count: 1, line: record.line });
      }
    }
    const reasons = [...messages]
      .map(([message, { count, line }]) => ({ message, count, line }))
      .sort((a, b) => b.count - a.count || a.line - b.line)
      .slice(0, most);
    const others = failed - reasons.reduce((sum, reason) => sum + reason.count, 0);
    return { rows, failed, reasons, others, columns, header };
  });
}

/** The result for one record, from its row in a result file. */
export function recordResult(
  fields: readonly string[],
  { status, message }: ResultColumns,
): { readonly ok: boolean; readonly message: string } {
  return {
    ok: isLoaded(fields[status] ?? ''),
    message: message === null ? '' : (fields[message] ?? ''),
  };
}

function emptyResult(path: string): EbillError {
  return new EbillError('INVALID_FILE', `${visible(path)} is empty: it does not even have a header.`, {
    hint: "Download it again with --force. If it is still empty, ask the server's operator for the result.",
  });
}

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
