import { type FileHandle, open, stat } from 'node:fs/promises';
import { EbillError, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { readBlocks } from './blocks.ts';

/** A record longer than this (bytes) is a quote left open, and memory must not grow with the file. */
const RECORD_LIMIT = 16 << 20;

/** The records of a file on disk, one after the other; several files can be read in step. */
export class RecordReader {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #blocks: AsyncGenerator<Buffer, void>;
  readonly #onBlock: (block: Buffer) => void;
  readonly #cutter = new RecordCutter();
  #records: Iterator<RawRecord, void> | null = null;
  #over = false;

  private constructor(path: string, handle: FileHandle, size: number, onBlock: (block: Buffer) => void) {
    this.path = path;
    this.#handle = handle;
    this.#blocks = readBlocks(handle, size);
    this.#onBlock = onBlock;
  }

  /**
   * @param onBlock gets every block of the file as it is read, for a hash; it must not keep it
   * @throws EbillError USAGE when the file cannot be opened
   */
  static async open(path: string, onBlock: (block: Buffer) => void = () => undefined): Promise<RecordReader> {
    try {
      // Before it is opened: opening a named pipe would wait for its writer for ever.
      if (!(await stat(path)).isFile()) throw new Error('it is no ordinary file');
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

  /** The next record if it is at hand; `undefined`: ask `read`. Its bytes are valid until then. */
  take(): RawRecord | undefined {
    const next = this.#records?.next();
    return next === undefined || next.done === true ? undefined : next.value;
  }

  /** The next record; `null` at the end of the file. @throws EbillError USAGE, INVALID_FILE */
  async read(): Promise<RawRecord | null> {
    for (;;) {
      const record = this.take();
      if (record !== undefined) return record;
      if (this.#over) return null;
      const step = await this.#blocks.next().catch((cause: unknown) => {
        throw cannotRead(this.path, cause);
      });
      if (step.done === true) {
        this.#over = true;
        this.#records = this.#cutter.end();
        continue;
      }
      this.#onBlock(step.value);
      if (this.#cutter.pending > RECORD_LIMIT) throw endless(this.path);
      this.#records = this.#cutter.cut(step.value);
    }
  }

  /** Passes over the next block without looking for records, for who wants the hash alone. `false` at the end. @throws EbillError USAGE */
  async readBlock(): Promise<boolean> {
    const step = await this.#blocks.next().catch((cause: unknown) => {
      throw cannotRead(this.path, cause);
    });
    if (step.done === true) return false;
    this.#onBlock(step.value);
    return true;
  }

  async close(): Promise<void> {
    // The block being read ahead holds the handle: it ends first.
    await this.#blocks.return().catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
  }
}

/** Opens a file, works on it, and closes it however that ends. @throws what `work` throws, and EbillError USAGE */
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
    hint: 'Check that the file is there and its permissions.',
    cause,
  });
}

function endless(path: string): EbillError {
  return new EbillError(
    'INVALID_FILE',
    `${visible(path)} has a record of more than 16 MiB: a quote is left open.`,
    { hint: 'Download the result file again with --force; if it stays so, the server wrote it that way.' },
  );
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

const FIELD_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
const QUOTE_SEEN = 3;
const AFTER_CR = 4;

/** A record as its bytes stand in the file. */
export interface RawRecord {
  /** 1-based line it begins on. */
  readonly line: number;
  /** With its line end, if it has one. A view: valid until the next block is cut. */
  readonly bytes: Buffer;
  /** Bytes without the line end. */
  readonly length: number;
}

/**
 * Cuts a CSV file into its records, byte for byte, as blocks of any size come by (RFC 4180, quotes read as leniently as
 * the preflight scanner reads them, so that both count the same records). Blank lines are no records; a BOM belongs to
 * none. Only the record a block ends in is kept.
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

  /** Bytes kept of a record that is not over yet. */
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

  /** The file is over: the last record, if it has no line end. */
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
        // The LF of a CRLF is the same line end.
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
    // A copy: the block is given back.
    this.#carry = Buffer.from(data.subarray(start));
    this.#scanned = this.#carry.length;
  }
}

/** A result or a file sent with more columns than this is not read: a record of sixteen megabytes may be commas alone. */
export const MAX_COLUMNS = 10_000;

/** The fields of a record (RFC 4180), one more than `MOST_COLUMNS` at most. Bad quotes are text, as for the preflight scanner. */
export function fieldsOf(record: RawRecord): string[] {
  const text = record.bytes.toString('utf8', 0, record.length);
  if (!text.includes('"')) return text.split(',', MAX_COLUMNS + 1);
  const fields: string[] = [];
  for (let at = 0; fields.length <= MAX_COLUMNS; ) {
    let value = '';
    if (text.charAt(at) === '"') {
      at += 1;
      for (;;) {
        const quote = text.indexOf('"', at);
        const end = quote < 0 ? text.length : quote;
        value += text.slice(at, end);
        at = end + 1;
        if (quote < 0 || text.charAt(at) !== '"') break;
        value += '"';
        at += 1;
      }
    }
    const comma = text.indexOf(',', at);
    if (comma < 0) {
      fields.push(value + text.slice(at));
      return fields;
    }
    fields.push(value + text.slice(at, comma));
    at = comma + 1;
  }
  return fields;
}

/** The text in memory of its own. A field is a piece of its record to the engine: who keeps one keeps the whole record. */
export const ownCopy = (field: string): string => Buffer.from(field, 'utf16le').toString('utf16le');
