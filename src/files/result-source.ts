import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { EbillError, errnoOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { withRecords } from './result-reader.ts';
import { headerOf } from './result-tally.ts';

/** A file that was sent, as the journal has it. */
export interface SentFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * The header of a file that was sent, if it is still the file that was sent (by its SHA-256). Reads all of it.
 * @throws EbillError CONFLICT when it is gone or changed; USAGE when it cannot be read
 */
export async function sentHeader(file: SentFile): Promise<readonly string[]> {
  const size = await stat(file.path).then(
    (found) => (found.isFile() ? found.size : null),
    (cause: unknown) => {
      if (errnoOf(cause) === 'ENOENT') return null;
      return undefined;
    },
  );
  if (size === null) throw gone(file);
  if (size !== undefined && size !== file.bytes) throw changed(file);
  const hash = createHash('sha256');
  const header = await withRecords(
    file.path,
    async (reader) => {
      const names = await headerOf(reader);
      while ((await reader.readBlock()) === true);
      return names ?? [];
    },
    (block) => hash.update(block),
  );
  if (hash.digest('hex') !== file.sha256) throw changed(file);
  return header;
}

/** @returns the error for a file that is not the one sent any more */
export function changed(file: SentFile): EbillError {
  return new EbillError('CONFLICT', `${visible(file.path)} is not the file that was sent: it was changed.`, {
    hint: `Restore it (its SHA-256 was ${file.sha256}); failed records are copied from what was sent, byte for byte.`,
  });
}

function gone(file: SentFile): EbillError {
  return new EbillError('CONFLICT', `${visible(file.path)}, the file that was sent, is not there any more.`, {
    hint: `Put it back there (its SHA-256 was ${file.sha256}); failed records are copied from what was sent, byte for byte.`,
  });
}
