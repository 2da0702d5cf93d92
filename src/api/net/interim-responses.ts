import type { Socket } from 'node:net';

/** Of any status from 100 to 199. */
const START = 'HTTP/1.1 1';
/** Of an interim response; more is left to undici, which has its own limit. */
const MAX_BYTES = 16 * 1024;
const END = '\r\n\r\n';

/**
 * Drops interim responses (1xx) from what is read: any server may send them (RFC 9110, 15.2), but undici takes a
 * `100 Continue` as an error.
 */
export function withoutInterim<T extends Pick<Socket, 'read' | 'bytesWritten'>>(socket: T): T {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  /** The start of what may be such a response. */
  let held: Buffer | null = null;
  let written = 0;
  /** Whether the next byte is the first of a response: only a request makes a server send one. */
  let atStart = false;
  socket.read = (size?: number): Buffer | null => {
    // Node's streams ask for nothing to have more fetched; undici asks for whatever there is.
    if (size !== undefined) return read(size);
    for (let chunk = read(); chunk !== null; chunk = read()) {
      atStart ||= socket.bytesWritten !== written;
      written = socket.bytesWritten;
      if (!atStart) return chunk;
      const text = afterInterim(held === null ? chunk : Buffer.concat([held, chunk]));
      if (isPrefix(text) && text.length < MAX_BYTES) held = text;
      else {
        held = null;
        atStart = false;
        return text;
      }
    }
    return null;
  };
  return socket;
}

/** What follows the whole interim responses at the start. */
function afterInterim(text: Buffer): Buffer {
  const end = text.indexOf(END);
  return isInterim(text) && end >= 0 ? afterInterim(text.subarray(end + END.length)) : text;
}

const startOf = (text: Buffer): string => text.toString('latin1', 0, START.length).replace('/1.0', '/1.1');

const isInterim = (text: Buffer): boolean => startOf(text) === START;

/** Nothing, or the start of an interim response. */
const isPrefix = (text: Buffer): boolean => START.startsWith(startOf(text));
