import { type FileHandle, open } from 'node:fs/promises';
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
  type NewEntry,
  sanitizeEntry,
  sanitizeUrl,
} from './entries.ts';

import { readJournal } from './replay.ts';
import { apply, emptyState, type LoadState } from './state.ts';

/** A load's record on this machine. What `append` has resolved for is on the disk. */
export interface Journal {
  readonly path: string | null;
  readonly state: LoadState;
  append(entry: NewEntry): Promise<void>;
  /** Puts a request's intent on the disk, before it leaves; its number goes with the answer. */
  intent(intent: Intent): Promise<number>;
  answer(n: number, answered: Answered): Promise<void>;
  /** An object's address as this journal keeps it. */
  kept(object: string): string;
  close(): Promise<void>;
}

/**
 * Opens a load's journal for writing, making it when there is none.
 * @param now ms since 1970
 * @param redactor hides what is secret in answers, before it is kept
 * @throws EbillError CONFLICT when it is another server's or a newer program's, USAGE when it cannot be written
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
    // The name must survive a power loss too. Every time: a run may have died between creating the file and this.
    await syncFolder(dirname(path)).catch((cause: unknown) => {
      throw cannotWrite(path, cause);
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
  return new FileJournal(path, handle, known ?? emptyState(header), now, (text) => redactor.clean(text));
}

/** A journal of what was found out without a record here; nothing is written. */
export function memoryJournal(state: LoadState, now: () => number): Journal {
  // Nothing of it is kept.
  return new FileJournal(null, null, state, now, (text) => text as Redacted);
}

class FileJournal implements Journal {
  readonly path: string | null;
  readonly #handle: FileHandle | null;
  readonly #now: () => number;
  readonly #clean: Clean;
  #state: LoadState;
  #next: number;
  /** Lines wait here while a flush is under way, so that many at once share the next one. */
  #waiting: { line: Redacted; done: () => void; failed: (error: unknown) => void }[] = [];
  #flushing: Promise<void> | null = null;
  /** The last write broke off: its line must be ended before the next begins. */
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
    // A torn last line (power loss in mid-write) is ended, never cut away: nothing written is ever removed.
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
