import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../errors.ts';

/**
 * Makes a folder and those above it that are missing; one that is there is left as it is.
 * Node's own `recursive` asks for ever in a place that lets nothing be made yet says that it is there, as below `/proc`.
 * @param mode of each folder that is made
 * @throws Error as `mkdir`
 */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && dirname(path) !== path) {
      await makeFolders(dirname(path), mode);
      await mkdir(path, { mode }).catch(whenThere(path));
    } else await whenThere(path)(error);
  }
}

/** Somebody made it meanwhile, or it was there: then all is well. A file system's root answers EISDIR or EPERM, not EEXIST. */
const whenThere = (path: string) => async (error: unknown) => {
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory() !== true) throw error;
};
