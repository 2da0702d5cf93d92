import type { FieldSink } from './field-values.ts';
import type { FindingList, Position } from './findings.ts';
import { RecordEnds, StructureNotes, type TableShape } from './structure.ts';
import { empty, noRecords, openQuote } from './structure-findings.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const PLUS = 43;
const COMMA = 44;

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
  readonly #notes: StructureNotes;
  readonly #ends: RecordEnds;
  readonly #mark = new ByteOrderMark();
  #state = RECORD_START;
  #line = 1;
  /** Of the record that is being read. */
  #recordLine = 1;
  /** 1-based field that is being read. */
  #column = 1;
  /** The last column of the record with a value so far, 0 for none. */
  #full = 0;
  /** Wanted values of the record that were found so far. */
  #found = 0;
  /** Records besides the header, so far. */
  #records = 0;
  /** Where the last quoted field begins. */
  #openedLine = 1;
  #openedColumn = 1;
  #sawLf = false;
  /** The last byte of the block before, and the one before it. */
  #lastByte = 0;
  #byteBefore = 0;

  /** `sink`: who is given values; without one none is looked at. */
  constructor(findings: FindingList, sink?: FieldSink) {
    this.#findings = findings;
    this.#notes = new StructureNotes(findings);
    this.#ends = new RecordEnds(findings, sink);
  }

  /** What the columns look like as a whole. */
  get shape(): TableShape {
    return this.#ends.shape;
  }

  /** Records besides the header. */
  get records(): number {
    return this.#records;
  }

  /** The header's names; empty until the header is read. */
  get header(): readonly string[] {
    return this.#ends.header.names;
  }

  /** Where the next byte stands. */
  get position(): Position {
    return { line: this.#line, column: this.#column };
  }

  /** The next bytes of the file. They are not kept: the buffer may be used again. */
  write(block: Uint8Array): void {
    for (const piece of this.#mark.strip(block)) this.#scan(piece);
  }

  /** The file is over: the last record and what can be said only now. */
  end(): void {
    this.#scan(this.#mark.end());
    const findings = this.#findings;
    const blank = this.#notes.blankLines;
    const open = this.#state === QUOTED || this.#state === QUOTED_AFTER_CR;
    if (open) findings.cause(openQuote({ line: this.#openedLine, column: this.#openedColumn }));
    if (this.#state === AFTER_CR) this.#notes.loneCr(this.#line - 1);
    else if (this.#state !== RECORD_START) {
      this.#found = this.#ends.values.end();
      this.#endRecord(open, new Uint8Array(0), 0);
    }
    if (this.#ends.width === 0) findings.cause(empty(blank));
    else if (this.#records === 0 && !open) findings.cause(noRecords());
    this.#notes.end(this.#sawLf);
  }

  #scan(block: Uint8Array): void {
    const n = block.length;
    const ends = this.#ends;
    const values = ends.values;
    let i = 0;
    let state = this.#state;
    let line = this.#line;
    let recordLine = this.#recordLine;
    let column = this.#column;
    let records = this.#records;
    let full = this.#full;
    let { columns, bounds, none, carried } = values;
    let found = this.#found;
    let want = columns[found] as number;
    // A record of this many fields, with its last value no further right than another's, needs no closer look; 0: any does.
    let expected = this.#notes.blankLines > 0 ? 0 : ends.width;
    let fullest = ends.shape.fullest;
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
        } else this.#notes.nul(line, column);
        continue;
      }
      if (state === QUOTE_SEEN) {
        const c = block[i];
        if (c === QUOTE) {
          i++;
          state = QUOTED;
          continue;
        }
        if (c !== COMMA && c !== LF && c !== CR) this.#notes.badQuote(recordLine, { line, column }, true);
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
        } else this.#notes.loneCr(line - 1);
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
          if (column === want) {
            bounds[2 * found] = start;
            bounds[2 * found + 1] = i - 1;
            want = columns[++found] as number;
          }
          column++;
          start = i;
          state = FIELD_START;
        } else if (c === LF || c === CR) {
          if (state === RECORD_START) {
            this.#notes.blank(line);
            expected = 0;
          } else {
            if (column === want) {
              bounds[2 * found] = start;
              bounds[2 * found + 1] = i - 1;
              found++;
            }
            if (column === expected && full > 0 && full <= fullest && !carried) {
              records++;
              if (!none && ends.give(recordLine, true, block, bounds)) ({ columns, bounds, none } = values);
            } else {
              this.#recordLine = recordLine;
              this.#column = column;
              this.#records = records;
              this.#full = full;
              this.#found = found;
              this.#endRecord(false, block, i - 1);
              records = this.#records;
              expected = ends.width;
              fullest = ends.shape.fullest;
              ({ columns, bounds, none } = values);
              carried = false;
            }
            found = 0;
            want = columns[0] as number;
            full = 0;
          }
          start = i;
          line++;
          column = 1;
          recordLine = line;
          state = RECORD_START;
          if (c === LF) this.#sawLf = true;
          else {
            state = AFTER_CR;
            break;
          }
        } else if (c === QUOTE) {
          if (state === UNQUOTED) {
            this.#notes.badQuote(recordLine, { line, column }, false);
            continue;
          }
          this.#openedLine = line;
          this.#openedColumn = column;
          full = column;
          state = QUOTED;
          break;
        } else if (c === PLUS) {
          // `E+`: how spreadsheets write a long number. Others with a plus are few, and looked at later.
          if (ends.width > 0 && this.#isExponent(block, i - 1)) ends.shape.exponent(recordLine, column);
          full = column;
          state = UNQUOTED;
        } else {
          this.#notes.nul(line, column);
          full = column;
          state = UNQUOTED;
        }
      }
    }

    this.#state = state;
    this.#line = line;
    this.#recordLine = recordLine;
    this.#column = column;
    this.#records = records;
    this.#full = full;
    this.#found = found;
    if (n === 0) return;
    this.#byteBefore = n > 1 ? (block[n - 2] as number) : this.#lastByte;
    this.#lastByte = block[n - 1] as number;
    if (!none && state !== RECORD_START && state !== AFTER_CR) {
      values.keep(block, found, column === want ? start : -1);
    }
    if (ends.width === 0) ends.header.keep(block, n);
  }

  /** The record ends at `end` in this block, and needs a closer look. `open`: with a quote left open. */
  #endRecord(open: boolean, block: Uint8Array, end: number): void {
    this.#notes.record();
    const [line, fields, full, found] = [this.#recordLine, this.#column, this.#full, this.#found];
    const record = { line, fields, full, found, open };
    if (this.#ends.width === 0) {
      this.#ends.endHeader(record, block, end);
      return;
    }
    this.#records += 1;
    this.#ends.endRecord(record, block);
  }

  /** Do these two bytes before a plus, or those of the block before, make it a number with an exponent? */
  #isExponent(block: Uint8Array, plus: number): boolean {
    const letter = plus > 0 ? block[plus - 1] : this.#lastByte;
    if (letter !== 69 && letter !== 101) return false;
    const digit = (plus > 1 ? block[plus - 2] : plus === 1 ? this.#lastByte : this.#byteBefore) ?? 0;
    return digit >= 48 && digit <= 57;
  }
}

const BOM = [0xef, 0xbb, 0xbf] as const;

/** Takes the byte order mark off the beginning of bytes that come in pieces of any size. */
class ByteOrderMark {
  /** How many of its bytes were seen; 3: the question is settled. */
  #seen = 0;

  /** The text in the next bytes, in up to two pieces. */
  strip(block: Uint8Array): readonly Uint8Array[] {
    if (this.#seen === BOM.length) return [block];
    let from = 0;
    while (this.#seen < BOM.length && from < block.length) {
      if (block[from] !== BOM[this.#seen]) return [this.end(), block.subarray(from)];
      this.#seen += 1;
      from += 1;
    }
    return [block.subarray(from)];
  }

  /** It only began like one, or the bytes are over: what was held back is text. */
  end(): Uint8Array {
    const held = this.#seen === BOM.length ? [] : BOM.slice(0, this.#seen);
    this.#seen = BOM.length;
    return Uint8Array.from(held);
  }
}
