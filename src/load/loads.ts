import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { serverOf } from '../api/connection.ts';
import type { StatusNames } from '../batch/phase.ts';
import { EbillError, messageOf } from '../errors.ts';
import { writeAtomic } from '../system/atomic-file.ts';
import type { Header } from './entries.ts';
import { readContent, readJournal } from './journal.ts';
import { type Salvaged, salvage } from './journal-lines.ts';
import {
  currentJob,
  currentPath,
  isJournalOf,
  journalFileName,
  journalFolders,
  journalsIn,
  journalsOf,
  type Owner,
  readHeader,
  severalJournals,
} from './journal-places.ts';
import type { Closed, LoadState } from './state.ts';
import { closedTotals } from './totals.ts';

/** The loads this machine has journals of. Everything that lists, finds or reads several of them is here. */

/** Which loads: those of a server, those started with a profile that is gone, or all (`null`). */
export type LoadFilter = Owner | { readonly profile: string } | null;

/** A load and the file it was read from. */
export interface KnownLoad {
  readonly path: string;
  readonly load: LoadState;
}

/** Every load of a server, by the name of its journal. @throws EbillError when one cannot be read */
export async function readLoads(stateFolder: string, owner: Owner): Promise<readonly LoadState[]> {
  return (await readAll(await journalsOf(stateFolder, owner))).map(({ load }) => load);
}

/**
 * Reads every load of a server but one as its journal is at each call. A journal that has not grown since the last call is
 * not read again: nothing is ever removed from one.
 * @returns throws EbillError when one cannot be read
 */
export function otherLoadsReader(
  stateFolder: string,
  owner: Owner,
  job: string,
): () => Promise<readonly LoadState[]> {
  const known = new Map<string, { readonly version: string; readonly load: LoadState | null }>();
  const own = journalFileName(job);
  return async () => {
    const paths = (await journalsOf(stateFolder, owner)).filter((path) => basename(path) !== own);
    const loads = await Promise.all(
      paths.map(async (path) => {
        const stats = await stat(path).catch(() => null);
        const version = stats === null ? '' : `${stats.ino} ${stats.size}`;
        const before = known.get(path);
        if (before !== undefined && stats !== null && before.version === version) return before.load;
        const load = await readJournal(path);
        known.set(path, { version, load });
        return load;
      }),
    );
    return loads.filter((load) => load !== null).filter(({ header }) => header.job !== job);
  };
}

/** A journal that cannot be read, and why. */
export interface DamagedJournal {
  readonly path: string;
  /** `null`: its first line cannot be read either. */
  readonly header: Header | null;
  readonly error: EbillError;
}

/**
 * The loads of this machine, the last changed first, and the journals that cannot be read.
 * @throws EbillError USAGE when a folder cannot be read
 */
export async function knownLoads(
  stateFolder: string,
  filter: LoadFilter,
): Promise<{ readonly loads: readonly KnownLoad[]; readonly damaged: readonly DamagedJournal[] }> {
  const folders = await Promise.all((await journalFolders(stateFolder)).map(journalsIn));
  const damaged: DamagedJournal[] = [];
  const loads = await readAll(folders.flat(), async (path) => {
    try {
      return await readJournal(path);
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      damaged.push({ path, header: await readHeader(path).catch(() => null), error });
      return null;
    }
  });
  return {
    loads: loads
      .filter(({ path, load }) => fits(stateFolder, filter, path, load.header))
      .sort(
        (a, b) =>
          b.load.updatedAt.localeCompare(a.load.updatedAt) ||
          a.load.header.job.localeCompare(b.load.header.job),
      ),
    damaged: damaged
      .filter(({ path, header }) => header === null || fits(stateFolder, filter, path, header))
      .sort((a, b) => a.path.localeCompare(b.path)),
  };
}

function fits(stateFolder: string, filter: LoadFilter, path: string, header: Header): boolean {
  if (filter === null) return true;
  if (!('baseUrl' in filter)) return header.profile === filter.profile;
  return isJournalOf(stateFolder, filter, path, header);
}

/**
 * The journals of a load, damaged ones included, with what can be read of each.
 * @throws EbillError USAGE when a folder or a journal cannot be read
 */
export async function findJournals(
  stateFolder: string,
  filter: LoadFilter,
  job: string,
): Promise<readonly (Salvaged & { readonly path: string })[]> {
  const folders = await Promise.all((await journalFolders(stateFolder)).map(journalsIn));
  const paths = folders.flat().filter((path) => basename(path) === journalFileName(job));
  const found = await Promise.all(
    paths.map(async (path) => {
      const content = await readContent(path);
      return content === null ? [] : [{ path, ...salvage(content, path) }];
    }),
  );
  return found
    .flat()
    .filter(({ header, lines }) => header !== null || lines.length > 0)
    .filter(({ header, path }) => header === null || fits(stateFolder, filter, path, header));
}

/**
 * Reads every journal of this machine, those that cannot be read included.
 * @returns how many are readable, and why the others are not
 * @throws EbillError USAGE when the folder of all of them cannot be read
 */
export async function surveyJournals(
  stateFolder: string,
): Promise<{ readonly readable: number; readonly errors: readonly EbillError[] }> {
  let readable = 0;
  const errors: EbillError[] = [];
  const paths = new Map<string, string[]>();
  /** Made at the end, when all of a load's journals are known. */
  const several: (() => EbillError)[] = [];
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
  for (const folder of await journalFolders(stateFolder)) {
    for (const journal of (await attempt(() => journalsIn(folder))) ?? []) {
      const load = await attempt(() => readJournal(journal));
      if (load === null) continue;
      readable += 1;
      const { header } = load;
      const key = JSON.stringify([serverOf(header), header.job]);
      const same = paths.get(key) ?? [];
      paths.set(key, same);
      same.push(journal);
      if (same.length === 2) several.push(() => severalJournals(header.job, header, same));
    }
  }
  errors.push(...several.map((error) => error()));
  return { readable, errors };
}

/** A load that is closed, and what it came to. */
export interface ClosedLoad {
  readonly load: LoadState;
  readonly totals: Closed;
}

/**
 * The closed loads of a server, the last closed first, and why the others cannot be read.
 * @throws EbillError USAGE when a folder cannot be read
 */
export async function closedLoads(
  stateFolder: string,
  owner: Owner,
  names: StatusNames,
): Promise<{ readonly loads: readonly ClosedLoad[]; readonly errors: readonly EbillError[] }> {
  const errors: EbillError[] = [];
  const all = await readAll(await journalsOf(stateFolder, owner), (path) =>
    readJournal(path).catch((error: unknown) => {
      if (!(error instanceof EbillError)) throw error;
      errors.push(error);
      return null;
    }),
  );
  const loads = all.flatMap(({ load }): ClosedLoad[] => {
    const totals = closedTotals(load, names);
    return totals === null ? [] : [{ load, totals }];
  });
  return { loads: loads.sort((a, b) => b.totals.closedAt.localeCompare(a.totals.closedAt)), errors };
}

/** A year of months. */
export const RECENT = 12;
/** Bytes. A longer journal takes longer to read than an estimate is worth. */
const LONGEST = 16 * 1024 * 1024;

/**
 * The server's loads written to last, the latest first, `except` left out. Only for estimates: what cannot be read is
 * skipped, and nothing is thrown.
 */
export async function recentLoads(
  stateFolder: string,
  owner: Owner,
  except: string,
): Promise<readonly LoadState[]> {
  const own = journalFileName(except);
  const journals = await journalsOf(stateFolder, owner).catch(() => []);
  const found = await Promise.all(
    journals
      .filter((path) => basename(path) !== own)
      .map(async (path) => {
        const stats = await stat(path).catch(() => null);
        return stats?.isFile() && stats.size <= LONGEST ? [{ path, at: stats.mtimeMs }] : [];
      }),
  );
  const latest = found
    .flat()
    .sort((a, b) => b.at - a.at)
    .slice(0, RECENT);
  const loads = await readAll(
    latest.map(({ path }) => path),
    (path) => readJournal(path).catch(() => null),
  );
  return loads.map(({ load }) => load);
}

/**
 * The headers of this machine's loads, the last changed first, read from first lines alone: quick however long the
 * journals are. Only for suggestions: what cannot be read is left out.
 */
export async function loadNames(stateFolder: string, filter: LoadFilter): Promise<readonly Header[]> {
  const folders = await journalFolders(stateFolder).catch(() => []);
  const journals = await Promise.all(folders.map((folder) => journalsIn(folder).catch(() => [])));
  const found = await Promise.all(
    journals.flat().map(async (path) => {
      const stats = await stat(path).catch(() => null);
      const header = await readHeader(path).catch(() => null);
      return stats === null || header === null || !fits(stateFolder, filter, path, header)
        ? []
        : [{ header, changed: stats.mtimeMs }];
    }),
  );
  return found
    .flat()
    .sort((a, b) => b.changed - a.changed || a.header.job.localeCompare(b.header.job))
    .map(({ header }) => header);
}

/**
 * Remembers the load last started. A half-written file could name another one, so it is written as a whole.
 * @throws EbillError USAGE when it cannot be written
 */
export async function setCurrentJob(stateFolder: string, owner: Owner, job: string): Promise<void> {
  if ((await currentJob(stateFolder, owner)) === job) return;
  const path = currentPath(stateFolder, owner);
  const errorFor = (cause: unknown): EbillError =>
    new EbillError('USAGE', `The load last started cannot be recorded in ${path}: ${messageOf(cause)}.`, {
      hint: 'Free some space or make the folder writable, then run the same command again. What was done so far is on record.',
      cause,
    });
  await writeAtomic(path, `${JSON.stringify({ job })}\n`, { folderMode: 0o700, errorFor });
}

async function readAll(
  journals: readonly string[],
  read: (path: string) => Promise<LoadState | null> = readJournal,
): Promise<readonly KnownLoad[]> {
  const loads = await Promise.all(journals.map(async (path) => ({ path, load: await read(path) })));
  return loads.flatMap(({ path, load }) => (load === null ? [] : [{ path, load }]));
}
