import { visible } from '../system/escaping.ts';
import type { FindingList } from './findings.ts';
import { longHeader } from './structure-findings.ts';

/**
 * The names of a header record (RFC 4180; without its line end, blank lines before it are skipped).
 * Lenient with bad quotes: those are the scanner's findings, and a name is wanted all the same.
 */
export function headerNames(record: string): string[] {
  const text = record.replace(/^[\r\n]+/, '');
  const names: string[] = [];
  let name = '';
  let quoted = false;
  let fresh = true;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quoted) {
      if (c !== '"') name += c;
      else if (text.charAt(i + 1) === '"') {
        name += c;
        i += 1;
      } else quoted = false;
    } else if (c === '"' && fresh) quoted = true;
    else if (c === ',') {
      names.push(name);
      name = '';
      fresh = true;
      continue;
    } else name += c;
    fresh = false;
  }
  names.push(name);
  return names;
}

/** Adds what is wrong with a header that stands on `line`: unnamed and repeated columns, a suspicious delimiter. */
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
        hint: 'Name the column, or remove it from every record (a comma at the end of the header makes one column more).',
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
      message: `the header names "${shown(name)}" twice, in columns ${before} and ${column}`,
      hint: 'Rename or remove one of the two columns.',
    }));
  });
  checkDelimiter(names, line, findings);
}

/** One column whose name holds another program's separator: nearly always a file saved with that separator. */
function checkDelimiter(names: readonly string[], line: number, findings: FindingList): void {
  const only = names.length === 1 ? names[0] : undefined;
  if (only === undefined) return;
  const delimiter = only.includes('\t') ? 'tabs' : only.includes(';') ? 'semicolons' : undefined;
  if (delimiter === undefined) return;
  findings.warning({
    code: 'delimiter',
    line,
    column: null,
    message: `the header is one column that holds ${delimiter}: "${shown(only)}"`,
    hint: `The fields of a CSV file are separated by commas. If ${delimiter} separate them here, save the file again as comma-separated CSV.`,
  });
}

/** A name short enough for a sentence and safe for a terminal. */
function shown(name: string): string {
  const characters = [...name];
  return visible(characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : name);
}

/** A header is kept to be read as text; one longer than this (bytes) is no header, and memory stays flat. */
const HEADER_LIMIT = 1 << 20;

/** Gathers the bytes of the header, which begins in the first block: its part of any block begins at 0. */
export class HeaderRecord {
  #pieces: Buffer[] = [];
  #length = 0;
  #names: readonly string[] = [];

  /** Its names; empty until it was read, and when it cannot be. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The header goes up to `end` in this block. */
  keep(block: Uint8Array, end: number): void {
    const room = HEADER_LIMIT - this.#length;
    if (room > 0) this.#pieces.push(Buffer.from(block.subarray(0, Math.min(end, room))));
    this.#length += end;
  }

  /** It is whole and stands on `line`; `open`: a quote is not closed. @returns may its columns be asked for? */
  end(line: number, open: boolean, findings: FindingList): boolean {
    const pieces = this.#pieces;
    this.#pieces = [];
    const tooLong = this.#length > HEADER_LIMIT;
    if (tooLong) findings.error(() => longHeader(line, HEADER_LIMIT));
    // With a quote left open the names would be most of the file, and the open quote says it all.
    if (open || tooLong) return false;
    this.#names = headerNames(Buffer.concat(pieces).toString('utf8'));
    checkHeader(this.#names, line, findings);
    return true;
  }
}
