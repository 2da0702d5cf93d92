import type { Phase } from '../batch/types.ts';

/** How a request is authorised (batch-api.md, what bites 11). */
export type Auth =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string }
  /** The named header carries the token. */
  | { readonly type: 'header'; readonly name: string; readonly token: string };

/** Where and as whom: everything the client needs to talk to one eBill server. */
export interface Connection {
  /** The profile's name; `null` when the environment or options alone made the set-up. */
  readonly profile: string | null;
  /** As given; `api/client.ts` makes the endpoint of it (what bites 12). */
  readonly baseUrl: string;
  readonly auth: Auth;
  /** Added to every API request, never to a presigned URL. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Further status names of this server (what bites 6). */
  readonly statusNames: Readonly<Record<string, Phase>>;
  readonly caFile: string | null;
  readonly clientCert: string | null;
  readonly clientKey: string | null;
  readonly proxy: string | null;
  readonly allowInsecure: boolean;
  readonly production: boolean;
}

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
