import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';

/** SHA-256, MD5 and CRC-32 of bytes that come in blocks. */
export interface Hashes {
  /** Adds a block. The block must not change until it is hashed; see `settled`. */
  update(block: Uint8Array): void;
  /** Resolves when at most `most` of the blocks added are still to be hashed; rejects if hashing failed. */
  settled(most: number): Promise<void>;
  /** Call once, at the end. */
  digest(): Promise<Digests>;
}

/** In lower-case hex, except `crc32`. */
interface Digests {
  readonly sha256: string;
  readonly md5: string;
  readonly crc32: number;
}

/** Bytes, of one file or of all so far, from which starting a thread costs less than it saves. */
const THREAD_FROM = 32 << 20;
/** A file with fewer bytes is hashed before a thread could answer. */
const THREAD_FILE_FROM = 1 << 20;

/**
 * Hashes the files of one call, one after the other. Large files, and many files that are large together, are hashed in a
 * thread while their structure is checked, so that both together take the time of the slower one.
 */
export class Hashing {
  #bytes = 0;
  #thread: HashThread | undefined;

  /** Starts a file of `size` bytes. The previous file must be complete or given up. */
  async start(size: number): Promise<Hashes> {
    this.#bytes += size;
    if (size < THREAD_FILE_FROM || this.#bytes < THREAD_FROM || availableParallelism() === 1) {
      return new InlineHashes();
    }
    if (this.#thread?.isIdle === false) await this.close();
    this.#thread ??= new HashThread();
    return this.#thread;
  }

  /** Stops the thread, if there is one. */
  async close(): Promise<void> {
    await this.#thread?.close();
    this.#thread = undefined;
  }
}

/** Hashes in the current thread. */
export class InlineHashes implements Hashes {
  readonly #sha256 = createHash('sha256');
  readonly #md5 = createHash('md5');
  #crc32 = 0;

  update(block: Uint8Array): void {
    this.#sha256.update(block);
    this.#md5.update(block);
    this.#crc32 = crc32(block, this.#crc32);
  }

  async settled(): Promise<void> {}

  async digest(): Promise<Digests> {
    return { sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex'), crc32: this.#crc32 };
  }
}

// Source text, not a file: a worker's file is not found inside a bundle, nor as TypeScript in tests.
const THREAD = `
const { parentPort } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const { crc32 } = require('node:zlib');
let sha256 = createHash('sha256');
let md5 = createHash('md5');
let crc = 0;
parentPort.on('message', (block) => {
  if (block !== null) {
    sha256.update(block);
    md5.update(block);
    crc = crc32(block, crc);
    parentPort.postMessage(null);
    return;
  }
  parentPort.postMessage({ sha256: sha256.digest('hex'), md5: md5.digest('hex'), crc32: crc });
  sha256 = createHash('sha256');
  md5 = createHash('md5');
  crc = 0;
});`;

/** A thread that hashes one file after the other. Blocks should be in shared memory; other blocks are copied. */
export class HashThread implements Hashes {
  readonly #worker = new Worker(THREAD, { eval: true, execArgv: [], env: {} });
  #idle = true;
  /** Messages without an answer so far. */
  #pending = 0;
  #digests: Digests | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor() {
    this.#worker.on('message', (digests: Digests | null) => {
      this.#pending -= 1;
      if (digests !== null) this.#digests = digests;
      this.#wake?.();
    });
    this.#worker.on('error', (error: unknown) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the hashing thread exited early')));
  }

  /** True if no file was started and abandoned. */
  get isIdle(): boolean {
    return this.#idle && this.#failure === undefined;
  }

  update(block: Uint8Array): void {
    this.#idle = false;
    this.#post(block);
  }

  async settled(most: number): Promise<void> {
    while (this.#pending > most && this.#failure === undefined) {
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
    if (this.#digests === undefined) throw new Error('the hashing thread gave no result');
    this.#idle = true;
    return this.#digests;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #post(message: Uint8Array | null): void {
    this.#pending += 1;
    this.#worker.postMessage(message);
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#wake?.();
  }
}
