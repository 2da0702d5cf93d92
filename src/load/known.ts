import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { readJournal } from './replay.ts';
import type { LoadState } from './state.ts';
import { journalsIn, readFolder } from './store.ts';

/**
 * Every load this machine has a journal of, the last changed first.
 * @param profile only this profile's; `null`: all
 * @throws EbillError USAGE when a folder or a journal cannot be read
 */
export async function knownLoads(stateFolder: string, profile: string | null): Promise<readonly LoadState[]> {
  const folders = await ownersFolders(stateFolder);
  const states = await Promise.all(folders.map(readFolder));
  return states
    .flat()
    .filter((load) => profile === null || load.header.profile === profile)
    .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt) || a.header.job.localeCompare(b.header.job));
}

/** What there is of journals: how many say something, and why the others cannot be read. */
export interface Survey {
  readonly readable: number;
  readonly errors: readonly EbillError[];
}

/**
 * Looks at every journal of this machine, the ones that cannot be read included; `knownLoads` ends at the first of them.
 * @throws EbillError USAGE when the folder of all of them cannot be read
 */
export async function surveyJournals(stateFolder: string): Promise<Survey> {
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
  for (const folder of await ownersFolders(stateFolder)) {
    for (const path of (await attempt(() => journalsIn(folder))) ?? []) {
      if ((await attempt(() => readJournal(path))) !== null) readable += 1;
    }
  }
  return { readable, errors };
}

/** One folder for each owner, by name. @throws EbillError USAGE when they cannot be listed */
async function ownersFolders(stateFolder: string): Promise<readonly string[]> {
  const folder = join(stateFolder, 'loads');
  const owners = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new EbillError('USAGE', `The folder ${folder} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Check its permissions, or set EBILL_HOME.',
      cause,
    });
  });
  return owners
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .sort();
}
