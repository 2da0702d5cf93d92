import type { Socket } from 'node:net';

/** Bytes, here and for the HTTP parsers: gateways of companies add cookies of more than Node's 16 KiB. */
export const MAX_HEAD_BYTES = 64 * 1024;

/** What every response starts with. */
const START = 'HTTP/';

/** An empty line, whichever way its lines end. */
const HEAD_END = /\r?\n\r?\n/;

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

type Push = (chunk: Buffer | null, encoding?: BufferEncoding) => boolean;
type Write = (chunk: string | Uint8Array, ...rest: never[]) => boolean;

/**
 * Rewrites the head of each response before an HTTP parser sees it, so that the parsers, which are strict, take what curl
 * takes. Interim responses (1xx) are dropped, and reported by the event `interim`: any server may send them (RFC 9110, 15.2),
 * and undici takes a `100 Continue` as an error.
 */
export function withPlainHeads<T extends Pick<Socket, 'push' | 'write' | 'emit'>>(socket: T): T {
  const push = socket.push.bind(socket) as Push;
  const write = socket.write.bind(socket) as Write;
  /** A head that is not complete yet. */
  let held: Buffer | null = null;
  let expected = false;
  // The clients write the head of a request as text, and its body as bytes: only a request makes a server answer.
  const writeNoting: Write = (chunk, ...rest) => {
    if (typeof chunk === 'string') expected = true;
    return write(chunk, ...rest);
  };
  const pushPlain: Push = (chunk, encoding) => {
    if (!expected) return push(chunk, encoding);
    if (chunk === null) {
      if (held !== null) push(held);
      held = null;
      return push(null);
    }
    let bytes = held === null ? chunk : Buffer.concat([held, chunk]);
    held = null;
    for (;;) {
      bytes = withoutLeadingBreaks(bytes);
      const text = bytes.toString('latin1', 0, MAX_HEAD_BYTES);
      const end = HEAD_END.exec(text);
      const status = /^HTTP\/[\d.]+ +(\d{3})(?!\d)/.exec(text)?.[1] ?? '';
      if (end === null && isPrefix(text) && text.length < MAX_HEAD_BYTES) {
        held = bytes;
        return true;
      }
      const interim = /^1(?!01)/.test(status);
      if (end === null || !interim) {
        expected = false;
        return push(end === null ? bytes : withPlainHead(bytes, text.slice(0, end.index), end));
      }
      socket.emit('interim', Number(status));
      bytes = bytes.subarray(end.index + end[0].length);
    }
  };
  return Object.assign(socket, { push: pushPlain, write: writeNoting });
}

/** Nothing, or the start of a response. */
const isPrefix = (text: string): boolean => text.startsWith(START) || START.startsWith(text);

/** Some servers end a body with a line break too many. */
function withoutLeadingBreaks(bytes: Buffer): Buffer {
  let start = 0;
  while (bytes[start] === 0x0d || bytes[start] === 0x0a) start += 1;
  return bytes.subarray(start);
}

function withPlainHead(bytes: Buffer, head: string, end: RegExpExecArray): Buffer {
  const plain = plainHead(head);
  if (plain === head && end[0] === '\r\n\r\n') return bytes;
  const body = bytes.subarray(end.index + end[0].length);
  return Buffer.concat([Buffer.from(`${plain}\r\n\r\n`, 'latin1'), body]);
}

/**
 * A head as the standard wants it, with the meaning that it has for curl: lines end with CR LF, none is folded, equal
 * lengths are one, and "chunked" counts more than a length. Whatever else is wrong is left for the parser to refuse.
 * @param head without the empty line at its end
 */
export function plainHead(head: string): string {
  // RFC 9112, 5.2: a line that starts with a blank continues the value before it.
  const [statusLine = '', ...lines] = head
    .replace(/(?:\r?\n[ \t]+)+/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/[\x01-\x08\x0b-\x1f\x7f]/g, ' ').trimEnd());
  // Blanks before the colon are not part of the name; a header with an invalid name is ignored.
  const fields = lines
    .map((line) => line.replace(/^([^:]*?)[ \t]+:/, '$1:'))
    .filter((line) => !line.includes(':') || TOKEN.test(line.slice(0, line.indexOf(':'))));
  const isChunked = fields.some((line) => /^transfer-encoding:.*\bchunked$/i.test(line));
  const lengths = new Set(
    fields.filter(isLength).flatMap((line) =>
      line
        .slice(line.indexOf(':') + 1)
        .split(',')
        .map((one) => one.trim()),
    ),
  );
  const [length] = lengths;
  if (length === undefined || (lengths.size > 1 && !isChunked)) return [statusLine, ...fields].join('\r\n');
  // With both, where the body ends is uncertain: nothing is read after it (RFC 9112, 6.3).
  const instead = isChunked ? 'Connection: close' : `Content-Length: ${length}`;
  const first = fields.findIndex(isLength);
  const once = fields.flatMap((line, at) => (isLength(line) ? (at === first ? [instead] : []) : [line]));
  return [statusLine, ...once].join('\r\n');
}

const isLength = (line: string): boolean => /^content-length:/i.test(line);
