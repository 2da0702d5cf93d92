import { EbillError } from '../errors.ts';
import type { Connection } from './connection.ts';

/**
 * The endpoint of a base URL: `https://host`, with or without a path, a trailing slash or `/rest`
 * (batch-api.md, what bites 12).
 */
export function endpointOf(baseUrl: string): string {
  const base = baseUrl
    .trim()
    .replace(/\/+$/, '')
    .replace(/\/rest(?:\/batchProcess)?$/i, '');
  return `${base}/rest/batchProcess`;
}

/** A URL with the call's query parameters, then the profile's own (what bites 10). Values are percent-encoded. */
export function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return pairs.length === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}

/** The header that authorises a request, or none (what bites 11). */
export function authHeaders(connection: Connection): Record<string, string> {
  const { auth } = connection;
  switch (auth.type) {
    case 'none':
      return {};
    case 'basic':
      return {
        authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}`,
      };
    case 'bearer':
      return { authorization: `Bearer ${auth.token}` };
    case 'header':
      return { [auth.name]: auth.token };
  }
}

const LOOPBACK = /^(?:localhost|(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/** Does this URL's host name this machine? */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname);
}

/**
 * A presigned URL is used only over https, or on loopback, or where the profile allows plain http (cli.md, exit 9).
 * @throws EbillError REJECTED otherwise
 */
export function assertSafeTransferUrl(url: string, connection: Connection): void {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new EbillError('REJECTED', 'The server named an upload or download address that is no URL.', {
      hint: 'Nothing was sent there. Check the base URL, or show this to whoever runs the eBill server.',
      cause,
    });
  }
  if (parsed.protocol === 'https:') return;
  if (parsed.protocol === 'http:' && (isLoopback(parsed) || connection.allowInsecure)) return;
  throw new EbillError(
    'REJECTED',
    `The server named ${parsed.protocol}//${parsed.host}, which is not https, for customers' data.`,
    {
      hint: 'Nothing was sent there. If that host is meant, allow it: ebill profile set NAME --allow-insecure',
    },
  );
}
