import type { Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EbillError } from '../errors.ts';
import type { Context } from './context.ts';
import { visible } from './escaping.ts';
import { quoted } from './quoting.ts';

type Where = Pick<Context, 'paths' | 'platform' | 'uid'>;

/** Elsewhere there is nothing to refuse. */
const POSIX = { platform: 'linux', env: {} } as const;

const WRITABLE_BY_ALL = 0o002;
/** Others may make files in such a folder, and neither rename nor remove what is there (chmod(1), "sticky"). */
const STICKY = 0o1000;

/**
 * Is the home in other people's hands? Whoever owns it, or may write in it or in a folder above it, can put other profiles,
 * secrets and journals in the place of ours, and so decides where credentials go and what is sent twice.
 * @returns why it is not to be used, with the next step; `null` when it may be
 */
export async function homeProblem({ paths, platform, uid }: Where): Promise<EbillError | null> {
  // Windows has access lists instead, and keeps a user's own folders to the user.
  if (platform === 'win32' || uid === null) return null;
  for (const folder of new Set([paths.config, paths.state])) {
    const problem = await problemOf(folder, uid);
    if (problem !== null) return problem;
  }
  return null;
}

async function problemOf(folder: string, uid: number): Promise<EbillError | null> {
  // Of one that is not there yet, what is: it will be made in there, for its owner alone.
  const [real, made] = await nearest(folder);
  if (made) {
    const found = await stat(real);
    if (found.uid !== uid)
      return refused(folder, `belongs to another user (uid ${found.uid}, and this is ${uid})`, [
        `take it over (chown ${uid} ${quoted(folder, POSIX)})`,
      ]);
    if ((found.mode & WRITABLE_BY_ALL) !== 0)
      return refused(folder, 'can be written by everybody on this machine', [
        `close it (chmod 700 ${quoted(folder, POSIX)}, or ebill doctor --yes)`,
      ]);
  }
  for (let path = made ? dirname(real) : real; ; path = dirname(path)) {
    const found = await lstat(path).catch(() => null);
    if (found !== null && isOpen(found, uid))
      return refused(folder, `is in ${visible(path)}, where everybody may put another in its place`, []);
    if (path === dirname(path)) return null;
  }
}

/** In a sticky folder its owner may rename what is others' all the same. */
function isOpen({ mode, uid: owner }: Stats, uid: number): boolean {
  if ((mode & WRITABLE_BY_ALL) === 0) return false;
  return (mode & STICKY) === 0 || (owner !== 0 && owner !== uid);
}

async function nearest(path: string): Promise<readonly [real: string, isItself: boolean]> {
  try {
    return [await realpath(path), true];
  } catch {
    // Not there, or not to be looked into: then using it tells.
    return dirname(path) === path ? [path, false] : [(await nearest(dirname(path)))[0], false];
  }
}

function refused(folder: string, why: string, ways: readonly string[]): EbillError {
  const hint = [...ways, 'set EBILL_HOME to a folder of your own'].join(', or ');
  return new EbillError(
    'USAGE',
    `The home of ebill, ${visible(folder)}, ${why}: profiles, secrets and journals there are not to be relied on.`,
    { hint: `Nothing was read or sent. ${hint.charAt(0).toUpperCase()}${hint.slice(1)}.` },
  );
}
