/** Bits for each hash: about one in thirty-two then finds its own taken. */
const BITS_EACH = 16;

/**
 * Tells of each hash in a list that an equal one stands before it: the places of the first and of itself, in order. Most of
 * two million are told apart by one bit each, in memory that a processor keeps near; only those whose bit was taken are
 * compared. That takes a third of the time an index of all would.
 * @param hashes low and high half of each
 */
export function tellRepeats(
  hashes: Int32Array,
  size: number,
  tell: (first: number, again: number) => void,
): void {
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
