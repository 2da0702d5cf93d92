import { createHash } from 'node:crypto';
import type { Blocks } from './lent-blocks.ts';
import { assertUnchanged, type ExpectedFile, fileChanged, openToRead, readAhead } from './read-ahead.ts';
import { BLOCK, nextSlice } from './slice.ts';

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
export async function* fileSource(
  expected: ExpectedFile,
  blocks: Blocks,
  onBytes: (bytes: number) => void,
  now: () => number,
): AsyncGenerator<Buffer, void, undefined> {
  const handle = await openToRead(expected.path);
  try {
    const sha256 = createHash('sha256');
    let given = 0;
    let slice = BLOCK;
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
        slice = nextSlice(slice, now() - began);
      }
    }
    // A file without bytes has no last block to hold back.
    if (expected.bytes === 0) await assertUnchanged(handle, expected);
  } finally {
    await handle.close();
  }
}
