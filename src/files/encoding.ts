import type { FindingDetails, Position } from './findings.ts';

/** How many bytes from a place on are examined. */
const SAMPLE = 4096;

/**
 * Recognises a file that is not UTF-8 text by its beginning (at least 4 KiB, or the whole file): UTF-16 or UTF-32 by a BOM
 * or by its NUL bytes, compressed files and workbooks by their signature. `undefined` when it may be text.
 */
export function foreignContent(start: Uint8Array): FindingDetails | undefined {
  if (starts(start, 0x50, 0x4b, 3, 4)) return notCsv('a ZIP archive or an Excel workbook (.xlsx)');
  if (starts(start, 0xd0, 0xcf, 0x11, 0xe0)) return notCsv('an old Excel workbook (.xls)');
  if (starts(start, 0x1f, 0x8b)) return notCsv('compressed with gzip');
  if (starts(start, 0x25, 0x50, 0x44, 0x46)) return notCsv('a PDF document');
  const name = wideEncoding(start);
  if (name === undefined) return undefined;
  return {
    code: 'not-utf8',
    line: 1,
    column: 1,
    message: `the file is ${name}, not UTF-8`,
    hint: `Save it as "CSV UTF-8", or convert it: ${iconvCommand(name)}`,
  };
}

function wideEncoding(start: Uint8Array): string | undefined {
  if (starts(start, 0xff, 0xfe, 0, 0)) return 'UTF-32LE';
  if (starts(start, 0, 0, 0xfe, 0xff)) return 'UTF-32BE';
  if (starts(start, 0xff, 0xfe)) return 'UTF-16LE';
  if (starts(start, 0xfe, 0xff)) return 'UTF-16BE';
  // Without a BOM: in mostly Latin text every other byte is NUL.
  const sample = start.subarray(0, SAMPLE);
  let even = 0;
  let odd = 0;
  sample.forEach((byte, i) => {
    if (byte === 0) i % 2 === 0 ? even++ : odd++;
  });
  const most = sample.length * 0.3;
  if (sample.length >= 4 && odd > most && even < odd / 10) return 'UTF-16LE';
  if (sample.length >= 4 && even > most && odd < even / 10) return 'UTF-16BE';
  return undefined;
}

/** Bytes that Windows-1252 does not define. */
const UNUSED_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/**
 * The finding for the first byte that is not UTF-8.
 * @param rest the bytes from there on, as far as they were read
 * @param mixed there is valid UTF-8 beyond ASCII before it, which converting the whole file would damage
 */
export function notUtf8(at: Position, rest: Uint8Array, mixed: boolean): FindingDetails {
  const byte = rest[0] ?? 0;
  const hex = `0x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  const high = rest.subarray(0, SAMPLE).filter((b) => b >= 0x80);
  const windows = byte >= 0x80 && !high.some((b) => UNUSED_1252.has(b));
  const character = windows ? new TextDecoder('windows-1252').decode(rest.subarray(0, 1)) : undefined;
  // 0xA0 and 0xAD have no visible character.
  const shown =
    character !== undefined && /[\p{L}\p{P}\p{S}]/u.test(character) ? ` ("${character}" there)` : '';
  if (windows && !mixed) {
    return {
      code: 'not-utf8',
      ...at,
      message: `the byte ${hex} is not valid UTF-8; the file looks like Windows-1252${shown}`,
      hint: `Save it as "CSV UTF-8", or convert it: ${iconvCommand('WINDOWS-1252')}`,
    };
  }
  return {
    code: 'not-utf8',
    ...at,
    message: `the byte ${hex} is not valid UTF-8${mixed ? ', but text before it is: the file may mix two encodings' : ''}`,
    hint: mixed
      ? 'Correct this value, or find the export that wrote it in another encoding. Do not convert the whole file: that would damage the rest.'
      : 'Export the file as UTF-8, or find out its encoding and convert it with iconv.',
  };
}

/** The finding for a file that ends inside a character. */
export function cutOff(at: Position): FindingDetails {
  return {
    code: 'not-utf8',
    ...at,
    message: 'the file ends in the middle of a character: it is incomplete',
    hint: 'Copy or export the file again.',
  };
}

function notCsv(what: string): FindingDetails {
  return {
    code: 'not-csv',
    line: null,
    column: null,
    message: `the file is ${what}, not CSV`,
    hint: 'Use the CSV file itself: unpack it, or save the sheet as "CSV UTF-8".',
  };
}

function iconvCommand(from: string): string {
  return `iconv -f ${from} -t UTF-8 in.csv > out.csv`;
}

function starts(bytes: Uint8Array, ...signature: number[]): boolean {
  return bytes.length >= signature.length && signature.every((byte, i) => bytes[i] === byte);
}
