import { type FileHandle, link, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { openBeside } from '../system/atomic-file.ts';
import { visible } from '../system/escaping.ts';
import { makeFolders } from '../system/folders.ts';

const FLUSH = 256 * 1024;

/** A file that appears whole or not at all: written beside its place under another name, flushed, then named. */
export class NewFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #pieces: Buffer[] = [];
  #size = 0;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** @throws EbillError USAGE */
  static async create(path: string): Promise<NewFile> {
    return guard(path, async () => {
      await makeFolders(dirname(path));
      const { handle, temporary } = await openBeside(path);
      return new NewFile(path, temporary, handle);
    });
  }

  /** Bytes are copied. Await what it returns, if anything. @throws EbillError USAGE */
  write(bytes: Uint8Array | string): Promise<void> | undefined {
    const piece = Buffer.from(bytes as Uint8Array);
    this.#pieces.push(piece);
    this.#size += piece.length;
    return this.#size >= FLUSH ? this.#flush() : undefined;
  }

  /**
   * Gives it its name.
   * @param force in the place of a file that is there
   * @returns false when one was there and was kept
   * @throws EbillError USAGE
   */
  async commit(force: boolean): Promise<boolean> {
    await this.#flush();
    return guard(this.path, async () => {
      await this.#handle.sync();
      await this.#handle.close();
      if (force) {
        await rename(this.#temporary, this.path);
        return true;
      }
      try {
        // Unlike a rename, a link never takes the place of a file that appeared meanwhile.
        await link(this.#temporary, this.path);
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') {
          await rm(this.#temporary, { force: true });
          return false;
        }
        // No links on this file system (FAT, some network shares).
        await rename(this.#temporary, this.path);
        return true;
      }
      await rm(this.#temporary, { force: true });
      return true;
    });
  }

  /** Takes back what is not committed. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }

  async #flush(): Promise<void> {
    const block = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#size = 0;
    await guard(this.path, () => this.#handle.appendFile(block));
  }
}

async function guard<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new EbillError('USAGE', `${visible(path)} cannot be written: ${visible(messageOf(cause))}.`, {
      hint: 'Free some space or choose another folder with --out, then run the same command again.',
      cause,
    });
  }
}
