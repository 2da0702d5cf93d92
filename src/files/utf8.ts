import { isAscii, isUtf8 } from 'node:buffer';

/** The first sequence that is not UTF-8. */
export interface BadSequence {
  /** Byte offset in the current block; negative if the sequence began in an earlier one. */
  readonly offset: number;
  /** The bytes from there on, as far as they were read. */
  readonly rest: Uint8Array;
  /** True if there was valid UTF-8 beyond ASCII before it. */
  readonly mixed: boolean;
}

/**
 * Checks bytes in blocks of any size for valid UTF-8. Whole blocks are checked by `buffer.isUtf8` (SIMD); only characters
 * split over two blocks, and the search for the first bad byte, are handled here.
 */
export class Utf8Checker {
  /** The beginning of a character that continues in the next block. */
  #carry: number[] = [];
  #failed = false;
  #sawCharacter = false;

  /** Checks the next block; its bytes are not kept. Returns only the first bad sequence. */
  write(block: Uint8Array): BadSequence | undefined {
    if (this.#failed) return undefined;
    let from = 0;
    const lead = this.#carry[0];
    if (lead !== undefined) {
      const began = this.#carry.length;
      while (from < block.length && this.#carry.length < lengthOf(lead)) {
        const byte = block[from] as number;
        // Check now, not when the sequence is complete: this byte may be a line end, and the place would be wrong.
        if (!isContinuation(byte)) return this.#fail(-began, block);
        this.#carry.push(byte);
        from += 1;
      }
      if (this.#carry.length < lengthOf(lead)) return undefined;
      if (!isUtf8(Uint8Array.from(this.#carry))) {
        this.#carry.length = began;
        return this.#fail(-began, block);
      }
      this.#carry = [];
      this.#sawCharacter = true;
    }
    const to = completeEnd(block, from);
    const whole = block.subarray(from, to);
    if (!isUtf8(whole)) {
      const offset = from + firstInvalid(whole);
      if (!isAscii(block.subarray(from, offset))) this.#sawCharacter = true;
      return this.#fail(offset, block);
    }
    if (!this.#sawCharacter) this.#sawCharacter = !isAscii(whole);
    this.#carry = [...block.subarray(to)];
    return undefined;
  }

  /** Call at the end of the file. Returns false if it ended inside a character. */
  end(): boolean {
    return this.#failed || this.#carry.length === 0;
  }

  #fail(offset: number, block: Uint8Array): BadSequence {
    this.#failed = true;
    const rest =
      offset < 0 ? Uint8Array.of(...this.#carry, ...block.subarray(0, 256)) : block.subarray(offset);
    return { offset, rest, mixed: this.#sawCharacter };
  }
}

/** The length of a sequence by its lead byte; 1 for any other byte. */
function lengthOf(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The end of the bytes without an incomplete last sequence. */
function completeEnd(bytes: Uint8Array, from: number): number {
  for (let back = 1; back <= 3 && bytes.length - back >= from; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (isContinuation(byte)) continue;
    return lengthOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** The offset of the first bad sequence, in bytes that contain one. */
function firstInvalid(bytes: Uint8Array): number {
  let from = 0;
  let to = bytes.length;
  // Bisect with the fast check, then look at the last few hundred bytes.
  while (to - from > 256) {
    const half = completeEnd(bytes.subarray(0, from + ((to - from) >> 1)), from);
    if (isUtf8(bytes.subarray(from, half))) from = half;
    else to = half;
  }
  while (from < to) {
    const length = lengthOf(bytes[from] as number);
    if (!isUtf8(bytes.subarray(from, from + length))) return from;
    from += length;
  }
  return from;
}
