import { DamagedValues, FieldWatch, fieldAround } from './damaged-values.ts';
import type { FieldSink } from './field-values.ts';
import { type FindingList, finding, type Position } from './findings.ts';
import { JoinedFiles } from './joined-files.ts';
import { RecordEnds, type TableShape } from './structure.ts';
import { StructureNotes } from './structure-notes.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const HASH = 35;
const PLUS = 43;
const COMMA = 44;
const EQUALS = 61;

// The special bytes outside and inside quotes. Most bytes are above the highest of them, so the loop compares first and
// looks up only the rest: a fifth faster than the look-up alone.
const SPECIAL = new Uint8Array(256);
for (const byte of [0, LF, CR, QUOTE, HASH, PLUS, COMMA]) SPECIAL[byte] = 1;
const SPECIAL_IN_QUOTES = new Uint8Array(256);
for (const byte of [0, LF, CR, QUOTE, PLUS]) SPECIAL_IN_QUOTES[byte] = 1;

// States of the scanner between two bytes.
const RECORD_START = 0;
const FIELD_START = 1;
const UNQUOTED = 2;
const QUOTED = 3;
const QUOTE_SEEN = 4;
const AFTER_CR = 5;
const QUOTED_AFTER_CR = 6;
const AFTER_CR_CR = 7;

const CTRL_Z = 0x1a;
const NOTHING = new Uint8Array(0);

/** Bytes of a record that are looked at to name what is wrong with it. */
const RECORD_HEAD = 4096;
/** Only spaces (in UTF-8 also no-break spaces), or the end mark of DOS. */
const BLANK_RECORD = /^(?:[ \t\u001a]|\u00c2\u00a0)+$/u;
/** A formula whose commas are not in quotes. */
const FORMULA = /(?:^|,)=[-+@]?[A-Z][A-Z0-9.]*\([^)]*,/iu;
/** The same up to a quote in it; also `="`. */
const OPEN_FORMULA = /(?:^|,)=(?:[-+@]?[A-Z][A-Z0-9.]*\([^)]*)?$/iu;

const isFieldEnd = (byte: number): boolean => byte === COMMA || byte === LF || byte === CR;

/**
 * Reads the structure of a CSV file (RFC 4180) in blocks of any size, with flat memory, and adds findings (commands
 * rule 14). It does not check the encoding.
 *
 * Lines end with LF, CRLF or a lone CR, counted inside quotes too. A lone CR outside quotes ends a record, as in
 * spreadsheets. A file with no other line end gets a warning. Mixed with LF it is an error: programs would disagree on the
 * number of records, which could then not be accounted for (commands rule 3).
 */
export class CsvScanner {
  readonly #findings: FindingList;
  readonly #notes: StructureNotes;
  readonly #ends: RecordEnds;
  readonly #joined = new JoinedFiles();
  readonly #damaged = new DamagedValues();
  readonly #watch = new FieldWatch(this.#damaged);
  #started = false;
  #state = RECORD_START;
  #line = 1;
  /** The line the current record begins on. */
  #recordLine = 1;
  /** The current field, from 1. */
  #column = 1;
  /** The last column of the current record with a value, 0 for none. */
  #lastFilled = 0;
  /** Selected values of the current record found in this block. */
  #found = 0;
  /** Records without the header. */
  #records = 0;
  /** Where the last quoted field began. */
  #openedLine = 1;
  #openedColumn = 1;
  #sawLf = false;
  /** The last block ended with the quote that a value begins with. */
  #quoteAtEnd = false;
  /** The last two bytes of the previous block. */
  #lastByte = 0;
  #byteBefore = 0;
  /** The first bytes of the current record, from earlier blocks. */
  #recordHead: Uint8Array = NOTHING;
  /** Where the current record begins in this block; -1 if it began in an earlier one. */
  #recordStart = 0;

  /** Without a `sink`, no values are selected. */
  constructor(findings: FindingList, sink?: FieldSink) {
    this.#findings = findings;
    this.#notes = new StructureNotes(findings);
    this.#ends = new RecordEnds(findings, sink, this.#joined);
  }

  get shape(): TableShape {
    return this.#ends.shape;
  }

  /** Values that a spreadsheet or a conversion damaged. */
  get damaged(): DamagedValues {
    return this.#damaged;
  }

  /** Records without the header. */
  get records(): number {
    return this.#records;
  }

  /** Column names; empty until the header is read. */
  get header(): readonly string[] {
    return this.#ends.header.names;
  }

  /** The place of the next byte, if that is no line feed. */
  get position(): Position {
    return { line: this.#state === AFTER_CR_CR ? this.#line + 1 : this.#line, column: this.#column };
  }

  /**
   * Reads the next bytes of the file. They are not kept: the buffer may be reused. The first block has at least three bytes,
   * if the file does, for the byte order mark.
   */
  write(block: Uint8Array): void {
    const hasMark = !this.#started && block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf;
    this.#started = true;
    this.#scan(hasMark ? block.subarray(3) : block);
  }

  /** Call at the end of the file: ends the last record and adds the remaining findings. */
  end(): void {
    const findings = this.#findings;
    const blank = this.#notes.blankLines;
    const open = this.#state === QUOTED || this.#state === QUOTED_AFTER_CR;
    this.#watch.end();
    if (open)
      findings.cause(
        finding(
          'open-quote',
          { line: this.#openedLine, column: this.#openedColumn },
          'the quote opened here is never closed, so everything after it is one field',
          'Close the quote at the end of the value, or double it ("") if it is part of the value. If the file is cut off, export it again.',
        ),
      );
    if (this.#state === AFTER_CR || this.#state === AFTER_CR_CR) this.#notes.loneCr(this.#line - 1);
    else if (this.#state !== RECORD_START) {
      this.#found = this.#ends.values.end();
      this.#recordStart = -1;
      this.#endRecord(open, NOTHING, 0);
    }
    const last = this.#lastByte === LF || this.#lastByte === CR ? this.#byteBefore : this.#lastByte;
    const ended = this.#state === RECORD_START || this.#state === AFTER_CR;
    this.#notes.endRecords(!open && last === CTRL_Z ? this.#recordLine - (ended ? 1 : 0) : 0);
    if (this.#ends.width === 0)
      findings.cause(
        finding(
          'empty',
          {},
          blank === 0 ? 'the file is empty' : 'the file contains only blank lines',
          'Export the file again, or leave it out of the command.',
        ),
      );
    else if (this.#records === 0 && !open)
      findings.cause(
        finding(
          'no-records',
          {},
          'the file has a header but no records',
          'Export the file again, or leave it out if there is nothing to load. If the first line is a record, add a header.',
        ),
      );
    this.#joined.end(findings);
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
    let lastFilled = this.#lastFilled;
    let { columns, bounds, none, carried } = values;
    let found = this.#found;
    let nextSelected = columns[found] as number;
    // A record with this many fields and no more filled columns than an earlier one needs no closer look; 0: every one does.
    let expected = this.#notes.blankLines > 0 || this.#notes.blankRecords > 0 ? 0 : ends.width;
    let mostFilled = ends.shape.lastFilled;
    // Where the current field begins; 0 if it began in an earlier block.
    let start = 0;
    const joined = this.#joined;
    const { watched } = joined;
    let recordStart = state === RECORD_START || state === AFTER_CR || state === AFTER_CR_CR ? 0 : -1;
    if (this.#watch.pending) this.#watch.resume(block, 0);
    if (this.#quoteAtEnd) this.#beginQuoted(block, 0, recordLine, column);
    if (joined.pending) joined.resume(block, 0);
    else if (n > 0 && state === RECORD_START && watched[block[0] as number] === 1)
      joined.begin(block, 0, line);

    while (i < n) {
      if (state === QUOTED) {
        while (i < n && ((block[i] as number) > PLUS || SPECIAL_IN_QUOTES[block[i] as number] === 0)) i++;
        if (i === n) break;
        const c = block[i++];
        if (c === QUOTE) state = QUOTE_SEEN;
        else if (c === PLUS) {
          if (ends.width > 0 && this.#isExponent(block, i - 1))
            this.#damaged.add('exponent', { line: recordLine, column }, fieldAround(block, i - 1));
        } else if (c === LF) line++;
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
        if (c !== COMMA && c !== LF && c !== CR) {
          this.#recordStart = recordStart;
          this.#badQuote(recordLine, { line, column }, true, block, i);
        }
        state = UNQUOTED;
      } else if (state === QUOTED_AFTER_CR) {
        // CRLF is one line end.
        if (block[i] === LF) i++;
        state = QUOTED;
        continue;
      } else if (state === AFTER_CR) {
        if (block[i] === LF) {
          i++;
          start = i;
          recordStart = i;
          this.#sawLf = true;
        } else if (block[i] === CR) {
          i++;
          state = AFTER_CR_CR;
          continue;
        } else this.#notes.loneCr(line - 1);
        state = RECORD_START;
        if (i < n && watched[block[i] as number] === 1) joined.begin(block, i, line);
        continue;
      } else if (state === AFTER_CR_CR) {
        if (block[i] === LF) {
          // A text file that was converted twice. The second line end makes no blank line.
          this.#notes.crCrLf(line - 1);
          i++;
          this.#sawLf = true;
        } else {
          this.#notes.loneCr(line - 1);
          this.#notes.blank(line);
          expected = 0;
        }
        line++;
        recordLine = line;
        start = i;
        recordStart = i;
        state = block[i - 1] === LF ? RECORD_START : AFTER_CR;
        if (state === RECORD_START && i < n && watched[block[i] as number] === 1)
          joined.begin(block, i, line);
        continue;
      }

      // Outside quotes, until a quote opens, a CR, or the end of the block.
      while (i < n) {
        if ((block[i] as number) > COMMA || SPECIAL[block[i] as number] === 0) {
          state = UNQUOTED;
          lastFilled = column;
          i++;
          while (i < n && ((block[i] as number) > COMMA || SPECIAL[block[i] as number] === 0)) i++;
          if (i === n) break;
        }
        const c = block[i++];
        if (c === COMMA) {
          if (column === nextSelected) {
            bounds[2 * found] = start;
            bounds[2 * found + 1] = i - 1;
            nextSelected = columns[++found] as number;
          }
          column++;
          start = i;
          state = FIELD_START;
        } else if (c === LF || c === CR) {
          if (state === RECORD_START) {
            this.#notes.blank(line);
            expected = 0;
          } else {
            if (column === nextSelected) {
              bounds[2 * found] = start;
              bounds[2 * found + 1] = i - 1;
              found++;
            }
            if (column === expected && lastFilled > 0 && lastFilled <= mostFilled && !carried) {
              records++;
              if (!none && ends.deliver(recordLine, true, block, bounds))
                ({ columns, bounds, none } = values);
            } else {
              this.#recordLine = recordLine;
              this.#recordStart = recordStart;
              this.#column = column;
              this.#records = records;
              this.#lastFilled = lastFilled;
              this.#found = found;
              this.#endRecord(false, block, i - 1);
              records = this.#records;
              expected = this.#notes.blankRecords > 0 ? 0 : ends.width;
              mostFilled = ends.shape.lastFilled;
              ({ columns, bounds, none } = values);
              carried = false;
            }
            found = 0;
            nextSelected = columns[0] as number;
            lastFilled = 0;
          }
          start = i;
          recordStart = i;
          line++;
          column = 1;
          recordLine = line;
          state = RECORD_START;
          if (c === LF) {
            this.#sawLf = true;
            if (i < n && watched[block[i] as number] === 1) joined.begin(block, i, line);
          } else {
            state = AFTER_CR;
            break;
          }
        } else if (c === QUOTE) {
          if (state === UNQUOTED) {
            if (ends.width > 0 && this.#isTextFormula(block, i - 1)) {
              this.#watchFormula(block, i, { line: recordLine, column });
              continue;
            }
            this.#recordStart = recordStart;
            this.#badQuote(recordLine, { line, column }, false, block, i - 1);
            continue;
          }
          this.#openedLine = line;
          this.#openedColumn = column;
          if (i === n || block[i] === HASH || block[i] === EQUALS)
            this.#beginQuoted(block, i, recordLine, column);
          lastFilled = column;
          state = QUOTED;
          break;
        } else if (c === PLUS) {
          // Spreadsheets write long numbers with `E+`.
          if (ends.width > 0 && this.#isExponent(block, i - 1))
            this.#damaged.add('exponent', { line: recordLine, column }, fieldAround(block, i - 1));
          lastFilled = column;
          state = UNQUOTED;
        } else if (c === HASH) {
          if (state !== UNQUOTED && ends.width > 0)
            this.#beginWatch(block, i, { line: recordLine, column }, false, '#');
          lastFilled = column;
          state = UNQUOTED;
        } else {
          this.#notes.nul(line, column);
          lastFilled = column;
          state = UNQUOTED;
        }
      }
    }

    this.#state = state;
    this.#line = line;
    this.#recordLine = recordLine;
    this.#column = column;
    this.#records = records;
    this.#lastFilled = lastFilled;
    this.#found = found;
    if (n === 0) return;
    this.#byteBefore = n > 1 ? (block[n - 2] as number) : this.#lastByte;
    this.#lastByte = block[n - 1] as number;
    if (recordStart >= 0) this.#recordHead = NOTHING;
    if (state !== RECORD_START && state !== AFTER_CR && state !== AFTER_CR_CR)
      this.#recordHead = this.#recordBytes(block, recordStart, n);
    if (!none && state !== RECORD_START && state !== AFTER_CR) {
      values.keep(block, found, column === nextSelected ? start : -1);
    }
    if (ends.width === 0) ends.header.keep(block, n);
  }

  /** Ends a record that needs a closer look, at `end` in this block. `open`: a quote was left open. */
  #endRecord(open: boolean, block: Uint8Array, end: number): void {
    const [line, fields, lastFilled, found] = [this.#recordLine, this.#column, this.#lastFilled, this.#found];
    const record = { line, fields, lastFilled, found, open };
    const { width } = this.#ends;
    const text = width > 0 && fields !== width && !open ? this.#recordText(block, end) : '';
    // Blanks alone are one field; what they are depends on whether records follow.
    if (fields === 1 && text.length < RECORD_HEAD && BLANK_RECORD.test(text)) {
      this.#notes.blankRecord(line, text.includes('\u001a'));
      this.#records += 1;
      this.#ends.dropRecord();
      return;
    }
    this.#notes.record();
    if (text.includes('=') && FORMULA.test(text.replace(/"(?:[^"]|"")*"/gu, '""')))
      this.#notes.formula({ line });
    if (this.#ends.width === 0) {
      this.#ends.endHeader(record, block, end);
      return;
    }
    this.#records += 1;
    this.#ends.endRecord(record, block, this.#notes.hasFormula(line));
  }

  /** @param at where the quote is in this block */
  #badQuote(recordLine: number, at: Position, closed: boolean, block: Uint8Array, end: number): void {
    if (!this.#notes.badQuote(recordLine, at)) return;
    const text = this.#recordText(block, end);
    if (text.length < RECORD_HEAD && OPEN_FORMULA.test(text))
      this.#notes.formula({ ...at, line: recordLine });
    else this.#notes.reportBadQuote(at, closed);
  }

  /** The first bytes of the current record, up to `end` in this block, a character for each byte. */
  #recordText(block: Uint8Array, end: number): string {
    return Buffer.from(this.#recordBytes(block, this.#recordStart, end)).toString('latin1');
  }

  /** @param from where the record begins in this block, -1 for an earlier one */
  #recordBytes(block: Uint8Array, from: number, end: number): Uint8Array {
    if (from >= 0) return Uint8Array.from(block.subarray(from, Math.min(end, from + RECORD_HEAD)));
    const head = this.#recordHead;
    if (head.length >= RECORD_HEAD || end === 0) return head;
    return Buffer.concat([head, block.subarray(0, Math.min(end, RECORD_HEAD - head.length))]);
  }

  /** A byte before this block's `at`-th one, perhaps in the previous block. */
  #before(block: Uint8Array, at: number): number {
    if (at >= 0) return block[at] ?? 0;
    return at === -1 ? this.#lastByte : at === -2 ? this.#byteBefore : 0;
  }

  /** A value in quotes begins at `from`, perhaps in the next block. */
  #beginQuoted(block: Uint8Array, from: number, recordLine: number, column: number): void {
    if (this.#ends.width === 0) return;
    this.#quoteAtEnd = from === block.length;
    const byte = block[from];
    if (byte === HASH || byte === EQUALS)
      this.#beginWatch(block, from, { line: recordLine, column }, true, '');
  }

  /** True for the quote of `="`, at the beginning of a field. */
  #isTextFormula(block: Uint8Array, quote: number): boolean {
    return this.#before(block, quote - 1) === EQUALS && isFieldEnd(this.#before(block, quote - 2));
  }

  #watchFormula(block: Uint8Array, from: number, place: Position): void {
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

  /** True if a digit and `E` stand before the plus, perhaps in the previous block. */
  #isExponent(block: Uint8Array, plus: number): boolean {
    const letter = plus > 0 ? block[plus - 1] : this.#lastByte;
    if (letter !== 69 && letter !== 101) return false;
    const digit = (plus > 1 ? block[plus - 2] : plus === 1 ? this.#lastByte : this.#byteBefore) ?? 0;
    return digit >= 48 && digit <= 57;
  }
}
