import { randomBytes } from 'node:crypto';
import { constants, copyFile, type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EbillError, errnoOf, isDiskFull, messageOf } from '../errors.ts';
import type { Redacted } from '../redact/redactor.ts';
import { visible } from './escaping.ts';

interface AtomicFileOptions {
  /** Permission bits of the file, less the umask. Default: 0600. */
  readonly mode?: number;
  /** Permission bits of missing folders, which are created. Default: what the umask leaves of 0777. */
  readonly folderMode?: number;
  /** Turns a system error into the error to throw. Default: `USAGE`, "PATH cannot be written". */
  readonly errorFor?: (cause: unknown) => EbillError;
}

interface CommitOptions {
  /** Replace a file that exists. Default true. */
  readonly replace?: boolean;
}

/** Bytes gathered before a write. */
const BUFFER_SIZE = 256 * 1024;
/** Chunks of this many bytes are written as they are, without a copy. */
const LARGE_CHUNK = 16 * 1024;

/**
 * A file that appears complete or not at all, and survives a power loss once `commit` has resolved: written under a
 * temporary name in the same folder, flushed, renamed, and the folder flushed. The file is its owner's alone (0600) unless `mode` says otherwise.
 */
export class AtomicFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #errorFor: (cause: unknown) => EbillError;
  #gathered: Buffer[] = [];
  #size = 0;

  private constructor(
    path: string,
    temporary: string,
    handle: FileHandle,
    errorFor: (cause: unknown) => EbillError,
  ) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#errorFor = errorFor;
  }

  /** Creates missing folders and the temporary file. @throws EbillError */
  static async open(path: string, options: AtomicFileOptions = {}): Promise<AtomicFile> {
    const errorFor = options.errorFor ?? ((cause) => cannotWrite(path, cause));
    try {
      await makeFolders(dirname(path), options.folderMode);
      const temporary = temporaryPath(path);
      // `wx` follows no link (open(2), O_EXCL), so another user with write access to the folder cannot redirect the bytes.
      return new AtomicFile(path, temporary, await open(temporary, 'wx', options.mode ?? 0o600), errorFor);
    } catch (cause) {
      throw errorFor(cause);
    }
  }

  /** Await what it returns before the next call and before reusing the bytes. @throws EbillError */
  write(chunk: Uint8Array | string): Promise<void> | undefined {
    if (chunk.length >= LARGE_CHUNK) return this.#flush(chunk);
    const copy = Buffer.from(chunk as Uint8Array);
    this.#gathered.push(copy);
    this.#size += copy.length;
    return this.#size >= BUFFER_SIZE ? this.#flush() : undefined;
  }

  /**
   * Flushes the file to the disk and gives it its name.
   * @returns false when a file (or link) of that name exists and `replace` is false; it is kept
   * @throws EbillError
   */
  async commit({ replace = true }: CommitOptions = {}): Promise<boolean> {
    await this.#flush();
    try {
      await this.#handle.sync();
      await this.#handle.close();
      if (replace) await rename(this.#temporary, this.path);
      else if (!(await renameToUnused(this.#temporary, this.path))) {
        await this.abort();
        return false;
      }
      await syncFolder(dirname(this.path));
      return true;
    } catch (cause) {
      throw this.#errorFor(cause);
    }
  }

  /** Reads what was written so far, under its temporary name. */
  async inspect<T>(read: (path: string) => Promise<T>): Promise<T> {
    await this.#flush();
    return read(this.#temporary);
  }

  /** Removes the temporary file; does nothing after a commit. */
  async abort(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }

  async #flush(chunk?: Uint8Array | string): Promise<void> {
    const gathered = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#size = 0;
    try {
      // `appendFile` repeats a partial write until all bytes are written; `write` does not.
      if (gathered.length > 0) await this.#handle.appendFile(gathered);
      if (chunk !== undefined) await this.#handle.appendFile(chunk);
    } catch (cause) {
      throw this.#errorFor(cause);
    }
  }
}

/** Writes a whole file with `AtomicFile`. @returns as `commit` @throws EbillError */
export async function writeAtomic(
  path: string,
  content: Uint8Array | string,
  options: AtomicFileOptions & CommitOptions = {},
): Promise<boolean> {
  const file = await AtomicFile.open(path, options);
  try {
    await file.write(content);
    return await file.commit(options);
  } finally {
    await file.abort();
  }
}

/** `writeAtomic` for text that may quote a server or the environment: its type proves that it has been redacted. */
export function writeRedacted(
  path: string,
  text: Redacted,
  options: CommitOptions & Pick<AtomicFileOptions, 'mode'> = {},
): Promise<boolean> {
  return writeAtomic(path, text, options);
}

/**
 * Creates a folder and missing parents, and flushes the folders they were created in. An existing folder is left as it is.
 * Node's `recursive` loops for ever where the system lets nothing be created, as below `/proc`.
 * @param mode of each folder created
 * @throws Error as `mkdir` and `syncFolder`
 */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) return assertFolder(path, error);
    await makeFolders(dirname(path), mode);
    await mkdir(path, { mode }).catch((second: unknown) => assertFolder(path, second));
  }
  await syncFolder(dirname(path));
}

/** An existing folder is no error. The root of a file system answers EISDIR or EPERM, not EEXIST. */
async function assertFolder(path: string, error: unknown): Promise<void> {
  const existing = await stat(path).catch(() => null);
  if (existing?.isDirectory()) return;
  if (existing === null) throw error;
  throw Object.assign(new Error(`${path} is a file, not a folder`), { code: 'ENOTDIR' });
}

/**
 * Flushes a folder, so that the names in it survive a power loss.
 * @throws Error as `open` and `fsync`, but for platforms and file systems that cannot flush a folder
 */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!isUnsupported(errnoOf(error))) throw error;
  }
}

/** Whether the open file is still the one of that path: not deleted, not replaced. */
export async function isAt(handle: FileHandle, path: string): Promise<boolean> {
  const [own, found] = await Promise.all([
    handle.stat({ bigint: true }),
    stat(path, { bigint: true }).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }),
  ]);
  // On Windows the two calls may name one volume differently.
  const oneVolume = found?.dev === own.dev || process.platform === 'win32';
  return found?.ino === own.ino && oneVolume;
}

/** Windows opens no folder for a flush and needs none; some network file systems refuse the call. */
function isUnsupported(errno: string | undefined): boolean {
  if (errno === 'EINVAL' || errno === 'ENOTSUP' || errno === 'ENOSYS') return true;
  return process.platform === 'win32' && (errno === 'EISDIR' || errno === 'EPERM' || errno === 'EACCES');
}

/** Unpredictable, and short enough for any name: a file name has at most 255 bytes. */
function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 40)}.${randomBytes(6).toString('hex')}.part`);
}

/** @returns false when the name is taken */
export async function renameToUnused(from: string, to: string): Promise<boolean> {
  try {
    // Unlike a rename, a link never replaces a file that appeared meanwhile.
    await link(from, to);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    return renameToReserved(from, to);
  }
  await rm(from, { force: true });
  return true;
}

/**
 * Keeps a file that is about to be replaced under another name, too: at every moment it has one of the two.
 * @returns false when the other name is taken
 * @throws EbillError
 */
export async function keepUnder(path: string, other: string): Promise<boolean> {
  try {
    await link(path, other).catch((error: unknown) => {
      if (errnoOf(error) === 'EEXIST') throw error;
      return copyFile(path, other, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false;
    throw cannotWrite(other, cause);
  }
}

/** Without links (FAT, some network shares): reserves the name with an empty file, then replaces that. */
async function renameToReserved(from: string, to: string): Promise<boolean> {
  try {
    await (await open(to, 'wx', 0o600)).close();
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  await rename(from, to).catch(async (error: unknown) => {
    await rm(to, { force: true });
    throw error;
  });
  return true;
}

/** A file that can no longer be read because the disk fails, for people. */
export function cannotRead(path: string, cause: unknown): EbillError {
  return new EbillError('USAGE', `${visible(path)} cannot be read: ${visible(messageOf(cause))}.`, {
    hint: 'Check that disk or network share, or copy the file to another one, then run the command again.',
    cause,
  });
}

/** A file that cannot be written, for people. */
export function cannotWrite(path: string, cause: unknown): EbillError {
  return new EbillError('USAGE', `${visible(path)} cannot be written: ${visible(messageOf(cause))}.`, {
    hint: `${isDiskFull(cause) ? 'Free some space' : 'Make its folder writable'}, or choose another folder, then run the same command again.`,
    cause,
  });
}
