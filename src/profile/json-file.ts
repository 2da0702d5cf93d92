import { EbillError, errnoOf } from '../errors.ts';
import { makeFolders } from '../system/atomic-file.ts';

/** The version of `profiles.json` and `secrets.json`. */
export const FILE_VERSION = 1;

/** The text of a file for a value. */
export function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Parses a file. The parser's own message is left out: it may quote the file, which may hold secrets.
 *
 * @param path for messages
 * @throws EbillError `USAGE` unless it is a JSON object of this version
 */
export function parseFile(text: string, path: string): Readonly<Record<string, unknown>> {
  const file = fieldsOf(parseJson(text, path), path, 'It');
  const { version } = file;
  if (version === FILE_VERSION) return file;
  const stated = typeof version === 'number' ? `has version ${version}` : 'has no version';
  throw new EbillError('USAGE', `${path} ${stated}; this program reads version ${FILE_VERSION}.`, {
    hint: 'Install the ebill that wrote it, or set EBILL_HOME to another folder. The file was left as it is.',
  });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/u, ''));
  } catch (error) {
    const at = error instanceof SyntaxError ? /position (\d+)/u.exec(error.message)?.[1] : undefined;
    const line = at === undefined ? '' : ` (line ${text.slice(0, Number(at)).split('\n').length})`;
    throw invalidFile(path, `this is not valid JSON${line}`);
  }
}

/** The fields of a JSON object. @throws EbillError `USAGE` for any other value */
export function fieldsOf(value: unknown, path: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw invalidFile(path, `${what} is not a JSON object`);
}

/** The error for a file with an invalid content. */
export function invalidFile(path: string, problem: string): EbillError {
  return new EbillError('USAGE', `${path}: ${problem}.`, {
    hint: 'Fix the file in an editor, or move it away and add the profiles again: ebill profile add',
  });
}

/**
 * Creates the folder of profiles and secrets, for its owner alone. An existing one is left as it is: `EBILL_HOME` may name
 * any folder.
 *
 * @throws EbillError `USAGE`
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder, 0o700);
  } catch (error) {
    throw storageError('create the folder', folder, error);
  }
}

/** The error for a file that cannot be read or written. */
export function storageError(action: string, path: string, cause: unknown): EbillError {
  const errno = errnoOf(cause);
  const reason = (errno !== undefined && REASONS[errno]) || errno || 'it failed';
  const remedy = errno === 'ENOSPC' || errno === 'EDQUOT' ? 'Free some space' : 'Fix its permissions';
  return new EbillError('USAGE', `Cannot ${action} ${path}: ${reason}.`, {
    hint: `${remedy}, set EBILL_HOME to a folder of your own, or do without profiles: EBILL_BASE_URL with EBILL_TOKEN, or EBILL_USERNAME and EBILL_PASSWORD.`,
    cause,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name exists',
  EISDIR: 'it is a folder, not a file',
  ENOENT: 'the folder does not exist',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};
