import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EbillError, errnoOf } from '../errors.ts';
import { syncFolder } from '../system/atomic-file.ts';
import type { Context } from '../system/context.ts';
import { makeFolder, storageError } from './folder.ts';
import { fileOf, parseProfiles, textOf } from './format.ts';
import { NO_PROFILES, type Profiles } from './profile.ts';

const FILE = 'profiles';

/** Where profiles are kept, for messages. */
export function profilesPath(context: Context): string {
  return join(context.paths.config, `${FILE}.json`);
}

/**
 * All profiles of this machine; none when there is no file yet. Nothing is made or changed.
 * Reads without `conf`, whose schema machinery would cost every command a tenth of a second.
 *
 * @throws EbillError `USAGE` when the file cannot be read, or is not one this program wrote
 */
export async function loadProfiles(context: Context): Promise<Profiles> {
  const path = profilesPath(context);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return NO_PROFILES;
    throw storageError('read', path, error);
  }
  return parseProfiles(text, path);
}

/**
 * Changes the profiles: reads the file, lets `change` make new ones of them, and replaces the file atomically
 * (0600, in a folder of 0700). A file that cannot be understood is never replaced.
 *
 * @returns the profiles as they are now
 * @throws EbillError `USAGE` as `loadProfiles`, when the file cannot be written, or what `change` throws
 */
export async function changeProfiles(
  context: Context,
  change: (profiles: Profiles) => Profiles,
): Promise<Profiles> {
  const path = profilesPath(context);
  const changed = change(await loadProfiles(context));
  await makeFolder(context.paths.config);
  const { default: Conf } = await import('conf');
  try {
    const conf = new Conf<Record<string, unknown>>({
      cwd: context.paths.config,
      configName: FILE,
      fileExtension: 'json',
      configFileMode: 0o600,
      // A profile may be named `eu.prod`; and a broken file is somebody's work, not rubbish.
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: false,
      serialize: textOf,
      deserialize: (text) => fileOf(parseProfiles(text, path)),
    });
    conf.store = fileOf(changed);
    // `conf` flushes the file, not the folder that names it.
    await syncFolder(context.paths.config);
  } catch (error) {
    throw error instanceof EbillError ? error : storageError('write', path, error);
  }
  return changed;
}
