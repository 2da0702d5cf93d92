import { EbillError, errnoOf } from '../errors.ts';
import { makeFolders } from '../system/atomic-file.ts';

/**
 * Makes the folder of profiles and secrets, for its owner alone. One that is there already is left as it is: it may
 * be any folder `EBILL_HOME` names.
 *
 * @throws EbillError `USAGE`
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder, 0o700);
  } catch (error) {
    throw storageError('make the folder', folder, error);
  }
}

/** A file of ours that cannot be read or written: which, why, and the way on. */
export function storageError(action: string, path: string, cause: unknown): EbillError {
  const errno = errnoOf(cause);
  const why = (errno !== undefined && REASONS[errno]) || errno || 'it failed';
  return new EbillError('USAGE', `Cannot ${action} ${path}: ${why}.`, {
    hint:
      `${errno === 'ENOSPC' || errno === 'EDQUOT' ? 'Free some space' : 'Mend its permissions'}, set EBILL_HOME to a folder of your own, ` +
      'or do without profiles: EBILL_BASE_URL with EBILL_TOKEN, or EBILL_USERNAME and EBILL_PASSWORD.',
    cause,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name is in the way',
  EISDIR: 'it is a folder, not a file',
  ENOENT: 'the folder does not exist',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};
