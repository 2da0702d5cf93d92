import { isOptionalColumn } from '../batch/column-names.ts';
import type { WarningCode } from '../batch/finding-codes.ts';
import { ColumnDigits, EXPONENT, MAX_ALL_PADDED } from './column-digits.ts';
import type { DamageCode, DamagedValues } from './damaged-values.ts';
import { emptyValue, isUnquoted, readValue } from './field-values.ts';
import { displayValue, type FindingDetails, type FindingList, finding } from './findings.ts';
import { quotedValue } from './lookalikes.ts';
import type { RecordBatch } from './scan-kernel.ts';
import type { TableShape } from './structure.ts';

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
        this.#add(digits, line, bytes, bounds[at] as number, bounds[at + 1] as number);
      }
    }
    this.#sampled += 1;
    if (this.#sampled !== SAMPLE_RECORDS) return undefined;
    this.#active = this.#active.filter((column) => this.#columns[column - 1]?.isPadded === true);
    return this.#active;
  }

  /** The columns are still those of the sample. */
  get isSampling(): boolean {
    return this.#sampled < SAMPLE_RECORDS;
  }

  /** Whole records after the sample. */
  batch(records: RecordBatch): void {
    const { block, count, numbers, step } = records;
    for (const { digits, at } of this.#slots) {
      const first = records.firstBounds(at / 2);
      for (let record = 0; record < count; record++) {
        const { settledWidth } = digits;
        if (settledWidth > 0) {
          const usual = records.digits(at / 2, record, settledWidth);
          digits.addOfWidth(usual);
          record += usual;
          if (record === count) break;
        }
        const place = first + record * step;
        const [from, to] = [numbers[place] as number, numbers[place + 1] as number];
        this.#add(digits, records.line(record), block, from, to);
      }
    }
  }

  #add(digits: ColumnDigits, line: number, bytes: Uint8Array, from: number, to: number): void {
    if (isUnquoted(bytes, from, to)) digits.add(line, bytes, from, to);
    else {
      const value = this.#value;
      readValue(value, bytes, from, to);
      digits.add(line, value.bytes, value.from, value.to);
    }
  }

  /** In a key an exponent is damage whatever the other values are; else if the others are digits. */
  #isDamagingExponent(column: number, text: string, keys: ReadonlySet<number>): boolean {
    if (keys.has(column)) return EXPONENT.test(text);
    return this.#columns[column - 1]?.isId === true;
  }

  /** Adds the findings at the end of the file: in a column declared as a key, errors (commands rule 18). */
  report({ header, shape, damaged, records, keys, declaredKeys }: CheckedTable, findings: FindingList): void {
    if (records === 0) return;
    const add = (code: WarningCode, column: number, details: FindingDetails<WarningCode>): void =>
      declaredKeys.has(column) ? findings.error(code, () => details) : findings.warning(details);
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
          `${values(lost.count)} of ${columnLabel(header, column)} ${lost.count === 1 ? 'is' : 'are'} shorter than the ${lost.width} digits of the others, the first one here: leading zeros may be lost${lost.twin === undefined ? '' : ` (${lost.twin} also occurs as ${String(lost.twin).padStart(lost.width, '0')})`}`,
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
    // Exports contain all columns of their layout, including empty ones.
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
  /** Columns declared or recognised as keys. */
  readonly keys: ReadonlySet<number>;
  readonly declaredKeys: ReadonlySet<number>;
}

const FROM_SPREADSHEET =
  'A spreadsheet did this. Format the column as text before opening the file there, or export the file again and do not save it from a spreadsheet.';

/** The message for each kind of damaged values. */
const DAMAGE: readonly (readonly [DamageCode, { what: (count: number) => string; hint: string }])[] = [
  [
    'exponent',
    {
      what: (count) => `${count === 1 ? 'is' : 'are'} written with an exponent, so that digits are lost`,
      hint: FROM_SPREADSHEET,
    },
  ],
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
      hint: 'Write the text alone: 00123 for ="00123". The formula would be loaded as text.',
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
