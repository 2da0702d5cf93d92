import type { DamagedValues } from './damaged-values.ts';
import type { FieldSink } from './field-values.ts';
import type { FindingList, Position } from './findings.ts';
import { JoinedFiles } from './joined-files.ts';
import { PlainRecords } from './plain-records.ts';
import { hasFormula, isBlank, ScannedText } from './scanned-text.ts';
import { RecordEnds, type TableShape } from './structure.ts';
import { emptyFile, noRecords, openQuote, StructureNotes } from './structure-notes.ts';

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
  readonly #plain: PlainRecords;
  readonly #text: ScannedText;
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
  /** Where the current record begins in this block; -1 if it began in an earlier one. */
  #recordStart = 0;

  /** Without a `sink`, no values are selected. */
  constructor(findings: FindingList, sink?: FieldSink) {
    this.#findings = findings;
    this.#notes = new StructureNotes(findings);
    this.#text = new ScannedText(this.#notes);
    this.#ends = new RecordEnds(findings, sink, this.#joined);
    this.#plain = new PlainRecords(this.#ends);
  }

  get shape(): TableShape {
    return this.#ends.shape;
  }

  /** Values that a spreadsheet or a conversion damaged. */
  get damaged(): DamagedValues {
    return this.#text.damaged;
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
    const blank = this.#notes.blankLines > 0;
    const open = this.#state === QUOTED || this.#state === QUOTED_AFTER_CR;
    this.#text.end();
    if (open) findings.cause(openQuote({ line: this.#openedLine, column: this.#openedColumn }));
    if (this.#state === AFTER_CR || this.#state === AFTER_CR_CR) this.#notes.loneCr(this.#line - 1);
    else if (this.#state !== RECORD_START) {
      this.#found = this.#ends.values.end();
      this.#recordStart = -1;
      this.#endRecord(open, new Uint8Array(0), 0);
    }
    const ended = this.#state === RECORD_START || this.#state === AFTER_CR;
    this.#notes.endRecords(!open && this.#text.endsWithCtrlZ ? this.#recordLine - (ended ? 1 : 0) : 0);
    if (this.#ends.width === 0) findings.cause(emptyFile(blank));
    else if (this.#records === 0 && !open) findings.cause(noRecords());
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
    const text = this.#text;
    text.startBlock(block, recordLine, column);
    if (joined.pending) joined.resume(block, 0);
    else if (n > 0 && state === RECORD_START && watched[block[0] as number] === 1)
      joined.begin(block, 0, line);
    const plain = this.#plain;
    plain.startBlock(block);
    let nextPlain = plain.next;

    while (i < n) {
      if (i >= nextPlain && state === RECORD_START && expected > 0) {
        const to = plain.pass(block, i, line, mostFilled, joined.header);
        nextPlain = plain.next;
        if (to > i) {
          i = to;
          line += plain.lines;
          records += plain.records;
          recordLine = line;
          start = i;
          recordStart = i;
          this.#sawLf = true;
          ({ columns, bounds, none } = values);
          nextSelected = columns[0] as number;
          if (i < n && watched[block[i] as number] === 1) joined.begin(block, i, line);
          continue;
        }
      }
      if (state === QUOTED) {
        while (i < n && ((block[i] as number) > PLUS || SPECIAL_IN_QUOTES[block[i] as number] === 0)) i++;
        if (i === n) break;
        const c = block[i++];
        if (c === QUOTE) state = QUOTE_SEEN;
        else if (c === PLUS) {
          if (ends.width > 0) text.plus(block, i - 1, recordLine, column);
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
        if (c !== COMMA && c !== LF && c !== CR)
          text.badQuote(recordLine, { line, column }, true, block, recordStart, i);
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
            if (i >= nextPlain) break;
          } else {
            state = AFTER_CR;
            break;
          }
        } else if (c === QUOTE) {
          if (state === UNQUOTED) {
            if (ends.width > 0 && text.isTextFormula(block, i - 1)) {
              text.watchFormula(block, i, { line: recordLine, column });
              continue;
            }
            text.badQuote(recordLine, { line, column }, false, block, recordStart, i - 1);
            continue;
          }
          this.#openedLine = line;
          this.#openedColumn = column;
          if (ends.width > 0 && (i === n || block[i] === HASH || block[i] === EQUALS))
            text.beginQuoted(block, i, recordLine, column);
          lastFilled = column;
          state = QUOTED;
          break;
        } else {
          if (c === PLUS) {
            if (ends.width > 0) text.plus(block, i - 1, recordLine, column);
          } else if (c === HASH) {
            if (state !== UNQUOTED && ends.width > 0) text.hash(block, i, recordLine, column);
          } else this.#notes.nul(line, column);
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
    const inRecord = state !== RECORD_START && state !== AFTER_CR && state !== AFTER_CR_CR;
    text.endBlock(block, recordStart, inRecord);
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
    const text =
      width > 0 && fields !== width && !open ? this.#text.record(block, this.#recordStart, end) : '';
    // Blanks alone are one field; what they are depends on whether records follow.
    if (fields === 1 && isBlank(text)) {
      this.#notes.blankRecord(line, text.includes('\u001a'));
      this.#records += 1;
      this.#ends.dropRecord();
      return;
    }
    this.#notes.record();
    if (hasFormula(text)) this.#notes.formula({ line });
    if (this.#ends.width === 0) {
      this.#ends.endHeader(record, block, end);
      return;
    }
    this.#records += 1;
    this.#ends.endRecord(record, block, this.#notes.hasFormula(line));
  }
}
