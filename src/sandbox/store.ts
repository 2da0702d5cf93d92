import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { emptyState, type StoredObject, type StoredState } from './state.ts';

/**
 * The sandbox's disk. A change of `state` and its `save()` are in one synchronous block, so no request sees half of it and a
 * kill -9 leaves all of it or nothing.
 */
export class Store {
  readonly state: StoredState;
  readonly folder: string;
  readonly #temporary: boolean;
  readonly #blobs: string;

  /**
   * @param data the folder to keep; `null` for a temporary one
   * @throws EbillError USAGE when it cannot be used
   */
  constructor(data: string | null, open: StoredState['open']) {
    this.#temporary = data === null;
    try {
      this.folder = data === null ? mkdtempSync(join(tmpdir(), 'ebill-sandbox-')) : resolve(data);
      this.#blobs = join(this.folder, 'objects');
      mkdirSync(this.#blobs, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new EbillError('USAGE', `The sandbox cannot use ${data ?? tmpdir()}: ${messageOf(error)}`, {
        hint: 'Give --data a folder you may write to.',
        cause: error,
      });
    }
    this.state = this.#load() ?? emptyState(open);
    this.#sweep();
  }

  get #file(): string {
    return join(this.folder, 'state.json');
  }

  /** Writes a new file, flushes it, and renames it over the old one. Nobody reads the state of a temporary folder again. */
  save(): void {
    if (this.#temporary) return;
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, JSON.stringify(this.state), { mode: 0o600 });
    this.#sync(temporary);
    renameSync(temporary, this.#file);
    this.#sync(this.folder);
  }

  /** A file name for new bytes, which count once `state.objects` refers to it. */
  newBlob(): string {
    return randomUUID();
  }

  pathOf(blob: string): string {
    return join(this.#blobs, blob);
  }

  /** Puts bytes that are in `pathOf(object.blob)` under `key`, and saves. */
  putObject(key: string, object: Omit<StoredObject, 'puts'>): void {
    this.#sync(this.pathOf(object.blob));
    const before = this.object(key);
    this.state.objects[key] = { ...object, puts: (before?.puts ?? 0) + 1 };
    this.save();
    if (before && !this.#blobsInUse().has(before.blob)) this.dropBlob(before.blob);
  }

  object(key: string): StoredObject | null {
    return Object.hasOwn(this.state.objects, key) ? (this.state.objects[key] ?? null) : null;
  }

  dropBlob(blob: string): void {
    rmSync(this.pathOf(blob), { force: true });
  }

  /** Removes a temporary folder. */
  dispose(): void {
    if (this.#temporary) rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #load(): StoredState | null {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
    const unknown = new EbillError(
      'USAGE',
      `${this.#file} is not a sandbox state that this version can read`,
      {
        hint: 'Give --data another folder, or an empty one.',
      },
    );
    let state: unknown;
    try {
      state = JSON.parse(text);
    } catch {
      throw unknown;
    }
    if (typeof state !== 'object' || state === null || !('version' in state) || state.version !== 1)
      throw unknown;
    return state as StoredState;
  }

  #blobsInUse(): Set<string> {
    const objects = Object.values(this.state.objects).map((object) => object.blob);
    const sources = this.state.batches.flatMap((batch) => (batch.source ? [batch.source.blob] : []));
    return new Set([...objects, ...sources]);
  }

  /** Removes files of uploads that a crash interrupted. */
  #sweep(): void {
    const used = this.#blobsInUse();
    for (const blob of readdirSync(this.#blobs)) if (!used.has(blob)) this.dropBlob(blob);
  }

  /** A temporary folder does not outlive the process and needs no flush. */
  #sync(path: string): void {
    if (this.#temporary || (process.platform === 'win32' && path === this.folder)) return;
    const handle = openSync(path, process.platform === 'win32' ? 'r+' : 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
