import type { Dirent } from 'node:fs';
import { open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ServerAddress, serverOf } from '../api/connection.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { makeFolders, renameToUnused, syncFolder } from '../system/atomic-file.ts';
import { KEEP_HOME } from '../system/home.ts';
import type { Header } from './entries.ts';
import { isServerFolder, journalName, serverFolderName } from './file-names.ts';
import { readJournal } from './journal.ts';
import { replay } from './journal-lines.ts';

/**
 * Where the journals of this machine are: `loads/<server>/<job>.jsonl` in the state folder, whatever profile or spelling a
 * command uses (api rule 25). Earlier versions had a folder for each profile and for each spelling of a base URL. Their
 * journals are found by the base URL in their first line, and moved when their load is opened.
 */

/** Whose loads: those of a server. A profile's journals of the earlier layout are its own. */
export interface Owner extends ServerAddress {
  readonly profile: string | null;
}

/** The folder of a server's journals. */
export function loadsFolder(stateFolder: string, server: ServerAddress): string {
  return join(stateFolder, 'loads', serverFolderName(serverOf(server)));
}

/** Where the journal of a load belongs. */
export function journalPath(stateFolder: string, server: ServerAddress, job: string): string {
  return join(loadsFolder(stateFolder, server), journalFileName(job));
}

export const journalFileName = (job: string): string => `${journalName(job)}.jsonl`;

/**
 * Where the journal of a load is: in its place, or where an earlier version put it; its place when there is none.
 * @throws EbillError CONFLICT when there are several, or one that does not say whose it is
 */
export async function findJournal(stateFolder: string, owner: Owner, job: string): Promise<string> {
  const home = journalPath(stateFolder, owner, job);
  const earlier: string[] = [];
  for (const folder of await earlierFolders(stateFolder, owner)) {
    const path = join(folder, journalFileName(job));
    const header = await readHeader(path);
    if (header !== null && isOf(header, owner)) earlier.push(path);
  }
  const [first] = earlier;
  if (first === undefined) return home;
  const found = (await exists(home)) ? [home, ...earlier] : earlier;
  if (found.length > 1) throw severalJournals(job, owner, found);
  return first;
}

/**
 * Moves a journal of the earlier layout to its place, with what its folder says of the load last started. The caller holds
 * the locks of both places. A rename is done whole or not at all, so a crash at any point does no harm.
 * @throws EbillError USAGE when it cannot be moved
 */
export async function moveJournal(from: string, to: string, job: string): Promise<void> {
  try {
    await makeFolders(dirname(to), 0o700);
    await rename(from, to);
    await syncFolder(dirname(to));
    await syncFolder(dirname(from));
  } catch (cause) {
    throw new EbillError('USAGE', `The journal ${from} cannot be moved to ${to}: ${messageOf(cause)}.`, {
      hint: 'Make both folders writable, or move the file by hand, then run the same command again. Nothing was sent.',
      cause,
    });
  }
  await tidyUp(dirname(from), dirname(to), `${from}.lock`, job).catch(() => undefined);
}

/** What is left in the earlier folder is only in the way. */
async function tidyUp(folder: string, home: string, lock: string, job: string): Promise<void> {
  if ((await readCurrent(folder)) === job) {
    const current = join(folder, CURRENT);
    // Never over the one that another process has just written there.
    if ((await readCurrent(home)) === null) await renameToUnused(current, join(home, CURRENT));
    await rm(current, { force: true });
  }
  await rm(lock, { force: true });
  await rmdir(folder);
}

/** Every journal of a server, by name. @throws EbillError USAGE or CONFLICT when a folder or a first line cannot be read */
export async function journalsOf(stateFolder: string, owner: Owner): Promise<readonly string[]> {
  const found = [...(await journalsIn(loadsFolder(stateFolder, owner)))];
  for (const folder of await earlierFolders(stateFolder, owner)) {
    for (const path of await journalsIn(folder)) {
      const header = await readHeader(path);
      if (header !== null && isOf(header, owner)) found.push(path);
    }
  }
  return found;
}

/** Is the journal that begins with this line one of the server's? @param path of the journal */
export function isJournalOf(stateFolder: string, owner: Owner, path: string, header: Header): boolean {
  const folder = dirname(path);
  if (folder === loadsFolder(stateFolder, owner)) return true;
  return isEarlier(stateFolder, owner, folder) && isOf(header, owner);
}

/** A profile that says its organisation now meant the same one when it did not. */
function isOf(header: Header, owner: Owner): boolean {
  const { baseUrl } = owner;
  if (header.organisation !== undefined || !owner.organisation) return serverOf(header) === serverOf(owner);
  return (
    owner.profile !== null && header.profile === owner.profile && serverOf(header) === serverOf({ baseUrl })
  );
}

/** Every folder of journals, by name. @throws EbillError USAGE when they cannot be listed */
export async function journalFolders(stateFolder: string): Promise<readonly string[]> {
  const folder = join(stateFolder, 'loads');
  const names = (await entriesIn(folder)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.sort().map((name) => join(folder, name));
}

/** Where journals of this owner may be besides their place: folders of the earlier layout, and of the server without organisation. */
async function earlierFolders(stateFolder: string, owner: Owner): Promise<readonly string[]> {
  return (await journalFolders(stateFolder)).filter((folder) => isEarlier(stateFolder, owner, folder));
}

function isEarlier(stateFolder: string, { baseUrl, organisation }: Owner, folder: string): boolean {
  if (!isServerFolder(basename(folder))) return true;
  return Boolean(organisation) && folder === loadsFolder(stateFolder, { baseUrl });
}

/** The paths of a folder's journals, by name; none when there is no folder. @throws EbillError USAGE when it cannot be read */
export async function journalsIn(folder: string): Promise<readonly string[]> {
  const names = (await entriesIn(folder)).map(({ name }) => name).filter((name) => name.endsWith('.jsonl'));
  return names.sort().map((name) => join(folder, name));
}

async function entriesIn(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new EbillError('USAGE', `The folder ${folder} cannot be read: ${messageOf(cause)}.`, {
      hint: `Check its permissions. ${KEEP_HOME}`,
      cause,
    });
  });
}

/** Bytes in which a journal's first line ends. */
const FIRST_LINE = 4096;

/** The first line of a journal, without reading the rest; `null` as `readJournal`. @throws EbillError as `readJournal` */
export async function readHeader(path: string): Promise<Header | null> {
  const start = await firstBytes(path);
  const end = start?.indexOf('\n') ?? -1;
  const header = end < 0 ? null : replay(`${start?.slice(0, end)}\n`, path)?.header;
  return header ?? (await readJournal(path))?.header ?? null;
}

/** `null`: `readJournal` is to say why. */
async function firstBytes(path: string): Promise<string | null> {
  try {
    // Opening a named pipe would wait for its writer.
    if (!(await stat(path)).isFile()) return null;
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE), 0, FIRST_LINE, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

const CURRENT = 'current.json';

/** Where the load last started for a server is remembered. */
export const currentPath = (stateFolder: string, server: ServerAddress): string =>
  join(loadsFolder(stateFolder, server), CURRENT);

/** The load last started on this machine for this server; `null` when there is none. */
export async function currentJob(stateFolder: string, owner: Owner): Promise<string | null> {
  const job = await readCurrent(loadsFolder(stateFolder, owner));
  if (job !== null) return job;
  let latest: { readonly job: string; readonly at: number } | null = null;
  for (const folder of await earlierFolders(stateFolder, owner).catch(() => [])) {
    const named = await readCurrent(folder);
    if (named === null || !(await isStarted(stateFolder, owner, named, folder))) continue;
    const at = (await stat(join(folder, CURRENT)).catch(() => null))?.mtimeMs ?? 0;
    if (latest === null || at > latest.at) latest = { job: named, at };
  }
  return latest?.job ?? null;
}

/** Does the earlier folder's load belong to this owner? It may have been moved already. */
async function isStarted(stateFolder: string, owner: Owner, job: string, folder: string): Promise<boolean> {
  const header = await readHeader(join(folder, journalFileName(job))).catch(() => null);
  return header === null ? exists(journalPath(stateFolder, owner, job)) : isOf(header, owner);
}

async function readCurrent(folder: string): Promise<string | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, CURRENT), 'utf8'));
    const job = typeof value === 'object' && value !== null && 'job' in value ? value.job : null;
    return typeof job === 'string' && job !== '' ? job : null;
  } catch {
    // Only a convenience: without it the load has to be named.
    return null;
  }
}

export function severalJournals(job: string, server: ServerAddress, paths: readonly string[]): EbillError {
  return new EbillError(
    'CONFLICT',
    `This machine has ${paths.length} journals of ${job} on ${serverOf(server)}: ${paths.join(' and ')}.`,
    {
      hint: 'An earlier version kept one for each profile, and each has a part of the record. Keep the one with which the load was continued, move the other out of its folder, and run the same command again: batches that are not on record are looked up on the server before anything is sent.',
    },
  );
}
