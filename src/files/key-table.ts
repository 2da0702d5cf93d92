import { tellRepeats } from './repeats.ts';

/**
 * A list of keys as 64-bit hashes in typed arrays, numbered in the order they came: 8 to 24 bytes a key, where a Map of
 * strings takes 100 to 150 (performance.md, "Keys and sums"). Looked up by an index with open addressing and linear steps,
 * at most half full. It is made when it is first needed, at its final size, and of keys that are asked for in the order they
 * came in, it is not needed: `is` tells.
 */
export class KeyTable {
  /** Low and high half of each key's hash. */
  #hashes = new Int32Array(1 << 12);
  #size = 0;
  /** Number of the key plus one; 0 is free. Its length is a power of two. */
  #slots = new Int32Array(0);
  /** Keys that are in the index, or came again. */
  #indexed = 0;
  /** Keys of which it was told whether they came again. */
  #told = 0;
  readonly #cameAgain: (first: number, again: number) => void;

  /** `cameAgain` is told, by `tellAgain` or earlier and perhaps twice, of a key whose hash an earlier one has: their numbers. */
  constructor(cameAgain: (first: number, again: number) => void) {
    this.#cameAgain = cameAgain;
  }

  /** How many were added. */
  get size(): number {
    return this.#size;
  }

  /** @returns the number of the key, from 0 */
  add(low: number, high: number): number {
    const key = this.#size;
    if (2 * (key + 1) > this.#hashes.length) this.#hashes = grown(this.#hashes);
    this.#hashes[2 * key] = low;
    this.#hashes[2 * key + 1] = high;
    this.#size = key + 1;
    return key;
  }

  /** Has the key of this number this hash? There may be no such number. */
  is(key: number, low: number, high: number): boolean {
    return key < this.#size && this.#hashes[2 * key] === low && this.#hashes[2 * key + 1] === high;
  }

  /** The number of the first key with this hash; -1: there is none. */
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

  /** From now on it is known which of the keys added so far came again. */
  tellAgain(): void {
    if (this.#told === this.#size) return;
    if (this.#indexed > 0) this.#index();
    else tellRepeats(this.#hashes, this.#size, this.#cameAgain);
    this.#told = this.#size;
  }

  #index(): void {
    if (2 * this.#size > this.#slots.length) {
      let length = Math.max(16, this.#slots.length);
      while (length < 2 * this.#size) length *= 2;
      // Let go before the larger one is made: both at once are not needed.
      this.#slots = new Int32Array(0);
      this.#slots = new Int32Array(length);
      this.#indexed = 0;
    }
    for (; this.#indexed < this.#size; this.#indexed++) this.#place(this.#indexed);
    this.#told = this.#size;
  }

  #place(key: number): void {
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
        this.#cameAgain(other, key);
        return;
      }
    }
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
