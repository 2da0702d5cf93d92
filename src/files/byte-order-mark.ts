const BOM = [0xef, 0xbb, 0xbf] as const;

/** Takes the byte order mark off the beginning of bytes that come in pieces of any size. */
export class ByteOrderMark {
  /** How many of its bytes were seen; 3: the question is settled. */
  #seen = 0;

  /** The text in the next bytes, in up to two pieces. */
  strip(block: Uint8Array): readonly Uint8Array[] {
    if (this.#seen === BOM.length) return [block];
    let from = 0;
    while (this.#seen < BOM.length && from < block.length) {
      if (block[from] !== BOM[this.#seen]) return [this.end(), block.subarray(from)];
      this.#seen += 1;
      from += 1;
    }
    return [block.subarray(from)];
  }

  /** It only began like one, or the bytes are over: what was held back is text. */
  end(): Uint8Array {
    const held = this.#seen === BOM.length ? [] : BOM.slice(0, this.#seen);
    this.#seen = BOM.length;
    return Uint8Array.from(held);
  }
}
