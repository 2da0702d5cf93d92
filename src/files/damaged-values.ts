import { isAscii } from 'node:buffer';
import type { Position } from './findings.ts';
import { ScanKernel } from './scan-kernel.ts';

/** What a spreadsheet or a conversion leaves in place of a value; the codes of the findings. */
export type DamageCode = 'exponent' | 'error-value' | 'text-formula' | 'replacement-character' | 'mojibake';

/** Damaged values of one kind in a column: the first one as it is in the file, and their number. */
export interface Damaged {
  readonly line: number;
  readonly text: string;
  count: number;
}

/** Columns whose damage is counted. A ragged record may have a million columns; a table has not. */
const MAX_COLUMNS = 1000;

export class DamagedValues {
  readonly #found = new Map<DamageCode, Map<number, Damaged>>();

  add(code: DamageCode, { line, column }: Position, text: string): void {
    const columns = this.#found.get(code) ?? new Map<number, Damaged>();
    this.#found.set(code, columns);
    const known = columns.get(column);
    if (known !== undefined) known.count += 1;
    else if (columns.size < MAX_COLUMNS) columns.set(column, { line, text, count: 1 });
  }

  /** By column. */
  of(code: DamageCode): ReadonlyMap<number, Readonly<Damaged>> {
    return this.#found.get(code) ?? new Map();
  }
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

/** More bytes than a value of interest has. */
const MOST = 64;
const ERROR_VALUE = /^#(?:N\/A|REF!|VALUE!|DIV\/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|#{3,})$/u;
const TEXT_FORMULA = /^="[^"]*"$/u;

/**
 * Reads the start of a field that may be an error value (`#N/A`, `########`) or a formula for text (`="00123"`), over the ends of
 * blocks. One field at a time: it is complete before the next one begins.
 */
export class FieldWatch {
  readonly #values: DamagedValues;
  /** What was read of the field, a character for each byte; without the quote it begins with. */
  #text = '';
  #at: Position | undefined;
  #quoted = false;
  #otherwise: (() => void) | undefined;

  constructor(values: DamagedValues) {
    this.#values = values;
  }

  /** True if a block ended before the field did. */
  get pending(): boolean {
    return this.#at !== undefined;
  }

  /**
   * @param start what of the field stands before `from` in the block
   * @param otherwise called if the field is neither
   */
  begin(at: Position, quoted: boolean, start: string, otherwise?: () => void): void {
    this.#at = at;
    this.#quoted = quoted;
    this.#text = start;
    this.#otherwise = otherwise;
  }

  /** Continues at `from` in the block, up to the end of the field. */
  resume(block: Uint8Array, from: number): void {
    let end = from;
    const most = Math.min(block.length, from + MOST - this.#text.length);
    while (end < most && block[end] !== COMMA && block[end] !== LF && block[end] !== CR) end++;
    this.#text += Buffer.from(block.buffer, block.byteOffset + from, end - from).toString('latin1');
    if (end < block.length) this.end();
  }

  /** Call at the end of the field, or of the file. */
  end(): void {
    const at = this.#at;
    if (at === undefined) return;
    this.#at = undefined;
    const raw = this.#text;
    const text = this.#quoted ? raw.replace(/"$/u, '').replaceAll('""', '"') : raw;
    if (ERROR_VALUE.test(text)) this.#values.add('error-value', at, text);
    else if (TEXT_FORMULA.test(text))
      this.#values.add('text-formula', at, Buffer.from(text, 'latin1').toString('utf8'));
    else this.#otherwise?.();
  }
}

/** The part of a field around `at` that is in the block: of a number, all of it but at the ends of blocks. */
export function fieldAround(block: Uint8Array, at: number): string {
  const ends = (byte: number | undefined): boolean =>
    byte === COMMA || byte === LF || byte === CR || byte === QUOTE;
  let [from, to] = [at, at];
  while (from > 0 && at - from < MOST && !ends(block[from - 1])) from--;
  while (to < block.length && to - at < MOST && !ends(block[to])) to++;
  // Whole characters only.
  while (from < at && ((block[from] as number) & 0xc0) === 0x80) from++;
  while (to > at && to < block.length && ((block[to] as number) & 0xc0) === 0x80) to--;
  return Buffer.from(block.buffer, block.byteOffset + from, to - from).toString('utf8');
}

/** Characters damaged by a conversion, and where they end in a block. */
export interface BadConversion {
  readonly code: 'replacement-character' | 'mojibake';
  readonly end: number;
  /** The characters. */
  readonly text: string;
}

/** `Ã¼` for `ü`: the bytes of UTF-8 read as those of Windows-1252. Each is found by the bytes that are rare elsewhere. */
const NEEDLES = ['83c2', '83c5', '83c6', '83cb', '83e2', '82c2', 'a2e282ac', 'efbfbd'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const REPLACEMENT = '\ufffd';
const REPLACEMENT_BYTE = 0xef;
/** Bytes that the longest of them has. */
const LONGEST = 8;
/** Places looked for in a file. */
const MOST_PLACES = 10_000;

/** Finds, in blocks of any size, characters that a conversion damaged. */
export class ConversionSearch {
  /** The last bytes of the block before. */
  #tail: Uint8Array = new Uint8Array(0);
  #places = 0;

  /** @returns those that end in this block, in order */
  search(block: Uint8Array): BadConversion[] {
    const tail = this.#tail;
    const last = block.subarray(Math.max(0, block.length - LONGEST));
    this.#tail =
      last.length === LONGEST ? Uint8Array.from(last) : Buffer.concat([tail, last]).subarray(-LONGEST);
    if (this.#places >= MOST_PLACES || (isAscii(block) && isAscii(tail))) return [];
    const found = new Map<number, BadConversion>();
    // A copy of the whole block would cost more than the search.
    const edge = Buffer.concat([tail, block.subarray(0, 2 * LONGEST)]);
    if (tail.length > 0) for (const at of places(edge)) add(edge, at, tail.length, found);
    for (const at of places(block))
      add(Buffer.from(block.buffer, block.byteOffset, block.length), at, 0, found);
    this.#places += found.size;
    return [...found.values()].sort((a, b) => a.end - b.end);
  }
}

/** Where one of the needles begins, or the byte before it, in order. */
function places(block: Uint8Array): Iterable<number> {
  const kernel = ScanKernel.of(block);
  if (kernel !== undefined) return kernelPlaces(kernel, block);
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.length);
  const found: number[] = [];
  for (const needle of NEEDLES) {
    const before = needle[0] === REPLACEMENT_BYTE ? 0 : 1;
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) found.push(at - before);
  }
  return found.sort((a, b) => a - b);
}

function* kernelPlaces(kernel: ScanKernel, block: Uint8Array): Generator<number, void> {
  for (let at = kernel.search(block, 0); at < block.length; at = kernel.search(block, at + 1)) yield at;
}

/** Adds the characters at `from`, if they are damaged. @param before bytes of earlier blocks that the bytes begin with */
function add(bytes: Buffer, from: number, before: number, found: Map<number, BadConversion>): void {
  const isReplacement = bytes[from] === REPLACEMENT_BYTE;
  if (found.size >= MOST_PLACES || (!isReplacement && bytes[from] !== 0xc3)) return;
  const at = isReplacement ? from : from + 1;
  if (!NEEDLES.some((needle) => bytes.subarray(at, at + needle.length).equals(needle))) return;
  const text = bytes.toString('utf8', from, Math.min(bytes.length, from + LONGEST));
  const length = isReplacement ? 1 : mojibakeAt(text, bytes.toString('utf8', Math.max(0, from - 4), from));
  if (length === 0) return;
  const end = from + Buffer.byteLength(text.slice(0, length)) - before;
  if (end <= 0) return;
  const code = isReplacement ? 'replacement-character' : 'mojibake';
  found.set(end, { code, end, text: isReplacement ? REPLACEMENT : text.slice(0, length) });
}

/** What Windows-1252 has from 0x80 to 0x9F. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

const byteOf = (character: string): number => {
  const at = WINDOWS_1252.indexOf(character);
  return at >= 0 ? 0x80 + at : character.charCodeAt(0) <= 0xff ? character.charCodeAt(0) : -1;
};

/**
 * How many characters at the start of a text are one character of UTF-8 read as Windows-1252; 0 for none. `Ã` may also end a word
 * that a mark follows (`«IRMÃ»`): then the word goes on in capitals, and the character would be a small letter.
 */
function mojibakeAt(text: string, before: string): number {
  const lead = byteOf(text.charAt(0));
  const length = lead === 0xe2 ? 3 : 2;
  const bytes = [...text.slice(0, length)].map(byteOf);
  if (bytes.length < length || bytes.slice(1).some((byte) => byte < 0x80 || byte > 0xbf)) return 0;
  const character = Buffer.from(bytes).toString('utf8');
  if (lead === 0xe2) return /^[\u2010-\u203a\u20ac\u2122]$/u.test(character) ? length : 0;
  const [last, next] = [before.slice(-1), text.charAt(length)];
  const inCapitals = /\p{Lu}/u.test(last) && !/\p{Ll}/u.test(next);
  if (
    lead === 0xc3 &&
    /\p{Ll}/u.test(character) &&
    inCapitals &&
    /[\u00a0\u00aa\u00ab\u00ba\u00bb\u2010-\u203a]/u.test(text.charAt(1))
  )
    return 0;
  return length;
}
