import type { FileHandle } from 'node:fs/promises';

/** How much is read at a time (bytes). */
export const BLOCK_BYTES = 1 << 20;

/**
 * The bytes of an open file from its beginning, in full blocks of 1 MiB (the last one is shorter), with two buffers:
 * the next block is read while the current one is worked on. A block is valid only until the next one is asked for.
 * The buffers are shared memory: another thread may hash a block meanwhile.
 * Throws what `read` throws.
 * @param most once more than so many bytes are read, it ends: a file may be written as fast as it is read
 */
export async function* readBlocks(
  handle: FileHandle,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer, void> {
  let current = Buffer.from(new SharedArrayBuffer(BLOCK_BYTES));
  let other = Buffer.from(new SharedArrayBuffer(BLOCK_BYTES));
  let position = 0;
  let length = await fill(handle, current, position);
  while (length > 0) {
    position += length;
    const ahead =
      length === BLOCK_BYTES && position <= most ? fill(handle, other, position) : Promise.resolve(0);
    // Whoever stops half-way leaves this promise alone; it must not become an unhandled rejection.
    ahead.catch(() => undefined);
    yield current.subarray(0, length);
    length = await ahead;
    [current, other] = [other, current];
  }
}

/** Reads until the buffer is full or the file is over. */
async function fill(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
