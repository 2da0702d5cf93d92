import { type FindingDetails, type FindingList, finding, type Position, plural } from './findings.ts';

/** Observations of the scanner that become findings later: with the next record, or at the end of the file. */
export class StructureNotes {
  readonly #findings: FindingList;
  /** The field whose quotes are reported already. */
  #badQuoteAt: Position | undefined;
  #blankFrom = 0;
  #blankLines = 0;
  #nulAt: Position | undefined;
  #nuls = 0;
  #loneCrAt = 0;
  #loneCrs = 0;
  #crCrLfAt = 0;
  #crCrLfs = 0;
  #blankRecordAt = 0;
  #blankRecords = 0;
  #ctrlZAt = 0;
  /** The last record with a formula. */
  #formulaLine = 0;

  constructor(findings: FindingList) {
    this.#findings = findings;
  }

  /** Blank lines since the last record. At the end of the file they are ignored. */
  get blankLines(): number {
    return this.#blankLines;
  }

  blank(line: number): void {
    if (this.#blankLines === 0) this.#blankFrom = line;
    this.#blankLines += 1;
  }

  /** Records of spaces only since the last other record. */
  get blankRecords(): number {
    return this.#blankRecords;
  }

  /** A record that contains only spaces, or the end mark of DOS. */
  blankRecord(line: number, ctrlZ: boolean): void {
    if (ctrlZ) this.#ctrlZAt = line;
    if (this.#blankRecords === 0) this.#blankRecordAt = line;
    this.#blankRecords += 1;
  }

  /** A formula in the record of a line, whose commas or quotes divide it. */
  formula({ line, column }: Partial<Position> & { readonly line: number }): void {
    if (this.hasFormula(line)) return;
    this.#formulaLine = line;
    this.#findings.error('formula', () =>
      finding(
        'formula',
        column === undefined ? { line } : { line, column },
        'a spreadsheet formula without quotes around it: its commas and quotes divide the record',
        'Export its result instead of the formula, or put the formula in double quotes and double each quote in it ("").',
      ),
    );
  }

  hasFormula(line: number): boolean {
    return this.#formulaLine === line;
  }

  crCrLf(line: number): void {
    if (this.#crCrLfs === 0) this.#crCrLfAt = line;
    this.#crCrLfs += 1;
  }

  /** Call after the last record. @param ctrlZ the line that ends with the end mark of DOS, 0 for none */
  endRecords(ctrlZ: number): void {
    const line = this.#blankRecords > 0 && this.#ctrlZAt > 0 ? this.#ctrlZAt : ctrlZ;
    if (line > 0)
      this.#findings.cause(
        finding(
          'ctrl-z',
          { line },
          'the file ends with Ctrl-Z (0x1A), the end mark of DOS, which is read as part of a record',
          "Remove it: tr -d '\\032' < in.csv > out.csv",
        ),
      );
    else if (this.#blankRecords > 0)
      this.#reportBlankRecords('the last line contains only spaces, which are read as a record');
  }

  #reportBlankRecords(message: string): void {
    const [line, count] = [this.#blankRecordAt, this.#blankRecords];
    this.#blankRecords = 0;
    this.#findings.error('blank-line', () =>
      finding(
        'blank-line',
        { line },
        count === 1 ? message : `${count} lines from here on contain only spaces, which are read as records`,
        'Remove the spaces or the line.',
      ),
    );
  }

  /** Call for a record that may follow blank lines. */
  record(): void {
    if (this.#blankRecords > 0) this.#reportBlankRecords('the line contains only spaces');
    if (this.#blankLines === 0) return;
    const from = this.#blankFrom;
    const count = this.#blankLines;
    this.#findings.error('blank-line', () =>
      finding(
        'blank-line',
        { line: from },
        count === 1 ? 'the line is blank' : `${count} blank lines, up to line ${from + count - 1}`,
        'Remove blank lines; they are allowed only at the end of the file. Write a record with one empty value as "".',
      ),
    );
    this.#blankLines = 0;
  }

  /**
   * @param recordLine identifies the field together with its column: the field may span several lines
   * @returns true if the quote is to be reported: the first in its field, and in no formula
   */
  badQuote(recordLine: number, { column }: Position): boolean {
    if (this.#badQuoteAt?.line === recordLine && this.#badQuoteAt.column === column) return false;
    this.#badQuoteAt = { line: recordLine, column };
    return !this.hasFormula(recordLine);
  }

  /** @param closed text follows a closing quote; else the quote is inside a value that does not begin with one */
  reportBadQuote({ line, column }: Position, closed: boolean): void {
    this.#findings.error('bad-quote', () =>
      finding(
        'bad-quote',
        { line, column },
        closed
          ? 'text follows the closing quote of a value'
          : 'a quote inside a value that does not begin with a quote',
        'Put the whole value in double quotes, with no spaces around them, and double each quote inside it ("").',
      ),
    );
  }

  nul(line: number, column: number): void {
    this.#nulAt ??= { line, column };
    this.#nuls += 1;
  }

  loneCr(line: number): void {
    if (this.#loneCrs === 0) this.#loneCrAt = line;
    this.#loneCrs += 1;
  }

  /** Call at the end of the file. @param sawLf other lines of the file end with LF */
  end(sawLf: boolean): void {
    const [crs, nuls] = [this.#loneCrs, this.#nuls];
    if (this.#crCrLfs > 0)
      this.#findings.cause(
        finding(
          'cr-cr-lf',
          { line: this.#crCrLfAt },
          `${plural(this.#crCrLfs, 'line')} end${this.#crCrLfs === 1 ? 's' : ''} with CR CR LF, the first one here: the file was converted to Windows line ends twice`,
          "Export the file again, or remove the carriage returns: tr -d '\\r' < in.csv > out.csv",
        ),
      );
    if (crs > 0 && sawLf)
      this.#findings.cause(
        finding(
          'lone-cr',
          { line: this.#loneCrAt },
          `${plural(crs, 'line')} end${crs === 1 ? 's' : ''} with a carriage return only, the first one here, and others with a line feed: programs disagree on how many records these are`,
          'Put a value that contains a carriage return in double quotes, or remove the carriage return.',
        ),
      );
    else if (crs > 0)
      this.#findings.warning(
        finding(
          'lone-cr',
          { line: this.#loneCrAt },
          'the lines end with a carriage return only (the old Mac line end), which some programs do not read as a line end',
          "Save the file with LF or CRLF line ends: tr '\\r' '\\n' < in.csv > out.csv",
        ),
      );
    if (this.#nulAt === undefined) return;
    this.#findings.cause(
      finding(
        'nul',
        this.#nulAt,
        nuls === 1 ? 'a NUL byte' : `${nuls} NUL bytes, the first one here`,
        "Export the file again: NUL bytes come from a damaged copy or a fixed-width export. To remove them: tr -d '\\000' < in.csv > out.csv",
      ),
    );
  }
}

export const openQuote = (at: Position): FindingDetails =>
  finding(
    'open-quote',
    at,
    'the quote opened here is never closed, so everything after it is one field',
    'Close the quote at the end of the value, or double it ("") if it is part of the value. If the file is cut off, export it again.',
  );

export const emptyFile = (hasBlankLines: boolean): FindingDetails =>
  finding(
    'empty',
    {},
    hasBlankLines ? 'the file contains only blank lines' : 'the file is empty',
    'Export the file again, or leave it out of the command.',
  );

export const noRecords = (): FindingDetails =>
  finding(
    'no-records',
    {},
    'the file has a header but no records',
    'Export the file again, or leave it out if there is nothing to load. If the first line is a record, add a header.',
  );
