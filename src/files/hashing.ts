import { availableParallelism } from 'node:os';
import { HashThread } from './hash-thread.ts';
import { type Hashes, InlineHashes } from './hashes.ts';

/** From so many bytes on, in one file or in all so far, starting a thread costs less than it saves. */
const THREAD_FROM = 32 << 20;
/** A smaller file is hashed before a thread could answer. */
const LEAST = 1 << 20;

/**
 * Hashes the files of one call, one after the other. Large ones, and many that are large together, go to a thread of their
 * own, beside the check of their structure: the two together take the time of the slower one (performance.md, "Preflight").
 */
export class Hashing {
  #bytes = 0;
  #thread: HashThread | undefined;

  /** For a file of `size` bytes. The file before is done with, or given up. */
  async hashesFor(size: number): Promise<Hashes> {
    this.#bytes += size;
    if (size < LEAST || this.#bytes < THREAD_FROM || availableParallelism() === 1) return new InlineHashes();
    if (this.#thread?.isFresh === false) await this.close();
    this.#thread ??= new HashThread();
    return this.#thread;
  }

  /** Ends what was started. */
  async close(): Promise<void> {
    await this.#thread?.close();
    this.#thread = undefined;
  }
}
