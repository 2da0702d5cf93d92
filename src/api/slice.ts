/** Bytes. What is read of a file at a time, and the most that is handed to a connection at once. */
export const BLOCK = 1024 * 1024;

/**
 * Bytes. Never less than a connection takes before it asks for a pause (its `writableHighWaterMark`, 16 to 64 KiB): so
 * that whoever asks for more has given away what it had, and its buffer can be used again. A block holds them evenly.
 */
export const SMALLEST_SLICE = BLOCK / 8;

const SLOW_MS = 500;
const FAST_MS = 100;

/**
 * How much to hand over at once after a piece of `slice` bytes took `ms`. On a slow line less, for the time-outs count from
 * one piece to the next (cli.md, "Network"), and progress is told by the piece; on a fast one a whole block, which costs least.
 */
export function nextSlice(slice: number, ms: number): number {
  if (ms > SLOW_MS) return Math.max(SMALLEST_SLICE, slice / 2);
  return ms < FAST_MS ? Math.min(BLOCK, slice * 2) : slice;
}
