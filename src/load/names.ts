import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Header } from './entries.ts';
import { replay } from './replay.ts';

/** Bytes in which a journal's first line ends. */
const FIRST_LINE = 4096;

/**
 * The loads this machine has journals of, the last changed first, by their first lines alone: however long the journals
 * are, this is quick. Whatever cannot be read is left out: for suggestions, not for decisions (see `knownLoads`).
 * @param profile only this profile's; `null`: all
 */
export async function loadNames(stateFolder: string, profile: string | null): Promise<readonly Header[]> {
  const folder = join(stateFolder, 'loads');
  const owners = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    owners.map(async (owner) => {
      const entries = await readdir(join(folder, owner), { withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
        .map(({ name }) => join(folder, owner, name));
    }),
  );
  const found = await Promise.all(files.flat().map(firstLine));
  return found
    .flatMap((one) => one ?? [])
    .filter(({ header }) => profile === null || header.profile === profile)
    .sort((a, b) => b.changed - a.changed || a.header.job.localeCompare(b.header.job))
    .map(({ header }) => header);
}

async function firstLine(path: string): Promise<{ header: Header; changed: number } | null> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE), 0, FIRST_LINE, 0);
      const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n', 1);
      const state = replay(line, path);
      return state === null ? null : { header: state.header, changed: (await file.stat()).mtimeMs };
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
