import type { Dirent } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { endpointOf } from '../api/connection.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { writeAtomic } from '../system/atomic-file.ts';
import type { Header } from './entries.ts';
import { isDeviceName, journalName } from './file-names.ts';
import { readContent, readJournal } from './journal.ts';
import { replay, type Salvaged, salvage } from './journal-lines.ts';
import type { LoadState } from './state.ts';

/**
 * The loads this machine has journals of: `loads/<owner>/<job>.jsonl` in the state folder. Everything that lists, finds
 * or reads them is here.
 */

/** Whose loads: a profile's, or without one those of a base URL. */
export interface Owner {
  readonly profile: string | null;
  readonly baseUrl: string;
}

/** The folder of an owner's journals. */
export function loadsFolder(stateFolder: string, owner: Owner): string {
  const { profile, baseUrl } = owner;
  const name = profile ?? `@${journalName(endpointOf(baseUrl).replace(/\/rest\/batchProcess$/, ''))}`;
  // Windows makes no folder of a device's name, and drops a dot at the end.
  const impossible = isDeviceName(name) || name.endsWith('.');
  return join(stateFolder, 'loads', impossible ? journalName(name) : name);
}

/** The journal of one load. */
export function journalPath(stateFolder: string, owner: Owner, job: string): string {
  return join(loadsFolder(stateFolder, owner), `${journalName(job)}.jsonl`);
}

/** Every load of an owner, by the name of its journal. @throws EbillError when one cannot be read */
export async function readLoads(stateFolder: string, owner: Owner): Promise<readonly LoadState[]> {
  return readAll(await journalsIn(loadsFolder(stateFolder, owner)));
}

/**
 * Every load of this machine, the last changed first.
 * @param profile only this profile's; `null`: all
 * @throws EbillError USAGE when a folder or a journal cannot be read
 */
export async function knownLoads(stateFolder: string, profile: string | null): Promise<readonly LoadState[]> {
  const folders = await Promise.all((await ownerFolders(stateFolder)).map(journalsIn));
  const loads = await readAll(folders.flat());
  return loads
    .filter((load) => profile === null || load.header.profile === profile)
    .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt) || a.header.job.localeCompare(b.header.job));
}

/**
 * The journals of a load, damaged ones included, with what can be read of each.
 * @param profile only this profile's; `null`: all
 * @throws EbillError USAGE when a folder or a journal cannot be read
 */
export async function findJournals(
  stateFolder: string,
  profile: string | null,
  job: string,
): Promise<readonly (Salvaged & { readonly path: string })[]> {
  const folders = await Promise.all((await ownerFolders(stateFolder)).map(journalsIn));
  const paths = folders.flat().filter((path) => basename(path) === `${journalName(job)}.jsonl`);
  const found = await Promise.all(
    paths.map(async (path) => {
      const content = await readContent(path);
      return content === null ? [] : [{ path, ...salvage(content, path) }];
    }),
  );
  return found
    .flat()
    .filter(({ header, lines }) => header !== null || lines.length > 0)
    .filter(({ header }) => profile === null || header === null || header.profile === profile);
}

/**
 * Reads every journal of this machine, those that cannot be read included; `knownLoads` ends at the first of them.
 * @returns how many are readable, and why the others are not
 * @throws EbillError USAGE when the folder of all of them cannot be read
 */
export async function surveyJournals(
  stateFolder: string,
): Promise<{ readonly readable: number; readonly errors: readonly EbillError[] }> {
  let readable = 0;
  const errors: EbillError[] = [];
  const attempt = async <T>(read: () => Promise<T>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      errors.push(error);
      return null;
    }
  };
  // One after the other: in a fixed order, and never more than one in memory.
  for (const folder of await ownerFolders(stateFolder)) {
    for (const journal of (await attempt(() => journalsIn(folder))) ?? []) {
      if ((await attempt(() => readJournal(journal))) !== null) readable += 1;
    }
  }
  return { readable, errors };
}

/** A year of months. */
const RECENT = 12;
/** Bytes. A longer journal takes longer to read than an estimate is worth. */
const LONGEST = 16 * 1024 * 1024;

/**
 * The owner's loads written to last, the latest first, `except` left out. Only for estimates: what cannot be read is
 * skipped, and nothing is thrown.
 */
export async function recentLoads(
  stateFolder: string,
  owner: Owner,
  except: string,
): Promise<readonly LoadState[]> {
  const own = journalPath(stateFolder, owner, except);
  const journals = await journalsIn(loadsFolder(stateFolder, owner)).catch(() => []);
  const found = await Promise.all(
    journals
      .filter((path) => path !== own)
      .map(async (path) => {
        const stats = await stat(path).catch(() => null);
        return stats?.isFile() && stats.size <= LONGEST ? [{ path, at: stats.mtimeMs }] : [];
      }),
  );
  const latest = found
    .flat()
    .sort((a, b) => b.at - a.at)
    .slice(0, RECENT);
  return readAll(
    latest.map(({ path }) => path),
    (path) => readJournal(path).catch(() => null),
  );
}

/** Bytes in which a journal's first line ends. */
const FIRST_LINE = 4096;

/**
 * The headers of this machine's loads, the last changed first, read from first lines alone: quick however long the
 * journals are. Only for suggestions: what cannot be read is left out.
 * @param profile only this profile's; `null`: all
 */
export async function loadNames(stateFolder: string, profile: string | null): Promise<readonly Header[]> {
  const folders = await ownerFolders(stateFolder).catch(() => []);
  const journals = await Promise.all(folders.map((folder) => journalsIn(folder).catch(() => [])));
  const found = await Promise.all(journals.flat().map(firstLine));
  return found
    .flatMap((one) => one ?? [])
    .filter(({ header }) => profile === null || header.profile === profile)
    .sort((a, b) => b.changed - a.changed || a.header.job.localeCompare(b.header.job))
    .map(({ header }) => header);
}

async function firstLine(path: string): Promise<{ header: Header; changed: number } | null> {
  try {
    // Opening a named pipe would wait for its writer.
    const stats = await stat(path);
    if (!stats.isFile()) return null;
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE), 0, FIRST_LINE, 0);
      const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n', 1);
      const state = replay(line, path);
      return state === null ? null : { header: state.header, changed: stats.mtimeMs };
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

const CURRENT = 'current.json';

/** The load last started on this machine for this owner; `null` when there is none. */
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
 * Remembers the load last started. A half-written file could name another one, so it is written as a whole.
 * @throws EbillError USAGE when it cannot be written
 */
export async function setCurrentJob(stateFolder: string, owner: Owner, job: string): Promise<void> {
  if ((await currentJob(stateFolder, owner)) === job) return;
  const folder = loadsFolder(stateFolder, owner);
  const errorFor = (cause: unknown): EbillError =>
    new EbillError('USAGE', `The load last started cannot be recorded in ${folder}: ${messageOf(cause)}.`, {
      hint: 'Free some space or make the folder writable, then run the same command again. What was done so far is on record.',
      cause,
    });
  await writeAtomic(join(folder, CURRENT), `${JSON.stringify({ job })}\n`, { folderMode: 0o700, errorFor });
}

async function readAll(
  journals: readonly string[],
  read: (path: string) => Promise<LoadState | null> = readJournal,
): Promise<readonly LoadState[]> {
  const loads = await Promise.all(journals.map(read));
  return loads.filter((load) => load !== null);
}

/** The paths of a folder's journals, by name; none when there is no folder. @throws EbillError USAGE when it cannot be read */
async function journalsIn(folder: string): Promise<readonly string[]> {
  const names = (await entriesIn(folder)).map(({ name }) => name).filter((name) => name.endsWith('.jsonl'));
  return names.sort().map((name) => join(folder, name));
}

/** One folder for each owner, by name. @throws EbillError USAGE when they cannot be listed */
async function ownerFolders(stateFolder: string): Promise<readonly string[]> {
  const folder = join(stateFolder, 'loads');
  const names = (await entriesIn(folder)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.sort().map((name) => join(folder, name));
}

async function entriesIn(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new EbillError('USAGE', `The folder ${folder} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Check its permissions, or set EBILL_HOME.',
      cause,
    });
  });
}
