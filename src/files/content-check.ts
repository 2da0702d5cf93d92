import type { CrossCheck } from './cross-check.ts';
import { cutOff, foreignContent, notUtf8 } from './encoding.ts';
import type { FieldSink } from './field-values.ts';
import type { FindingList } from './findings.ts';
import { CsvScanner } from './scanner.ts';
import { SpreadsheetDamage } from './spreadsheet-damage.ts';
import { Utf8Checker } from './utf8.ts';

/**
 * Encoding and structure of a file's bytes, as they come by, in blocks of any size; adds what is wrong to `findings`.
 * The first block must hold the first 4 KiB of the file, if it has as many: they tell what is no text at all.
 */
export class ContentCheck {
  readonly #findings: FindingList;
  readonly #utf8 = new Utf8Checker();
  readonly #scanner: CsvScanner;
  readonly #scars = new SpreadsheetDamage();
  readonly #cross: CrossCheck | undefined;
  #bytes = 0;
  #foreign = false;

  /** `cross`: the file's part in the checks across files. */
  constructor(findings: FindingList, cross?: CrossCheck) {
    this.#findings = findings;
    this.#cross = cross;
    this.#scanner = new CsvScanner(findings, new FieldRouter(this.#scars, cross));
  }

  /** So far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records besides the header; `null` when the bytes are no CSV text, so that nobody can count. */
  get records(): number | null {
    return this.#foreign ? null : this.#scanner.records;
  }

  /** The header's names. */
  get header(): readonly string[] {
    return this.#scanner.header;
  }

  /** The next bytes. They are not kept. */
  write(block: Uint8Array): void {
    if (this.#bytes === 0) {
      const foreign = foreignContent(block);
      if (foreign !== undefined) {
        this.#foreign = true;
        this.#findings.cause(foreign);
      }
    }
    this.#bytes += block.length;
    // A hundred consequences of the wrong encoding would say nothing more.
    if (this.#foreign) return;
    const bad = this.#utf8.write(block);
    if (bad === undefined) {
      this.#scanner.write(block);
      return;
    }
    // The scanner knows lines and fields: let it walk up to the bad byte, ask, and go on.
    const offset = Math.max(bad.offset, 0);
    this.#scanner.write(block.subarray(0, offset));
    this.#findings.cause(notUtf8(this.#scanner.position, bad.rest, bad.mixed));
    this.#scanner.write(block.subarray(offset));
  }

  /** The file is over: what can be said only now. */
  end(): void {
    if (this.#foreign) return;
    if (!this.#utf8.end()) this.#findings.cause(cutOff(this.#scanner.position));
    this.#scanner.end();
    const { header, shape, records } = this.#scanner;
    this.#scars.report(header, shape, records, this.#cross?.keys ?? new Set(), this.#findings);
  }
}

/** Gives each record of a file to whom it concerns: the look for a spreadsheet's scars, the checks across files. */
class FieldRouter implements FieldSink {
  readonly #scars: SpreadsheetDamage;
  readonly #cross: CrossCheck | undefined;
  #crossed: readonly number[] = [];
  #scarred = true;

  constructor(scars: SpreadsheetDamage, cross?: CrossCheck) {
    this.#scars = scars;
    this.#cross = cross;
  }

  header(names: readonly string[], line: number): readonly number[] {
    this.#crossed = this.#cross?.header(names, line) ?? [];
    return this.#wanted(this.#scars.header(names));
  }

  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined {
    if (whole && this.#crossed.length > 0) this.#cross?.record(line, bytes, bounds);
    if (!this.#scarred) return undefined;
    const narrowed = this.#scars.record(line, whole, bytes, bounds);
    return narrowed === undefined ? undefined : this.#wanted(narrowed);
  }

  #wanted(scarred: readonly number[]): readonly number[] {
    this.#scarred = scarred.length > 0;
    const all = [...new Set([...scarred, ...this.#crossed])].sort((a, b) => a - b);
    this.#scars.seat(all);
    this.#cross?.seat(all);
    return all;
  }
}
