import { isOptionalColumn } from '../batch/column-names.ts';
import type { WarningCode } from '../batch/finding-codes.ts';
import type { DamageCode, DamagedValues } from './damaged-values.ts';
import { emptyValue, isUnquoted, readValue } from './field-values.ts';
import { displayValue, type FindingDetails, type FindingList, finding } from './findings.ts';
import { quotedValue } from './lookalikes.ts';
import type { Occurrences, TableShape } from './structure.ts';

/** How many records show what a column contains. */
const SAMPLE_RECORDS = 1000;
/** Limit of columns to check: a header may name half a million, and memory must stay flat. */
const MAX_COLUMNS = 1000;

/**
 * Finds what a spreadsheet or a conversion damages in a file that it saves (commands rule 18): numbers written as `1.23E+11`,
 * `#N/A`, `="00123"`, lost characters and leading zeros, empty columns at the end, empty records. They are warnings, because each
 * may be intended, but in keys errors.
 *
 * The first thousand records show what a column contains. Damaged values, empty columns and empty records are counted in every
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
    const room = { left: MAX_ALL_PADDED };
    this.#columns = names.slice(0, MAX_COLUMNS).map(() => new ColumnDigits(room));
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

  /** In a key an exponent is damage whatever the other values are; else if the others are digits. */
  #isDamagingExponent(column: number, text: string, keys: ReadonlySet<number>): boolean {
    if (keys.has(column)) return EXPONENT.test(text);
    return this.#columns[column - 1]?.isId === true;
  }

  /** Adds the findings at the end of the file: in a column declared as a key, errors (commands rule 18). */
  report({ header, shape, damaged, records, keys }: CheckedTable, findings: FindingList): void {
    if (records === 0) return;
    const add = (code: WarningCode, column: number, details: FindingDetails<WarningCode>): void =>
      keys.has(column) ? findings.error(code, () => details) : findings.warning(details);
    for (const [code, { what, hint }] of DAMAGE)
      for (const [column, { line, text, count }] of damaged.of(code)) {
        if (code === 'exponent' && !this.#isDamagingExponent(column, text, keys)) continue;
        const message = `${values(count)} of ${columnLabel(header, column)} ${what(count)}: ${quotedValue(text)}${count === 1 ? '' : ', the first one here'}`;
        add(code, column, finding(code, { line, column }, message, hint));
      }
    this.#columns.forEach((digits, index) => {
      const column = index + 1;
      const lost = digits.lostZeros(keys.has(column));
      if (lost === undefined) return;
      add(
        'leading-zeros',
        column,
        finding(
          'leading-zeros',
          { line: lost.line, column },
          `${values(lost.count)} of ${columnLabel(header, column)} shorter than the ${lost.width} digits of the others, the first one here: leading zeros may be lost${lost.twin === undefined ? '' : ` (${lost.twin} also occurs as ${String(lost.twin).padStart(lost.width, '0')})`}`,
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
    // An export has the columns it is made for, also those that nobody fills in.
    if (header.slice(shape.lastFilled).every(isOptionalColumn)) return;
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

/** A whole file, as far as its damage shows. */
export interface CheckedTable {
  readonly header: readonly string[];
  readonly shape: TableShape;
  readonly damaged: DamagedValues;
  readonly records: number;
  /** Columns declared as keys. */
  readonly keys: ReadonlySet<number>;
}

const FROM_SPREADSHEET =
  'A spreadsheet did this. Format the column as text before opening the file there, or export the file again and do not save it from a spreadsheet.';

/** What is said of each kind of damaged values. */
const DAMAGE: readonly (readonly [DamageCode, { what: (count: number) => string; hint: string }])[] = [
  ['exponent', { what: () => 'written with an exponent, so that digits are lost', hint: FROM_SPREADSHEET }],
  [
    'error-value',
    {
      what: (count) =>
        count === 1
          ? 'is what a spreadsheet shows in place of a value'
          : 'are what a spreadsheet shows in place of values',
      hint: 'Correct the formula, or widen the column, and export the file again.',
    },
  ],
  [
    'text-formula',
    {
      what: (count) => (count === 1 ? 'is a formula for spreadsheets' : 'are formulas for spreadsheets'),
      hint: 'Write the text alone: 00123 for ="00123". The formula would be loaded as it stands.',
    },
  ],
  [
    'replacement-character',
    {
      what: (count) =>
        `${count === 1 ? 'has' : 'have'} the character U+FFFD, which stands for one that was lost`,
      hint: 'A program read the text in another encoding, and the characters cannot be restored: export the file again, as UTF-8.',
    },
  ],
  [
    'mojibake',
    {
      what: (count) =>
        `${count === 1 ? 'looks' : 'look'} like UTF-8 that was read as Windows-1252, as in MÃ¼ller for Müller`,
      hint: 'Export the file again, as UTF-8, or correct the text.',
    },
  ],
];

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
  /** One of them that also occurs with its zeros. */
  readonly twin: number | undefined;
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
      if (bytes[from] === ZERO) this.#twins.addPadded(bytes, from, to);
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
const MAX_ALL_PADDED = 100_000;
const MAX_BARE = 1000;

/** Finds a number that occurs both with leading zeros and without, among the first ones of a column. */
class ZeroTwins {
  readonly #room: { left: number };
  readonly #padded = new Set<number>();
  /** The line of each. */
  readonly #bare = new Map<number, number>();
  #found: { readonly value: number; readonly line: number } | undefined;

  /** @param room for padded values, shared by all columns */
  constructor(room: { left: number }) {
    this.#room = room;
  }

  /** The number, and where it is without zeros. */
  get found(): { readonly value: number; readonly line: number } | undefined {
    return this.#found;
  }

  addPadded(bytes: Uint8Array, from: number, to: number): void {
    const isFull = this.#padded.size >= MAX_PADDED || this.#room.left === 0;
    if (this.#found !== undefined || (isFull && this.#bare.size === 0)) return;
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
    else if (this.#bare.size < MAX_BARE && !this.#bare.has(value)) this.#bare.set(value, line);
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
const EXPONENT = /^-?\d[.,]?\d*[Ee]\+\d+$/u;

function isExponent(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 4 || to - from > 30) return false;
  // Few values have a plus; decoding all of them would take most of the time.
  if (!bytes.subarray(from, to).includes(PLUS)) return false;
  return EXPONENT.test(Buffer.from(bytes.subarray(from, to)).toString('latin1'));
}
