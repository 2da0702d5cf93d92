import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Opens a new file in the folder of `path`, for its owner alone (0600), to be given that name when it is whole. Nobody
 * can foresee what it is called, and it is never one that is there: `wx` follows no link at its end (open(2), O_EXCL), so
 * that whoever else may write in the folder cannot have ours written elsewhere.
 * @throws what `open` throws
 */
export async function openBeside(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly temporary: string }> {
  // Short enough, whatever the name: a file name has 255 bytes.
  const temporary = join(
    dirname(path),
    `.${basename(path).slice(0, 40)}.${randomBytes(6).toString('hex')}.part`,
  );
  return { handle: await open(temporary, 'wx', 0o600), temporary };
}
