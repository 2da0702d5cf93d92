import { createHash } from 'node:crypto';

/** SHA-256 and MD5 of bytes that come in blocks. */
export interface Hashes {
  /** Takes a block. It must not change before it is worked in. */
  update(block: Uint8Array): void;
  /** Resolves when at most `most` of the blocks taken are still to be worked in; rejects if that failed. */
  settled(most: number): Promise<void>;
  /** Both in lower-case hex, once. */
  digest(): Promise<Digests>;
}

export interface Digests {
  readonly sha256: string;
  readonly md5: string;
}

/** In this thread. */
export class InlineHashes implements Hashes {
  readonly #sha256 = createHash('sha256');
  readonly #md5 = createHash('md5');

  update(block: Uint8Array): void {
    this.#sha256.update(block);
    this.#md5.update(block);
  }

  async settled(): Promise<void> {}

  async digest(): Promise<Digests> {
    return { sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex') };
  }
}
