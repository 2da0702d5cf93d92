import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { EbillError, errnoOf } from '../errors.ts';
import { cannotRead } from './atomic-file.ts';
import { visible } from './escaping.ts';

/**
 * SHA-256 of a file in lower-case hex; `null` when there is none.
 * @throws EbillError USAGE when it is not a file, or cannot be read
 */
export async function sha256OfFile(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    // Before it is opened: opening a named pipe waits for its writer.
    if (!(await stat(path)).isFile())
      throw new EbillError('USAGE', `${visible(path)} exists and is not a file.`, {
        hint: 'Move it away, or choose another folder.',
      });
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(1 << 20);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof EbillError) throw cause;
    if (errnoOf(cause) === 'ENOENT') return null;
    throw cannotRead(path, cause);
  }
}
