import { emptyValue, isUnquoted, readValue } from './field-values.ts';
import { displayValue, type FindingList, finding } from './findings.ts';
import type { Occurrences, TableShape } from './structure.ts';

/** How many records show what a column contains. */
const SAMPLE_RECORDS = 1000;
/** Limit of columns to check: a header may name half a million, and memory must stay flat. */
const MAX_COLUMNS = 1000;

/**
 * Finds what a spreadsheet damages in a file that it saves: numbers written as `1.23E+11`, leading zeros that are lost,
 * empty columns at the end, empty records (commands rule 18). All are warnings, because each may be intended.
 *
 * The first thousand records show what a column contains. Exponents, empty columns and empty records are counted in every
 * record; lost zeros only in columns whose sample is digits of one width with leading zeros.
 */
export class SpreadsheetDamage {
  #columns: readonly ColumnDigits[] = [];
  /** The columns still checked, from 1. */
  #active: readonly number[] = [];
  #slots: readonly ColumnSlot[] = [];
  #sampled = 0;
  readonly #value = emptyValue();

  /** @returns the columns to check, from 1 */
  header(names: readonly string[]): readonly number[] {
    this.#columns = names.slice(0, MAX_COLUMNS).map(() => new ColumnDigits());
    this.#active = this.#columns.map((_, index) => index + 1);
    return this.#active;
  }

  /** @param columns the columns selected from now on, in the order of a record's bounds */
  select(columns: readonly number[]): void {
    const at = new Map(columns.map((column, index) => [column, 2 * index]));
    this.#slots = this.#active.flatMap((column) => {
      const digits = this.#columns[column - 1];
      return digits === undefined ? [] : [{ digits, at: at.get(column) ?? 0 }];
    });
  }

  /** @returns once the sample is complete, the columns to check from now on */
  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined {
    if (whole) {
      const slots = this.#slots;
      for (let i = 0; i < slots.length; i++) {
        const { digits, at } = slots[i] as ColumnSlot;
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

  /** Adds the findings at the end of the file. @param keys columns known to hold keys */
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
      findings.warning(
        finding(
          'exponent',
          { line, column },
          `${values(count)} of ${columnLabel(header, column)} written with an exponent, such as 1.23E+11, the first one here: digits are lost`,
          'A spreadsheet did this. Format the column as text before opening the file there, or export the file again and do not save it from a spreadsheet.',
        ),
      );
    }
    this.#columns.forEach((digits, index) => {
      const lost = digits.lostZeros;
      if (lost === undefined) return;
      findings.warning(
        finding(
          'lost-zeros',
          { line: lost.line, column: index + 1 },
          `${values(lost.count)} of ${columnLabel(header, index + 1)} shorter than the ${lost.width} digits of the others, the first one here: leading zeros may be lost`,
          'Spreadsheets drop leading zeros. Format the column as text there, or export the file again: 00123 and 123 are different keys.',
        ),
      );
    });
    if (shape.empty !== undefined) {
      const { line, count } = shape.empty;
      findings.warning(
        finding(
          'empty-record',
          { line },
          count === 1 ? 'the record has no values' : `${count} records have no values, the first one here`,
          'Remove them: a spreadsheet saves cleared rows as commas only, and they count as records.',
        ),
      );
    }
    const empty = header.length - shape.lastFilled;
    // One record says nothing about a column, and a file without any values has empty records.
    if (empty === 0 || shape.lastFilled === 0 || records === 1) return;
    const column = shape.lastFilled + 1;
    const label = columnLabel(header, column);
    findings.warning(
      finding(
        'empty-column',
        { column },
        empty === 1
          ? `${label}, the last one, is empty in every record`
          : `the last ${empty} columns, from ${label} on, are empty in every record`,
        'Remove them if they are not needed; a spreadsheet saves cleared columns as commas.',
      ),
    );
  }
}

interface ColumnSlot {
  readonly digits: ColumnDigits;
  /** Where the column's bounds are in a record's bounds. */
  readonly at: number;
}

const values = (count: number): string => (count === 1 ? 'a value' : `${count} values`);

const columnLabel = (header: readonly string[], column: number): string =>
  `column ${column} ("${displayValue(header[column - 1] ?? '')}")`;

/** Values of a column that seem to have lost their leading zeros. */
interface LostZeros extends Readonly<Occurrences> {
  /** Digits of the other values. */
  readonly width: number;
}

/** Collects, for one column, how many digits its values have. Values come in the order of the records. */
class ColumnDigits {
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
  /** Values of exactly `#width` digits, once it is known. Nearly all are, so this is the fast path. */
  #ofWidth = 0;

  /** Adds the value of a whole record that begins on `line`. */
  add(line: number, bytes: Uint8Array, from: number, to: number): void {
    if (to - from === this.#width && this.#withLeadingZero >= 2 && allDigits(bytes, from, to)) {
      this.#ofWidth += 1;
    } else this.#addOther(line, bytes, from, to);
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
    if (leadingZero) {
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

  /** True if all values are digits, exponents aside: probably ids. */
  get isId(): boolean {
    return this.#digits > 0 && this.#digits + this.#exponents === this.#values;
  }

  /** True for ids of one width, padded with zeros: `0000001007`. */
  get isPadded(): boolean {
    return this.#withLeadingZero >= 2 && this.#width === this.#longest && this.isId;
  }

  /** Shorter values of a padded column if they are few: at most one for every four of full width. */
  get lostZeros(): LostZeros | undefined {
    if (!this.isPadded) return undefined;
    const short = [...this.#lengths].filter(([length]) => length < this.#width).map(([, seen]) => seen);
    const count = short.reduce((sum, seen) => sum + seen.count, 0);
    const full = this.#ofWidth + (this.#lengths.get(this.#width)?.count ?? 0);
    if (count === 0 || count * 4 > full) return undefined;
    return { line: Math.min(...short.map((seen) => seen.line)), count, width: this.#width };
  }
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

/** True for `1.23E+11`, as spreadsheets write it. */
function isExponent(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 4 || to - from > 30) return false;
  // Few values have a plus; decoding all of them would take most of the time.
  if (!bytes.subarray(from, to).includes(PLUS)) return false;
  return /^\d[.,]?\d*[Ee]\+\d+$/u.test(Buffer.from(bytes.subarray(from, to)).toString('latin1'));
}
