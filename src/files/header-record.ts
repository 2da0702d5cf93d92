import type { FindingList } from './findings.ts';
import { checkHeader, headerNames } from './header.ts';
import { longHeader } from './structure-findings.ts';

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
