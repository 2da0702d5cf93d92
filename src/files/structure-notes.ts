import type { FindingList } from './findings.ts';
import { badQuote, blankLines, loneCr, nul } from './structure-findings.ts';
import type { Position } from './types.ts';

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
