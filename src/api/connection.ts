import type { RecordStatusMap } from '../batch/record-status.ts';
import type { Phase } from '../batch/types.ts';
import { isUrl } from '../system/url.ts';

/** A command that prints the token; it runs when the first request is about to be sent. */
export interface TokenCommand {
  readonly command: string;
  /** The profile that has it; `null`: the environment. */
  readonly profile: string | null;
}

/** Where a token command is set, for messages. */
export const tokenCommandSource = (profile: string | null): string =>
  profile === null ? 'EBILL_TOKEN_COMMAND' : `profile ${profile}`;

/** How a request is authorised (api rule 13). */
export type Auth =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string | TokenCommand }
  /** The named header carries the token. */
  | { readonly type: 'header'; readonly name: string; readonly token: string | TokenCommand };

/** Everything the client needs to talk to one eBill server: where, and as whom. */
export interface Connection {
  /** The profile's name; `null` when the environment or options alone define the connection. */
  readonly profile: string | null;
  /** As given; `endpointOf` makes the endpoint of it. */
  readonly baseUrl: string;
  /** Which organisation of a server that has several (api rule 25). It is never sent. */
  readonly organisation: string | null;
  readonly auth: Auth;
  /** Added to every API request, never to a presigned URL. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Further status names of this server (api rule 6). */
  readonly statusNames: Readonly<Record<string, Phase>>;
  /** What values in the status column of a result file mean (api rule 23). */
  readonly recordStatus: RecordStatusMap;
  readonly caFile: string | null;
  readonly clientCert: string | null;
  readonly clientKey: string | null;
  readonly proxy: string | null;
  readonly allowInsecure: boolean;
  readonly production: boolean;
}

/** The endpoint of a base URL: `https://host`, with or without a path, a trailing slash or `/rest` (api rule 13). */
export function endpointOf(baseUrl: string): string {
  const base = baseUrl
    .trim()
    .replace(/\/+$/, '')
    .replace(/\/rest(?:\/batchProcess)?$/i, '');
  return `${base}/rest/batchProcess`;
}

/** What identifies a server. Headers of journals, profiles and connections fit. */
export interface ServerAddress {
  readonly baseUrl: string;
  readonly organisation?: string | null | undefined;
}

/** Names of this machine; they are one server. */
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The one name of a server, whatever the spelling of its base URL: scheme and host in lower case, without userinfo, default
 * port, trailing slash, `/rest` and `/rest/batchProcess`; with the organisation where there is one (api rule 25). Pure.
 */
export function serverOf({ baseUrl, organisation }: ServerAddress): string {
  const part = organisation ? `#${organisation.trim().normalize('NFC').toLowerCase()}` : '';
  // A damaged journal may have anything here.
  if (!isUrl(baseUrl)) return `${baseUrl.trim()}${part}`;
  const { protocol, hostname, port, pathname } = new URL(baseUrl);
  const host = hostname.replace(/\.$/, '');
  const path = pathname
    .replace(/\/+$/, '')
    .replace(/\/rest(?:\/batchProcess)?$/i, '')
    .replace(/\/+$/, '');
  return `${protocol}//${LOOPBACK.has(host) ? '127.0.0.1' : host}${port === '' ? '' : `:${port}`}${path}${part}`;
}

/**
 * The header that authorises a request, if any.
 * @param printed the token, where a command prints it
 */
export function authHeaders({ auth }: Pick<Connection, 'auth'>, printed = ''): Record<string, string> {
  if (auth.type === 'none') return {};
  if (auth.type === 'basic') {
    const { username, password } = auth;
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}` };
  }
  const token = typeof auth.token === 'string' ? auth.token : printed;
  return auth.type === 'bearer' ? { authorization: `Bearer ${token}` } : { [auth.name]: token };
}
