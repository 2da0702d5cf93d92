/**
 * Who is given the values of some columns, record by record, while a file's structure is read. Columns are 1-based. A value
 * is given as its bytes in the file, quotes and all: `plainValue` reads them.
 */
export interface FieldSink {
  /** The header was read. @returns the columns wanted, ascending */
  header(names: readonly string[], line: number): readonly number[];
  /**
   * A record is over. Bytes and bounds are valid only during the call.
   * @param line where it began, 1-based
   * @param whole it has as many fields as the header, and its quotes are closed; if not, there are no values to be had
   * @param bounds from and up to of each wanted value in `bytes`, in the order of the columns
   * @returns other columns wanted from now on; `undefined`: the same
   */
  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined;
}

const QUOTE = 34;

/** A value's bytes and their bounds. */
export interface Value {
  bytes: Uint8Array;
  from: number;
  to: number;
}

/** Does the field at these bytes mean just them? An empty one does. */
export function isUnquoted(bytes: Uint8Array, from: number, to: number): boolean {
  return from === to || bytes[from] !== QUOTE;
}

/**
 * Makes `value` what the field at these bytes means (RFC 4180, 2.5 to 2.7): without its quotes, doubled quotes once. The
 * bytes are copied only if there are doubled quotes. Text after a closing quote is kept: it is a finding anyhow.
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

/** A value as text. */
export function valueText({ bytes, from, to }: Value): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}

/**
 * Bytes of a record's wanted values that are kept together. Two blocks, so that only a record that is cut by a
 * block's end can have more, however a file is cut.
 */
export const MAX_KEPT = 2 << 20;

/**
 * Where the values of the wanted columns lie, of the record being read. They are views into the block; only of the record
 * that a block ends in are they copied, and then all of them, so that whoever takes a record has its values in one place.
 */
export class SelectedValues {
  /** The wanted columns, ascending, and a 0 behind them. */
  columns = new Int32Array(1);
  /** From and up to, of each value found in the block being read. */
  bounds = new Int32Array(2);
  /** Of a record that began in an earlier block: its values so far, one after the other, and their bounds. */
  #kept = new Uint8Array(1 << 10);
  #keptBounds = new Int32Array(2);
  #length = 0;
  /** Values of it that are complete, and whether one more has begun. */
  #complete = 0;
  #begun = false;
  #tooLong = false;

  /** Is nothing wanted? */
  get none(): boolean {
    return this.columns.length === 1;
  }

  /** Did the record begin in an earlier block? */
  get carried(): boolean {
    return this.#begun || this.#complete > 0;
  }

  /** Are there more bytes of the record than are kept? Then it has no values to be had: memory is flat whatever a file holds. */
  get tooLong(): boolean {
    return this.#tooLong;
  }

  /** From the next record on. */
  want(columns: readonly number[]): void {
    this.columns = Int32Array.from([...columns, 0]);
    this.bounds = new Int32Array(2 * columns.length);
    this.#keptBounds = new Int32Array(2 * columns.length);
    this.clear();
  }

  /** The block, or the record, ends: keeps what it holds. `found`: complete values of the record; `from`: where the next one begins, -1: nowhere. */
  keep(block: Uint8Array, found: number, from: number): void {
    while (this.#complete < found) {
      const at = 2 * this.#complete;
      this.#append(block, this.bounds[at] as number, this.bounds[at + 1] as number);
      this.#close();
    }
    if (from >= 0) this.#append(block, from, block.length);
  }

  /** The file ends, and with it a value that had begun. @returns complete values of the record */
  end(): number {
    if (this.#begun) this.#close();
    return this.#complete;
  }

  /** The values that were kept, until `clear`. */
  get bytes(): Uint8Array {
    return this.#kept;
  }

  get keptBounds(): Int32Array {
    return this.#keptBounds;
  }

  /** The record is over. */
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
    const length = this.#length + to - from;
    if (length > MAX_KEPT) this.#tooLong = true;
    if (this.#tooLong) return;
    if (length > this.#kept.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#kept.length));
      larger.set(this.#kept.subarray(0, this.#length));
      this.#kept = larger;
    }
    this.#kept.set(block.subarray(from, to), this.#length);
    this.#length = length;
  }
}
