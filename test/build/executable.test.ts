import { describe, expect, it } from 'vitest';
import { withoutSignature } from '../../src/build/executable.ts';

const HEADER = 0x80;
const ENTRY = HEADER + 24 + 112 + 8 * 4;

/** The part of a 64-bit Windows executable that says where its signature is. */
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

describe('the signature of a Windows executable', () => {
  it('is removed, and nothing else', () => {
    const bare = withoutSignature(windows({ start: 1024, size: 1024 }));
    expect(bare).toEqual(windows(null, 1024));
    expect(withoutSignature(bare)).toEqual(bare);
  });

  it('is no longer referenced when other data follows it', () => {
    expect(withoutSignature(windows({ start: 512, size: 256 }))).toEqual(windows(null));
  });

  it('is not looked for in other files', () => {
    const elf = Buffer.from('\x7fELF and so on');
    expect(withoutSignature(elf)).toBe(elf);
  });
});
