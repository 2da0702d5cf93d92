/** Where a PE file says which of its tables is where: the fifth is of certificates (PE format, "Optional Header Data Directories"). */
const MAGIC_PE32_PLUS = 0x20b;
const CERTIFICATES = 4;

/**
 * A Windows executable without its publisher's signature, which what is put into it would make a broken one. Any other file
 * as it is.
 * @param {Buffer} bytes
 * @returns {Buffer}
 */
export function unsigned(bytes) {
  if (bytes.toString('latin1', 0, 2) !== 'MZ') return bytes;
  const header = bytes.readUInt32LE(0x3c) + 24;
  if (bytes.readUInt16LE(header) !== MAGIC_PE32_PLUS) return bytes;
  const entry = header + 112 + 8 * CERTIFICATES;
  const [start, size] = [bytes.readUInt32LE(entry), bytes.readUInt32LE(entry + 4)];
  // They are the last of the file, and no part of what is loaded.
  const stripped = Buffer.from(start + size === bytes.length && size > 0 ? bytes.subarray(0, start) : bytes);
  stripped.fill(0, entry, entry + 8);
  return stripped;
}
