import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getRawAsset } from 'node:sea';
import { EbillError, messageOf } from '../errors.ts';
import { pathsFor } from '../system/context.ts';

/** Loads native code that the executable carries as an asset. @returns its exports */
export function addon(name: string): unknown {
  // On Windows only the user's own folder is known to be closed to others, so EBILL_HOME does not count.
  const env = process.platform === 'win32' ? { ...process.env, EBILL_HOME: undefined } : process.env;
  const place = {
    folder: join(pathsFor(env, process.platform, homedir).state, 'native'),
    temporary: tmpdir(),
    uid: process.getuid?.() ?? null,
  };
  return loadAddon(name, new Uint8Array(getRawAsset(`addon/${name}`) as ArrayBuffer), place, (path) => {
    const module = { exports: {} };
    process.dlopen(module, path);
    return module.exports;
  });
}

/** Where native code is written, since a system loads it only from a file. */
export interface Place {
  /** Private and permanent: the next run finds the file there. */
  readonly folder: string;
  /** Where a folder for this run can be created. */
  readonly temporary: string;
  /** `null` on Windows, where a user's own folders are private. */
  readonly uid: number | null;
}

/**
 * Loads native code that is embedded in the executable. It is never loaded from a folder that others can write to, nor from
 * a file that others may have changed.
 * @param open loads the file
 * @throws EbillError USAGE when there is no such folder, or nothing can be run from it
 */
export function loadAddon<T>(name: string, bytes: Uint8Array, place: Place, open: (path: string) => T): T {
  const failures: string[] = [];
  for (const attempt of [fromPermanent, fromTemporary]) {
    try {
      return attempt(name, bytes, place, open);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new EbillError('USAGE', `Native code (${name}) cannot be loaded: ${failures.join('; ')}.`, {
    hint: 'Set EBILL_HOME or TMPDIR to a folder of your own from which programs may be run (not mounted noexec). Nothing was sent.',
  });
}

type Attempt = <T>(name: string, bytes: Uint8Array, place: Place, open: (path: string) => T) => T;

/** The name contains a hash, so that two versions of the program do not disturb each other. */
const fromPermanent: Attempt = (name, bytes, { folder, uid }, open) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertPrivate(folder, uid);
  const path = join(folder, `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.node`);
  if (!holds(path, bytes, uid)) {
    const fresh = mkdtempSync(join(folder, '.new-'));
    try {
      writeFileSync(join(fresh, name), bytes, { mode: 0o600 });
      renameSync(join(fresh, name), path);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  return open(path);
};

const fromTemporary: Attempt = (name, bytes, { temporary, uid }, open) => {
  const folder = mkdtempSync(join(temporary, 'ebill-'));
  try {
    assertPrivate(folder, uid);
    const path = join(folder, `${name}.node`);
    writeFileSync(path, bytes, { mode: 0o600 });
    return open(path);
  } finally {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Windows does not remove a file in use.
    }
  }
};

/** Who can write to the folder or one above it can replace the file; in a sticky folder only its owner can. */
function assertPrivate(folder: string, uid: number | null): void {
  if (uid === null) return;
  const real = realpathSync(folder);
  for (let path = real; ; path = dirname(path)) {
    const { mode, uid: owner } = lstatSync(path);
    const open = (mode & 0o022) !== 0 && (path === real || (mode & 0o1000) === 0);
    if (open || (owner !== uid && (path === real || owner !== 0)))
      throw new Error(`${path} can be written to by others`);
    if (path === dirname(path)) return;
  }
}

function holds(path: string, bytes: Uint8Array, uid: number | null): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile() || found.size !== bytes.length) return false;
  if (uid !== null && (found.uid !== uid || (found.mode & 0o022) !== 0)) return false;
  return readFileSync(path).equals(bytes);
}
