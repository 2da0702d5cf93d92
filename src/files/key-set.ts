import { grown } from './growing-array.ts';
import { KeyTable } from './key-table.ts';

/** Flags of a key: a later key has the same hash. It is a duplicate, or another key. */
export const DUPLICATE = 1;
export const HAS_ITEMS = 2;
/** The invoice's amount, or that of one of its items, is not an amount. */
export const AMOUNT_UNKNOWN = 4;
/** To be verified on the keys themselves, not only on their hashes. */
export const CANDIDATE = 8;
/** An earlier key has the same hash; flags are kept there. */
export const REPEAT = 16;

/** The keys of one kind in all its files, by their hashes, with flags for each. */
export class KeySet {
  readonly flags = new BitFlags();
  readonly table = new KeyTable((first, repeat) => {
    this.flags.set(first, DUPLICATE);
    this.flags.set(repeat, REPEAT);
  });

  /**
   * The number of a key with this hash; -1 when there is none.
   * @param last the key found last, -1 for none: files mostly have the same order, so it or the next one is tried first
   */
  find(low: number, high: number, last: number): number {
    const { table } = this;
    if (last >= 0 && table.is(last, low, high)) return last;
    if (table.is(last + 1, low, high)) return last + 1;
    return table.find(low, high);
  }
}

/** A growing list of bit sets, one byte each; all start at 0. */
class BitFlags {
  #bytes = new Uint8Array(1 << 12);

  get(index: number): number {
    return this.#bytes[index] ?? 0;
  }

  /** Sets these bits; others stay as they are. */
  set(index: number, bits: number): void {
    if (index >= this.#bytes.length) this.#bytes = grown(this.#bytes, index + 1);
    this.#bytes[index] = (this.#bytes[index] as number) | bits;
  }
}

/** Hashes keys to 64 bits, in `low` and `high` until the next call. Tests replace it by a weak one. */
export interface KeyHash {
  readonly low: number;
  readonly high: number;
  update(bytes: Uint8Array, from: number, to: number): void;
}

/**
 * Two 32-bit multiply-and-rotate lanes with Murmur3's finalizer. Two of two million keys have the same hash by chance in
 * one of ten million files (n²/2⁶⁵). Even then no wrong finding is reported: see `cross-verify.ts`.
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
