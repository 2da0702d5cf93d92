import type { FileHandle } from 'node:fs/promises';

/** How much is read at a time (bytes). */
export const BLOCK_BYTES = 1 << 20;
/** How much at first: most files are smaller, and a thousand of them are given no megabytes. */
export const FIRST_BLOCK_BYTES = 1 << 16;
/** So many blocks given before the newest one stay as they are: another thread may still be at them. */
export const BLOCKS_KEPT = 2;

/**
 * Buffers to read files with, one file after another: memory grows neither with their size nor with their number. A reader
 * that stopped half-way is done with them once its file is closed, which waits for what is being read.
 */
export class BlockRing {
  /** One being read, the newest, and those kept. */
  readonly blocks: (Buffer | undefined)[] = Array.from({ length: BLOCKS_KEPT + 2 });
  readonly first = shared(FIRST_BLOCK_BYTES);
}

/**
 * The bytes of an open file from its beginning, in full blocks (the last one is shorter). The next block is read while the
 * current one is worked on. A block is valid until `BLOCKS_KEPT` others were given and one more is asked for; then its
 * buffer is used again. The buffers are shared memory: another thread may hash a block meanwhile.
 * Throws what `read` throws.
 * @param most once more than so many bytes are read, it ends: a file may be written as fast as it is read
 * @param ring what to read with; nobody else uses it meanwhile
 */
export async function* readBlocks(
  handle: FileHandle,
  most = Number.POSITIVE_INFINITY,
  ring = new BlockRing(),
): AsyncGenerator<Buffer, void> {
  const { blocks } = ring;
  let turn = 0;
  let current = ring.first;
  let position = 0;
  let length = await fill(handle, current, position);
  while (length > 0) {
    position += length;
    let ahead = Promise.resolve(0);
    let next = current;
    if (length === current.length && position <= most) {
      turn = (turn + 1) % blocks.length;
      next = blocks[turn] ??= shared(BLOCK_BYTES);
      ahead = fill(handle, next, position);
      // Whoever stops half-way leaves this promise alone; it must not become an unhandled rejection.
      ahead.catch(() => undefined);
    }
    yield current.subarray(0, length);
    length = await ahead;
    current = next;
  }
}

function shared(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes));
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
