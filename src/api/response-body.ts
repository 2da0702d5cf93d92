import { decoded } from './net/content-coding.ts';
import type { HttpResponse } from './net/transport.ts';
import { brokenResponse } from './net/transport-error.ts';

/** Bytes; far more than any real response of the API (api rule 9). */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * Reads the whole body as text, without its content codings.
 * @param limit bytes, decoded
 * @throws TransportError `lost` when it breaks off or is too large: what the server did is then unknown
 */
export async function readBody(response: HttpResponse, limit = MAX_BODY_BYTES): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of decoded(response.body, response.headers['content-encoding'])) {
      size += part.length;
      if (size > limit) throw new Error(`the response is larger than ${limit} bytes`);
      parts.push(part);
    }
  } catch (cause) {
    throw brokenResponse('the response cannot be read', cause);
  }
  return decodeBody(Buffer.concat(parts), response.headers['content-type'] ?? '');
}

/**
 * Decodes a body. The encoding is named, strongest first (RFC 7303, 3), by a byte order mark, the Content-Type or the XML
 * declaration; the default is UTF-8. Servers often name a wrong one: what cannot be decoded is tried as UTF-8, then as
 * Latin-1, which has a character for every byte. A replacement character in a name would make it another name.
 */
export function decodeBody(bytes: Uint8Array, contentType: string): string {
  const labels = [
    byteOrderMark(bytes),
    headerCharset(contentType),
    xmlEncoding(bytes),
    unmarkedUtf16(bytes),
    htmlEncoding(bytes),
  ];
  for (const label of [...labels.filter((one) => one !== undefined), 'utf-8']) {
    // A document that starts with a one-byte `<` is not in 16- or 32-bit units, whatever it claims.
    if (/^(?:utf-?16|ucs-?2|utf-?32|iso-10646)/i.test(label) && bytes[0] === 0x3c && bytes[1] !== 0) continue;
    const text = decodeAs(bytes, label);
    if (text !== null) return text;
  }
  return Buffer.from(bytes).toString('latin1');
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** `null` for an unknown encoding, or bytes that are invalid in it. */
function decodeAs(bytes: Uint8Array, label: string): string | null {
  try {
    return (label === 'utf-8' ? UTF_8 : new TextDecoder(label, { fatal: true })).decode(bytes);
  } catch {
    return null;
  }
}

function byteOrderMark([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  return undefined;
}

const headerCharset = (contentType: string): string | undefined =>
  /;\s*charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1];

function xmlEncoding(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  return /^<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]+)/i.exec(start)?.[1];
}

/** Pages of older servers name it only within themselves. */
function htmlEncoding(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 1024)).toString('latin1').trimStart();
  return /^<[\s\S]*?<meta\s[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)/i.exec(start)?.[1];
}

/** Recognised by a first `<` in two bytes. */
function unmarkedUtf16([a, b]: Uint8Array): string | undefined {
  if (a === 0x3c && b === 0) return 'utf-16le';
  if (a === 0 && b === 0x3c) return 'utf-16be';
  return undefined;
}
