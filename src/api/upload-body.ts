import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { EbillError, messageOf } from '../errors.ts';

/**
 * The file's bytes from the first to the last, hashed on the way. The last block is given out only when all bytes are
 * known to be those that were checked: a changed file is never stored whole. With one hash known to be right, the others
 * of the check hold too; SHA-256 is the one processors help with (performance.md, "Upload").
 *
 * What was given out is overwritten once the consumer asks for more, unless it was of the file's last block: that stays in
 * `blocks` when all is over.
 * @param onBytes called with the bytes given out so far
 * @param now milliseconds, to give a slow consumer smaller pieces
 * @throws EbillError CONFLICT when the file changed or cannot be read any more
 */
export async function* uploadBody(
  expected: ExpectedFile,
  blocks: ReadBuffers,
  onBytes: (bytes: number) => void,
  now: () => number,
): AsyncGenerator<Buffer, void, undefined> {
  const handle = await openToRead(expected.path);
  try {
    const sha256 = createHash('sha256');
    let given = 0;
    let slice = BUFFER_BYTES;
    for await (const block of readAhead(handle, expected, blocks)) {
      sha256.update(block);
      if (given + block.length === expected.bytes) {
        await assertUnchanged(handle, expected);
        if (sha256.digest('hex') !== expected.sha256)
          throw fileChanged(expected.path, 'other content of the same size');
      }
      for (let from = 0; from < block.length; ) {
        const piece = block.subarray(from, from + slice);
        const began = now();
        yield piece;
        from += piece.length;
        given += piece.length;
        onBytes(given);
        slice = nextChunkBytes(slice, now() - began);
      }
    }
    // A file without bytes has no last block to hold back.
    if (expected.bytes === 0) await assertUnchanged(handle, expected);
  } finally {
    await handle.close();
  }
}

/** The file as it was when it was checked: what must arrive. */
export interface ExpectedFile {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly md5: string;
  readonly sha256: string;
}

/** The file is not what was checked any more (cli.md, promise 2). */
function fileChanged(path: string, how: string): EbillError {
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
  blocks: ReadBuffers,
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
async function assertUnchanged(handle: FileHandle, expected: ExpectedFile): Promise<void> {
  const { size } = await handle.stat();
  if (size !== expected.bytes)
    throw fileChanged(expected.path, `it has ${size} bytes now, ${expected.bytes} when checked`);
}

/** Two buffers to read a file with, each of `BLOCK` bytes. */
export type ReadBuffers = readonly [Buffer, Buffer];

/** Ready to be used again. No more than were ever needed at once. */
const spare: ReadBuffers[] = [];

/**
 * Buffers that have gone round before, else new ones: a thousand files take the memory of those under way at once, and
 * need no collector. Whoever does not know that nobody reads or writes them any more keeps them from coming back.
 */
export function takeBuffers(): ReadBuffers {
  return spare.pop() ?? [Buffer.allocUnsafeSlow(BUFFER_BYTES), Buffer.allocUnsafeSlow(BUFFER_BYTES)];
}

export function returnBuffers(blocks: ReadBuffers): void {
  spare.push(blocks);
}

/** Bytes. What is read of a file at a time, and the most that is handed to a connection at once. */
export const BUFFER_BYTES = 1024 * 1024;

/**
 * Bytes. Never less than a connection takes before it asks for a pause (its `writableHighWaterMark`, 16 to 64 KiB): so
 * that whoever asks for more has given away what it had, and its buffer can be used again. A block holds them evenly.
 */
export const MIN_CHUNK_BYTES = BUFFER_BYTES / 8;

const SLOW_MS = 500;
const FAST_MS = 100;

/**
 * How much to hand over at once after a piece of `slice` bytes took `ms`. On a slow line less, for the time-outs count from
 * one piece to the next (cli.md, "Network"), and progress is told by the piece; on a fast one a whole block, which costs least.
 */
export function nextChunkBytes(slice: number, ms: number): number {
  if (ms > SLOW_MS) return Math.max(MIN_CHUNK_BYTES, slice / 2);
  return ms < FAST_MS ? Math.min(BUFFER_BYTES, slice * 2) : slice;
}
