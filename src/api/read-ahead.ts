import { type FileHandle, open } from 'node:fs/promises';
import { EbillError, messageOf } from '../errors.ts';
import type { Blocks } from './lent-blocks.ts';

/** The file as it was when it was checked: what must arrive. */
export interface ExpectedFile {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly md5: string;
  readonly sha256: string;
}

/** The file is not what was checked any more (cli.md, promise 2). */
export function fileChanged(path: string, how: string): EbillError {
  return new EbillError('CONFLICT', `${path} changed between the check and the end of the upload (${how}).`, {
    hint: 'Its batch is not finalized. Run the same command again once the file is complete; --next to load the new content.',
  });
}

/**
 * The file's bytes in full blocks, but for the last. The next block is read while one is worked on, into the two buffers in
 * turn, so that memory does not grow with the file: a block is valid until the one after it is asked for.
 * @throws EbillError CONFLICT when the file is shorter than it was
 */
export async function* readAhead(
  handle: FileHandle,
  expected: ExpectedFile,
  blocks: Blocks,
): AsyncGenerator<Buffer, void, undefined> {
  let [current, other] = blocks;
  let ahead = readBlock(handle, current, expected, 0);
  for (let end = 0; end < expected.bytes; ) {
    const block = await ahead;
    end += block.length;
    ahead = readBlock(handle, other, expected, end);
    // Whoever stops half-way leaves this promise alone; it must not become an unhandled rejection.
    ahead.catch(() => undefined);
    yield block;
    [current, other] = [other, current];
  }
}

/** @throws EbillError CONFLICT */
export async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new EbillError('CONFLICT', `${path} cannot be read any more: ${messageOf(cause)}.`, {
      hint: 'Put the file back where it was when it was checked, then run the same command again.',
      cause,
    });
  }
}

/** Fills the buffer (or reads to the expected end): short reads are joined, so that every block but the last is whole. */
async function readBlock(
  handle: FileHandle,
  buffer: Buffer,
  expected: ExpectedFile,
  from: number,
): Promise<Buffer> {
  const want = Math.min(buffer.length, expected.bytes - from);
  let filled = 0;
  while (filled < want) {
    const { bytesRead } = await handle.read(buffer, filled, want - filled, from + filled);
    if (bytesRead === 0)
      throw fileChanged(expected.path, `it ends after ${from + filled} of ${expected.bytes} bytes`);
    filled += bytesRead;
  }
  return buffer.subarray(0, want);
}

/** @throws EbillError CONFLICT when the file has another size */
export async function assertUnchanged(handle: FileHandle, expected: ExpectedFile): Promise<void> {
  const { size } = await handle.stat();
  if (size !== expected.bytes)
    throw fileChanged(expected.path, `it has ${size} bytes now, ${expected.bytes} when checked`);
}
