import { extended } from './field-values.ts';

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
    if (length > this.#hashes.length) this.#hashes = extended(this.#hashes, length);
    this.#hashes[2 * key] = low;
    this.#hashes[2 * key + 1] = high;
    this.#size = key + 1;
    return key;
  }

  /** The low half of a key's hash. */
  low(key: number): number {
    return this.#hashes[2 * key] as number;
  }

  /** The high half of a key's hash. */
  high(key: number): number {
    return this.#hashes[2 * key + 1] as number;
  }

  /** True if two keys have the same hash. */
  areEqual(key: number, other: number): boolean {
    return this.is(key, this.low(other), this.high(other));
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

/**
 * Calls back for each hash that occurs earlier in the list, in order, with the first position and its own. A filter passes
 * all repeats and few others; only those are compared. That takes a third of the time of an index of all.
 * @param hashes low and high half of each
 */
function forEachRepeat(
  hashes: Int32Array,
  size: number,
  onRepeat: (first: number, repeat: number) => void,
): void {
  const seen = new HashFilter(size);
  const possible = new KeyTable(() => undefined);
  for (let key = 0; key < size; key++) {
    const low = hashes[2 * key] as number;
    if (seen.add(low)) possible.add(low, hashes[2 * key + 1] as number);
  }
  if (possible.size === 0) return;
  const wanted = new HashFilter(possible.size);
  for (let n = 0; n < possible.size; n++) wanted.add(possible.low(n));
  // The first position of each hash in `possible`, plus one.
  const firsts = new Int32Array(possible.size);
  for (let key = 0; key < size; key++) {
    const low = hashes[2 * key] as number;
    const found = wanted.has(low) ? possible.find(low, hashes[2 * key + 1] as number) : -1;
    if (found < 0) continue;
    const first = firsts[found] as number;
    if (first === 0) firsts[found] = key + 1;
    else onRepeat(first - 1, key);
  }
}

/** One bit for each hash, in memory that fits the processor's cache; one hash in sixteen finds its bit taken by chance. */
class HashFilter {
  readonly #bits: Int32Array;
  readonly #mask: number;

  /** @param size how many hashes will be added */
  constructor(size: number) {
    let bits = 32;
    // At most 2³¹, the reach of the mask.
    while (bits < 16 * size && bits < 2 ** 31) bits *= 2;
    this.#mask = bits - 1;
    this.#bits = new Int32Array(bits >>> 5);
  }

  has(hash: number): boolean {
    const bit = hash & this.#mask;
    return ((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
  }

  /** @returns whether its bit was taken: by the same hash, or by chance */
  add(hash: number): boolean {
    const bit = hash & this.#mask;
    const word = this.#bits[bit >>> 5] as number;
    const one = 1 << (bit & 31);
    this.#bits[bit >>> 5] = word | one;
    return (word & one) !== 0;
  }
}
