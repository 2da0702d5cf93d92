import { type FileHandle, open, stat } from 'node:fs/promises';
import { EbillError, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { readBlocks } from './blocks.ts';
import { splitFields } from './field-values.ts';

/** Limit for a record in bytes: a longer one has an open quote, and memory must not grow with the file. */
const RECORD_LIMIT = 16 << 20;
/** Limit for a header in bytes, as for the files sent. */
const HEADER_LIMIT = 1 << 20;
/** Limit for the columns of a file: a record of sixteen megabytes may be commas only. */
const MAX_COLUMNS = 10_000;

/** A record as its bytes in the file. */
export interface RawRecord {
  /** The line it begins on, from 1. */
  readonly line: number;
  /** With its line end, if it has one. A view, valid until the next block is read. */
  readonly bytes: Buffer;
  /** Bytes without the line end. */
  readonly length: number;
}

/** Reads the records of a file one after the other; several files can be read in step. */
export class RecordReader {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #blocks: AsyncGenerator<Buffer, void>;
  readonly #onBlock: (block: Buffer) => void;
  readonly #cutter = new RecordCutter();
  #records: Iterator<RawRecord, void> | null = null;
  #ended = false;

  private constructor(path: string, handle: FileHandle, size: number, onBlock: (block: Buffer) => void) {
    this.path = path;
    this.#handle = handle;
    this.#blocks = readBlocks(handle, size);
    this.#onBlock = onBlock;
  }

  /**
   * @param onBlock gets every block as it is read, for a hash; it must not keep it
   * @throws EbillError USAGE when the file cannot be opened
   */
  static async open(path: string, onBlock: (block: Buffer) => void = () => undefined): Promise<RecordReader> {
    try {
      // Before opening: opening a named pipe blocks until there is a writer.
      if (!(await stat(path)).isFile()) throw new Error('it is not a regular file');
      const handle = await open(path, 'r');
      const { size } = await handle.stat();
      return new RecordReader(path, handle, size, onBlock);
    } catch (cause) {
      throw cannotRead(path, cause);
    }
  }

  get hasBom(): boolean {
    return this.#cutter.hasBom;
  }

  /** The next record of the current block; `undefined` at its end: then call `read`. Valid until the next call of `read`. */
  take(): RawRecord | undefined {
    const next = this.#records?.next();
    return next === undefined || next.done === true ? undefined : next.value;
  }

  /** The next record; `null` at the end of the file. @throws EbillError USAGE, INVALID_FILE */
  async read(): Promise<RawRecord | null> {
    for (;;) {
      const record = this.take();
      if (record !== undefined) return record;
      if (this.#ended) return null;
      const block = await this.#nextBlock();
      if (block === null) {
        this.#ended = true;
        this.#records = this.#cutter.end();
        continue;
      }
      if (this.#cutter.pending > RECORD_LIMIT) throw recordTooLong(this.path);
      this.#records = this.#cutter.cut(block);
    }
  }

  /**
   * Reads the first record as column names; `null` when the file is empty.
   * @throws EbillError INVALID_FILE when there are too many to be a header
   */
  async readHeader(): Promise<readonly string[] | null> {
    const record = await this.read();
    if (record === null) return null;
    const names = recordFields(record);
    if (names.length <= MAX_COLUMNS && record.length <= HEADER_LIMIT) return names;
    throw new EbillError('INVALID_FILE', `The header of ${visible(this.path)} has too many columns.`, {
      hint: `At most ${MAX_COLUMNS} columns in ${HEADER_LIMIT} bytes are supported. Check that this is a CSV file.`,
    });
  }

  /** Reads the rest of the file without its records, for a hash. @throws EbillError USAGE */
  async skipToEnd(): Promise<void> {
    while ((await this.#nextBlock()) !== null);
  }

  async close(): Promise<void> {
    // First wait for the block that is read ahead: it uses the handle.
    await this.#blocks.return().catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
  }

  async #nextBlock(): Promise<Buffer | null> {
    const step = await this.#blocks.next().catch((cause: unknown) => {
      throw cannotRead(this.path, cause);
    });
    if (step.done === true) return null;
    this.#onBlock(step.value);
    return step.value;
  }
}

/** Opens a file, calls `work`, and closes it in any case. @throws what `work` throws, and EbillError USAGE */
export async function withRecords<T>(
  path: string,
  work: (reader: RecordReader) => Promise<T>,
  onBlock?: (block: Buffer) => void,
): Promise<T> {
  const reader = await RecordReader.open(path, onBlock);
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

function cannotRead(path: string, cause: unknown): EbillError {
  return new EbillError('USAGE', `${visible(path)} cannot be read: ${visible(messageOf(cause))}.`, {
    hint: 'Check that the file exists and that you have permission to read it.',
    cause,
  });
}

function recordTooLong(path: string): EbillError {
  return new EbillError(
    'INVALID_FILE',
    `${visible(path)} has a record of more than 16 MiB: a quote is never closed.`,
    {
      hint: 'Download the result file again with --force. If it has the error again, the server wrote it that way.',
    },
  );
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

// States of the cutter between two bytes.
const FIELD_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
const QUOTE_SEEN = 3;
const AFTER_CR = 4;

/**
 * Cuts a CSV file into records, byte for byte, in blocks of any size. It reads quotes as leniently as `CsvScanner`, so that
 * both count the same records. Blank lines are not records, and a BOM belongs to none. Only the last record of a block is
 * kept.
 */
export class RecordCutter {
  /** Known from the first record on. */
  hasBom = false;
  #started = false;
  #state = FIELD_START;
  #line = 1;
  #recordLine = 1;
  #carry: Buffer = Buffer.alloc(0);
  #scanned = 0;

  /** Bytes kept of an incomplete record. */
  get pending(): number {
    return this.#carry.length;
  }

  /** The records that end in this block. Take them all before the next block. */
  cut(block: Buffer): Iterator<RawRecord, void> & Iterable<RawRecord> {
    const data = this.#carry.length === 0 ? block : Buffer.concat([this.#carry, block]);
    if (this.#started || data.length >= 3) return this.#scan(data);
    this.#carry = Buffer.from(data);
    return [][Symbol.iterator]();
  }

  /** Call at the end of the file: the last record, if it has no line end. */
  *end(): Generator<RawRecord, void> {
    if (!this.#started) yield* this.#scan(this.#carry);
    const rest = this.#carry;
    const length = this.#state === AFTER_CR ? rest.length - 1 : rest.length;
    this.#carry = Buffer.alloc(0);
    if (length > 0) yield { line: this.#recordLine, bytes: rest, length };
  }

  *#scan(data: Buffer): Generator<RawRecord, void> {
    let start = 0;
    if (!this.#started) {
      this.#started = true;
      this.hasBom = data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf;
      start = this.hasBom ? 3 : 0;
      this.#scanned = start;
    }
    let state = this.#state;
    let line = this.#line;
    let i = this.#scanned;
    while (i < data.length) {
      const c = data[i] as number;
      if (state === AFTER_CR) {
        // CRLF is one line end.
        const end = c === LF ? i + 1 : i;
        const length = i - 1 - start;
        if (length > 0) yield { line: this.#recordLine, bytes: data.subarray(start, end), length };
        start = end;
        i = end;
        this.#recordLine = line;
        state = FIELD_START;
        continue;
      }
      i += 1;
      if (state === QUOTED) {
        if (c === QUOTE) state = QUOTE_SEEN;
        else if (c === CR || (c === LF && data[i - 2] !== CR)) line += 1;
        continue;
      }
      if (c === QUOTE) {
        if (state !== UNQUOTED) state = QUOTED;
      } else if (c === COMMA) state = FIELD_START;
      else if (c === LF) {
        line += 1;
        const length = i - 1 - start;
        if (length > 0) yield { line: this.#recordLine, bytes: data.subarray(start, i), length };
        start = i;
        this.#recordLine = line;
        state = FIELD_START;
      } else if (c === CR) {
        line += 1;
        state = AFTER_CR;
      } else state = UNQUOTED;
    }
    this.#state = state;
    this.#line = line;
    // A copy: the block's buffer is reused.
    this.#carry = Buffer.from(data.subarray(start));
    this.#scanned = this.#carry.length;
  }
}

/** The fields of a record, at most one more than `MAX_COLUMNS`. */
export function recordFields({ bytes, length }: RawRecord): string[] {
  return splitFields(bytes.toString('utf8', 0, length), MAX_COLUMNS + 1);
}

/** Copies a field into memory of its own: V8 keeps the text of the whole record alive as long as a slice of it. */
export const detached = (field: string): string => Buffer.from(field, 'utf16le').toString('utf16le');
