import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endpointOf } from '../api/connection.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { writeAtomic } from '../system/atomic-file.ts';
import { isDeviceName } from './device-name.ts';
import { readJournal } from './replay.ts';
import type { LoadState } from './state.ts';

/** Whose loads: a profile's, or without one those of a base URL. */
export interface Owner {
  readonly profile: string | null;
  readonly baseUrl: string;
}

/** The folder of an owner's journals. */
export function loadsFolder(stateFolder: string, owner: Owner): string {
  const { profile, baseUrl } = owner;
  const name = profile ?? `@${fileName(endpointOf(baseUrl).replace(/\/rest\/batchProcess$/, ''))}`;
  // Windows makes no folder of a device's name, and drops a dot at the end.
  const impossible = isDeviceName(name) || name.endsWith('.');
  return join(stateFolder, 'loads', impossible ? fileName(name) : name);
}

/** The journal of one load. */
export function journalPath(stateFolder: string, owner: Owner, job: string): string {
  return join(loadsFolder(stateFolder, owner), `${fileName(job)}.jsonl`);
}

/** Any text as a file name, readable where it can be; the hash keeps names apart that differ only in case or in what is left out. */
function fileName(text: string): string {
  const readable = text
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 60);
  const name = `${readable}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
  return isDeviceName(name) ? `_${name}` : name;
}

/** Every load of an owner, by journal. @throws EbillError when one cannot be read */
export async function readLoads(stateFolder: string, owner: Owner): Promise<readonly LoadState[]> {
  return readFolder(loadsFolder(stateFolder, owner));
}

/** The loads of one folder. @throws EbillError when one cannot be read */
export async function readFolder(folder: string): Promise<readonly LoadState[]> {
  const states = await Promise.all((await journalsIn(folder)).map(readJournal));
  return states.filter((state) => state !== null);
}

/** The paths of a folder's journals, by name; none when there is no folder. @throws EbillError USAGE when it cannot be read */
export async function journalsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new EbillError('USAGE', `The folder ${folder} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Check its permissions, or set EBILL_HOME.',
      cause,
    });
  });
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(folder, name));
}

const CURRENT = 'current.json';

/** The load last started on this machine for this owner (cli.md, "Which batches"); `null` when there is none. */
export async function currentJob(stateFolder: string, owner: Owner): Promise<string | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(loadsFolder(stateFolder, owner), CURRENT), 'utf8'));
    const job = typeof value === 'object' && value !== null && 'job' in value ? value.job : null;
    return typeof job === 'string' && job !== '' ? job : null;
  } catch {
    // Only a convenience: without it the load has to be named.
    return null;
  }
}

/**
 * Remembers the load. A half-written file must never name another one, so it is renamed into place.
 * @throws EbillError USAGE when it cannot be written
 */
export async function setCurrentJob(stateFolder: string, owner: Owner, job: string): Promise<void> {
  const folder = loadsFolder(stateFolder, owner);
  const errorFor = (cause: unknown): EbillError =>
    new EbillError('USAGE', `Which load is worked on cannot be kept in ${folder}: ${messageOf(cause)}.`, {
      hint: 'Free some space or make the folder writable, then run the same command again. What was done so far is on record.',
      cause,
    });
  await writeAtomic(join(folder, CURRENT), `${JSON.stringify({ job })}\n`, { folderMode: 0o700, errorFor });
}
