import { BLOCK } from './slice.ts';

/** Two buffers to read a file with, each of `BLOCK` bytes. */
export type Blocks = readonly [Buffer, Buffer];

/** Ready to be used again. No more than were ever needed at once. */
const spare: Blocks[] = [];

/**
 * Buffers that have gone round before, else new ones: a thousand files take the memory of those under way at once, and
 * need no collector. Whoever does not know that nobody reads or writes them any more keeps them from coming back.
 */
export function lendBlocks(): Blocks {
  return spare.pop() ?? [Buffer.allocUnsafeSlow(BLOCK), Buffer.allocUnsafeSlow(BLOCK)];
}

export function giveBack(blocks: Blocks): void {
  spare.push(blocks);
}
