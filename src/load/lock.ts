import { constants, type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EbillError, messageOf } from '../errors.ts';
import { makeFolders } from '../system/atomic-file.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';

/** Who holds a load: written into the lock file, for whoever finds it held. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface Lock {
  /** Any number of times. */
  release(): Promise<void>;
}

/** How long a second writer waits for the first, in ms, before it says who holds the load. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 250;

/**
 * Makes this process the one writer of a load (cli.md, promise 5). The lock is the operating system's own: it ends with
 * the process that holds it, however that ends, so there is no stale lock to break and none to steal.
 * @param onWait told once, when the load is held and waiting begins
 * @throws EbillError CONFLICT naming the holder, when it is still held after 5 s
 */
export async function lockLoad(
  context: Context,
  journal: string,
  { job, command }: { readonly job: string; readonly command: string },
  onWait: (holder: Holder | null) => void,
): Promise<Lock> {
  const path = `${journal}.lock`;
  const { tryLock } = await import('./native-lock.ts');
  const handle = await openLock(path);
  try {
    const began = context.now();
    for (let waited = false; !tryLock(handle.fd, context.platform); waited = true) {
      const holder = await readHolder(path);
      if (context.now() - began >= PATIENCE_MS) throw held(job, holder);
      if (!waited) onWait(holder);
      await context.sleep(LOOK_EVERY_MS, context.signal);
    }
    const holder: Holder = {
      pid: context.pid,
      host: context.hostname,
      command,
      since: new Date(context.now()).toISOString(),
    };
    await writeHolder(handle, path, holder);
  } catch (error) {
    await handle.close();
    throw error;
  }
  // Closing gives the lock back. The file stays: removing it would let two processes lock two files of one name.
  let released: Promise<void> | null = null;
  return {
    release: () => {
      released ??= handle.close();
      return released;
    },
  };
}

async function writeHolder(handle: FileHandle, path: string, holder: Holder): Promise<void> {
  try {
    await handle.truncate(0);
    await handle.write(`${JSON.stringify(holder)}\n`, 0);
  } catch (cause) {
    // Where this does not fit, no journal does either.
    throw new EbillError('USAGE', `The lock ${path} cannot be written: ${messageOf(cause)}.`, {
      hint: 'Free some space or set EBILL_HOME to another disk, then run the same command again. Nothing was sent.',
      cause,
    });
  }
}

async function openLock(path: string): Promise<FileHandle> {
  try {
    await makeFolders(dirname(path), 0o700);
    // Not for appending: Windows does not let such a file be emptied.
    return await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw new EbillError('USAGE', `The lock ${path} cannot be opened: ${messageOf(cause)}.`, {
      hint: 'Make the folder writable or set EBILL_HOME to one that is, then run the same command again. Nothing was sent.',
      cause,
    });
  }
}

/** Only for telling people; the lock itself is what counts. */
async function readHolder(path: string): Promise<Holder | null> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    const { pid, host, command, since } = value;
    return typeof pid === 'number' &&
      typeof host === 'string' &&
      typeof command === 'string' &&
      typeof since === 'string'
      ? { pid, host, command, since }
      : null;
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

function held(job: string, holder: Holder | null): EbillError {
  return new EbillError('CONFLICT', `The load ${job} is held by ${holderText(holder)}.`, {
    hint: 'Wait until it is through, then run the same command again. status and watch work meanwhile.',
  });
}
