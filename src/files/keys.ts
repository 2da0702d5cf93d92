import { extended } from './field-values.ts';
import { KeyTable } from './key-table.ts';
import { folded } from './lookalikes.ts';

/** Flags of a key: a later key has the same hash. It is a duplicate, or another key. */
export const DUPLICATE = 1;
/** An item has this invoice, or an invoice this customer. */
export const REFERRED = 2;
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
  /** The hashes, folded, of the keys that folding changes. Most files have few of them. */
  readonly #folded = new KeyTable((first, other) =>
    this.#markLike(this.#changed[first] as number, this.#changed[other] as number),
  );
  /** The number of each of these keys. */
  #changed = new Int32Array(16);
  readonly #fold = new FoldedHash();
  hasLookalikes = false;

  /** @param hash of the key in these bytes. @returns the key's number */
  add({ low, high, isFolded }: Omit<KeyHash, 'update'>, bytes: Uint8Array, from: number, to: number): number {
    if (isFolded) return this.table.add(low, high);
    const fold = this.#fold;
    fold.update(bytes, from, to);
    return this.addFolded(low, high, fold.low, fold.high);
  }

  /** Adds a key that folding changes, by its hash and that of the folded key. */
  addFolded(low: number, high: number, foldedLow: number, foldedHigh: number): number {
    const key = this.table.add(low, high);
    const index = this.#folded.add(foldedLow, foldedHigh);
    if (index === this.#changed.length) this.#changed = extended(this.#changed, index + 1);
    this.#changed[index] = key;
    return key;
  }

  /** Sets the flags of all keys that have the hash of another one, as it is or folded. */
  findRepeats(): void {
    this.table.findRepeats();
    const folded = this.#folded;
    folded.findRepeats();
    // Keys that folding changes may look like one that it does not change.
    if (folded.size === this.table.size) return;
    for (let index = 0; index < folded.size; index++) {
      const other = this.table.find(folded.low(index), folded.high(index));
      if (other >= 0) this.#markLike(other, this.#changed[index] as number);
    }
  }

  #markLike(first: number, other: number): void {
    if (this.table.areEqual(first, other)) return;
    this.flags.set(first, LOOKALIKE);
    this.flags.set(other, LOOKALIKE);
    this.hasLookalikes = true;
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
    if (index >= this.#bytes.length) this.#bytes = extended(this.#bytes, index + 1);
    this.#bytes[index] = (this.#bytes[index] as number) | bits;
  }
}

/** Hashes keys to 64 bits, in `low` and `high` until the next call. Tests replace it by a weak one. */
export interface KeyHash {
  readonly low: number;
  readonly high: number;
  /** Folding would not change the key, nor its hash (`FoldedHash`). */
  readonly isFolded: boolean;
  update(bytes: Uint8Array, from: number, to: number): void;
}

/** Bit 5, the case of ASCII letters, in four bytes. */
const CASE_BITS = 0x20202020;
/** The high bits of four bytes. */
const HIGH_BITS = 0x80808080;
const ODD = 1;
const LOWER = 2;

/**
 * Two 32-bit multiply-and-rotate lanes with Murmur3's finalizer. Two of two million keys have the same hash by chance in
 * one of ten million files (n²/2⁶⁵). Even then no wrong finding is reported: see `cross-verify.ts`.
 */
export class KeyHash64 implements KeyHash {
  low = 0;
  high = 0;
  isFolded = false;

  update(bytes: Uint8Array, from: number, to: number): void {
    this.isFolded = this.hash(bytes, from, to, 0) === 0 && (bytes[from] !== ZERO || to - from < 2);
  }

  /**
   * @param cases `CASE_BITS`: letters in upper and lower case are alike; 0: they are not
   * @returns `ODD` if a byte is not ASCII, a blank or a control character, and `LOWER` if a letter is in lower case
   */
  protected hash(bytes: Uint8Array, from: number, to: number, cases: number): number {
    let a = 0x9e3779b9 ^ (to - from);
    let b = 0x7f4a7c15;
    // In the high bit of each byte, what makes it odd; in bit 5, what makes it lower case.
    let odd = 0;
    let lower = 0;
    let i = from;
    for (; i + 4 <= to; i += 4) {
      const raw =
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24);
      odd |= raw | ((raw - 0x21212121) & ~raw);
      lower |= raw & (raw >>> 1);
      const word = raw & ~((raw >>> 1) & cases);
      a = Math.imul(a ^ word, 0x85ebca6b);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b ^ word, 0xc2b2ae35);
      b = (b << 17) | (b >>> 15);
    }
    for (; i < to; i++) {
      const raw = bytes[i] as number;
      odd |= raw | ((raw - 0x21) & ~raw);
      lower |= raw & (raw >>> 1);
      const byte = raw & ~((raw >>> 1) & cases);
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
    return ((odd & HIGH_BITS) === 0 ? 0 : ODD) | ((lower & CASE_BITS) === 0 ? 0 : LOWER);
  }
}

const SPACE = 32;
const ZERO = 48;

/** Hashes keys so that all that look alike (`lookalikes.ts`), and hardly any others, have the same hash. */
export class FoldedHash extends KeyHash64 {
  override update(bytes: Uint8Array, from: number, to: number): void {
    let [start, end] = [from, to];
    while (start < end && bytes[start] === SPACE) start++;
    while (end > start && bytes[end - 1] === SPACE) end--;
    while (start < end - 1 && bytes[start] === ZERO) start++;
    if ((this.hash(bytes, start, end, CASE_BITS) & ODD) === 0) return;
    // Few keys have such characters, so decoding these costs little.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
    const fold = Buffer.from(folded(text));
    this.hash(fold, 0, fold.length, CASE_BITS);
  }
}
