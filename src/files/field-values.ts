import type { RecordBatch } from './scan-kernel.ts';

/**
 * Receives the values of selected columns, record by record, while a file is scanned. Columns count from 1. A value is
 * passed as its bytes in the file, quotes included; `readValue` decodes them.
 */
export interface FieldSink {
  /** Called with the header. @returns the columns to select, ascending */
  header(names: readonly string[], line: number): readonly number[];
  /** True if the whole value of a column is needed; else its first `SHORT_VALUE` bytes may be passed. Default: true. */
  needsWhole?(column: number): boolean;
  /**
   * Called at the end of each record. Bytes and bounds are valid only during the call.
   * @param line the line the record begins on, from 1
   * @param whole the record has as many fields as the header, no open quote, and no needed value above `MAX_KEPT`; if
   *   false, there are no values
   * @param bounds start and end of each selected value in `bytes`, in the order of the columns
   * @returns other columns to select from now on; `undefined` for no change
   */
  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined;
  /** May be called in place of `record`, for whole records one after the other. @returns false to have `record` called */
  batch?(records: RecordBatch): boolean;
}

const QUOTE = 34;

/** A value's bytes, in a larger array. */
export interface Value {
  bytes: Uint8Array;
  from: number;
  to: number;
}

export const emptyValue = (): Value => ({ bytes: new Uint8Array(0), from: 0, to: 0 });

/** True if a field does not begin with a quote, so that its bytes are its value. */
export function isUnquoted(bytes: Uint8Array, from: number, to: number): boolean {
  return from === to || bytes[from] !== QUOTE;
}

/**
 * Sets `value` to the value of a field (RFC 4180, 2.5 to 2.7): without enclosing quotes, doubled quotes once. Copies the
 * bytes only if there are doubled quotes. Text after a closing quote is kept; it is a finding anyway.
 */
export function readValue(value: Value, bytes: Uint8Array, from: number, to: number): void {
  value.bytes = bytes;
  value.from = from;
  value.to = to;
  if (isUnquoted(bytes, from, to)) return;
  const closing = to - 1;
  let i = from + 1;
  while (i < closing && bytes[i] !== QUOTE) i++;
  if (i >= closing) {
    value.from = from + 1;
    value.to = bytes[closing] === QUOTE && closing > from ? closing : to;
    return;
  }
  const copy = new Uint8Array(to - from);
  let length = 0;
  let quoted = true;
  for (let at = from + 1; at < to; at++) {
    const byte = bytes[at] as number;
    if (quoted && byte === QUOTE) {
      if (bytes[at + 1] !== QUOTE || at + 1 === to) {
        quoted = false;
        continue;
      }
      at++;
    }
    copy[length++] = byte;
  }
  value.bytes = copy;
  value.from = 0;
  value.to = length;
}

export function valueText({ bytes, from, to }: Value): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}

/**
 * Splits a record (as text, without its line end) into its fields, at most `limit` of them. Bad quotes are kept as text, as
 * the scanner reads them.
 */
export function splitFields(text: string, limit = Number.POSITIVE_INFINITY): string[] {
  if (!text.includes('"')) return text.split(',', Math.min(limit, 2 ** 32 - 1));
  const fields: string[] = [];
  for (let at = 0; fields.length < limit; ) {
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

/**
 * How many bytes of a value that is needed whole are kept. Two blocks, so that the limit only concerns records that a
 * block's end cuts, however a file is divided into blocks.
 */
export const MAX_KEPT = 2 << 20;

/** How many bytes are kept of other values: more than any number or code has. */
export const SHORT_VALUE = 256;

/**
 * The values of the selected columns of the record being scanned. They are bounds in the block; only the values of a
 * record that continues in the next block are copied, all of them, so that a record's values are in one array.
 */
export class SelectedValues {
  /** The selected columns, ascending, then a 0. */
  columns = new Int32Array(1);
  /** Start and end of each value found in the current block. */
  bounds = new Int32Array(2);
  /** Values of a record that began in an earlier block, one after the other, and their bounds. */
  #kept = new Uint8Array(1 << 10);
  #keptBounds = new Int32Array(2);
  /** How many bytes of each selected value are kept. */
  #limits = new Int32Array(1);
  #length = 0;
  /** Complete values kept, and whether another one has begun. */
  #complete = 0;
  #begun = false;
  #tooLong = false;

  /** True if no column is selected. */
  get none(): boolean {
    return this.columns.length === 1;
  }

  /** True if the record began in an earlier block. */
  get carried(): boolean {
    return this.#begun || this.#complete > 0;
  }

  /** True if a value that is needed whole exceeds `MAX_KEPT`: memory stays flat. */
  get tooLong(): boolean {
    return this.#tooLong;
  }

  /** Selects columns from the next record on. */
  select(columns: readonly number[], needsWhole: (column: number) => boolean): void {
    this.#limits = Int32Array.from(columns, (column) => (needsWhole(column) ? MAX_KEPT : SHORT_VALUE));
    this.columns = Int32Array.from([...columns, 0]);
    this.bounds = new Int32Array(2 * columns.length);
    this.#keptBounds = new Int32Array(2 * columns.length);
    this.clear();
  }

  /**
   * Keeps the record's values at the end of a block or of the record.
   * @param found complete values of the record so far
   * @param from where the next value begins in the block, -1 when none has begun
   */
  keep(block: Uint8Array, found: number, from: number): void {
    while (this.#complete < found) {
      const at = 2 * this.#complete;
      this.#append(block, this.bounds[at] as number, this.bounds[at + 1] as number);
      this.#close();
    }
    if (from >= 0) this.#append(block, from, block.length);
  }

  /** Ends a value that had begun, at the end of the file. @returns the complete values of the record */
  end(): number {
    if (this.#begun) this.#close();
    return this.#complete;
  }

  /** The values kept, until `clear`. */
  get bytes(): Uint8Array {
    return this.#kept;
  }

  get keptBounds(): Int32Array {
    return this.#keptBounds;
  }

  /** Forgets the record. */
  clear(): void {
    this.#length = 0;
    this.#complete = 0;
    this.#begun = false;
    this.#tooLong = false;
  }

  #close(): void {
    this.#keptBounds[2 * this.#complete + 1] = this.#length;
    this.#complete += 1;
    this.#begun = false;
  }

  #append(block: Uint8Array, from: number, to: number): void {
    if (!this.#begun) this.#keptBounds[2 * this.#complete] = this.#length;
    this.#begun = true;
    const limit = this.#limits[this.#complete] as number;
    const room = limit - (this.#length - (this.#keptBounds[2 * this.#complete] as number));
    if (to - from > room && limit === MAX_KEPT) this.#tooLong = true;
    const length = this.#length + Math.min(to - from, room);
    if (length > this.#kept.length) this.#kept = grown(this.#kept, length);
    this.#kept.set(block.subarray(from, from + length - this.#length), this.#length);
    this.#length = length;
  }
}

type TypedArray = Uint8Array | Int32Array | Float64Array;
type TypedArrayClass<T> = new (from: number | ArrayBufferLike, offset?: number, length?: number) => T;

/**
 * A copy of a typed array with room for `length` elements, four times as large as often as needed; new elements are 0. Memory that
 * nothing is written to is not taken.
 */
export function grown<T extends TypedArray>(array: T, length: number): T {
  let size = array.length;
  while (size < length) size *= 4;
  const larger = new (array.constructor as TypedArrayClass<T>)(size);
  larger.set(array);
  return larger;
}

/** Address space for one array, in bytes. No memory is taken until something is written there. */
const RESERVED = 2 ** 30;

/** Since ES2024, and in Node.js 20. */
interface GrowableBuffer extends SharedArrayBuffer {
  readonly growable: boolean;
  grow(bytes: number): void;
}

/**
 * As `grown`, without a copy where that is possible: the array continues in the same memory, and the old one must no longer be used.
 * To write to new memory takes a tenth of the time of the checks across files.
 */
export function extended<T extends TypedArray>(array: T, length: number): T {
  let size = array.length;
  while (size < length) size *= 4;
  const bytes = size * array.BYTES_PER_ELEMENT;
  const TypedArrayOf = array.constructor as TypedArrayClass<T>;
  try {
    let buffer = array.buffer as GrowableBuffer;
    if (buffer.growable) buffer.grow(bytes);
    else {
      const Growable = SharedArrayBuffer as unknown as new (bytes: number, limits: object) => GrowableBuffer;
      buffer = new Growable(bytes, { maxByteLength: RESERVED });
      new TypedArrayOf(buffer, 0, array.length).set(array);
    }
    return new TypedArrayOf(buffer, 0, size);
  } catch {
    // There is not so much address space.
    return grown(array, length);
  }
}
