import { grown } from './field-values.ts';
import { folded } from './lookalikes.ts';

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

  /** The low half of a key's hash. */
  low(key: number): number {
    return this.#hashes[2 * key] as number;
  }

  /** True if two keys have the same hash. */
  areEqual(key: number, other: number): boolean {
    return this.is(key, this.low(other), this.#hashes[2 * other + 1] as number);
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

/** Flags of a key: a later key has the same hash. It is a duplicate, or another key. */
export const DUPLICATE = 1;
export const HAS_ITEMS = 2;
/** The invoice's amount, or that of one of its items, is not an amount. */
export const AMOUNT_UNKNOWN = 4;
/** To be verified on the keys themselves, not only on their hashes. */
export const CANDIDATE = 8;
/** An earlier key has the same hash; flags are kept there. */
export const REPEAT = 16;
/** Another key has the same hash when both are folded: they probably look alike. */
export const LOOKALIKE = 32;
/** The invoice's amount was written with three decimals, four, or (both) more. */
const THREE_DECIMALS = 64;
const FOUR_DECIMALS = 128;

/** Flags for the decimals that an amount was written with. */
export const decimalFlags = (decimals: number): number =>
  decimals <= 2
    ? 0
    : decimals === 3
      ? THREE_DECIMALS
      : decimals === 4
        ? FOUR_DECIMALS
        : THREE_DECIMALS | FOUR_DECIMALS;

/** The decimals of these flags, from 2 to 5. */
export const decimalsOf = (flags: number): number => 2 + (flags >>> 6);

/** The keys of one kind in all its files, by their hashes, with flags for each. */
export class KeySet {
  readonly flags = new BitFlags();
  readonly table = new KeyTable((first, repeat) => {
    this.flags.set(first, DUPLICATE);
    this.flags.set(repeat, REPEAT);
  });
  /** The hashes of the same keys, folded. */
  readonly #folded = new KeyTable((first, other) => {
    if (this.table.areEqual(first, other)) return;
    this.flags.set(first, LOOKALIKE);
    this.flags.set(other, LOOKALIKE);
    this.hasLookalikes = true;
  });
  readonly #fold = new FoldedHash();
  hasLookalikes = false;

  /** @param hash of the key in these bytes. @returns the key's number */
  add({ low, high }: KeyHash, bytes: Uint8Array, from: number, to: number): number {
    const fold = this.#fold;
    fold.update(bytes, from, to);
    this.#folded.add(fold.low, fold.high);
    return this.table.add(low, high);
  }

  /** Sets the flags of all keys that have the hash of another one, as it is or folded. */
  findRepeats(): void {
    this.table.findRepeats();
    this.#folded.findRepeats();
  }

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

const SPACE = 32;
const ZERO = 48;

/** Hashes keys so that all that look alike (`lookalikes.ts`), and hardly any others, have the same hash. */
export class FoldedHash implements KeyHash {
  low = 0;
  high = 0;

  update(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#hash(bytes, from, to)) return;
    // Few keys have such characters, so decoding these costs little.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
    const fold = Buffer.from(folded(text));
    this.#hash(fold, 0, fold.length);
  }

  /**
   * The lanes of `KeyHash64` without blanks at the ends, leading zeros, and the case of ASCII letters.
   * @returns true if folding the key takes more: there are blanks inside, or characters beyond ASCII
   */
  #hash(bytes: Uint8Array, from: number, to: number): boolean {
    let [start, end] = [from, to];
    while (start < end && bytes[start] === SPACE) start++;
    while (end > start && bytes[end - 1] === SPACE) end--;
    while (start < end - 1 && bytes[start] === ZERO) start++;
    let a = 0x9e3779b9 ^ (end - start);
    let b = 0x7f4a7c15;
    // The high bit of a byte is set if one is a blank, a control character, or not ASCII.
    let odd = 0;
    let i = start;
    for (; i + 4 <= end; i += 4) {
      const word =
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24);
      odd |= word | ((word - 0x21212121) & ~word);
      // Bit 5 is the case of an ASCII letter.
      const lower = word | (~(word >>> 2) & 0x20202020);
      a = Math.imul(a ^ lower, 0x85ebca6b);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b ^ lower, 0xc2b2ae35);
      b = (b << 17) | (b >>> 15);
    }
    for (; i < end; i++) {
      const byte = bytes[i] as number;
      odd |= byte | ((byte - 0x21) & ~byte);
      const lower = byte | (~(byte >>> 2) & 0x20);
      a = Math.imul(a ^ lower, 0x85ebca6b);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b ^ lower, 0xc2b2ae35);
      b = (b << 17) | (b >>> 15);
    }
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
    b = Math.imul(b ^ (b >>> 16), 0xc2b2ae35);
    a = Math.imul(a ^ (a >>> 13) ^ b, 0xc2b2ae35);
    b = Math.imul(b ^ (b >>> 13) ^ a, 0x85ebca6b);
    this.low = (a ^ (a >>> 16)) | 0;
    this.high = (b ^ (b >>> 16)) | 0;
    return (odd & 0x80808080) !== 0;
  }
}
