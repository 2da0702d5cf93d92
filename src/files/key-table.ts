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
    else forEachRepeat(this.#hashes, this.#size, this.#cameAgain);
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

/** Bits for each hash: about one in thirty-two then finds its own taken. */
const BITS_EACH = 16;

/**
 * Tells of each hash in a list that an equal one stands before it: the places of the first and of itself, in order. Most of
 * two million are told apart by one bit each, in memory that a processor keeps near; only those whose bit was taken are
 * compared. That takes a third of the time an index of all would.
 * @param hashes low and high half of each
 */
function forEachRepeat(hashes: Int32Array, size: number, tell: (first: number, again: number) => void): void {
  const doubtful = takenBefore(hashes, size);
  if (doubtful.length === 0) return;
  const known = new Doubtful(hashes, doubtful);
  for (let key = 0; key < size; key++) {
    const first = known.first(key);
    if (first >= 0 && first !== key) tell(first, key);
  }
}

/** The places of those whose bit was taken: all repeats, and a few by chance. */
function takenBefore(hashes: Int32Array, size: number): Int32Array {
  const mask = powerOfTwo(BITS_EACH * size) - 1;
  const bits = new Int32Array((mask >>> 5) + 1);
  let found = new Int32Array(64);
  let count = 0;
  for (let key = 0; key < size; key++) {
    const bit = (hashes[2 * key] as number) & mask;
    const word = bits[bit >>> 5] as number;
    const one = 1 << (bit & 31);
    if ((word & one) === 0) bits[bit >>> 5] = word | one;
    else {
      if (count === found.length) {
        const larger = new Int32Array(2 * count);
        larger.set(found);
        found = larger;
      }
      found[count++] = key;
    }
  }
  return found.subarray(0, count);
}

/** The hashes in doubt, each with the first place it has in the list; asked in the order of the list. */
class Doubtful {
  readonly #hashes: Int32Array;
  /** A bit for each of them: nearly all others fail here. */
  readonly #bits: Int32Array;
  /** Open addressing: one of the places in doubt plus one, 0 is free. */
  readonly #slots: Int32Array;
  /** The first place of the hash in that slot, plus one. */
  readonly #firsts: Int32Array;

  constructor(hashes: Int32Array, places: Int32Array) {
    this.#hashes = hashes;
    this.#bits = new Int32Array(powerOfTwo(BITS_EACH * places.length) >>> 5);
    this.#slots = new Int32Array(powerOfTwo(2 * places.length));
    this.#firsts = new Int32Array(this.#slots.length);
    for (const place of places) {
      const low = hashes[2 * place] as number;
      const bit = low & (32 * this.#bits.length - 1);
      this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] as number) | (1 << (bit & 31));
      const slot = this.#slot(place);
      if (this.#slots[slot] === 0) this.#slots[slot] = place + 1;
    }
  }

  /** The first place with the hash of this one; -1: it is not in doubt. */
  first(place: number): number {
    const bit = (this.#hashes[2 * place] as number) & (32 * this.#bits.length - 1);
    if (((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return -1;
    const slot = this.#slot(place);
    if (this.#slots[slot] === 0) return -1;
    const first = this.#firsts[slot] as number;
    if (first > 0) return first - 1;
    this.#firsts[slot] = place + 1;
    return place;
  }

  /** Where the hash of this place is, or would be. */
  #slot(place: number): number {
    const hashes = this.#hashes;
    const low = hashes[2 * place] as number;
    const high = hashes[2 * place + 1] as number;
    const mask = this.#slots.length - 1;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const other = (this.#slots[at] as number) - 1;
      if (other < 0 || (hashes[2 * other] === low && hashes[2 * other + 1] === high)) return at;
    }
  }
}

/** At most what a mask of 31 bits reaches. */
function powerOfTwo(least: number): number {
  let power = 32;
  while (power < least && power < 2 ** 31) power *= 2;
  return power;
}
