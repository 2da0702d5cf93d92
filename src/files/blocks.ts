import type { FileHandle } from 'node:fs/promises';
import { ScanKernel } from './scan-kernel.ts';

/** Size of a block in bytes. */
export const BLOCK_BYTES = 1 << 20;
/** Size of a file's first block: most files are smaller, and a call may have thousands of them. */
export const FIRST_BLOCK_BYTES = 1 << 16;
/** How many blocks before the newest one keep their content: another thread may still hash them. */
export const BLOCKS_KEPT = 2;

/**
 * Buffers for reading files one after the other: memory grows neither with their size nor with their number. After a
 * reader stopped early, its buffers are free once its file is closed, because closing waits for a read under way.
 */
export class BlockPool {
  readonly first = shared(FIRST_BLOCK_BYTES);
  #rest: Buffer | undefined;

  /** The other blocks, used in turn. Only large files need them: the `ScanKernel` that comes with their memory takes a while to start. */
  block(turn: number): Buffer {
    // One being filled, the newest, and those kept.
    const count = BLOCKS_KEPT + 2;
    this.#rest ??= ScanKernel.memory(count * BLOCK_BYTES) ?? shared(count * BLOCK_BYTES);
    const from = (turn % count) * BLOCK_BYTES;
    return this.#rest.subarray(from, from + BLOCK_BYTES);
  }
}

/**
 * Reads an open file from its beginning in full blocks; the last one is shorter. The next block is read while the current
 * one is used. A block keeps its content until `BLOCKS_KEPT` further blocks were returned and the next one is asked for.
 * The buffers are shared memory, so that another thread can hash them. Throws what `read` throws.
 * @param most stop after more than this many bytes: a file may be written as fast as it is read
 * @param pool the buffers; no other reader may use them at the same time
 */
export async function* readBlocks(
  handle: FileHandle,
  most = Number.POSITIVE_INFINITY,
  pool = new BlockPool(),
): AsyncGenerator<Buffer, void> {
  let turn = 0;
  let current = pool.first;
  let position = 0;
  let length = await fill(handle, current, position);
  while (length > 0) {
    position += length;
    let ahead = Promise.resolve(0);
    let next = current;
    if (length === current.length && position <= most) {
      next = pool.block(turn++);
      ahead = fill(handle, next, position);
      // A consumer that stops early never awaits this promise; it must not become an unhandled rejection.
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

/** Reads until the buffer is full or the file ends. @returns the bytes read */
async function fill(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
