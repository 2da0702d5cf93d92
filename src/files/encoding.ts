import { isAscii, isUtf8 } from 'node:buffer';
import { type FindingDetails, finding, type Position } from './findings.ts';

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

/** Bytes that Windows-1252 does not define. */
const UNUSED_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/** The finding for the first sequence that is not UTF-8. */
export function notUtf8(at: Position, { rest, mixed }: BadSequence): FindingDetails {
  const byte = rest[0] ?? 0;
  const problem = `the byte 0x${byte.toString(16).toUpperCase().padStart(2, '0')} is not valid UTF-8`;
  if (mixed)
    return finding(
      'not-utf8',
      at,
      `${problem}, but text before it is: the file may mix two encodings`,
      'Correct this value, or find the export that wrote it in another encoding. Do not convert the whole file: that would damage the rest.',
    );
  if (byte < 0x80 || rest.subarray(0, SAMPLE).some((b) => UNUSED_1252.has(b)))
    return finding(
      'not-utf8',
      at,
      problem,
      'Export the file as UTF-8, or find out its encoding and convert it with iconv.',
    );
  const character = new TextDecoder('windows-1252').decode(rest.subarray(0, 1));
  // 0xA0 and 0xAD have no visible character.
  const shown = /[\p{L}\p{P}\p{S}]/u.test(character) ? ` ("${character}" there)` : '';
  const hint = `Save it as "CSV UTF-8", or convert it: ${iconvCommand('WINDOWS-1252')}`;
  return finding('not-utf8', at, `${problem}; the file looks like Windows-1252${shown}`, hint);
}

const iconvCommand = (from: string): string => `iconv -f ${from} -t UTF-8 in.csv > out.csv`;

/** The first sequence that is not UTF-8. */
export interface BadSequence {
  /** Byte offset in the current block; negative if the sequence began in an earlier one. */
  readonly offset: number;
  /** The bytes from there on, as far as they were read. */
  readonly rest: Uint8Array;
  /** There is valid UTF-8 beyond ASCII before it, which converting the whole file would damage. */
  readonly mixed: boolean;
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
    const mixed = this.#sawCharacter || !isAscii(whole.subarray(0, at));
    return { offset: at - carried, rest: bytes.subarray(at), mixed };
  }

  /** True if the last block ended inside a character. */
  get isCutOff(): boolean {
    return !this.#failed && this.#carry.length > 0;
  }
}

/** The end of the bytes without an incomplete last sequence. */
function completeEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return length > back && byte <= 0xf4 ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** The offset of the first byte that is not UTF-8; `null` when there is none. */
export function firstBadUtf8(bytes: Uint8Array): number | null {
  if (isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  let offset = 0;
  // U+FFFD stands for a bad sequence, unless the text itself contains it.
  for (let at = 0; ; at += 1) {
    const next = text.indexOf('\ufffd', at);
    offset += Buffer.byteLength(text.slice(at, next));
    if (!isUtf8(bytes.subarray(offset, offset + 3))) return offset;
    offset += 3;
    at = next;
  }
}
