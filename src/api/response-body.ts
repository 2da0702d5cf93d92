import { messageOf } from '../errors.ts';
import type { HttpResponse } from './net/transport.ts';
import { TransportError } from './net/transport-error.ts';

/** Bytes; far above any true answer of the API, far below what hurts (batch-api.md, what bites 13). */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * The whole body as text, in the encoding it is in.
 * @throws TransportError `lost` when it breaks off or is larger than `limit` bytes: what the server did is then unknown.
 */
export async function readBody(answer: HttpResponse, limit = MAX_BODY_BYTES): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of answer.body) {
      size += part.length;
      if (size > limit) throw new Error(`the answer is larger than ${limit} bytes`);
      parts.push(part);
    }
  } catch (cause) {
    throw new TransportError('lost', `the answer broke off: ${messageOf(cause)}`, cause);
  }
  return decodeBody(Buffer.concat(parts), answer.headers['content-type'] ?? '');
}

/**
 * An answer's bytes as text. What says how they are encoded, strongest first (RFC 7303, 3): a byte order mark, the
 * Content-Type, the XML declaration; nothing means UTF-8. Servers say one thing and send another, and a name with a
 * replacement character in it is another name: so what cannot be as it is said is tried as UTF-8, then as Latin-1,
 * which has a character for every byte.
 */
export function decodeBody(bytes: Uint8Array, contentType: string): string {
  const said = [marked(bytes), byHeader(contentType), byDeclaration(bytes), unmarkedUtf16(bytes)];
  for (const label of [...said.filter((one) => one !== undefined), 'utf-8']) {
    // A document that begins with a plain `<` is in bytes, not in pairs of them, whatever it says of itself.
    if (/^(?:utf-?16|ucs-?2|utf-?32|iso-10646)/i.test(label) && bytes[0] === 0x3c && bytes[1] !== 0) continue;
    const text = decoded(bytes, label);
    if (text !== null) return text;
  }
  return Buffer.from(bytes).toString('latin1');
}

function decoded(bytes: Uint8Array, label: string): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    // An encoding nobody knows, or bytes it does not have.
    return null;
  }
}

function marked([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  return undefined;
}

const byHeader = (contentType: string): string | undefined =>
  /;\s*charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1];

function byDeclaration(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  return /^<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]+)/i.exec(start)?.[1];
}

/** The first `<`, in two bytes. */
function unmarkedUtf16([a, b]: Uint8Array): string | undefined {
  if (a === 0x3c && b === 0) return 'utf-16le';
  if (a === 0 && b === 0x3c) return 'utf-16be';
  return undefined;
}
