import { Worker } from 'node:worker_threads';
import type { Digests, Hashes } from './hashes.ts';

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
