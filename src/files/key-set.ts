import { KeyTable } from './key-table.ts';

/** The key came again: a duplicate, or another key with the same hash. */
export const DUPLICATE = 1;
export const HAS_ITEMS = 2;
/** The amount, or one of its items', is none. */
export const AMOUNT_UNKNOWN = 4;
/** To be looked at again, on its bytes. */
export const CANDIDATE = 8;
/** An earlier key has this hash: all is said of that one. */
export const REPEAT = 16;

/** Keys of one kind over all its files, and what is known of each. */
export class KeySet {
  readonly flags = new BitFlags();
  readonly table = new KeyTable((first, again) => {
    this.flags.set(first, DUPLICATE);
    this.flags.set(again, REPEAT);
  });

  /** The number of a key with this hash, -1: there is none. `last`: the one that was found last; files mostly have one order. */
  find(low: number, high: number, last: number): number {
    const { table } = this;
    if (last >= 0 && table.is(last, low, high)) return last;
    if (table.is(last + 1, low, high)) return last + 1;
    return table.find(low, high);
  }
}

/** A growing list of small bit sets, a byte each; all begin with 0. */
class BitFlags {
  #bytes = new Uint8Array(1 << 12);

  get(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  set(at: number, bits: number): void {
    if (at >= this.#bytes.length) {
      let length = this.#bytes.length;
      while (length <= at) length *= 2;
      const larger = new Uint8Array(length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[at] = (this.#bytes[at] as number) | bits;
  }
}

/** Makes 64 bits of a key's bytes; they are in `low` and `high` until the next call. Tests put a weak one in its place. */
export interface KeyHash {
  readonly low: number;
  readonly high: number;
  /** Not for an empty key. */
  update(bytes: Uint8Array, from: number, to: number): void;
}

/**
 * Two 32-bit multiply-and-rotate lanes with different factors and Murmur3's finish. Two of two million keys agree by
 * chance once in ten million files (n²/2⁶⁵), and even then nothing wrong is reported: see `confirm.ts`.
 */
export class KeyHash64 implements KeyHash {
  low = 0;
  high = 0;

  update(bytes: Uint8Array, from: number, to: number): void {
    let a = 0x9e3779b9 ^ (to - from);
    let b = 0x7f4a7c15;
    let i = from;
    for (; i + 4 <= to; i += 4) {
      const word =
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24);
      a = Math.imul(a ^ word, 0x85ebca6b);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b ^ word, 0xc2b2ae35);
      b = (b << 17) | (b >>> 15);
    }
    for (; i < to; i++) {
      const byte = bytes[i] as number;
      a = Math.imul(a ^ byte, 0x85ebca6b);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b ^ byte, 0xc2b2ae35);
      b = (b << 17) | (b >>> 15);
    }
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
    b = Math.imul(b ^ (b >>> 16), 0xc2b2ae35);
    a = Math.imul(a ^ (a >>> 13) ^ b, 0xc2b2ae35);
    b = Math.imul(b ^ (b >>> 13) ^ a, 0x85ebca6b);
    this.low = (a ^ (a >>> 16)) | 0;
    this.high = (b ^ (b >>> 16)) | 0;
  }
}
