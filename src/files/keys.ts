import { grown } from './field-values.ts';

/**
 * A list of keys as 64-bit hashes in typed arrays, numbered in the order they were added: 8 to 24 bytes a key, where a
 * Map of strings takes 100 to 150. The index (open addressing, linear probing, at most half full) is built when `find`
 * first needs it; keys that are asked for in the order they were added need only `is`.
 */
export class KeyTable {
  /** Low and high half of each key's hash. */
  #hashes = new Int32Array(1 << 12);
  #size = 0;
  /** The index: key number plus one, 0 for a free slot. Its length is a power of two. */
  #slots = new Int32Array(0);
  /** Keys that are in the index or repeat one that is. */
  #indexed = 0;
  /** Keys checked for repeats. */
  #checked = 0;
  readonly #onRepeat: (first: number, repeat: number) => void;

  /**
   * `onRepeat` gets the numbers of a key and of the first key with the same hash. It is called by `findRepeats` or
   * earlier, and perhaps twice for one key.
   */
  constructor(onRepeat: (first: number, repeat: number) => void) {
    this.#onRepeat = onRepeat;
  }

  /** Keys added. */
  get size(): number {
    return this.#size;
  }

  /** @returns the number of the key, from 0 */
  add(low: number, high: number): number {
    const key = this.#size;
    const length = 2 * (key + 1);
    if (length > this.#hashes.length) this.#hashes = grown(this.#hashes, length);
    this.#hashes[2 * key] = low;
    this.#hashes[2 * key + 1] = high;
    this.#size = key + 1;
    return key;
  }

  /** True if the key with this number exists and has this hash. */
  is(key: number, low: number, high: number): boolean {
    return key < this.#size && this.#hashes[2 * key] === low && this.#hashes[2 * key + 1] === high;
  }

  /** The number of the first key with this hash; -1 when there is none. */
  find(low: number, high: number): number {
    if (this.#indexed < this.#size) this.#index();
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    if (mask < 0) return -1;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const key = (slots[at] as number) - 1;
      if (key < 0) return -1;
      if (hashes[2 * key] === low && hashes[2 * key + 1] === high) return key;
    }
  }

  /** Makes sure that `onRepeat` was called for every repeat among the keys added so far. */
  findRepeats(): void {
    if (this.#checked === this.#size) return;
    if (this.#indexed > 0) this.#index();
    else forEachRepeat(this.#hashes, this.#size, this.#onRepeat);
    this.#checked = this.#size;
  }

  #index(): void {
    if (2 * this.#size > this.#slots.length) {
      let length = Math.max(16, this.#slots.length);
      while (length < 2 * this.#size) length *= 2;
      // Release the old array before allocating the new one.
      this.#slots = new Int32Array(0);
      this.#slots = new Int32Array(length);
      this.#indexed = 0;
    }
    for (; this.#indexed < this.#size; this.#indexed++) this.#insert(this.#indexed);
    this.#checked = this.#size;
  }

  #insert(key: number): void {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    const low = hashes[2 * key] as number;
    const high = hashes[2 * key + 1] as number;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const other = (slots[at] as number) - 1;
      if (other < 0) {
        slots[at] = key + 1;
        return;
      }
      if (hashes[2 * other] === low && hashes[2 * other + 1] === high) {
        this.#onRepeat(other, key);
        return;
      }
    }
  }
}

/** Bits of the filter for each hash: about one hash in thirty-two then finds its bit taken by chance. */
const FILTER_BITS = 16;

/**
 * Calls back for each hash that occurs earlier in the list, in order, with the first position and its own. One bit for
 * each hash filters out most of them, in memory that fits the processor's cache; only hashes whose bit was taken are
 * compared. That takes a third of the time of an index of all.
 * @param hashes low and high half of each
 */
function forEachRepeat(
  hashes: Int32Array,
  size: number,
  onRepeat: (first: number, repeat: number) => void,
): void {
  const possible = possibleRepeats(hashes, size);
  if (possible.length === 0) return;
  const firsts = new FirstPositions(hashes, possible);
  for (let key = 0; key < size; key++) {
    const first = firsts.of(key);
    if (first >= 0 && first !== key) onRepeat(first, key);
  }
}

/** The positions whose filter bit was taken: all repeats, and a few by chance. */
function possibleRepeats(hashes: Int32Array, size: number): Int32Array {
  const mask = powerOfTwo(FILTER_BITS * size) - 1;
  const bits = new Int32Array((mask >>> 5) + 1);
  let found = new Int32Array(64);
  let count = 0;
  for (let key = 0; key < size; key++) {
    const bit = (hashes[2 * key] as number) & mask;
    const word = bits[bit >>> 5] as number;
    const one = 1 << (bit & 31);
    if ((word & one) === 0) bits[bit >>> 5] = word | one;
    else {
      if (count === found.length) found = grown(found, count + 1);
      found[count++] = key;
    }
  }
  return found.subarray(0, count);
}

/** The first position of each of some hashes. Ask for the positions in ascending order. */
class FirstPositions {
  readonly #hashes: Int32Array;
  /** A filter bit for each hash; nearly all other hashes fail it. */
  readonly #bits: Int32Array;
  /** Open addressing: one position of each hash plus one, 0 for a free slot. */
  readonly #slots: Int32Array;
  /** The first position of the hash in that slot plus one, 0 until it was asked for. */
  readonly #firsts: Int32Array;

  constructor(hashes: Int32Array, positions: Int32Array) {
    this.#hashes = hashes;
    this.#bits = new Int32Array(powerOfTwo(FILTER_BITS * positions.length) >>> 5);
    this.#slots = new Int32Array(powerOfTwo(2 * positions.length));
    this.#firsts = new Int32Array(this.#slots.length);
    for (const position of positions) {
      const low = hashes[2 * position] as number;
      const bit = low & (32 * this.#bits.length - 1);
      this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] as number) | (1 << (bit & 31));
      const slot = this.#slot(position);
      if (this.#slots[slot] === 0) this.#slots[slot] = position + 1;
    }
  }

  /** The first position with the hash of this one; -1 when the hash is not among them. */
  of(position: number): number {
    const bit = (this.#hashes[2 * position] as number) & (32 * this.#bits.length - 1);
    if (((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return -1;
    const slot = this.#slot(position);
    if (this.#slots[slot] === 0) return -1;
    const first = this.#firsts[slot] as number;
    if (first > 0) return first - 1;
    this.#firsts[slot] = position + 1;
    return position;
  }

  /** The slot of the hash at this position, or the free slot where it would go. */
  #slot(position: number): number {
    const hashes = this.#hashes;
    const low = hashes[2 * position] as number;
    const high = hashes[2 * position + 1] as number;
    const mask = this.#slots.length - 1;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const other = (this.#slots[at] as number) - 1;
      if (other < 0 || (hashes[2 * other] === low && hashes[2 * other + 1] === high)) return at;
    }
  }
}

/** The smallest power of two from 32 up that is at least `least`; at most 2³¹, the reach of the masks. */
function powerOfTwo(least: number): number {
  let power = 32;
  while (power < least && power < 2 ** 31) power *= 2;
  return power;
}

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
