import { type FindingList, finding, plural } from './findings.ts';

const LF = 10;
const CR = 13;
const COMMA = 44;
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * Recognises a file that was joined from several: a record that begins with a byte order mark, or is the header again,
 * byte for byte. The scanner passes the beginning of each record whose first byte is `watched`.
 */
export class JoinedFiles {
  /** By value, 1 for the bytes that a header or a byte order mark begins with. */
  readonly watched = new Uint8Array(256);
  /** A place in the header and its byte there: few records that begin like it have that, too. */
  #probe = 0;
  #probeByte = 0;
  readonly #mark = new LineMatcher(BYTE_ORDER_MARK);
  #header = new LineMatcher(new Uint8Array(0));
  #columns = 0;

  /** True if a block ended before it was clear what a line begins with. */
  get pending(): boolean {
    return this.#mark.pending || this.#header.pending;
  }

  /** The bytes of the header, without its line end; empty if it cannot be read. */
  get header(): Uint8Array {
    return this.#header.bytes;
  }

  /** @param line the bytes of the header, without its line end */
  setHeader(line: Uint8Array, columns: number): void {
    if (line.length === 0) return;
    this.#header = new LineMatcher(line);
    this.#columns = columns;
    this.watched[line[0] as number] = 1;
    this.watched[BYTE_ORDER_MARK[0] as number] = 1;
    this.#probe = Math.max(line.indexOf(COMMA), 0);
    this.#probeByte = line[this.#probe] as number;
  }

  /** A record begins at `from` in the block. */
  begin(block: Uint8Array, from: number, line: number): void {
    const at = from + this.#probe;
    // Keys often begin as the name of their column does: `Invoice Number` and `INV-1`.
    if (at < block.length && block[at] !== this.#probeByte && block[from] !== BYTE_ORDER_MARK[0]) return;
    this.#mark.begin(line);
    this.#header.begin(line);
    this.resume(block, from);
  }

  /** Continues after `pending`. */
  resume(block: Uint8Array, from: number): void {
    this.#mark.match(block, from, false);
    this.#header.match(block, from, true);
  }

  /** Adds the findings at the end of the file. */
  end(findings: FindingList): void {
    this.#header.end();
    const [marks, headers] = [this.#mark, this.#header];
    const more = ({ count }: LineMatcher): string =>
      count === 1 ? '' : ` and in ${plural(count - 1, 'more line')}`;
    if (marks.count > 0)
      findings.cause(
        finding(
          'bom',
          { line: marks.line, column: 1 },
          `a byte order mark begins the line${more(marks)}: another file was appended here`,
          `Load the files one by one, or remove the marks and the repeated headers: ${REMOVE}`,
        ),
      );
    if (headers.count === 0) return;
    const again = finding(
      'header-again',
      { line: headers.line },
      this.#columns === 1
        ? `the value is the name of its column${more(headers)}: another file may have been appended here`
        : `the header is repeated in this line${more(headers)}: another file was appended here`,
      `Load the files one by one, or remove the repeated headers: ${REMOVE}`,
    );
    // One column may have its own name as a value.
    if (this.#columns === 1) findings.warning(again);
    else findings.cause(again);
  }
}

/** In the C locale awk compares bytes. */
const REMOVE = `LC_ALL=C awk '{sub(/^\\357\\273\\277/,"")} NR==1{h=$0} NR==1||$0!=h' in.csv > out.csv`;

/** Compares the beginnings of lines with some bytes, in blocks of any size. */
class LineMatcher {
  readonly bytes: Uint8Array;
  /** How many bytes of the current line match; -1 when it is another one. */
  #matched = -1;
  #current = 0;
  /** Matching lines, and the first of them. */
  count = 0;
  line = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get pending(): boolean {
    return this.#matched >= 0;
  }

  begin(line: number): void {
    this.#matched = this.bytes.length === 0 ? -1 : 0;
    this.#current = line;
  }

  /** @param toEnd the line must end after the bytes */
  match(block: Uint8Array, from: number, toEnd: boolean): void {
    const { bytes } = this;
    let matched = this.#matched;
    if (matched < 0) return;
    let at = from;
    while (at < block.length && matched < bytes.length && block[at] === bytes[matched]) {
      at++;
      matched++;
    }
    this.#matched = matched;
    if (matched === bytes.length && !toEnd) this.#found();
    else if (at === block.length) return;
    else if (matched === bytes.length && (block[at] === LF || block[at] === CR)) this.#found();
    else this.#matched = -1;
  }

  /** The file ends. */
  end(): void {
    if (this.#matched === this.bytes.length && this.#matched > 0) this.#found();
  }

  #found(): void {
    if (this.count === 0) this.line = this.#current;
    this.count += 1;
    this.#matched = -1;
  }
}
