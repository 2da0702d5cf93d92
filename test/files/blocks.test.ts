import type { FileHandle } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  BLOCK_BYTES,
  BLOCKS_KEPT,
  BlockPool,
  FIRST_BLOCK_BYTES,
  readBlocks,
} from '../../src/files/blocks.ts';

/** A file handle that reads from memory, at most `piece` bytes at a time. */
function handleOf(content: Buffer, piece = Number.POSITIVE_INFINITY): FileHandle {
  const read = async (buffer: Buffer, offset: number, length: number, position: number) => {
    const bytesRead = content.copy(buffer, offset, position, position + Math.min(length, piece));
    return { bytesRead, buffer };
  };
  return { read } as unknown as FileHandle;
}

/** Where a block is in memory; only the first one is alone in its buffer. */
const placeOf = ({ buffer, byteOffset }: Buffer): string => `${buffer.byteLength}:${byteOffset}`;

const content = Buffer.alloc(FIRST_BLOCK_BYTES + 8 * BLOCK_BYTES + 77);
for (let i = 0; i < content.length; i += 1000) content.writeInt32LE(i, i);

describe('readBlocks', () => {
  it('reads the whole file, and keeps each block until two more were returned', async () => {
    const given: { readonly block: Buffer; readonly at: number }[] = [];
    let at = 0;
    for await (const block of readBlocks(handleOf(content))) {
      given.push({ block, at });
      at += block.length;
      for (const one of given.slice(-1 - BLOCKS_KEPT))
        expect(one.block.equals(content.subarray(one.at, one.at + one.block.length))).toBe(true);
    }
    expect(at).toBe(content.length);
    expect(given.map(({ block }) => block.length)).toEqual([
      FIRST_BLOCK_BYTES,
      ...Array.from({ length: 8 }, () => BLOCK_BYTES),
      77,
    ]);
    // Memory is flat: buffers are reused.
    expect(new Set(given.map(({ block }) => placeOf(block))).size).toBe(BLOCKS_KEPT + 3);
  });

  it('uses the same buffers for one file after another', async () => {
    const pool = new BlockPool();
    const buffers = new Set<string>();
    for (let file = 0; file < 3; file++) {
      let at = 0;
      for await (const block of readBlocks(handleOf(content), content.length, pool)) {
        expect(block.equals(content.subarray(at, at + block.length))).toBe(true);
        buffers.add(placeOf(block));
        at += block.length;
      }
      expect(at).toBe(content.length);
    }
    expect(buffers.size).toBe(BLOCKS_KEPT + 3);
  });

  it('fills blocks, however few bytes a read returns', async () => {
    const small = content.subarray(0, 200_000);
    const lengths: number[] = [];
    for await (const block of readBlocks(handleOf(small, 999))) lengths.push(block.length);
    expect(lengths).toEqual([FIRST_BLOCK_BYTES, 200_000 - FIRST_BLOCK_BYTES]);
  });

  it('uses only the first buffer for a small file', async () => {
    const blocks: Buffer[] = [];
    for await (const block of readBlocks(handleOf(content.subarray(0, 10)))) blocks.push(block);
    expect(blocks.map(({ length }) => length)).toEqual([10]);
    expect(blocks[0]?.buffer.byteLength).toBe(FIRST_BLOCK_BYTES);
  });

  it('stops after `most` bytes when the file grows', async () => {
    let bytes = 0;
    for await (const block of readBlocks(handleOf(content), 100_000)) bytes += block.length;
    expect(bytes).toBe(FIRST_BLOCK_BYTES + BLOCK_BYTES);
  });
});
