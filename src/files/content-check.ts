import type { CrossCheck } from './cross-check.ts';
import { cutOff, foreignContent, notUtf8 } from './encoding.ts';
import type { FieldSink } from './field-values.ts';
import type { FindingList } from './findings.ts';
import { CsvScanner } from './scanner.ts';
import { SpreadsheetDamage } from './spreadsheet-damage.ts';
import { Utf8Checker } from './utf8.ts';

/**
 * Checks the encoding and structure of a file, in blocks of any size, and adds findings. The first block must hold the
 * first 4 KiB of the file (or all of it), which show whether it is text at all.
 */
export class ContentCheck {
  readonly #findings: FindingList;
  readonly #utf8 = new Utf8Checker();
  readonly #scanner: CsvScanner;
  readonly #damage = new SpreadsheetDamage();
  readonly #cross: CrossCheck | undefined;
  #bytes = 0;
  /** The file is not text. */
  #foreign = false;

  /** @param cross the file's checks against other files */
  constructor(findings: FindingList, cross?: CrossCheck) {
    this.#findings = findings;
    this.#cross = cross;
    this.#scanner = new CsvScanner(findings, new CheckSink(this.#damage, cross));
  }

  /** Bytes checked so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records without the header; `null` when the file is not CSV text. */
  get records(): number | null {
    return this.#foreign ? null : this.#scanner.records;
  }

  /** Column names. */
  get header(): readonly string[] {
    return this.#scanner.header;
  }

  /** Checks the next bytes; they are not kept. */
  write(block: Uint8Array): void {
    if (this.#bytes === 0) {
      const foreign = foreignContent(block);
      if (foreign !== undefined) {
        this.#foreign = true;
        this.#findings.cause(foreign);
      }
    }
    this.#bytes += block.length;
    // One cause is reported, not its hundred consequences (commands rule 16).
    if (this.#foreign) return;
    const bad = this.#utf8.write(block);
    if (bad === undefined) {
      this.#scanner.write(block);
      return;
    }
    // Scan up to the bad byte: the scanner knows its line and field.
    const offset = Math.max(bad.offset, 0);
    this.#scanner.write(block.subarray(0, offset));
    this.#findings.cause(notUtf8(this.#scanner.position, bad.rest, bad.mixed));
    this.#scanner.write(block.subarray(offset));
  }

  /** Call at the end of the file. */
  end(): void {
    if (this.#foreign) return;
    if (!this.#utf8.end()) this.#findings.cause(cutOff(this.#scanner.position));
    this.#scanner.end();
    const { header, shape, records } = this.#scanner;
    this.#damage.report(header, shape, records, this.#cross?.keys ?? new Set(), this.#findings);
  }
}

/** Passes values to the check for spreadsheet damage and to the checks across files. */
class CheckSink implements FieldSink {
  readonly #damage: SpreadsheetDamage;
  readonly #cross: CrossCheck | undefined;
  #crossColumns: readonly number[] = [];
  #checksDamage = true;

  constructor(damage: SpreadsheetDamage, cross: CrossCheck | undefined) {
    this.#damage = damage;
    this.#cross = cross;
  }

  header(names: readonly string[], line: number): readonly number[] {
    this.#crossColumns = this.#cross?.header(names, line) ?? [];
    return this.#select(this.#damage.header(names));
  }

  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined {
    if (whole && this.#crossColumns.length > 0) this.#cross?.record(line, bytes, bounds);
    if (!this.#checksDamage) return undefined;
    const columns = this.#damage.record(line, whole, bytes, bounds);
    return columns === undefined ? undefined : this.#select(columns);
  }

  /** The columns of both checks, ascending. */
  #select(damageColumns: readonly number[]): readonly number[] {
    this.#checksDamage = damageColumns.length > 0;
    const columns = [...new Set([...damageColumns, ...this.#crossColumns])].sort((a, b) => a - b);
    this.#damage.select(columns);
    this.#cross?.select(columns);
    return columns;
  }
}
