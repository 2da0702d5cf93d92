import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readJournal } from './replay.ts';
import type { LoadState } from './state.ts';
import { journalPath, loadsFolder, type Owner } from './store.ts';

/** A year of months. */
const LOADS = 12;
/** Bytes. A longer journal would take longer to read than a guess is worth. */
const LONGEST = 16 * 1024 * 1024;

/**
 * The owner's loads written to last, the latest first, the one named left out. Only to learn from: what cannot be read is
 * passed over, and nothing is thrown.
 */
export async function recentLoads(
  stateFolder: string,
  owner: Owner,
  except: string,
): Promise<readonly LoadState[]> {
  const folder = loadsFolder(stateFolder, owner);
  const own = journalPath(stateFolder, owner, except);
  const names = await readdir(folder).catch(() => []);
  const paths = names
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(folder, name))
    .filter((path) => path !== own);
  const found = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path).catch(() => null);
      return stats?.isFile() && stats.size <= LONGEST ? [{ path, at: stats.mtimeMs }] : [];
    }),
  );
  const latest = found
    .flat()
    .sort((a, b) => b.at - a.at)
    .slice(0, LOADS);
  const loads = await Promise.all(latest.map(({ path }) => readJournal(path).catch(() => null)));
  return loads.filter((load) => load !== null);
}
