import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MODULE = join(fileURLToPath(new URL('../../', import.meta.url)), 'src', 'build', 'unsigned.js');
const { unsigned } = (await import(MODULE)) as { unsigned(bytes: Buffer): Buffer };

const HEADER = 0x80;
const ENTRY = HEADER + 24 + 112 + 8 * 4;

/** As much of a 64-bit Windows executable as says where its signature is. */
function windows(certificates: { start: number; size: number } | null, length = 2048): Buffer {
  const bytes = Buffer.alloc(length, 7);
  bytes.write('MZ');
  bytes.writeUInt32LE(HEADER, 0x3c);
  bytes.write('PE\0\0', HEADER);
  bytes.writeUInt16LE(0x20b, HEADER + 24);
  bytes.writeUInt32LE(certificates?.start ?? 0, ENTRY);
  bytes.writeUInt32LE(certificates?.size ?? 0, ENTRY + 4);
  return bytes;
}

describe('a signature something is going to be put behind', () => {
  it('is taken off, and nothing else', () => {
    const bare = unsigned(windows({ start: 1024, size: 1024 }));
    expect(bare).toEqual(windows(null, 1024));
    expect(unsigned(bare)).toEqual(bare);
  });

  it('is no longer named where the file goes on after it', () => {
    expect(unsigned(windows({ start: 512, size: 256 }))).toEqual(windows(null));
  });

  it('is none of a file of another kind', () => {
    const elf = Buffer.from('\x7fELF and so on');
    expect(unsigned(elf)).toBe(elf);
  });
});
