import type { Occurrences } from './structure.ts';

/** Values of a column that seem to have lost their leading zeros. */
interface LostZeros extends Readonly<Occurrences> {
  /** Digits of the other values. */
  readonly width: number;
  /** One of them that also occurs with its zeros. */
  readonly twin: number | undefined;
}

/** Collects, for one column, how many digits its values have. Values come in the order of the records. */
export class ColumnDigits {
  #values = 0;
  #digits = 0;
  #exponents = 0;
  #withLeadingZero = 0;
  /** The length of values with a leading zero, -1 when they differ. */
  #width = 0;
  #longest = 0;
  /** How often values of each length occur. */
  readonly #lengths = new Map<number, Occurrences>();
  /** The entry of the last length: nearly all values have the same one. */
  #lastLength = 0;
  #last: Occurrences = { line: 0, count: 0 };
  readonly #twins: ZeroTwins;
  /** Values of exactly `#width` digits, once it is known. Nearly all are, so this is the fast path. */
  #ofWidth = 0;

  constructor(room: { left: number }) {
    this.#twins = new ZeroTwins(room);
  }

  /** Adds the value of a whole record that begins on `line`. */
  add(line: number, bytes: Uint8Array, from: number, to: number): void {
    if (to - from === this.#width && this.#withLeadingZero >= 2 && allDigits(bytes, from, to)) {
      this.#ofWidth += 1;
      if (bytes[from] === ZERO && !this.#twins.isSettled(this.#width)) this.#twins.addPadded(bytes, from, to);
    } else this.#addOther(line, bytes, from, to);
  }

  /** Digits of the values of which only the number still counts; 0 while there are none. */
  get settledWidth(): number {
    const width = this.#withLeadingZero >= 2 && this.#width > 0 ? this.#width : 0;
    return width > 0 && this.#twins.isSettled(width) ? width : 0;
  }

  /** Adds values of `settledWidth` digits. */
  addOfWidth(count: number): void {
    this.#ofWidth += count;
  }

  #addOther(line: number, bytes: Uint8Array, from: number, to: number): void {
    const digits = to - from;
    const leadingZero = bytes[from] === ZERO;
    // "0" never had other digits.
    if (digits === 0 || (digits === 1 && leadingZero)) return;
    this.#values += 1;
    if (digits > LONGEST_ID || !allDigits(bytes, from, to)) {
      if (isExponent(bytes, from, to)) this.#exponents += 1;
      return;
    }
    this.#digits += 1;
    if (digits > this.#longest) this.#longest = digits;
    if (!leadingZero) this.#twins.addBare(line, bytes, from, to);
    else {
      this.#twins.addPadded(bytes, from, to);
      this.#withLeadingZero += 1;
      this.#width = this.#withLeadingZero === 1 || this.#width === digits ? digits : -1;
    }
    if (digits !== this.#lastLength) {
      this.#lastLength = digits;
      this.#last = this.#lengths.get(digits) ?? { line, count: 0 };
      if (this.#lengths.size < 64) this.#lengths.set(digits, this.#last);
    }
    this.#last.count += 1;
  }

  /** True if all values are digits or exponents: probably ids. */
  get isId(): boolean {
    return this.#digits + this.#exponents > 0 && this.#digits + this.#exponents === this.#values;
  }

  /** True for ids of one width, padded with zeros: `0000001007`. */
  get isPadded(): boolean {
    return this.#withLeadingZero >= 2 && this.#width === this.#longest && this.isId;
  }

  /**
   * Shorter values of a padded column if they are few: at most one for every four of full width. Postal codes of two countries are
   * such values, and article numbers of two systems: in a column that is no key, one of them also occurs with its zeros.
   */
  lostZeros(isKey: boolean): LostZeros | undefined {
    const { found } = this.#twins;
    if (!this.isPadded || (!isKey && found === undefined)) return undefined;
    const short = [...this.#lengths].filter(([length]) => length < this.#width).map(([, seen]) => seen);
    const count = short.reduce((sum, seen) => sum + seen.count, 0);
    const full = this.#ofWidth + (this.#lengths.get(this.#width)?.count ?? 0);
    if (count === 0 || count * 4 > full) return undefined;
    const line = isKey ? Math.min(...short.map((seen) => seen.line)) : (found?.line ?? 0);
    return { line, count, width: this.#width, twin: found?.value };
  }
}

/** Padded values of a column that are kept, of all columns, and bare ones of a column. */
const MAX_PADDED = 10_000;
export const MAX_ALL_PADDED = 100_000;
const MAX_BARE = 1000;
/** Padded values of a column that are looked at: a column with few different ones would never have enough. */
const MAX_LOOKED_AT = 2 * MAX_PADDED;

/** Finds a number that occurs both with leading zeros and without, among the first ones of a column. */
class ZeroTwins {
  readonly #room: { left: number };
  readonly #padded = new Set<number>();
  /** The line of each. */
  readonly #bare = new Map<number, number>();
  #lowestBare = Number.POSITIVE_INFINITY;
  /** Padded values looked at. */
  #lookedAt = 0;
  #found: { readonly value: number; readonly line: number } | undefined;

  /** @param room for padded values, shared by all columns */
  constructor(room: { left: number }) {
    this.#room = room;
  }

  /** The number, and where it is without zeros. */
  get found(): { readonly value: number; readonly line: number } | undefined {
    return this.#found;
  }

  get #isFull(): boolean {
    return this.#padded.size >= MAX_PADDED || this.#lookedAt >= MAX_LOOKED_AT || this.#room.left === 0;
  }

  /** True if further padded values of `width` digits change nothing: a bare number of as many digits is none of them. */
  isSettled(width: number): boolean {
    return this.#found !== undefined || (this.#isFull && this.#lowestBare >= 10 ** (width - 1));
  }

  addPadded(bytes: Uint8Array, from: number, to: number): void {
    if (this.#found !== undefined) return;
    const isFull = this.#isFull;
    this.#lookedAt += 1;
    const value = numberOf(bytes, from, to);
    const line = this.#bare.get(value);
    if (line !== undefined) this.#found = { value, line };
    else if (!isFull && !this.#padded.has(value)) {
      this.#padded.add(value);
      this.#room.left -= 1;
    }
  }

  addBare(line: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#found !== undefined) return;
    const value = numberOf(bytes, from, to);
    if (this.#padded.has(value)) this.#found = { value, line };
    else if (this.#bare.size < MAX_BARE && !this.#bare.has(value)) {
      this.#bare.set(value, line);
      // NaN, for too many digits, is no other number.
      if (value < this.#lowestBare) this.#lowestBare = value;
    }
  }
}

/** The number that digits are; NaN, which equals none, if they are too many. */
function numberOf(bytes: Uint8Array, from: number, to: number): number {
  let start = from;
  while (start < to && bytes[start] === ZERO) start++;
  if (to - start > 15) return Number.NaN;
  let value = 0;
  for (let i = start; i < to; i++) value = value * 10 + (bytes[i] as number) - ZERO;
  return value;
}

/** Bytes. A longer value is no id, however many of its bytes are known. */
const LONGEST_ID = 128;

const ZERO = 48;
const NINE = 57;
const PLUS = 43;

function allDigits(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte < ZERO || byte > NINE) return false;
  }
  return true;
}

/** `1.23E+11`, as spreadsheets write it. */
export const EXPONENT = /^-?\d[.,]?\d*[Ee]\+\d+$/u;

function isExponent(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 4 || to - from > 30) return false;
  // Few values have a plus; decoding all of them would take most of the time.
  if (!bytes.subarray(from, to).includes(PLUS)) return false;
  return EXPONENT.test(Buffer.from(bytes.subarray(from, to)).toString('latin1'));
}
