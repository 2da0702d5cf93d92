import { createHash, type Hash } from 'node:crypto';
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

type Algorithm = keyof Digests;
const ALL: readonly Algorithm[] = ['sha256', 'md5', 'crc32'];

/**
 * What the main thread hashes itself while the thread does the rest. A block of 1 MiB takes 1.6 ms for MD5, 0.8 ms for SHA-256
 * and 0.3 ms for CRC-32; its structure takes about 0.5 ms, and 3 ms or more with the checks against other files.
 */
const ON_MAIN: Readonly<Record<'structure' | 'across', readonly Algorithm[]>> = {
  structure: ['crc32', 'sha256'],
  across: ['crc32'],
};

/**
 * Bytes, of one file or of all so far, from which a thread costs less than it saves: it starts in about 40 ms, and hashes
 * 32 MB in 90 ms.
 */
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

  /**
   * Starts the thread ahead of the first file if one of these files will need it: it is ready by then.
   * @param sizes of all files
   */
  expect(sizes: readonly number[]): void {
    let bytes = 0;
    const needsThread = sizes.some((size) => {
      bytes += size;
      return isForThread(size, bytes);
    });
    if (needsThread) this.#thread ??= new HashThread();
  }

  /**
   * Starts a file of `size` bytes. The previous file must be complete or given up.
   * @param checks what the main thread does with the file
   */
  async start(size: number, checks: keyof typeof ON_MAIN): Promise<Hashes> {
    this.#bytes += size;
    if (!isForThread(size, this.#bytes)) return new InlineHashes();
    if (this.#thread?.hasFailed === true) await this.close();
    this.#thread ??= new HashThread();
    this.#thread.begin(ON_MAIN[checks]);
    return this.#thread;
  }

  /** Stops the thread, if there is one. Need not be awaited: a thread takes about 10 ms to end, and nothing depends on it. */
  async close(): Promise<void> {
    await this.#thread?.close();
    this.#thread = undefined;
  }
}

const isForThread = (size: number, bytes: number): boolean =>
  size >= THREAD_FILE_FROM && bytes >= THREAD_FROM && availableParallelism() > 1;

/** Hashes in the current thread. */
export class InlineHashes implements Hashes {
  readonly #hashes: readonly (readonly [Algorithm, Hash])[];
  readonly #hasCrc32: boolean;
  #crc32 = 0;

  constructor(algorithms: readonly Algorithm[] = ALL) {
    this.#hasCrc32 = algorithms.includes('crc32');
    this.#hashes = algorithms.flatMap((name) =>
      name === 'crc32' ? [] : [[name, createHash(name)] as const],
    );
  }

  update(block: Uint8Array): void {
    for (const [, hash] of this.#hashes) hash.update(block);
    if (this.#hasCrc32) this.#crc32 = crc32(block, this.#crc32);
  }

  async settled(): Promise<void> {}

  /** Of its algorithms. */
  async digest(): Promise<Digests> {
    return {
      ...Object.fromEntries(this.#hashes.map(([name, hash]) => [name, hash.digest('hex')])),
      ...(this.#hasCrc32 ? { crc32: this.#crc32 } : {}),
    } as unknown as Digests;
  }
}

// Source text, not a file: a worker's file is not found inside a bundle, nor as TypeScript in tests.
const THREAD = `
const { parentPort } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const { crc32 } = require('node:zlib');
let hashes = [];
let crc = null;
parentPort.on('message', (message) => {
  if (message === null) {
    const digests = Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest('hex')]));
    parentPort.postMessage(crc === null ? digests : { ...digests, crc32: crc });
    return;
  }
  if (Array.isArray(message)) {
    hashes = message.filter((name) => name !== 'crc32').map((name) => [name, createHash(name)]);
    crc = message.includes('crc32') ? 0 : null;
    return;
  }
  for (const [, hash] of hashes) hash.update(message);
  if (crc !== null) crc = crc32(message, crc);
  parentPort.postMessage(null);
});`;

/** A thread that hashes one file after the other. Blocks should be in shared memory; other blocks are copied. */
export class HashThread implements Hashes {
  readonly #worker = new Worker(THREAD, { eval: true, execArgv: [], env: {} });
  #own = new InlineHashes([]);
  /** Messages without an answer so far. */
  #pending = 0;
  #digests: Partial<Digests> | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor() {
    this.#worker.on('message', (digests: Partial<Digests> | null) => {
      this.#pending -= 1;
      if (digests !== null) this.#digests = digests;
      this.#wake?.();
    });
    this.#worker.on('error', (error: unknown) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the hashing thread exited early')));
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Starts a file, also after one that was given up. @param own what this thread hashes itself */
  begin(own: readonly Algorithm[]): void {
    this.#own = new InlineHashes(own);
    this.#worker.postMessage(ALL.filter((name) => !own.includes(name)));
  }

  update(block: Uint8Array): void {
    this.#post(block);
    this.#own.update(block);
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
    const digests = this.#digests as Partial<Digests> | undefined;
    if (digests === undefined) throw new Error('the hashing thread gave no result');
    return { ...(await this.#own.digest()), ...digests };
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
