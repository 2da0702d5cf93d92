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
