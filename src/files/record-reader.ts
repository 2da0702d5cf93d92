import { constants } from 'node:buffer';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { EbillError, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { readBlocks } from './blocks.ts';
import { splitFields } from './field-values.ts';

/** Limit for a record in bytes, but for the block it ends in: no string of Node.js is longer. */
const RECORD_LIMIT = constants.MAX_STRING_LENGTH - (2 << 20);
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

type Rewrite = (blocks: AsyncGenerator<Buffer, void>) => AsyncGenerator<Buffer, void>;

/** Reads the records of a file one after the other; several files can be read in step. */
export class RecordReader {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #blocks: AsyncGenerator<Buffer, void>;
  readonly #onBlock: (block: Buffer) => void;
  readonly #cutter = new RecordCutter();
  #records: Iterator<RawRecord, void> | null = null;
  #ended = false;

  private constructor(
    path: string,
    handle: FileHandle,
    blocks: AsyncGenerator<Buffer, void>,
    onBlock: (block: Buffer) => void,
  ) {
    this.path = path;
    this.#handle = handle;
    this.#blocks = blocks;
    this.#onBlock = onBlock;
  }

  /**
   * @param onBlock gets every block as it is read, for a hash; it must not keep it
   * @param rewrite changes the blocks before they are cut into records
   * @throws EbillError USAGE when the file cannot be opened
   */
  static async open(
    path: string,
    onBlock: (block: Buffer) => void = () => undefined,
    rewrite: Rewrite = (blocks) => blocks,
  ): Promise<RecordReader> {
    try {
      // Before opening: opening a named pipe blocks until there is a writer.
      if (!(await stat(path)).isFile()) throw new Error('it is not a regular file');
      const handle = await open(path, 'r');
      const { size } = await handle.stat();
      return new RecordReader(path, handle, rewrite(readBlocks(handle, size)), onBlock);
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

  /** The next record; `null` at the end of the file. @param longest in bytes @throws EbillError USAGE, INVALID_FILE */
  async read(longest = RECORD_LIMIT, tooLong = recordTooLong): Promise<RawRecord | null> {
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
      if (this.#cutter.pending > longest) throw tooLong(this.path);
      this.#records = this.#cutter.cut(block);
    }
  }

  /**
   * Reads the first record as column names; `null` when the file is empty.
   * @throws EbillError INVALID_FILE when there are too many to be a header
   */
  async readHeader(): Promise<readonly string[] | null> {
    const record = await this.read(HEADER_LIMIT, headerTooLong);
    if (record === null) return null;
    const names = recordFields(record);
    if (names.length <= MAX_COLUMNS && record.length <= HEADER_LIMIT) return names;
    throw headerTooLong(this.path);
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
  rewrite?: Rewrite,
): Promise<T> {
  const reader = await RecordReader.open(path, onBlock, rewrite);
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

function headerTooLong(path: string): EbillError {
  return new EbillError('INVALID_FILE', `The header of ${visible(path)} has too many columns.`, {
    hint: `At most ${MAX_COLUMNS} columns in ${HEADER_LIMIT} bytes are supported. Check that this is a CSV file.`,
  });
}

function recordTooLong(path: string): EbillError {
  return new EbillError(
    'INVALID_FILE',
    `${visible(path)} has a record of more than 510 MiB, more than Node.js can hold as text: probably a quote is never closed.`,
    {
      hint: 'Download the result file again with --force. If it has the error again, the server wrote it that way.',
    },
  );
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

/** Bytes. More room is given back after a long record. */
const ROOM_KEPT = 4 << 20;

// States of the cutter between two bytes.
const FIELD_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
const QUOTE_SEEN = 3;

/**
 * Cuts a CSV file into records, byte for byte, in blocks of any size; the first block must hold the BOM, if there is one. It
 * reads quotes as leniently as `CsvScanner`, so that both count the same records. Blank lines are not records, and a BOM
 * belongs to none. Only the last record of a block is kept.
 */
export class RecordCutter {
  /** Known from the first record on. */
  hasBom = false;
  #started = false;
  #state = FIELD_START;
  #line = 1;
  #recordLine = 1;
  /** Begins with the record that continues in the next block; grows by doubling, so that a long record is copied twice. */
  #room = Buffer.alloc(0);
  #kept = 0;
  /** How much of what is kept was scanned. */
  #scanned = 0;

  /** Bytes kept of an incomplete record. */
  get pending(): number {
    return this.#kept;
  }

  /** The records that end in this block. Take them all before the next block. */
  cut(block: Buffer): Generator<RawRecord, void> {
    if (this.#started) {
      if (this.#kept === 0) return this.#records(block, false);
      this.#keep(block);
      return this.#records(this.#room.subarray(0, this.#kept), false);
    }
    this.#started = true;
    this.hasBom = block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf;
    return this.#records(this.hasBom ? block.subarray(3) : block, false);
  }

  /** Call at the end of the file: the last record, if it has no line end. */
  *end(): Generator<RawRecord, void> {
    yield* this.#records(this.#room.subarray(0, this.#kept), true);
    const bytes = this.#room.subarray(0, this.#kept);
    if (bytes.length > 0) yield { line: this.#recordLine, bytes, length: bytes.length };
    this.#kept = 0;
  }

  /** Adds a copy: the block's buffer is reused. */
  #keep(bytes: Buffer): void {
    const length = this.#kept + bytes.length;
    if (length > this.#room.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#room.length));
      this.#room.copy(larger, 0, 0, this.#kept);
      this.#room = larger;
    }
    bytes.copy(this.#room, this.#kept);
    this.#kept = length;
  }

  *#records(data: Buffer, last: boolean): Generator<RawRecord, void> {
    let start = 0;
    let at = this.#scanned;
    let state = this.#state;
    while (at < data.length) {
      const c = data[at] as number;
      if (c > COMMA) {
        if (state !== QUOTED) state = UNQUOTED;
        at += 1;
        continue;
      }
      // CRLF is one line end, also when a block ends between the two.
      if (c === CR && at + 1 === data.length && !last) break;
      const next = c === CR && data[at + 1] === LF ? at + 2 : at + 1;
      if (c === LF || c === CR) {
        this.#line += 1;
        if (state !== QUOTED) {
          const record = { line: this.#recordLine, bytes: data.subarray(start, next), length: at - start };
          if (at > start) yield record;
          this.#recordLine = this.#line;
          start = next;
          state = FIELD_START;
        }
      } else if (c === QUOTE) {
        if (state === QUOTED) state = QUOTE_SEEN;
        else if (state !== UNQUOTED) state = QUOTED;
      } else if (state !== QUOTED) state = c === COMMA ? FIELD_START : UNQUOTED;
      at = next;
    }
    this.#state = state;
    this.#scanned = at - start;
    // An unfinished record stays where it is.
    if (start === 0 && this.#kept > 0) return;
    const rest = Buffer.from(data.subarray(start));
    if (this.#room.length > ROOM_KEPT) this.#room = Buffer.alloc(0);
    this.#kept = 0;
    this.#keep(rest);
  }
}

/** The fields of a record, at most one more than `MAX_COLUMNS`. */
export function recordFields({ bytes, length }: RawRecord): string[] {
  return splitFields(bytes.toString('utf8', 0, length), MAX_COLUMNS + 1);
}

/** Copies a field: V8 keeps the text of the whole record alive as long as a slice of it. */
export const detached = (field: string): string => Buffer.from(field, 'utf16le').toString('utf16le');
