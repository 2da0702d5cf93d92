import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type Conf from 'conf';
import { EbillError, errnoOf } from '../errors.ts';
import { syncFolder } from '../system/atomic-file.ts';
import type { Context } from '../system/context.ts';
import { makeFolder, storageError, textOf } from './json-file.ts';
import { NO_PROFILES, type Profiles } from './profile.ts';
import { documentOf, parseProfiles } from './profile-file.ts';

const FILE = 'profiles';

/** The path of `profiles.json`, for messages. */
export function profilesPath(context: Context): string {
  return join(context.paths.config, `${FILE}.json`);
}

/**
 * All profiles, for commands that need one to talk to a server: read without `conf`, which takes longer to load than the
 * rest of them. The file need not exist, and is not created.
 *
 * @throws EbillError `USAGE` when the file cannot be read or is invalid
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

/** All profiles, for the commands that manage them. @throws EbillError as `loadProfiles` */
export async function readProfiles(context: Context): Promise<Profiles> {
  const path = profilesPath(context);
  try {
    // `conf` would create the folder of a file that does not exist.
    await stat(path);
    return (await openConf(context)).store.profiles;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return NO_PROFILES;
    throw error instanceof EbillError ? error : storageError('read', path, error);
  }
}

/**
 * Changes the profiles and replaces the file atomically (0600, in a folder of 0700). An invalid file is never replaced.
 *
 * @param change from the profiles in the file to those to write
 * @returns the new profiles
 * @throws EbillError `USAGE` when the file cannot be read or written or is invalid; what `change` throws
 */
export async function changeProfiles(
  context: Context,
  change: (profiles: Profiles) => Profiles,
): Promise<Profiles> {
  const path = profilesPath(context);
  const profiles = change(await readProfiles(context));
  await makeFolder(context.paths.config);
  try {
    const conf = await openConf(context);
    conf.store = { profiles };
    // `conf` flushes the file but not its folder. The file may be a link.
    await syncFolder(dirname(await realpath(path)));
  } catch (error) {
    throw error instanceof EbillError ? error : storageError('write', path, error);
  }
  return profiles;
}

type Stored = { readonly profiles: Profiles };

async function openConf(context: Context): Promise<Conf<Stored>> {
  const { default: Conf } = await import('conf');
  const path = profilesPath(context);
  return new Conf<Stored>({
    cwd: context.paths.config,
    configName: FILE,
    fileExtension: 'json',
    configFileMode: 0o600,
    // A profile may be named `eu.prod`.
    accessPropertiesByDotNotation: false,
    // An invalid file is somebody's work.
    clearInvalidConfig: false,
    serialize: ({ profiles }) => textOf(documentOf(profiles)),
    deserialize: (text) => ({ profiles: parseProfiles(text, path) }),
  });
}
