import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { EbillError, isDiskFailure, messageOf } from '../errors.ts';
import { cannotRead } from '../system/atomic-file.ts';

/** The file as it was checked. */
export interface ExpectedFile {
  readonly path: string;
  readonly bytes: number;
  /** Hex, lower case. */
  readonly md5: string;
  /** Hex, lower case. */
  readonly sha256: string;
  /** `undefined`: this run did not check the file, its facts are from the journal. */
  readonly crc32?: number | undefined;
}

/**
 * Bytes. How much of a file is read at a time, and the most that is handed to a connection at once. Over plain http on a fast
 * line, 2 MiB take a third less CPU time than 1 MiB; 4 MiB take no less.
 */
export const BUFFER_BYTES = 2 * 1024 * 1024;
/** Bytes. The first chunk, while it is not known how fast the connection is. */
const FIRST_CHUNK_BYTES = BUFFER_BYTES / 2;

/** Two buffers of `BUFFER_BYTES` each: one is sent while the other is filled. */
export type ReadBuffers = readonly [Buffer, Buffer];

/** Buffers of finished uploads. At most as many as were in use at once. */
const pool: ReadBuffers[] = [];

/** From the pool, or new: a thousand files need only the memory of those under way at once. */
export function takeBuffers(): ReadBuffers {
  return pool.pop() ?? [Buffer.allocUnsafeSlow(BUFFER_BYTES), Buffer.allocUnsafeSlow(BUFFER_BYTES)];
}

/** Return buffers only after their I/O has finished. When in doubt, drop them. */
export function returnBuffers(buffers: ReadBuffers): void {
  pool.push(buffers);
}

/**
 * Bytes. At least what a connection takes before it pauses (its `writableHighWaterMark`, 16 to 64 KiB): when it asks for
 * more, it has sent what it had, and the buffer can be reused.
 */
export const MIN_CHUNK_BYTES = BUFFER_BYTES / 16;

const SLOW_MS = 500;
const FAST_MS = 100;

/**
 * The next chunk's size, after one of `bytes` took `ms`. Smaller on a slow line, because time-outs and progress count per
 * chunk; up to a whole buffer on a fast one, which costs least.
 */
export function nextChunkBytes(bytes: number, ms: number): number {
  if (ms > SLOW_MS) return Math.max(MIN_CHUNK_BYTES, bytes / 2);
  return ms < FAST_MS ? Math.min(BUFFER_BYTES, bytes * 2) : bytes;
}

/**
 * The file's bytes as a request body. The last block is only handed out once size and checksum of all bytes are those of the
 * check, so a changed file is never stored completely (commands rule 2).
 *
 * A chunk may be overwritten once the consumer asks for the next one, except those of the last block.
 * @param onBytes called with the bytes handed out so far
 * @param now ms, to adapt the chunk size to the connection
 * @throws EbillError CONFLICT when the file changed or can no longer be read, USAGE when the disk fails
 */
export async function* uploadBody(
  expected: ExpectedFile,
  buffers: ReadBuffers,
  onBytes: (bytes: number) => void,
  now: () => number,
): AsyncGenerator<Buffer, void, undefined> {
  const handle = await openToRead(expected.path);
  try {
    const content = comparedWith(expected);
    let sent = 0;
    let chunkBytes = FIRST_CHUNK_BYTES;
    for await (const block of readAhead(handle, expected, buffers)) {
      content.update(block);
      if (sent + block.length === expected.bytes) {
        await assertSameSize(handle, expected);
        if (!content.isSame()) throw fileChanged(expected.path, 'other content of the same size');
      }
      for (let from = 0; from < block.length; ) {
        const chunk = block.subarray(from, from + chunkBytes);
        const start = now();
        yield chunk;
        from += chunk.length;
        sent += chunk.length;
        onBytes(sent);
        chunkBytes = nextChunkBytes(chunkBytes, now() - start);
      }
    }
    // An empty file has no last block to hold back.
    if (expected.bytes === 0) await assertSameSize(handle, expected);
  } finally {
    await handle.close();
  }
}

/** The bytes read so far, against those that were checked. */
interface Comparison {
  update(block: Buffer): void;
  isSame(): boolean;
}

/**
 * By CRC-32, which costs a tenth of SHA-256. It only has to show that the file changed. That the storage has the bytes of the
 * check is proved by its ETag, which is compared with their MD5; an ETag that is no MD5 says nothing about them (api rule 19).
 */
function comparedWith(expected: ExpectedFile): Comparison {
  if (expected.crc32 === undefined) {
    const sha256 = createHash('sha256');
    return {
      update: (block) => void sha256.update(block),
      isSame: () => sha256.digest('hex') === expected.sha256,
    };
  }
  let crc = 0;
  return {
    update: (block) => {
      crc = crc32(block, crc);
    },
    isSame: () => crc === expected.crc32,
  };
}

/** @throws EbillError CONFLICT */
export async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    if (isDiskFailure(cause)) throw cannotRead(path, cause);
    throw new EbillError('CONFLICT', `${path} can no longer be read: ${messageOf(cause)}.`, {
      hint: 'Put the file back where it was when it was checked, then run the same command again.',
      cause,
    });
  }
}

/**
 * The file in blocks that are all full except the last. Reads the next block while one is in use, into the two buffers in
 * turn: a block is valid until the one after it is asked for.
 * @throws EbillError CONFLICT when the file is shorter than expected
 */
export async function* readAhead(
  handle: FileHandle,
  expected: ExpectedFile,
  buffers: ReadBuffers,
): AsyncGenerator<Buffer, void, undefined> {
  let [current, other] = buffers;
  let next = readBlock(handle, current, expected, 0);
  for (let end = 0; end < expected.bytes; ) {
    const block = await next;
    end += block.length;
    next = readBlock(handle, other, expected, end);
    // A consumer that stops early never awaits this; it must not become an unhandled rejection.
    next.catch(() => undefined);
    yield block;
    [current, other] = [other, current];
  }
}

/** Fills the buffer, or reads to the expected end. One read may return less than asked for. */
async function readBlock(
  handle: FileHandle,
  buffer: Buffer,
  expected: ExpectedFile,
  from: number,
): Promise<Buffer> {
  const size = Math.min(buffer.length, expected.bytes - from);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle
      .read(buffer, filled, size - filled, from + filled)
      .catch((cause: unknown) => {
        throw cannotRead(expected.path, cause);
      });
    if (bytesRead === 0)
      throw fileChanged(expected.path, `it ends after ${from + filled} of ${expected.bytes} bytes`);
    filled += bytesRead;
  }
  return buffer.subarray(0, size);
}

async function assertSameSize(handle: FileHandle, expected: ExpectedFile): Promise<void> {
  const { size } = await handle.stat();
  if (size !== expected.bytes)
    throw fileChanged(expected.path, `it has ${size} bytes now, ${expected.bytes} when checked`);
}

/** commands rule 2 */
function fileChanged(path: string, how: string): EbillError {
  return new EbillError('CONFLICT', `${path} changed between the check and the end of the upload (${how}).`, {
    hint: 'Its batch is not finalized. Run the same command again once the file is complete; --next to load the new content.',
  });
}
