import { crc32 } from 'node:zlib';
import { isRecord } from './entries.ts';

/** One line of a journal: how it is written, read, and recognised where a crash cut it off (load rule 3). Pure. */

/** A line as it is written: an entry or a header, with a checksum of everything before it. */
export function lineOf(value: object): string {
  const text = JSON.stringify(value).slice(0, -1);
  return `${text},"sum":"${sumOf(Buffer.from(text))}"}\n`;
}

const sumOf = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, '0');

/** Follows a line that a crash cut off, of that many bytes. */
export const tornMark = (at: string, bytes: number): string => lineOf({ at, type: TORN, bytes });

export const TORN = 'torn';

const SUM = /,"sum":"([0-9a-f]{8})"\}$/;

export type Read =
  | { readonly value: Readonly<Record<string, unknown>>; readonly summed: boolean }
  | { readonly reason: string; readonly text: string };

/** One line, without its newline. */
export function readLine(bytes: Buffer): Read {
  const text = bytes.toString('utf8');
  const unreadable = (reason: string): Read => ({ reason, text });
  if (bytes.includes(0)) return unreadable('it has a NUL byte');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable('it is not JSON');
  }
  if (!isRecord(value)) return unreadable('it is no entry');
  const { sum, ...rest } = value;
  if (sum === undefined) return { value: rest, summed: false };
  const end = SUM.exec(text);
  if (end === null || end[1] !== sumOf(bytes.subarray(0, bytes.length - end[0].length)))
    return unreadable('its checksum is wrong');
  return { value: rest, summed: true };
}

/** Whether a line of a journal, without its newline, can be read, or is empty. */
export const isReadable = (bytes: Buffer): boolean => bytes.length === 0 || 'value' in readLine(bytes);

/**
 * Whether a last line without its newline was cut off. After a power loss a file can be as long as it was to become, with
 * zeros where nothing was written: its flush never ended, so its request never left.
 */
export function isTornEnd(text: string): boolean {
  const written = text.replace(/\0+$/, '');
  return cutOff(written) !== null || (written.length < text.length && isReadable(Buffer.from(written)));
}

/** The beginning of a number or a name at the end of a text. */
const PART = /(?<=[:[,])(?:-?\d[-+.\deE]*|-|t|tr|true?|f|fa|fals?e?|n|nul{0,2})$/;

/** Where a JSON object was cut off; `null`: it is no object that was cut off, but something else. */
export function cutOff(text: string): 'in a string' | 'between' | null {
  if (!text.startsWith('{') || text.includes('\0')) return null;
  const open: string[] = [];
  let quoted = false;
  /** Where the text is whole: before an escape that is not. */
  let end = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (quoted && char === '\\') {
      const length = text[i + 1] === 'u' ? 6 : 2;
      if (i + length > text.length) end = i;
      i += length - 1;
    } else if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '{') open.push('}');
    else if (char === '[') open.push(']');
    else if ((char === '}' || char === ']') && open.pop() !== char) return null;
  }
  if (open.length === 0) return null;
  const rest = open.reverse().join('');
  const whole = quoted ? `${text.slice(0, end)}"` : text.replace(PART, '');
  const completions = quoted ? ['', ':0'] : ['', '0', ':0', '"":0'];
  if (!completions.some((part) => isJson(`${whole}${part}${rest}`))) return null;
  return quoted ? 'in a string' : 'between';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
