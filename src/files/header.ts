import { splitFields } from './field-values.ts';
import { displayValue, type FindingList } from './findings.ts';
import { longHeader } from './structure-findings.ts';

/** Limit in bytes: a longer first record is not a header, and memory must stay flat. */
const HEADER_LIMIT = 1 << 20;

/** Collects the header's bytes. The header begins in the first block, so its part of any block begins at 0. */
export class HeaderRecord {
  #pieces: Buffer[] = [];
  #length = 0;
  #names: readonly string[] = [];

  /** Column names; empty until `end`, and when the header cannot be read. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Keeps the header's part of this block, up to `end`. */
  keep(block: Uint8Array, end: number): void {
    const room = HEADER_LIMIT - this.#length;
    if (room > 0) this.#pieces.push(Buffer.from(block.subarray(0, Math.min(end, room))));
    this.#length += end;
  }

  /**
   * Reads and checks the complete header.
   * @param line the line it begins on
   * @param open a quote was left open
   * @returns true if its columns can be selected
   */
  end(line: number, open: boolean, findings: FindingList): boolean {
    const pieces = this.#pieces;
    this.#pieces = [];
    const tooLong = this.#length > HEADER_LIMIT;
    if (tooLong) findings.error(() => longHeader(line, HEADER_LIMIT));
    // After an open quote the names would be most of the file, and the open quote is reported anyway.
    if (open || tooLong) return false;
    const text = Buffer.concat(pieces).toString('utf8');
    this.#names = splitFields(text.replace(/^[\r\n]+/, ''));
    checkHeader(this.#names, line, findings);
    return true;
  }
}

/** Reports unnamed and repeated columns, and a probable other delimiter. */
function checkHeader(names: readonly string[], line: number, findings: FindingList): void {
  const first = new Map<string, number>();
  names.forEach((raw, index) => {
    const name = raw.trim();
    const column = index + 1;
    if (name === '') {
      findings.error(() => ({
        code: 'unnamed-header',
        line,
        column,
        message: `column ${column} of the header has no name`,
        hint: 'Name the column, or remove it from every record. A comma at the end of the header adds a column.',
      }));
      return;
    }
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, column);
      return;
    }
    findings.error(() => ({
      code: 'repeated-header',
      line,
      column,
      message: `the header has "${displayValue(name)}" twice, in columns ${before} and ${column}`,
      hint: 'Rename or remove one of the two columns.',
    }));
  });
  checkDelimiter(names, line, findings);
}

/** A single column whose name contains another separator: nearly always a file saved with that separator. */
function checkDelimiter(names: readonly string[], line: number, findings: FindingList): void {
  const only = names.length === 1 ? names[0] : undefined;
  if (only === undefined) return;
  const delimiter = only.includes('\t') ? 'tabs' : only.includes(';') ? 'semicolons' : undefined;
  if (delimiter === undefined) return;
  findings.warning({
    code: 'delimiter',
    line,
    column: null,
    message: `the header is one column that contains ${delimiter}: "${displayValue(only)}"`,
    hint: `CSV fields are separated by commas. If ${delimiter} separate the fields of this file, save it as comma-separated CSV.`,
  });
}
