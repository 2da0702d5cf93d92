import { visible } from '../system/escaping.ts';
import { isUnquoted, readValue, type Value } from './field-values.ts';
import type { FindingList } from './findings.ts';
import type { TableShape } from './structure.ts';

/** No sheet anybody works on has more; a header may name half a million, and memory must stay flat. */
const MOST_COLUMNS = 1000;

/**
 * What a spreadsheet leaves in a file it has saved: ids as `1.23E+11`, ids without their leading zeros, empty columns at
 * the end, records of separators alone. Warnings, for each may be meant.
 *
 * What a column holds is told by the first thousand records. Exponents, empty columns and empty records are then counted in
 * every record; lost zeros in every record of the columns whose thousand values are digits of one width with zeros before.
 */
export class SpreadsheetDamage {
  #columns: readonly ColumnDigits[] = [];
  /** Those that are still looked at, 1-based, and where each one's bounds are. */
  #active: readonly number[] = [];
  #seats: readonly Seat[] = [];
  #sampled = 0;
  readonly #value: Value = { bytes: new Uint8Array(0), from: 0, to: 0 };

  /** @returns the columns to be looked at, 1-based */
  header(names: readonly string[]): readonly number[] {
    this.#columns = names.slice(0, MOST_COLUMNS).map(() => new ColumnDigits());
    this.#active = this.#columns.map((_, index) => index + 1);
    return this.#active;
  }

  /** `wanted`: the columns whose values records come with from now on, those to be looked at among them. */
  seat(wanted: readonly number[]): void {
    const at = new Map(wanted.map((column, index) => [column, 2 * index]));
    this.#seats = this.#active.flatMap((column) => {
      const digits = this.#columns[column - 1];
      return digits === undefined ? [] : [{ digits, at: at.get(column) ?? 0 }];
    });
  }

  /** @returns the columns to be looked at from now on, once the sample is complete */
  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined {
    if (whole) {
      const seats = this.#seats;
      for (let i = 0; i < seats.length; i++) {
        const { digits, at } = seats[i] as Seat;
        const from = bounds[at] as number;
        const to = bounds[at + 1] as number;
        if (isUnquoted(bytes, from, to)) digits.add(line, bytes, from, to);
        else {
          const value = this.#value;
          readValue(value, bytes, from, to);
          digits.add(line, value.bytes, value.from, value.to);
        }
      }
    }
    this.#sampled += 1;
    if (this.#sampled !== SAMPLE_RECORDS) return undefined;
    this.#active = this.#active.filter((column) => this.#columns[column - 1]?.isPadded === true);
    return this.#active;
  }

  /** The file is over. `keys`: columns known to hold ids. */
  report(
    header: readonly string[],
    shape: TableShape,
    records: number,
    keys: ReadonlySet<number>,
    findings: FindingList,
  ): void {
    if (records === 0) return;
    for (const [column, { line, count }] of shape.exponents) {
      if (!keys.has(column) && this.#columns[column - 1]?.isId !== true) continue;
      findings.warning({
        code: 'exponent',
        line,
        column,
        message: `${values(count)} of ${columnLabel(header, column)} written as 1.23E+11, the first one here: the digits are lost`,
        hint: 'A spreadsheet did this. Format the column as text there before the file is opened, or export it again and do not save it from a spreadsheet.',
      });
    }
    this.#columns.forEach((digits, index) => {
      const lost = digits.lostZeros;
      if (lost === undefined) return;
      findings.warning({
        code: 'lost-zeros',
        line: lost.line,
        column: index + 1,
        message: `${values(lost.count)} of ${columnLabel(header, index + 1)} shorter than the ${lost.width} digits of the others, the first one here: leading zeros may be lost`,
        hint: 'A spreadsheet drops them. Format the column as text there, or export the file again; 00123 and 123 are different keys.',
      });
    });
    if (shape.empty !== undefined) {
      const { line, count } = shape.empty;
      findings.warning({
        code: 'empty-record',
        line,
        column: null,
        message:
          count === 1 ? 'the record has no values' : `${count} records have no values, the first one here`,
        hint: 'Remove them: rows that were cleared in a spreadsheet are saved as separators alone, and count as records.',
      });
    }
    const empty = header.length - shape.fullest;
    // Of one record, an empty value says nothing about the column; without any value the records say it.
    if (empty > 0 && shape.fullest > 0 && records > 1) {
      const column = shape.fullest + 1;
      findings.warning({
        code: 'empty-column',
        line: null,
        column,
        message:
          empty === 1
            ? `${columnLabel(header, column)}, the last one, is empty in every record`
            : `the last ${empty} columns, from ${columnLabel(header, column)} on, are empty in every record`,
        hint: 'If nothing belongs there, remove them; a column cleared in a spreadsheet is saved as separators.',
      });
    }
  }
}

interface Seat {
  readonly digits: ColumnDigits;
  /** Of the column's bounds among those of the wanted ones. */
  readonly at: number;
}

const values = (count: number): string => (count === 1 ? 'a value' : `${count} values`);

/** A column for a sentence. */
function columnLabel(header: readonly string[], column: number): string {
  return `column ${column} ("${displayValue(header[column - 1] ?? '')}")`;
}

/** A value short enough for a sentence and safe for a terminal. */
export function displayValue(text: string): string {
  const characters = [...text.slice(0, 200)];
  return visible(characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : text);
}

/** How many records tell what a column holds. */
const SAMPLE_RECORDS = 1000;

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
interface LostZeros {
  readonly line: number;
  readonly count: number;
  /** Digits the other values have. */
  readonly width: number;
}

/** What the values of one column are, as far as digits go; they are given in the order of the records. */
class ColumnDigits {
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
