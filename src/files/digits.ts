/** How many records tell what a column holds. */
export const SAMPLE_RECORDS = 1000;

const ZERO = 48;
const NINE = 57;
const PLUS = 43;

/** What one value is: empty, an unquoted number with an exponent, something else, or how many digits it has. */
const EMPTY = 0;
const EXPONENT = -1;
const OTHER = -2;

function digitsOf(bytes: Uint8Array, from: number, to: number): number {
  if (allDigits(bytes, from, to)) return to - from;
  return isExponent(bytes, from, to) ? EXPONENT : OTHER;
}

function allDigits(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte < ZERO || byte > NINE) return false;
  }
  return true;
}

/** `1.23E+11`, the way spreadsheets write it. */
function isExponent(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 4 || to - from > 30) return false;
  // Few values have one, and a text of each other would be most of the work.
  if (!holds(bytes, from, to, PLUS)) return false;
  return /^\d[.,]?\d*[Ee]\+\d+$/u.test(Buffer.from(bytes.subarray(from, to)).toString('latin1'));
}

function holds(bytes: Uint8Array, from: number, to: number, wanted: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === wanted) return true;
  return false;
}

/** Values of one column whose leading zeros a spreadsheet seems to have taken. */
export interface LostZeros {
  readonly line: number;
  readonly count: number;
  /** Digits the other values have. */
  readonly width: number;
}

/** What the values of one column are, as far as digits go; they are given in the order of the records. */
export class ColumnDigits {
  #values = 0;
  #digits = 0;
  #exponents = 0;
  #zeroLed = 0;
  /** Of values with a leading zero: their one length, -1 when there are several. */
  #width = 0;
  #longest = 0;
  /** Of digit strings that are shorter than the width to be: the first line and the count, by length. */
  readonly #lengths = new Map<number, { readonly line: number; count: number }>();
  /** Nearly all have the same length: its count is at hand. */
  #lastLength = 0;
  #last: { readonly line: number; count: number } = { line: 0, count: 0 };
  /** Values of just `#width` digits, once that is settled: nearly all, so they are counted apart. */
  #alike = 0;

  /** The next value, of a record that is whole and began on `line`. */
  add(line: number, bytes: Uint8Array, from: number, to: number): void {
    if (to - from === this.#width && this.#zeroLed >= 2 && allDigits(bytes, from, to)) this.#alike += 1;
    else this.#addOdd(line, bytes, from, to);
  }

  #addOdd(line: number, bytes: Uint8Array, from: number, to: number): void {
    const digits = digitsOf(bytes, from, to);
    const zero = bytes[from] === ZERO;
    // "0" is a number that never had other digits.
    if (digits === EMPTY || (digits === 1 && zero)) return;
    this.#values += 1;
    if (digits === EXPONENT) this.#exponents += 1;
    if (digits < 0) return;
    this.#digits += 1;
    if (digits > this.#longest) this.#longest = digits;
    if (zero) {
      this.#zeroLed += 1;
      this.#width = this.#zeroLed === 1 || this.#width === digits ? digits : -1;
    }
    if (digits !== this.#lastLength) {
      this.#lastLength = digits;
      this.#last = this.#lengths.get(digits) ?? { line, count: 0 };
      if (this.#lengths.size < 64) this.#lengths.set(digits, this.#last);
    }
    this.#last.count += 1;
  }

  /** Nothing but digit strings, values with an exponent aside: an id, as far as one can tell. */
  get isId(): boolean {
    return this.#digits > 0 && this.#digits + this.#exponents === this.#values;
  }

  /** Digits of one width, zeros before them where they are needed: `0000001007`. */
  get isPadded(): boolean {
    return this.#zeroLed >= 2 && this.#width === this.#longest && this.isId;
  }

  /** Shorter values, if they are few: at most one for every four of full width. */
  get lostZeros(): LostZeros | undefined {
    if (!this.isPadded) return undefined;
    const short = [...this.#lengths].filter(([length]) => length < this.#width).map(([, seen]) => seen);
    const count = short.reduce((sum, seen) => sum + seen.count, 0);
    const long = this.#alike + (this.#lengths.get(this.#width)?.count ?? 0);
    if (count === 0 || count * 4 > long) return undefined;
    return { line: Math.min(...short.map((seen) => seen.line)), count, width: this.#width };
  }
}
