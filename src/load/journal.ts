import { type FileHandle, open, readFile, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { serverOf } from '../api/connection.ts';
import { EbillError, errnoOf, isDiskFull, messageOf } from '../errors.ts';
import type { Redacted, Redactor } from '../redact/redactor.ts';
import { isAt, makeFolders, syncFolder, writeAtomic } from '../system/atomic-file.ts';
import { KEEP_HOME } from '../system/home.ts';
import type { Lock } from '../system/lock.ts';
import { apply } from './apply-entry.ts';
import {
  type Answered,
  type Clean,
  type Entry,
  type Header,
  type Intent,
  isDecision,
  type NewEntry,
  sanitizeEntry,
  sanitizeUrl,
} from './entries.ts';
import { cutOff, isReadable, isTornEnd, lineOf, tornMark } from './journal-line.ts';
import { replay, skipLines } from './journal-lines.ts';
import { emptyState, type LoadState } from './state.ts';

/** A load's record on this machine. Once `append` resolves, the entry is on disk. */
export interface Journal {
  readonly path: string | null;
  readonly state: LoadState;
  append(entry: NewEntry): Promise<void>;
  /** Flushes the intent of a request before it leaves. Returns the number to answer with. */
  intent(intent: Intent): Promise<number>;
  answer(n: number, answered: Answered): Promise<void>;
  /** The address of an object as this journal stores it, to compare with. */
  kept(object: string): string;
  close(): Promise<void>;
}

/**
 * Opens a load's journal for writing; creates it if there is none.
 * @param now ms since 1970
 * @param redactor hides secrets in what is written
 * @param lock of the only writer; `null` for a command that only adds what it has seen
 * @throws EbillError CONFLICT for the journal of another server or a newer program, a damaged one, or one that another
 * process holds; USAGE when it cannot be written
 */
export async function openJournal(
  path: string,
  header: Header,
  now: () => number,
  redactor: Pick<Redactor, 'clean'>,
  lock: Pick<Lock, 'include'> | null = null,
): Promise<Journal> {
  const handle = await openAppending(path);
  try {
    lock?.include(handle);
    const known = await readJournal(path);
    if (known !== null) assertSameServer(known.header, header, path);
    else await begin(handle, path, header);
    await syncFolders(dirname(path), known === null ? NEW_FOLDERS : 1);
    // Where the file system cannot tell, nothing can be checked later.
    const watched = lock !== null && (await isAt(handle, path));
    const clean: Clean = (text) => redactor.clean(text);
    return new FileJournal(path, handle, known ?? emptyState(header), now, clean, watched);
  } catch (cause) {
    await handle.close();
    throw cannotWrite(path, cause);
  }
}

/** A journal in memory, for a load without a record here; nothing is written. */
export function memoryJournal(state: LoadState, now: () => number): Journal {
  return new FileJournal(null, null, state, now, (text) => text as Redacted);
}

/**
 * Skips the damaged lines of a journal for good, where the server can be asked instead (`--adopt`).
 * @returns whether there were any
 * @throws EbillError CONFLICT when they cannot be skipped, or another process holds the load
 */
export async function skipDamage(
  path: string,
  now: () => number,
  lock: Pick<Lock, 'include'>,
): Promise<boolean> {
  const handle = await openAppending(path);
  try {
    lock.include(handle);
    const content = (await readContent(path)) ?? Buffer.alloc(0);
    const lines = skipLines(content, path, new Date(now()).toISOString());
    if (lines.length === 0) return false;
    await write(handle, `${await tailRepair(handle, content.length, now)}${lines.join('')}`);
    return true;
  } catch (cause) {
    throw cannotWrite(path, cause);
  } finally {
    await handle.close();
  }
}

/**
 * Checks that no process holds the journal itself: deleting the lock file admits no second writer (rule 7).
 * @throws EbillError CONFLICT, USAGE
 */
export async function lockJournal(path: string, lock: Pick<Lock, 'include'>): Promise<void> {
  if ((await readContent(path)) === null) return;
  const handle = await openAppending(path);
  try {
    lock.include(handle);
  } finally {
    // A file that is open cannot be replaced on Windows.
    await handle.close();
  }
}

/**
 * Writes a whole journal in place of the one that is there, under its lock. A part of it would pass for all that was done, so
 * it is there whole or not at all.
 * @throws EbillError USAGE
 */
export async function replaceJournal(path: string, content: Redacted<Buffer>): Promise<void> {
  await writeAtomic(path, content, { folderMode: 0o700, errorFor: (cause) => cannotWrite(path, cause) });
}

/** Writes the first line. One that a crash cut off is removed: nothing was sent, and the first line says what the file is. */
async function begin(handle: FileHandle, path: string, header: Header): Promise<void> {
  if ((await handle.stat()).size > 0) await truncate(path);
  await write(handle, lineOf(header));
}

/** A journal's folder, the one of all owners, and the state folder. */
const NEW_FOLDERS = 3;

/** A name must survive a power loss too. Each time: an earlier run may have ended before it got here. */
async function syncFolders(folder: string, levels: number): Promise<void> {
  await syncFolder(folder);
  if (levels > 1 && dirname(folder) !== folder) await syncFolders(dirname(folder), levels - 1);
}

class FileJournal implements Journal {
  readonly path: string | null;
  readonly #handle: FileHandle | null;
  readonly #now: () => number;
  readonly #clean: Clean;
  /** Whether to check that the file is still at its path. */
  readonly #watched: boolean;
  #state: LoadState;
  #next: number;
  /** Decisions among the lines written, and among those that wait. */
  #decisions: number;
  /** Lines that wait for the flush under way to end; they share the next one. */
  #waiting: { line: Redacted; done: () => void; failed: (error: unknown) => void }[] = [];
  #flushing: Promise<void> | null = null;
  /** The file's size after the last write, in bytes; another process may have added lines since. -1: unknown. */
  #end = -1;
  /** A write failed. Entries may be missing on disk, so no further request may leave. */
  #failed: EbillError | null = null;

  constructor(
    path: string | null,
    handle: FileHandle | null,
    state: LoadState,
    now: () => number,
    clean: Clean,
    watched = false,
  ) {
    this.path = path;
    this.#handle = handle;
    this.#state = state;
    this.#next = state.next;
    this.#decisions = state.decisions;
    this.#now = now;
    this.#clean = clean;
    this.#watched = watched;
  }

  get state(): LoadState {
    return this.#state;
  }

  async append(entry: NewEntry): Promise<void> {
    const stamped = sanitizeEntry(
      { at: new Date(this.#now()).toISOString(), ...entry } as Entry,
      this.#clean,
    );
    if (isDecision(entry)) this.#decisions += 1;
    await this.#write(lineOf(stamped) as Redacted);
    this.#state = apply(this.#state, stamped);
  }

  async intent(intent: Intent): Promise<number> {
    if (this.#failed !== null) throw this.#failed;
    const n = this.#next;
    this.#next += 1;
    await this.append({ type: 'intent', n, decisions: this.#decisions, ...intent });
    return n;
  }

  answer(n: number, answered: Answered): Promise<void> {
    return this.append({ type: 'answer', n, ...answered });
  }

  kept(object: string): string {
    return sanitizeUrl(object, this.#clean);
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#handle?.close();
  }

  #write(line: Redacted): Promise<void> {
    if (this.#handle === null) return Promise.resolve();
    return new Promise((done, failed) => {
      this.#waiting.push({ line, done, failed });
      this.#flushing ??= this.#flush(this.#handle as FileHandle);
    });
  }

  async #flush(handle: FileHandle): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const lines = batch.map((waiter) => waiter.line).join('');
        const { size } = await handle.stat();
        const text = `${size === this.#end ? '' : await tailRepair(handle, size, this.#now)}${lines}`;
        await write(handle, text);
        this.#end = size + Buffer.byteLength(text);
        // Another process would start a second journal.
        if (this.#watched && !(await isAt(handle, this.path ?? ''))) throw movedAway(this.path ?? '');
        for (const waiter of batch) waiter.done();
      } catch (cause) {
        this.#end = -1;
        const error = cannotWrite(this.path ?? '', cause);
        this.#failed ??= error;
        for (const waiter of batch) waiter.failed(error);
      }
    }
    this.#flushing = null;
  }
}

async function write(handle: FileHandle, text: string): Promise<void> {
  await handle.appendFile(text, 'utf8');
  await handle.datasync();
}

/**
 * What has to be written before the next line: the end of a last line that was cut off, and its mark (rule 3). Nothing is
 * removed: another process may be writing that line just now.
 */
async function tailRepair(handle: FileHandle, size: number, now: () => number): Promise<string> {
  const last = await lastLine(handle, size);
  const ended = last.at(-1) === LF;
  const line = ended ? last.subarray(0, -1) : last;
  const mark =
    isReadable(line) || !(ended ? cutOff(line.toString()) !== null : isTornEnd(line.toString()))
      ? ''
      : tornMark(new Date(now()).toISOString(), line.length);
  return `${ended || size === 0 ? '' : '\n'}${mark}`;
}

const LF = 0x0a;
/** Bytes read at a time, from the end. */
const TAIL = 4096;

/** The last line of a file, with its newline if it has one. */
async function lastLine(handle: FileHandle, size: number): Promise<Buffer> {
  for (let length = Math.min(TAIL, size); ; length = Math.min(2 * length, size)) {
    const buffer = Buffer.alloc(length);
    await handle.read(buffer, 0, length, size - length);
    const before = buffer.subarray(0, -1).lastIndexOf(LF);
    if (before >= 0) return buffer.subarray(before + 1);
    if (length === size) return buffer;
  }
}

async function openAppending(path: string): Promise<FileHandle> {
  try {
    await makeFolders(dirname(path), 0o700);
    // Opening a pipe would wait for its reader.
    if ((await stat(path).catch(() => null))?.isFile() === false) throw new Error('it is not a file');
    return await open(path, 'a+', 0o600);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

function cannotWrite(path: string, cause: unknown): EbillError {
  if (cause instanceof EbillError) return cause;
  return new EbillError('USAGE', `The journal ${path} cannot be written: ${messageOf(cause)}.`, {
    hint: isDiskFull(cause)
      ? 'Free some space on that disk, then run the same command again. Nothing is sent without a record.'
      : `Make the folder writable, then run the same command again. Nothing is sent without a record. ${KEEP_HOME}`,
    cause,
  });
}

function movedAway(path: string): EbillError {
  return new EbillError('CONFLICT', `The journal ${path} was moved or deleted while it was written.`, {
    hint: 'Put it back, then run the same command again. What this command did is in that file.',
  });
}

function assertSameServer(known: Header, wanted: Header, path: string): void {
  // A journal of before the organisation was known is in the folder of the right one.
  const organisation = known.organisation === undefined ? undefined : wanted.organisation;
  if (serverOf(known) === serverOf({ ...wanted, organisation }) && known.job === wanted.job) return;
  throw new EbillError(
    'CONFLICT',
    `The journal ${path} is of ${known.job} on ${serverOf(known)}, not of ${wanted.job} on ${serverOf(wanted)}.`,
    {
      hint: `It was renamed or copied. Move it back to where it came from, then run the same command again. Nothing was sent.`,
    },
  );
}

/**
 * Reads a load from its journal; `null` when there is none, or only a torn first line: nothing was sent then.
 * @throws EbillError CONFLICT when it is damaged, no journal, or a newer program's; USAGE when it cannot be read
 */
export async function readJournal(path: string): Promise<LoadState | null> {
  const content = await readContent(path);
  return content === null ? null : replay(content, path);
}

/** The bytes of a journal; `null` when there is none. @throws EbillError USAGE when it cannot be read */
export async function readContent(path: string): Promise<Buffer | null> {
  try {
    // Reading a device or a pipe would never end.
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    return await readFile(path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw new EbillError('USAGE', `The journal ${path} cannot be read: ${messageOf(cause)}.`, {
      hint: `Check the permissions of that file. ${KEEP_HOME}`,
      cause,
    });
  }
}
