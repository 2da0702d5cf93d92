import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import type { Redacted, Redactor } from '../redact/redactor.ts';
import { makeFolders, syncFolder } from '../system/atomic-file.ts';
import {
  type Answered,
  type Clean,
  type Entry,
  type Header,
  type Intent,
  isEntry,
  isKnown,
  JOURNAL_VERSION,
  type NewEntry,
  sanitizeEntry,
  sanitizeUrl,
} from './entries.ts';
import { apply, emptyState, type LoadState } from './state.ts';

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
 * @throws EbillError CONFLICT for the journal of another server or a newer program, USAGE when it cannot be written
 */
export async function openJournal(
  path: string,
  header: Header,
  now: () => number,
  redactor: Pick<Redactor, 'clean'>,
): Promise<Journal> {
  const known = await readJournal(path);
  if (known !== null) assertSameServer(known.header, header, path);
  const handle = await openAppending(path);
  try {
    if (known === null) await write(handle, path, `${JSON.stringify(header)}\n`);
    // The name must survive a power loss too. Each time: an earlier run may have died before it got here.
    await syncFolder(dirname(path)).catch((cause: unknown) => {
      throw cannotWrite(path, cause);
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
  return new FileJournal(path, handle, known ?? emptyState(header), now, (text) => redactor.clean(text));
}

/** A journal in memory, for a load without a record here; nothing is written. */
export function memoryJournal(state: LoadState, now: () => number): Journal {
  return new FileJournal(null, null, state, now, (text) => text as Redacted);
}

class FileJournal implements Journal {
  readonly path: string | null;
  readonly #handle: FileHandle | null;
  readonly #now: () => number;
  readonly #clean: Clean;
  #state: LoadState;
  #next: number;
  /** Lines that wait for the flush under way to end; they share the next one. */
  #waiting: { line: Redacted; done: () => void; failed: (error: unknown) => void }[] = [];
  #flushing: Promise<void> | null = null;
  /** The last write failed: its line must be ended before the next one. */
  #torn = false;

  constructor(
    path: string | null,
    handle: FileHandle | null,
    state: LoadState,
    now: () => number,
    clean: Clean,
  ) {
    this.path = path;
    this.#handle = handle;
    this.#state = state;
    this.#next = state.next;
    this.#now = now;
    this.#clean = clean;
  }

  get state(): LoadState {
    return this.#state;
  }

  async append(entry: NewEntry): Promise<void> {
    const stamped = sanitizeEntry(
      { at: new Date(this.#now()).toISOString(), ...entry } as Entry,
      this.#clean,
    );
    await this.#write(lineOf(stamped));
    this.#state = apply(this.#state, stamped);
  }

  async intent(intent: Intent): Promise<number> {
    const n = this.#next;
    this.#next += 1;
    await this.append({ type: 'intent', n, ...intent });
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
        await write(
          handle,
          this.path ?? '',
          `${this.#torn ? '\n' : ''}${batch.map((waiter) => waiter.line).join('')}`,
        );
        this.#torn = false;
        for (const waiter of batch) waiter.done();
      } catch (error) {
        this.#torn = true;
        for (const waiter of batch) waiter.failed(error);
      }
    }
    this.#flushing = null;
  }
}

const lineOf = (entry: Redacted<Entry>): Redacted => `${JSON.stringify(entry)}\n` as Redacted;

async function write(handle: FileHandle, path: string, text: string): Promise<void> {
  try {
    await handle.appendFile(text, 'utf8');
    await handle.datasync();
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

async function openAppending(path: string): Promise<FileHandle> {
  try {
    await makeFolders(dirname(path), 0o700);
    const handle = await open(path, 'a+', 0o600);
    // A last line torn by a power loss is ended, not removed (rule 3).
    const { size } = await handle.stat();
    if (size > 0) {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
      if (buffer[0] !== 0x0a) await write(handle, path, '\n');
    }
    return handle;
  } catch (cause) {
    throw cause instanceof EbillError ? cause : cannotWrite(path, cause);
  }
}

function cannotWrite(path: string, cause: unknown): EbillError {
  const full = errnoOf(cause) === 'ENOSPC';
  return new EbillError('USAGE', `The journal ${path} cannot be written: ${messageOf(cause)}.`, {
    hint: full
      ? 'Free some space on that disk, then run the same command again. Nothing is sent without a record.'
      : 'Make the folder writable or set EBILL_HOME to one that is, then run the same command again. Nothing is sent without a record.',
    cause,
  });
}

function assertSameServer(known: Header, wanted: Header, path: string): void {
  if (known.baseUrl === wanted.baseUrl && known.job === wanted.job) return;
  throw new EbillError(
    'CONFLICT',
    `The load ${wanted.job} was started here against ${known.baseUrl}, not ${wanted.baseUrl}.`,
    {
      hint: `Use the profile or base URL it was started with, or another profile name for the other server. Its journal: ${path}`,
    },
  );
}

/**
 * Reads a load from its journal; `null` when there is none, or only a torn first line: nothing was sent then.
 * @throws EbillError CONFLICT when it is damaged, no journal, or a newer program's; USAGE when it cannot be read
 */
export async function readJournal(path: string): Promise<LoadState | null> {
  let text: string;
  try {
    // Reading a device or a pipe would never end.
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw new EbillError('USAGE', `The journal ${path} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Check the permissions of that file, or set EBILL_HOME.',
      cause,
    });
  }
  return replay(text, path);
}

/** Folds the lines of a journal into a load. A line cut by a crash was never acted on and is skipped. Pure. */
export function replay(text: string, path: string): LoadState | null {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => parsed(line) !== undefined);
  const header = start < 0 ? undefined : (parsed(lines[start] ?? '') as Partial<Header> | undefined);
  if (header === undefined) return null;
  assertReadable(header, path);
  let state = emptyState(header);
  // One entry at a time, so that a long journal is not in memory twice.
  for (let i = start + 1; i < lines.length; i++) {
    const entry = wholeEntry(lines[i] ?? '', i + 1, path);
    if (entry !== null) state = apply(state, entry);
  }
  return state;
}

/** The entries of a journal, without the header and without torn or damaged lines. */
export function entriesOf(text: string): readonly Entry[] {
  return text.split('\n').map(parsed).filter(isEntry);
}

function parsed(line: string): unknown {
  if (line.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The entry of a line; `null` if it is torn, or of a newer program's type. @throws EbillError CONFLICT when it is damaged */
function wholeEntry(line: string, number: number, path: string): Entry | null {
  const value = parsed(line);
  if (!isKnown(value)) return null;
  if (isEntry(value)) return value;
  throw new EbillError('CONFLICT', `Line ${number} of the journal ${path} is damaged.`, {
    hint: 'Restore that file, or move it away: the load is then looked up on the server by its job ids.',
  });
}

function assertReadable(header: Partial<Header>, path: string): asserts header is Header {
  const version = header.ebillJournal;
  if (typeof version === 'number' && version > JOURNAL_VERSION) {
    throw new EbillError(
      'CONFLICT',
      `The journal ${path} was written by a newer ebill (format ${version}, this one reads ${JOURNAL_VERSION}).`,
      {
        hint: 'Update ebill on this machine, then run the same command again.',
      },
    );
  }
  if (
    version !== JOURNAL_VERSION ||
    typeof header.job !== 'string' ||
    typeof header.baseUrl !== 'string' ||
    typeof header.startedAt !== 'string'
  ) {
    throw new EbillError('CONFLICT', `${path} is no journal of ebill.`, {
      hint: 'Move that file away. The load is then looked up on the server by its job ids.',
    });
  }
}
