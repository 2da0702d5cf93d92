import { constants, type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { EbillError, messageOf } from '../errors.ts';
import { isAt, makeFolders } from './atomic-file.ts';
import type { Context } from './context.ts';
import { visible } from './escaping.ts';
import { KEEP_HOME } from './home.ts';

const HOLDER = v.object({ pid: v.number(), host: v.string(), command: v.string(), since: v.string() });

/** Who holds a load: written into the lock file, and shown to the next process. `since` is ISO 8601. */
export type Holder = Readonly<v.InferOutput<typeof HOLDER>>;

export interface Lock {
  /**
   * Locks the open journal itself, too: deleting the lock file admits no second process.
   * @throws EbillError CONFLICT when another process holds it
   */
  include(journal: FileHandle): void;
  /** Any number of times. */
  release(): Promise<void>;
}

/** How long a second writer waits for the first, in ms. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 250;
/** A server is locked for a few ms at a time, so a longer wait means a process that is stopped. */
const SERVER_TIMES: Times = { patienceMs: 30_000, retryMs: 20 };
/** Each change of a profile may wait for the keychain for some seconds. */
const PROFILES_TIMES: Times = { patienceMs: 60_000, retryMs: 20 };
/** Locks of files that were deleted before they were locked. */
const MOST_TRIES = 10;

/**
 * Makes this process the only writer of a load (commands rule 5). The operating system's lock ends with the process that
 * holds it, so no lock is ever stale.
 * @param onWait called once, when another process holds the load
 * @throws EbillError CONFLICT naming the holder, when it is still held after 5 s; USAGE when there can be no lock file
 */
export function lockLoad(
  context: Context,
  journal: string,
  {
    job,
    command,
    patienceMs = PATIENCE_MS,
  }: { readonly job: string; readonly command: string; readonly patienceMs?: number },
  onWait: (holder: Holder | null) => void = () => undefined,
): Promise<Lock> {
  const times = { patienceMs, retryMs: RETRY_MS };
  const hint =
    'Wait until it has finished, then run the same command again. status and watch work meanwhile.';
  return lockAt(context, `${journal}.lock`, { what: `The load ${job}`, command, hint }, times, onWait);
}

/**
 * Locks a server's folder of journals for the moment in which they are read and one entry is written (api rule 26).
 * @throws EbillError as `lockLoad`
 */
export function lockServer(context: Context, folder: string): Promise<Lock> {
  return lockAt(context, join(folder, 'server.lock'), { what: 'The record of this server' }, SERVER_TIMES);
}

/**
 * Makes this process the only one that changes profiles and their secrets, from reading them to writing them.
 * @param path of the file of profiles
 * @param errorFor turns a system error at the lock file into the error to throw
 * @throws EbillError CONFLICT when another process has been changing them for a minute
 */
export function lockProfiles(
  context: Context,
  path: string,
  errorFor: (cause: unknown) => EbillError,
): Promise<Lock> {
  return lockAt(context, `${path}.lock`, { what: path, errorFor }, PROFILES_TIMES);
}

/** In ms. */
interface Times {
  readonly patienceMs: number;
  readonly retryMs: number;
}

interface Locked {
  /** For the message when it is held. */
  readonly what: string;
  /** Written into the lock file. */
  readonly command?: string;
  /** What to do when it is held. */
  readonly hint?: string;
  readonly errorFor?: (cause: unknown) => EbillError;
}

async function lockAt(
  context: Context,
  path: string,
  {
    what,
    command,
    hint = 'Wait until it has finished, then run the same command again.',
    errorFor = (cause) => cannotOpen(path, cause),
  }: Locked,
  { patienceMs, retryMs }: Times,
  onWait: (holder: Holder | null) => void = () => undefined,
): Promise<Lock> {
  const { tryLock, unlock } = await nativeLock(context.platform);
  const began = context.now();
  let handle = await openLock(path, errorFor);
  try {
    let waited = false;
    for (let tries = 1; ; tries += 1) {
      for (; !tryLock(handle.fd); waited = true) {
        const holder = await readHolder(path);
        if (context.now() - began >= patienceMs) throw held(what, holderText(holder), hint);
        if (!waited) onWait(holder);
        await context.sleep(retryMs, context.signal);
      }
      // A lock on a file that was deleted meanwhile locks nothing. Some file systems cannot tell.
      if (tries === MOST_TRIES || (await isAt(handle, path))) break;
      await handle.close();
      handle = await openLock(path, errorFor);
    }
    if (command !== undefined) await writeHolder(handle, path, holderOf(context, command));
  } catch (error) {
    await handle.close();
    throw error;
  }
  // Closing releases the lock. The file stays: removing it would let two processes lock two files of one name.
  let released: Promise<void> | null = null;
  let included: FileHandle | null = null;
  const lockFile = handle;
  return {
    include: (file) => {
      if (!tryLock(file.fd)) throw held(what, 'another process, whose lock file was deleted', hint);
      included = file;
    },
    release: () => {
      // A command that waits keeps its journal open. A closed handle has no lock, and -1 in place of a descriptor.
      if (released === null && included !== null && included.fd >= 0) unlock(included.fd);
      released ??= lockFile.close();
      return released;
    },
  };
}

const holderOf = (context: Context, command: string): Holder => ({
  pid: context.pid,
  host: context.hostname,
  command,
  since: new Date(context.now()).toISOString(),
});

async function writeHolder(handle: FileHandle, path: string, holder: Holder): Promise<void> {
  try {
    await handle.truncate(0);
    await handle.write(`${JSON.stringify(holder)}\n`, 0);
  } catch (cause) {
    // Without room for this there is none for the journal either.
    throw new EbillError('USAGE', `The lock ${path} cannot be written: ${messageOf(cause)}.`, {
      hint: `Free some space, then run the same command again. Nothing was sent. ${KEEP_HOME}`,
      cause,
    });
  }
}

async function openLock(path: string, errorFor: (cause: unknown) => EbillError): Promise<FileHandle> {
  try {
    await makeFolders(dirname(path), 0o700);
    // Not for appending: Windows does not let such a file be emptied.
    return await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw errorFor(cause);
  }
}

const cannotOpen = (path: string, cause: unknown): EbillError =>
  new EbillError('USAGE', `The lock ${path} cannot be opened: ${messageOf(cause)}.`, {
    hint: `Make the folder writable, then run the same command again. Nothing was sent. ${KEEP_HOME}`,
    cause,
  });

/** Only to name the holder; the lock itself decides. */
async function readHolder(path: string): Promise<Holder | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return v.is(HOLDER, value) ? value : null;
  } catch {
    return null;
  }
}

/** `ebill upload invoice (process 4242 on build-7, since 22:00:00Z)` */
export function holderText(holder: Holder | null, withTime = true): string {
  if (holder === null) return 'another process';
  const { command, pid, host, since } = holder;
  const from = withTime ? `, since ${since.replace(/\.\d+Z$/, 'Z')}` : '';
  return visible(`${command} (process ${pid} on ${host}${from})`);
}

function held(what: string, holder: string, hint: string): EbillError {
  return new EbillError('CONFLICT', `${what} is held by ${holder}.`, { hint });
}

/** The part of the package that is used; it ships no types. */
interface Native {
  /** An exclusive advisory lock on an open file, without waiting; `false` when another open file holds it. */
  tryLock(fd: number, offset?: number, length?: number): boolean;
  unlock(fd: number, offset?: number, length?: number): void;
}

/** Windows keeps others from reading the bytes that are locked, so there one byte far behind the holder's name is. */
const FAR = 2 ** 30;

interface NativeLock {
  /** `false` when another open file holds it. */
  tryLock(fd: number): boolean;
  unlock(fd: number): void;
}

export async function nativeLock(platform: NodeJS.Platform): Promise<NativeLock> {
  // Loaded only to lock: native code is slow to load.
  // @ts-expect-error The package has no types.
  const native = (await import('fs-native-extensions')).default as Native;
  const range: readonly [number, number] = platform === 'win32' ? [FAR, 1] : [0, 0];
  return {
    tryLock: (fd) => native.tryLock(fd, ...range),
    unlock: (fd) => native.unlock(fd, ...range),
  };
}
