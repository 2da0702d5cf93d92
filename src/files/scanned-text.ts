import { DamagedValues, FieldWatch, fieldAround } from './damaged-values.ts';
import type { Position } from './findings.ts';
import type { StructureNotes } from './structure-notes.ts';

const LF = 10;
const CR = 13;
const CTRL_Z = 0x1a;
const HASH = 35;
const COMMA = 44;
const EQUALS = 61;

/** Bytes of a record that are looked at to name what is wrong with it. */
const RECORD_HEAD = 4096;
/** Only spaces (in UTF-8 also no-break spaces), or the end mark of DOS. */
const BLANK_RECORD = /^(?:[ \t\u001a]|\u00c2\u00a0)+$/u;
/** A formula whose commas are not in quotes. */
const FORMULA = /(?:^|,)=[-+@]?[A-Z][A-Z0-9.]*\([^)]*,/iu;
/** A formula up to a quote in it; also `="`. */
const OPEN_FORMULA = /(?:^|,)=(?:[-+@]?[A-Z][A-Z0-9.]*\([^)]*)?$/iu;

const NOTHING = new Uint8Array(0);

const isFieldEnd = (byte: number): boolean => byte === COMMA || byte === LF || byte === CR;

/** True if the first bytes of a record are all of it, and only blanks. */
export const isBlank = (record: string): boolean => record.length < RECORD_HEAD && BLANK_RECORD.test(record);

export const hasFormula = (record: string): boolean =>
  record.includes('=') && FORMULA.test(record.replace(/"(?:[^"]|"")*"/gu, '""'));

/**
 * The text around a byte that the scanner stops at, over the ends of blocks: to name what a spreadsheet left in a field, and
 * what is wrong with a record.
 */
export class ScannedText {
  readonly damaged = new DamagedValues();
  readonly #notes: StructureNotes;
  readonly #watch = new FieldWatch(this.damaged);
  /** The last block ended with the quote that a value begins with. */
  #quoteAtEnd = false;
  /** The last two bytes of the previous block. */
  #lastByte = 0;
  #byteBefore = 0;
  /** The first bytes of the current record, from earlier blocks. */
  #recordHead: Uint8Array = NOTHING;

  constructor(notes: StructureNotes) {
    this.#notes = notes;
  }

  /** Call with each block, at the place where the scanner continues. */
  startBlock(block: Uint8Array, recordLine: number, column: number): void {
    if (this.#watch.pending) this.#watch.resume(block, 0);
    if (this.#quoteAtEnd) this.beginQuoted(block, 0, recordLine, column);
  }

  /**
   * Call after a block that is not empty.
   * @param recordStart where the current record begins in the block, -1 for an earlier one
   * @param inRecord the block ends inside a record
   */
  endBlock(block: Uint8Array, recordStart: number, inRecord: boolean): void {
    const n = block.length;
    this.#byteBefore = n > 1 ? (block[n - 2] as number) : this.#lastByte;
    this.#lastByte = block[n - 1] as number;
    if (recordStart >= 0) this.#recordHead = NOTHING;
    if (inRecord) this.#recordHead = this.#head(block, recordStart, n);
  }

  /** Call at the end of the file. */
  end(): void {
    this.#watch.end();
  }

  /** True if the file ends with the end mark of DOS, perhaps before a line end. */
  get endsWithCtrlZ(): boolean {
    const isLineEnd = this.#lastByte === LF || this.#lastByte === CR;
    return (isLineEnd ? this.#byteBefore : this.#lastByte) === CTRL_Z;
  }

  /** The first bytes of the current record, up to `end` in this block, a character for each byte. */
  record(block: Uint8Array, recordStart: number, end: number): string {
    return Buffer.from(this.#head(block, recordStart, end)).toString('latin1');
  }

  #head(block: Uint8Array, from: number, end: number): Uint8Array {
    if (from >= 0) return Uint8Array.from(block.subarray(from, Math.min(end, from + RECORD_HEAD)));
    const head = this.#recordHead;
    if (head.length >= RECORD_HEAD || end === 0) return head;
    return Buffer.concat([head, block.subarray(0, Math.min(end, RECORD_HEAD - head.length))]);
  }

  /** A quote that does not begin or end a value. @param quote where it is in this block */
  badQuote(
    recordLine: number,
    at: Position,
    closed: boolean,
    block: Uint8Array,
    recordStart: number,
    quote: number,
  ): void {
    if (!this.#notes.badQuote(recordLine, at)) return;
    const text = this.record(block, recordStart, quote);
    if (text.length < RECORD_HEAD && OPEN_FORMULA.test(text))
      this.#notes.formula({ ...at, line: recordLine });
    else this.#notes.reportBadQuote(at, closed);
  }

  /** A plus, perhaps of `1E+5`: spreadsheets write long numbers so. */
  plus(block: Uint8Array, at: number, recordLine: number, column: number): void {
    const letter = this.#before(block, at - 1);
    const digit = this.#before(block, at - 2);
    if ((letter === 69 || letter === 101) && digit >= 48 && digit <= 57)
      this.damaged.add('exponent', { line: recordLine, column }, fieldAround(block, at));
  }

  /** A field begins with `#`, before `from`. */
  hash(block: Uint8Array, from: number, recordLine: number, column: number): void {
    this.#beginWatch(block, from, { line: recordLine, column }, false, '#');
  }

  /** A value in quotes begins at `from`, perhaps in the next block. */
  beginQuoted(block: Uint8Array, from: number, recordLine: number, column: number): void {
    this.#quoteAtEnd = from === block.length;
    const byte = block[from];
    if (byte === HASH || byte === EQUALS)
      this.#beginWatch(block, from, { line: recordLine, column }, true, '');
  }

  /** True for the quote of `="`, at the beginning of a field. */
  isTextFormula(block: Uint8Array, quote: number): boolean {
    return this.#before(block, quote - 1) === EQUALS && isFieldEnd(this.#before(block, quote - 2));
  }

  watchFormula(block: Uint8Array, from: number, place: Position): void {
    // Its other quotes belong to it.
    if (!this.#notes.badQuote(place.line, place)) return;
    this.#beginWatch(block, from, place, false, '="', () => this.#notes.formula(place));
  }

  #beginWatch(
    block: Uint8Array,
    from: number,
    place: Position,
    quoted: boolean,
    start: string,
    otherwise?: () => void,
  ): void {
    this.#watch.begin(place, quoted, start, otherwise);
    this.#watch.resume(block, from);
  }

  /** A byte of this block, or of the last two of the one before. */
  #before(block: Uint8Array, at: number): number {
    if (at >= 0) return block[at] ?? 0;
    return at === -1 ? this.#lastByte : at === -2 ? this.#byteBefore : 0;
  }
}
