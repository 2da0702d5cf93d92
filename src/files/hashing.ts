import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

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

/** SHA-256 and MD5 of bytes that come in blocks. */
interface Hashes {
  /** Takes a block. It must not change before it is worked in. */
  update(block: Uint8Array): void;
  /** Resolves when at most `most` of the blocks taken are still to be worked in; rejects if that failed. */
  settled(most: number): Promise<void>;
  /** Both in lower-case hex, once. */
  digest(): Promise<Digests>;
}

interface Digests {
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

// As text, not as a file: a worker's file is found neither inside a bundle nor, in tests, as TypeScript.
const THREAD = `
const { parentPort } = require('node:worker_threads');
const { createHash } = require('node:crypto');
let sha256 = createHash('sha256');
let md5 = createHash('md5');
parentPort.on('message', (block) => {
  if (block !== null) {
    sha256.update(block);
    md5.update(block);
    parentPort.postMessage(null);
    return;
  }
  parentPort.postMessage({ sha256: sha256.digest('hex'), md5: md5.digest('hex') });
  sha256 = createHash('sha256');
  md5 = createHash('md5');
});`;

/** A thread that hashes one file after the other. Blocks should lie in shared memory, else each is copied. */
export class HashThread implements Hashes {
  readonly #worker = new Worker(THREAD, { eval: true, execArgv: [], env: {} });
  #fresh = true;
  #waiting = 0;
  #digests: Digests | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor() {
    this.#worker.on('message', (digests: Digests | null) => {
      this.#waiting -= 1;
      if (digests !== null) this.#digests = digests;
      this.#wake?.();
    });
    this.#worker.on('error', (error: unknown) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the hashing thread ended early')));
  }

  /** No file was begun and left. */
  get isFresh(): boolean {
    return this.#fresh && this.#failure === undefined;
  }

  update(block: Uint8Array): void {
    this.#fresh = false;
    this.#post(block);
  }

  async settled(most: number): Promise<void> {
    while (this.#waiting > most && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async digest(): Promise<Digests> {
    this.#digests = undefined;
    this.#post(null);
    await this.settled(0);
    if (this.#digests === undefined) throw new Error('the hashing thread gave no answer');
    this.#fresh = true;
    return this.#digests;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #post(message: Uint8Array | null): void {
    this.#waiting += 1;
    this.#worker.postMessage(message);
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#wake?.();
  }
}
