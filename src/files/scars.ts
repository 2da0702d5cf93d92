import { visible } from '../system/escaping.ts';
import { ColumnDigits, SAMPLE_RECORDS } from './digits.ts';
import { isPlain, plainValue, type Value } from './field-sink.ts';
import type { FindingList } from './findings.ts';
import type { TableShape } from './table-shape.ts';

/** No sheet anybody works on has more; a header may name half a million, and memory must stay flat. */
const MOST_COLUMNS = 1000;

/**
 * What a spreadsheet leaves in a file it has saved: ids as `1.23E+11`, ids without their leading zeros, empty columns at
 * the end, records of separators alone. Warnings, for each may be meant.
 *
 * What a column holds is told by the first thousand records. Exponents, empty columns and empty records are then counted in
 * every record; lost zeros in every record of the columns whose thousand values are digits of one width with zeros before.
 */
export class Scars {
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
        if (isPlain(bytes, from, to)) digits.add(line, bytes, from, to);
        else {
          const value = this.#value;
          plainValue(value, bytes, from, to);
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
        message: `${values(count)} of ${named(header, column)} written as 1.23E+11, the first one here: the digits are lost`,
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
        message: `${values(lost.count)} of ${named(header, index + 1)} shorter than the ${lost.width} digits of the others, the first one here: leading zeros may be lost`,
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
            ? `${named(header, column)}, the last one, is empty in every record`
            : `the last ${empty} columns, from ${named(header, column)} on, are empty in every record`,
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
export function named(header: readonly string[], column: number): string {
  return `column ${column} ("${shownValue(header[column - 1] ?? '')}")`;
}

/** A value short enough for a sentence and safe for a terminal. */
export function shownValue(text: string): string {
  const characters = [...text.slice(0, 200)];
  return visible(characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : text);
}
