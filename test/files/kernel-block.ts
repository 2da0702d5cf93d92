import { ScanKernel } from '../../src/files/scan-kernel.ts';

const SIZE = 1 << 21;
const memory = ScanKernel.memory(SIZE);
if (memory === undefined) throw new Error('Node.js has no WebAssembly with SIMD');
const blocks: Buffer = memory;
let turn = 0;

/** A copy of the bytes where the scanner's kernel can read them, in another place each time, after what was there. */
export function kernelBlock(bytes: Uint8Array): Uint8Array {
  if (bytes.length > SIZE) return Uint8Array.from(bytes);
  turn = (turn * 5 + 7) % 1000;
  const at = Math.min(turn, SIZE - bytes.length);
  blocks.set(bytes, at);
  return blocks.subarray(at, at + bytes.length);
}
