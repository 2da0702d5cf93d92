import type { FieldSink } from './field-sink.ts';
import type { FindingList } from './findings.ts';
import { checkHeader, headerNames } from './header.ts';
import {
  badQuote,
  blankLines,
  empty,
  loneCr,
  longHeader,
  noRecords,
  nul,
  openQuote,
  ragged,
} from './structure-findings.ts';
import { TableShape } from './table-shape.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const PLUS = 43;
const COMMA = 44;
const BOM = [0xef, 0xbb, 0xbf] as const;

/** A header is kept to be read as text; one longer than this (bytes) is no header, and memory stays flat. */
const HEADER_LIMIT = 1 << 20;

// Which bytes mean something outside quotes and inside them. Most bytes are above the
// highest of these, so the loop compares first and looks up only the rest: a fifth faster than the look-up alone.
const PLAIN = new Uint8Array(256);
for (const byte of [0, LF, CR, QUOTE, PLUS, COMMA]) PLAIN[byte] = 1;
const INSIDE = new Uint8Array(256);
for (const byte of [0, LF, CR, QUOTE]) INSIDE[byte] = 1;

// Where the machine stands between two bytes.
const RECORD_START = 0;
const FIELD_START = 1;
const UNQUOTED = 2;
const QUOTED = 3;
const QUOTE_SEEN = 4;
const AFTER_CR = 5;
const QUOTED_AFTER_CR = 6;

/** A place in a file: the line, and the field within the record; both 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Reads the structure of a CSV file (RFC 4180) as its bytes come by, in pieces of any size, with flat memory.
 * Adds what is wrong to `findings` (cli.md, "Files given"); whether the bytes are valid UTF-8 is not its question.
 *
 * Lines end with LF, CRLF or a lone CR, counted inside quotes too. A lone CR outside quotes ends a record, as every
 * spreadsheet reads it: a file that has no other line end is read with a warning; beside LF line ends the number of
 * records would depend on who counts, and records could not be accounted for (promise 3), so that is an error.
 */
export class CsvScanner {
  readonly #findings: FindingList;
  readonly #sink: FieldSink | undefined;
  readonly #shape = new TableShape();
  #state = RECORD_START;
  #line = 1;
  /** Of the record that is being read. */
  #recordLine = 1;
  /** 1-based field that is being read. */
  #column = 1;
  /** Records besides the header, so far. */
  #records = 0;
  /** Those of them that took the slow end; the others were full. */
  #looked = 0;
  /** Fields of the header, 0 until it is read. */
  #width = 0;
  /** The same, or 0 when the end of the record needs a closer look: the one comparison a record costs. */
  #expected = 0;
  /** Where the last quoted field begins. */
  #openedLine = 1;
  #openedColumn = 1;
  /** The field whose quotes are already reported. */
  #badQuoteAt: Position | undefined;
  #blankFrom = 0;
  #blankLines = 0;
  #nulAt: Position | undefined;
  #nuls = 0;
  #loneCrAt = 0;
  #loneCrs = 0;
  #sawLf = false;
  #bomBytes = 0;
  #header: readonly string[] = [];
  #headerPieces: Buffer[] = [];
  #headerBytes = 0;
  /** The last column of the record with a value so far, 0 for none. */
  #full = 0;
  /** The last byte of the block before, and the one before it. */
  #lastByte = 0;
  #byteBefore = 0;
  /** The sink's columns, ascending, and the one wanted next: 0 when the record has no more. */
  #wanted: readonly number[] = [];
  #wantedAt = 0;
  #want = 0;
  /** The beginning of a wanted value that goes on in the next block. */
  #carry: Buffer[] = [];

  /** `sink`: who is given values; without one none is looked at. */
  constructor(findings: FindingList, sink?: FieldSink) {
    this.#findings = findings;
    this.#sink = sink;
  }

  /** What the columns look like as a whole. */
  get shape(): TableShape {
    return this.#shape;
  }

  /** Records besides the header. */
  get records(): number {
    return this.#records;
  }

  /** The header's names; empty until the header is read. */
  get header(): readonly string[] {
    return this.#header;
  }

  /** Where the next byte stands. */
  get position(): Position {
    return { line: this.#line, column: this.#column };
  }

  /** The next bytes of the file. They are not kept: the buffer may be used again. */
  write(block: Uint8Array): void {
    let from = 0;
    while (this.#bomBytes < 3 && from < block.length) {
      if (block[from] === BOM[this.#bomBytes]) {
        this.#bomBytes += 1;
        from += 1;
      } else {
        // It only began like one: what was held back is text.
        const held = Uint8Array.from(BOM.slice(0, this.#bomBytes));
        this.#bomBytes = 3;
        this.#scan(held);
      }
    }
    this.#scan(from === 0 ? block : block.subarray(from));
  }

  /** The file is over: the last record and what can be said only now. */
  end(): void {
    if (this.#bomBytes < 3) this.#scan(Uint8Array.from(BOM.slice(0, this.#bomBytes)));
    const findings = this.#findings;
    const blank = this.#blankLines;
    const open = this.#state === QUOTED || this.#state === QUOTED_AFTER_CR;
    if (open) findings.cause(openQuote({ line: this.#openedLine, column: this.#openedColumn }));
    if (this.#state === AFTER_CR) this.#countLoneCr(this.#line - 1);
    else if (this.#state !== RECORD_START) {
      const nothing = new Uint8Array(0);
      if (this.#column === this.#want) this.#give(nothing, 0, 0);
      this.#endRecord(open, nothing, 0);
    }
    if (this.#records > this.#looked) this.#shape.record(0, this.#width);
    if (this.#width === 0) findings.cause(empty(blank));
    else if (this.#records === 0 && !open) findings.cause(noRecords());
    if (this.#loneCrs > 0) {
      const finding = loneCr(this.#loneCrAt, this.#loneCrs, this.#sawLf);
      if (this.#sawLf) findings.cause(finding);
      else findings.warning(finding);
    }
    if (this.#nulAt !== undefined) findings.cause(nul(this.#nulAt, this.#nuls));
  }

  #scan(block: Uint8Array): void {
    const n = block.length;
    let i = 0;
    let state = this.#state;
    let line = this.#line;
    let column = this.#column;
    let records = this.#records;
    let expected = this.#expected;
    let full = this.#full;
    let want = this.#want;
    let watched = this.#wanted.length > 0;
    // Where the field being read begins; 0 for one that began in an earlier block.
    let start = 0;

    while (i < n) {
      if (state === QUOTED) {
        while (i < n && ((block[i] as number) > QUOTE || INSIDE[block[i] as number] === 0)) i++;
        if (i === n) break;
        const c = block[i++];
        if (c === QUOTE) state = QUOTE_SEEN;
        else if (c === LF) line++;
        else if (c === CR) {
          line++;
          state = QUOTED_AFTER_CR;
        } else this.#countNul(line, column);
        continue;
      }
      if (state === QUOTE_SEEN) {
        const c = block[i];
        if (c === QUOTE) {
          i++;
          state = QUOTED;
          continue;
        }
        if (c !== COMMA && c !== LF && c !== CR) this.#badQuote(line, column, true);
        state = UNQUOTED;
      } else if (state === QUOTED_AFTER_CR) {
        // The LF of a CRLF is the same line end.
        if (block[i] === LF) i++;
        state = QUOTED;
        continue;
      } else if (state === AFTER_CR) {
        if (block[i] === LF) {
          i++;
          start = i;
          this.#sawLf = true;
        } else this.#countLoneCr(line - 1);
        state = RECORD_START;
        continue;
      }

      // Outside quotes, until a quote opens or the block ends.
      while (i < n) {
        if ((block[i] as number) > COMMA || PLAIN[block[i] as number] === 0) {
          state = UNQUOTED;
          full = column;
          i++;
          while (i < n && ((block[i] as number) > COMMA || PLAIN[block[i] as number] === 0)) i++;
          if (i === n) break;
        }
        const c = block[i++];
        if (c === COMMA) {
          if (column === want) want = this.#give(block, start, i - 1);
          column++;
          start = i;
          state = FIELD_START;
        } else if (c === LF || c === CR) {
          if (state === RECORD_START) this.#blank(line);
          else {
            if (column === want) this.#give(block, start, i - 1);
            if (column === expected && full === expected && !watched) records++;
            else {
              this.#line = line;
              this.#column = column;
              this.#records = records;
              this.#full = full;
              this.#endRecord(false, block, i - 1);
              records = this.#records;
              want = this.#want;
              watched = this.#wanted.length > 0;
            }
            full = 0;
          }
          start = i;
          expected = this.#blankLines > 0 ? 0 : this.#width;
          line++;
          column = 1;
          this.#recordLine = line;
          state = RECORD_START;
          if (c === LF) this.#sawLf = true;
          else {
            state = AFTER_CR;
            break;
          }
        } else if (c === QUOTE) {
          if (state === UNQUOTED) {
            this.#badQuote(line, column, false);
            continue;
          }
          this.#openedLine = line;
          this.#openedColumn = column;
          full = column;
          state = QUOTED;
          break;
        } else if (c === PLUS) {
          // `E+`: how spreadsheets write a long number. Others with a plus are few, and looked at later.
          const before = i > 1 ? block[i - 2] : this.#lastByte;
          if ((before === 69 || before === 101) && records > 0) {
            const digit = (i > 2 ? block[i - 3] : i === 2 ? this.#lastByte : this.#byteBefore) ?? 0;
            if (digit >= 48 && digit <= 57) this.#shape.exponent(this.#recordLine, column);
          }
          full = column;
          state = UNQUOTED;
        } else {
          this.#countNul(line, column);
          full = column;
          state = UNQUOTED;
        }
      }
    }

    this.#state = state;
    this.#line = line;
    this.#column = column;
    this.#records = records;
    this.#expected = expected;
    this.#full = full;
    if (n > 0) {
      this.#byteBefore = n > 1 ? (block[n - 2] as number) : this.#lastByte;
      this.#lastByte = block[n - 1] as number;
    }
    if (column === want && start < n) this.#carry.push(Buffer.from(block.subarray(start, n)));
    if (this.#width === 0) this.#keepHeader(block, n);
  }

  /** The slow end of a record: the header, the first record after blank lines, a ragged one, the last one of a file. */
  #endRecord(open: boolean, block: Uint8Array, end: number): void {
    const line = this.#recordLine;
    if (this.#blankLines > 0) {
      const from = this.#blankFrom;
      const count = this.#blankLines;
      this.#findings.error(() => blankLines(from, count));
      this.#blankLines = 0;
    }
    const fields = this.#column;
    if (this.#width === 0) {
      this.#keepHeader(block, end);
      this.#width = fields;
      if (this.#headerBytes > HEADER_LIMIT) this.#findings.error(() => longHeader(line, HEADER_LIMIT));
      // With a quote left open the names would be most of the file, and the open quote says it all.
      if (!open && this.#headerBytes <= HEADER_LIMIT) {
        this.#header = headerNames(Buffer.concat(this.#headerPieces).toString('utf8'));
        checkHeader(this.#header, line, this.#findings);
        this.#want = this.#wants(this.#sink?.header(this.#header, line) ?? []);
      }
      this.#headerPieces = [];
      return;
    }
    this.#records += 1;
    this.#looked += 1;
    const width = this.#width;
    if (fields === width) this.#shape.record(line, this.#full);
    if (this.#wanted.length > 0 && this.#sink !== undefined) {
      this.#want = this.#wants(this.#sink.record(line, fields === width && !open) ?? this.#wanted);
    }
    if (fields !== width && !open) this.#findings.error(() => ragged(line, fields, width));
  }

  /** Which columns are wanted from now on; the first of them. */
  #wants(columns: readonly number[]): number {
    this.#wanted = columns;
    this.#wantedAt = 0;
    return columns[0] ?? 0;
  }

  /** Gives the wanted value that ends here to the sink. @returns the next wanted column */
  #give(block: Uint8Array, from: number, to: number): number {
    const column = this.#wanted[this.#wantedAt] as number;
    if (this.#carry.length === 0) this.#sink?.field(column, block, from, to);
    else {
      const whole = Buffer.concat([...this.#carry, block.subarray(from, to)]);
      this.#carry = [];
      this.#sink?.field(column, whole, 0, whole.length);
    }
    this.#wantedAt += 1;
    this.#want = this.#wanted[this.#wantedAt] ?? 0;
    return this.#want;
  }

  /** The header begins in the first block, so its part of any block begins at 0. */
  #keepHeader(block: Uint8Array, end: number): void {
    const room = HEADER_LIMIT - this.#headerBytes;
    if (room > 0) this.#headerPieces.push(Buffer.from(block.subarray(0, Math.min(end, room))));
    this.#headerBytes += end;
  }

  /** A blank line is a finding only if a record follows: at the end of the file they are ignored. */
  #blank(line: number): void {
    if (this.#blankLines === 0) this.#blankFrom = line;
    this.#blankLines += 1;
  }

  #badQuote(line: number, column: number, closed: boolean): void {
    // The field is told by its record: a field may go on over several lines.
    const at = { line: this.#recordLine, column };
    if (this.#badQuoteAt?.line === at.line && this.#badQuoteAt.column === at.column) return;
    this.#badQuoteAt = at;
    this.#findings.error(() => badQuote({ line, column }, closed));
  }

  #countNul(line: number, column: number): void {
    this.#nulAt ??= { line, column };
    this.#nuls += 1;
  }

  #countLoneCr(line: number): void {
    if (this.#loneCrs === 0) this.#loneCrAt = line;
    this.#loneCrs += 1;
  }
}
