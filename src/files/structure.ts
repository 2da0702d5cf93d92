import { type FieldSink, MAX_KEPT, SelectedValues } from './field-values.ts';
import type { FindingList, Position } from './findings.ts';
import { HeaderRecord } from './header.ts';
import { badQuote, blankLines, loneCr, longRecord, nul, ragged } from './structure-findings.ts';

/** A record as it ends: where it began (line), its fields, the last one with a value, wanted values found in it. */
interface RecordEnd {
  readonly line: number;
  readonly fields: number;
  readonly full: number;
  readonly found: number;
  /** A quote is left open in it. */
  readonly open: boolean;
}

/**
 * What becomes of a record that needs a closer look when it ends: the header, one further filled than those before, a ragged
 * one, one that a block's end cuts in two, the first one after blank lines, the last one of a file. Most records need none.
 */
export class RecordEnds {
  readonly shape = new TableShape();
  readonly header = new HeaderRecord();
  readonly values = new SelectedValues();
  readonly #findings: FindingList;
  readonly #sink: FieldSink | undefined;
  /** Fields of the header, 0 until it is read. */
  #width = 0;

  constructor(findings: FindingList, sink: FieldSink | undefined) {
    this.#findings = findings;
    this.#sink = sink;
  }

  get width(): number {
    return this.#width;
  }

  /** The header ends at `end` in this block. */
  endHeader({ line, fields, open }: RecordEnd, block: Uint8Array, end: number): void {
    this.header.keep(block, end);
    this.#width = fields;
    const readable = this.header.end(line, open, this.#findings);
    if (readable && this.#sink !== undefined) this.values.want(this.#sink.header(this.header.names, line));
  }

  endRecord({ line, fields, full, found, open }: RecordEnd, block: Uint8Array): void {
    const { values } = this;
    const width = this.#width;
    if (fields === width) this.shape.record(line, full);
    else if (!open) this.#findings.error(() => ragged(line, fields, width));
    if (values.none) return;
    const whole = fields === width && !open;
    if (!values.carried) {
      this.give(line, whole, block, values.bounds);
      return;
    }
    values.keep(block, found, -1);
    const { tooLong } = values;
    if (tooLong && !open) this.#findings.error(() => longRecord(line, MAX_KEPT));
    this.give(line, whole && !tooLong, values.bytes, values.keptBounds);
    values.clear();
  }

  /** Gives a record's wanted values to the sink. @returns it wants other columns from now on */
  give(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): boolean {
    const changed = this.#sink?.record(line, whole, bytes, bounds);
    if (changed === undefined) return false;
    this.values.want(changed);
    return true;
  }
}

/** What is noted while the structure is read, and told when it is known to be a finding: in the next record, or at the end. */
export class StructureNotes {
  readonly #findings: FindingList;
  /** The field whose quotes are already reported. */
  #badQuoteAt: Position | undefined;
  #blankFrom = 0;
  #blankLines = 0;
  #nulAt: Position | undefined;
  #nuls = 0;
  #loneCrAt = 0;
  #loneCrs = 0;

  constructor(findings: FindingList) {
    this.#findings = findings;
  }

  /** Blank lines since the last record: a finding only if a record follows, for at the end of the file they are ignored. */
  get blankLines(): number {
    return this.#blankLines;
  }

  blank(line: number): void {
    if (this.#blankLines === 0) this.#blankFrom = line;
    this.#blankLines += 1;
  }

  /** A record is there. */
  record(): void {
    if (this.#blankLines === 0) return;
    const from = this.#blankFrom;
    const count = this.#blankLines;
    this.#findings.error(() => blankLines(from, count));
    this.#blankLines = 0;
  }

  /** `recordLine`: a field is told by its record, for it may go on over several lines. */
  badQuote(recordLine: number, { line, column }: Position, closed: boolean): void {
    if (this.#badQuoteAt?.line === recordLine && this.#badQuoteAt.column === column) return;
    this.#badQuoteAt = { line: recordLine, column };
    this.#findings.error(() => badQuote({ line, column }, closed));
  }

  nul(line: number, column: number): void {
    this.#nulAt ??= { line, column };
    this.#nuls += 1;
  }

  loneCr(line: number): void {
    if (this.#loneCrs === 0) this.#loneCrAt = line;
    this.#loneCrs += 1;
  }

  /** The file is over. `sawLf`: other lines of it end with LF. */
  end(sawLf: boolean): void {
    if (this.#loneCrs > 0) {
      const finding = loneCr(this.#loneCrAt, this.#loneCrs, sawLf);
      if (sawLf) this.#findings.cause(finding);
      else this.#findings.warning(finding);
    }
    if (this.#nulAt !== undefined) this.#findings.cause(nul(this.#nulAt, this.#nuls));
  }
}

/** Where something was seen first, and how often. */
interface Sightings {
  readonly line: number;
  count: number;
}

/** What the columns of a file look like as a whole: kept for every record, with memory by the number of columns. */
export class TableShape {
  #fullest = 0;
  #empty: Sightings | undefined;
  readonly #exponents = new Map<number, Sightings>();

  /** The last column (1-based) that has a value in any record but the header. */
  get fullest(): number {
    return this.#fullest;
  }

  /** Records of nothing but separators. */
  get empty(): Readonly<Sightings> | undefined {
    return this.#empty;
  }

  /** Unquoted values with `E+` in them, by column. */
  get exponents(): ReadonlyMap<number, Readonly<Sightings>> {
    return this.#exponents;
  }

  /** A record of the right width on `line`, whose last value stands in column `full`; 0: it has none. */
  record(line: number, full: number): void {
    if (full > this.#fullest) this.#fullest = full;
    if (full > 0) return;
    if (this.#empty === undefined) this.#empty = { line, count: 1 };
    else this.#empty.count += 1;
  }

  exponent(line: number, column: number): void {
    const known = this.#exponents.get(column);
    if (known !== undefined) known.count += 1;
    // A ragged record may have a million columns; a table has not.
    else if (this.#exponents.size < 1000) this.#exponents.set(column, { line, count: 1 });
  }
}
