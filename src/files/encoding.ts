import { isAscii, isUtf8 } from 'node:buffer';
import { type Candidate, candidates } from './code-pages.ts';
import { displayValue, type FindingDetails, finding, type Position } from './findings.ts';

/** How many bytes from a place on are examined. */
const SAMPLE = 4096;

/**
 * Recognises a file that is not UTF-8 text by its beginning (at least 4 KiB, or the whole file): UTF-16 or UTF-32 by a BOM
 * or by its NUL bytes, compressed files and workbooks by their signature. `undefined` when it may be text.
 */
export function foreignContent(start: Uint8Array): FindingDetails | undefined {
  const what = SIGNATURES.find(([, signature]) => starts(start, signature))?.[0];
  if (what !== undefined)
    return finding(
      'not-csv',
      {},
      `the file is ${what}, not CSV`,
      'Use the CSV file itself: unpack it, or save the sheet as "CSV UTF-8".',
    );
  const name = BYTE_ORDER_MARKS.find(([, mark]) => starts(start, mark))?.[0] ?? utf16WithoutMark(start);
  if (name === undefined) return undefined;
  const hint = `Save it as "CSV UTF-8", or convert it: ${iconvCommand(name)}`;
  return finding('not-utf8', { line: 1, column: 1 }, `the file is ${name}, not UTF-8`, hint);
}

type Signature = readonly [name: string, bytes: readonly number[]];

const SIGNATURES: readonly Signature[] = [
  ['a ZIP archive or an Excel workbook (.xlsx)', [0x50, 0x4b, 3, 4]],
  ['an old Excel workbook (.xls)', [0xd0, 0xcf, 0x11, 0xe0]],
  ['compressed with gzip', [0x1f, 0x8b]],
  ['a PDF document', [0x25, 0x50, 0x44, 0x46]],
];

const BYTE_ORDER_MARKS: readonly Signature[] = [
  ['UTF-32LE', [0xff, 0xfe, 0, 0]],
  ['UTF-32BE', [0, 0, 0xfe, 0xff]],
  ['UTF-16LE', [0xff, 0xfe]],
  ['UTF-16BE', [0xfe, 0xff]],
];

const starts = (bytes: Uint8Array, signature: readonly number[]): boolean =>
  signature.every((byte, i) => bytes[i] === byte);

/** In mostly Latin text every other byte is NUL. */
function utf16WithoutMark(start: Uint8Array): string | undefined {
  const sample = start.subarray(0, SAMPLE);
  const nuls = [0, 0];
  sample.forEach((byte, i) => {
    if (byte === 0) nuls[i % 2] = (nuls[i % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = nuls;
  const most = sample.length * 0.3;
  if (sample.length >= 4 && odd > most && even < odd / 10) return 'UTF-16LE';
  if (sample.length >= 4 && even > most && odd < even / 10) return 'UTF-16BE';
  return undefined;
}

const iconvCommand = (from: string): string => `iconv -f ${from} -t UTF-8 in.csv > out.csv`;

/** The first sequence that is not UTF-8. */
export interface BadSequence {
  /** Byte offset in the current block; negative if the sequence began in an earlier one. */
  readonly offset: number;
  readonly byte: number;
  /** The block, after what the one before left over. */
  readonly bytes: Uint8Array;
  /** There were characters beyond ASCII in earlier blocks. */
  readonly before: boolean;
}

/** Different words that are kept as samples, and how many bytes of each. */
const MAX_WORDS = 200;
const MAX_WORD_BYTES = 64;
/** Samples shown for each encoding, and encodings shown. */
const SHOWN_WORDS = 3;
const SHOWN_CANDIDATES = 3;

/** Collects words with bytes beyond ASCII from a file that is not UTF-8, to guess its encoding. */
export class EncodingSample {
  readonly #at: Position;
  readonly #byte: number;
  /** Words that are not UTF-8, each once. */
  readonly #words = new Map<string, Uint8Array>();
  #others = 0;
  #utf8 = 0;
  #utf8Word = '';
  readonly #before: boolean;
  /** The beginning of a word that continues in the next block. */
  #carry: Uint8Array = new Uint8Array(0);

  constructor(at: Position, { byte, before, bytes }: BadSequence) {
    this.#at = at;
    this.#byte = byte;
    this.#before = before;
    this.add(bytes);
  }

  /** Adds the next bytes of the file. */
  add(block: Uint8Array): void {
    const bytes = this.#carry.length === 0 ? block : Buffer.concat([this.#carry, block]);
    this.#carry = new Uint8Array(0);
    let from = -1;
    let high = false;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      const isLetter = byte >= 0x80 || ((byte | 32) >= 97 && (byte | 32) <= 122);
      if (isLetter) {
        if (from < 0) from = i;
        if (byte >= 0x80) high = true;
        if (i - from < MAX_WORD_BYTES) continue;
      }
      if (high) this.#word(bytes.subarray(from, i));
      from = isLetter ? i : -1;
      high = isLetter && byte >= 0x80;
    }
    if (from >= 0) this.#carry = Uint8Array.from(bytes.subarray(from));
  }

  #word(word: Uint8Array): void {
    if (isUtf8(word) && isPlausibleUtf8(word)) {
      this.#utf8 += 1;
      if (this.#utf8Word === '') this.#utf8Word = Buffer.from(word).toString('utf8');
      return;
    }
    this.#others += 1;
    if (this.#words.size < MAX_WORDS)
      this.#words.set(Buffer.from(word).toString('latin1'), Uint8Array.from(word));
  }

  /** Call at the end of the file. */
  end(): FindingDetails {
    if (!isAscii(this.#carry)) this.#word(this.#carry);
    const problem = `the byte 0x${this.#byte.toString(16).toUpperCase().padStart(2, '0')} is not valid UTF-8`;
    const found = candidates([...this.#words.values()]);
    if (this.#isMixed(found)) {
      const good = this.#utf8Word === '' ? '' : `, such as "${displayValue(this.#utf8Word)}"`;
      return finding(
        'not-utf8',
        this.#at,
        `${problem}, but other text of the file is${good}: the file mixes two encodings`,
        'Correct this value, or find the export that wrote it in another encoding. Do not convert the whole file: that would damage the rest.',
      );
    }
    const shown = found.slice(0, SHOWN_CANDIDATES);
    const [best, ...others] = shown.map(({ pages }) => pages[0]?.iconv ?? '');
    if (best === undefined)
      return finding(
        'not-utf8',
        this.#at,
        problem,
        'Export the file as UTF-8, or find out its encoding and convert it with iconv.',
      );
    const also = others.length === 0 ? '' : ` (here the first guess, else -f ${others.join(' or -f ')})`;
    return finding(
      'not-utf8',
      this.#at,
      `${problem}; by its words the file may be ${shown.map(described).join(', or ')}`,
      `This is a guess: look which samples read as they should. Then save the file as "CSV UTF-8", or convert it from that encoding${also}: ${iconvCommand(best)}`,
    );
  }

  /** True if converting the whole file would damage its part in UTF-8. */
  #isMixed(found: readonly Candidate[]): boolean {
    if (this.#before) return true;
    if (this.#utf8 === 0) return false;
    // In Chinese and Cyrillic text a few words are valid UTF-8 by chance.
    const byChance = found.some(({ pages }) =>
      pages.some(({ name }) => name === 'GBK' || name === 'Windows-1251'),
    );
    return !byChance || this.#utf8 * 20 >= this.#others;
  }
}

/** `Windows-1252 or Windows-1250 ("Müller", "Köln")`. */
function described({ pages, words }: Candidate): string {
  const samples = [...new Set(words)]
    .sort((a, b) => Number(b.length > 2) - Number(a.length > 2))
    .slice(0, SHOWN_WORDS)
    .map((word) => `"${displayValue(word)}"`);
  return `${pages.map(({ name }) => name).join(' or ')} (${samples.join(', ')})`;
}

/** True if valid UTF-8 is hardly another encoding: it begins as the letters of Europe do, or is several characters. */
function isPlausibleUtf8(word: Uint8Array): boolean {
  const leads = word.filter((byte) => byte >= 0xc0);
  return leads.length >= 2 || leads.every((byte) => (byte >= 0xc2 && byte <= 0xc5) || byte === 0xe2);
}

/** Checks blocks of any size for valid UTF-8. `buffer.isUtf8` (SIMD) checks them whole. */
export class Utf8Checker {
  /** The beginning of a character that continues in the next block. */
  #carry = new Uint8Array(0);
  #failed = false;
  #sawCharacter = false;

  /** Checks the next block; its bytes are not kept. Returns only the first bad sequence. */
  write(block: Uint8Array): BadSequence | undefined {
    if (this.#failed) return undefined;
    if (this.#isGood(block)) return undefined;
    const carried = this.#carry.length;
    const bytes = carried === 0 ? block : Buffer.concat([this.#carry, block]);
    const whole = bytes.subarray(0, completeEnd(bytes));
    if (isUtf8(whole)) {
      this.#sawCharacter ||= !isAscii(whole);
      this.#carry = Uint8Array.from(bytes.subarray(whole.length));
      return undefined;
    }
    this.#failed = true;
    const at = firstBadUtf8(whole) ?? 0;
    return { offset: at - carried, byte: whole[at] ?? 0, bytes, before: this.#sawCharacter };
  }

  /** Checks without a copy of the block, which would cost more than the check. @returns false if it may be bad */
  #isGood(block: Uint8Array): boolean {
    const [lead] = this.#carry;
    const missing = lead === undefined ? 0 : sequenceLength(lead) - this.#carry.length;
    if (missing > block.length) return false;
    const joined = Buffer.concat([this.#carry, block.subarray(0, missing)]);
    const rest = block.subarray(missing);
    const whole = rest.subarray(0, completeEnd(rest));
    if (!isUtf8(joined) || !isUtf8(whole)) return false;
    this.#sawCharacter ||= joined.length > 0 || !isAscii(whole);
    this.#carry = Uint8Array.from(rest.subarray(whole.length));
    return true;
  }

  /** True if the last block ended inside a character. */
  get isCutOff(): boolean {
    return !this.#failed && this.#carry.length > 0;
  }
}

/** Bytes of the character that this one begins. */
const sequenceLength = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1);

/** The end of the bytes without an incomplete last sequence. */
function completeEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    return sequenceLength(byte) > back && byte <= 0xf4 ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** The offset of the first byte that is not UTF-8; `null` when there is none. */
export function firstBadUtf8(bytes: Uint8Array): number | null {
  if (isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  let offset = 0;
  // U+FFFD marks a bad sequence, unless the text itself contains it.
  for (let at = 0; ; at += 1) {
    const next = text.indexOf('\ufffd', at);
    offset += Buffer.byteLength(text.slice(at, next));
    if (!isUtf8(bytes.subarray(offset, offset + 3))) return offset;
    offset += 3;
    at = next;
  }
}
