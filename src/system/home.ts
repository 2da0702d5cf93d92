import type { Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EbillError } from '../errors.ts';
import type { Context } from './context.ts';
import { quoted, visible } from './escaping.ts';

type Where = Pick<Context, 'paths' | 'platform' | 'uid'>;

/** For quoting in hints: on Windows no home is refused. */
const POSIX = { platform: 'linux', env: {} } as const;

/** Ends the hint of an error about the home: a command in another home does not know what was done in this one. */
export const KEEP_HOME =
  'Set EBILL_HOME to another folder only if no load was started in this one: its journals would be missing there.';

const WRITABLE_BY_ALL = 0o002;
/** In a sticky folder others can create files, but not rename or remove those of others (chmod(1)). */
const STICKY = 0o1000;

/**
 * Checks that no other user can replace the home. A user who owns it, or can write in it or in a folder above it, could replace
 * profiles, secrets and journals, and so decide where credentials are sent and what is sent twice.
 * @returns the error when another user can; `null`: the home is safe
 */
export async function homeProblem({ paths, platform, uid }: Where): Promise<EbillError | null> {
  // Windows has access lists instead, and a user's own folders are private.
  if (platform === 'win32' || uid === null) return null;
  for (const folder of new Set([paths.config, paths.state])) {
    const problem = await problemOf(folder, uid);
    if (problem !== null) return problem;
  }
  return null;
}

async function problemOf(folder: string, uid: number): Promise<EbillError | null> {
  // A missing folder will be created, for its owner alone, in the closest existing one.
  const [real, exists] = await closestExisting(folder);
  if (exists) {
    const found = await stat(real);
    if (found.uid !== uid)
      return refused(folder, `belongs to another user (uid ${found.uid}, and this is ${uid})`, [
        `make it yours (chown ${uid} ${quoted(folder, POSIX)})`,
      ]);
    if ((found.mode & WRITABLE_BY_ALL) !== 0)
      return refused(folder, 'can be written to by every user of this machine', [
        `make it private (chmod 700 ${quoted(folder, POSIX)}, or ebill doctor --yes)`,
      ]);
  }
  for (let path = exists ? dirname(real) : real; ; path = dirname(path)) {
    const found = await lstat(path).catch(() => null);
    if (found !== null && isReplaceable(found, uid))
      return refused(folder, `is in ${visible(path)}, where every user of this machine could replace it`, []);
    if (path === dirname(path)) return null;
  }
}

/** Can others replace what is in this folder? The owner of a sticky folder can. */
function isReplaceable({ mode, uid: owner }: Stats, uid: number): boolean {
  if ((mode & WRITABLE_BY_ALL) === 0) return false;
  return (mode & STICKY) === 0 || (owner !== 0 && owner !== uid);
}

async function closestExisting(path: string): Promise<readonly [real: string, isItself: boolean]> {
  try {
    return [await realpath(path), true];
  } catch {
    // It does not exist, or cannot be read: then its use fails.
    return dirname(path) === path ? [path, false] : [(await closestExisting(dirname(path)))[0], false];
  }
}

function refused(folder: string, why: string, ways: readonly string[]): EbillError {
  const hint = [...ways, 'set EBILL_HOME to a folder of your own'].join(', or ');
  return new EbillError(
    'USAGE',
    `The home of ebill, ${visible(folder)}, ${why}: its profiles, secrets and journals cannot be trusted.`,
    { hint: `Nothing was read or sent. ${hint.charAt(0).toUpperCase()}${hint.slice(1)}.` },
  );
}
