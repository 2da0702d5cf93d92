import { basename } from 'node:path';
import type { FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { AtomicFile } from '../system/atomic-file.ts';
import { visible } from '../system/escaping.ts';
import { displayValue } from './findings.ts';
import { KeyHash64, KeyTable } from './keys.ts';
import { detached, type RawRecord, recordFields, withRecords } from './record-reader.ts';
import { KEY_COLUMNS, type ResultTally, type SentFile, withSentFile } from './result-file.ts';

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
  const index =
    keyColumn === null
      ? header.findIndex((name) => KEY_COLUMNS[kind].test(name.trim()))
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

/** A file that was sent, its header, and its result file. */
interface SentAndResult {
  readonly sent: SentFile;
  readonly header: readonly string[];
  readonly resultPath: string;
  readonly result: Pick<ResultTally, 'columns' | 'header' | 'resultOf'>;
}

/** Receives the failed records in the order of the file sent. Their bytes are valid until the promise resolves. */
interface FailedRecords {
  header(record: RawRecord, hasBom: boolean): Promise<void> | undefined;
  record(record: RawRecord, message: string): Promise<void> | undefined;
}

/**
 * Matches by position: every row of the result must agree with the record at the same position in all columns that both
 * have. Memory is flat. After a mismatch the records passed to `out` are not to be used.
 * @returns why they do not match, without a full stop; `null` when they do
 * @throws EbillError CONFLICT when the file sent has changed
 */
async function matchByPosition(files: SentAndResult, out: FailedRecords): Promise<string | null> {
  const { columns } = files.result;
  const shared = (columns.sent ?? []).flatMap((place, column) => (place < 0 ? [] : [{ place, column }]));
  if (shared.length === 0) return 'the result file has none of the columns sent';
  return withSentFile<string | null>(
    files.sent,
    async (sent) =>
      withRecords(files.resultPath, async (result) => {
        const header = await sent.read();
        if (header !== null) await out.header(header, sent.hasBom);
        await result.read();
        for (let n = 0; ; n += 1) {
          const record = sent.take() ?? (await sent.read());
          const row = result.take() ?? (await result.read());
          if (record === null || row === null) {
            if (record === row) return null;
            const [less, more] =
              record === null ? ['file sent', 'result file'] : ['result file', 'file sent'];
            return `the ${less} has ${n} records, the ${more} has more`;
          }
          const [sentFields, resultFields] = [recordFields(record), recordFields(row)];
          const different = shared.find(
            ({ place, column }) => !sameValue(sentFields[column] ?? '', resultFields[place] ?? ''),
          );
          if (different !== undefined) {
            const name = files.header[different.column] ?? '';
            const [was, is] = [sentFields[different.column], resultFields[different.place]];
            return `line ${record.line}, column "${name}": "${short(was)}" was sent, but line ${row.line} of the result file has "${short(is)}"`;
          }
          const { result: said, message } = files.result.resultOf(resultFields);
          if (said === 'rejected') await out.record(record, message);
        }
      }),
    isMatch,
  );
}

/**
 * Matches by a column that is unique in both files. Memory grows with the failures, and by 8 bytes for each record.
 * @param column index in the header sent
 * @returns as `matchByPosition`
 * @throws EbillError CONFLICT when the file sent has changed
 */
async function matchByKey(files: SentAndResult, column: number, out: FailedRecords): Promise<string | null> {
  const { columns } = files.result;
  const name = files.header[column] ?? '';
  const place = columns.sent?.[column] ?? -1;
  if (place < 0) return `the result file has no column "${name}"`;
  const failed = new Map<string, string>();
  const resultKeys = new UniqueKeys();
  await withRecords(files.resultPath, async (result) => {
    await result.read();
    for (let row = await result.read(); row !== null; row = result.take() ?? (await result.read())) {
      const fields = recordFields(row);
      const key = (fields[place] ?? '').trim();
      resultKeys.add(key);
      const { result: said, message } = files.result.resultOf(fields);
      if (said === 'rejected') failed.set(detached(key), detached(message));
    }
  });
  if (!resultKeys.areUnique()) return `column "${name}" is not unique in the result file`;
  return withSentFile<string | null>(
    files.sent,
    async (sent) => {
      const sentKeys = new UniqueKeys();
      const header = await sent.read();
      if (header !== null) await out.header(header, sent.hasBom);
      for (let record = await sent.read(); record !== null; record = sent.take() ?? (await sent.read())) {
        const key = (recordFields(record)[column] ?? '').trim();
        sentKeys.add(key);
        const message = failed.get(key);
        if (message === undefined) continue;
        await out.record(record, message);
        failed.delete(key);
      }
      if (!sentKeys.areUnique()) return `column "${name}" is not unique in the file sent`;
      const [missing] = failed.keys();
      if (missing === undefined) return null;
      return `the result file has a failed record "${short(missing)}" that is not in the file sent (column "${name}")`;
    },
    isMatch,
  );
}

const isMatch = (mismatch: string | null): boolean => mismatch === null;

/** Servers may trim spaces and change line breaks; any other difference is another value. */
const sameValue = (sent: string, result: string): boolean =>
  sent === result || normalized(sent) === normalized(result);

const normalized = (value: string): string => value.replace(/\r\n?/g, '\n').trim();

const short = (text: string | undefined): string => {
  const characters = [...(text ?? '')];
  return characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : characters.join('');
};

/**
 * Checks that keys are unique, by 64-bit hashes: 16 MB for two million. Two keys with the same hash count as a repeat,
 * which is the safe side.
 */
class UniqueKeys {
  readonly #hash = new KeyHash64();
  #unique = true;
  readonly #table = new KeyTable(() => {
    this.#unique = false;
  });

  add(key: string): void {
    const bytes = Buffer.from(key);
    this.#hash.update(bytes, 0, bytes.length);
    this.#table.add(this.#hash.low, this.#hash.high);
  }

  areUnique(): boolean {
    this.#table.findRepeats();
    return this.#unique;
  }
}
