import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { Connection } from './connection.ts';
import { type AddressKind, addressKind, bareHost, isLoopback } from './net/addresses.ts';

/** Names clouds give their metadata service: behind a proxy nobody here sees what they are looked up to. */
const METADATA_NAME =
  /^(?:metadata\.google\.internal|metadata\.goog|metadata\.azure\.internal|instance-data\.ec2\.internal|metadata|instance-data)\.?$/i;

/** Why customers' data never goes to, or comes from, a place of this kind. */
const FORBIDDEN: Partial<Readonly<Record<AddressKind, string>>> = {
  metadata: "the metadata service of a cloud, which hands out this machine's own credentials",
  'link-local': 'a link-local address, which only machines on the same wire have',
  unspecified: 'no address of any machine',
};

/** Why no transfer may use this address or name; `null` when it may. */
export function forbiddenPlace(host: string): string | null {
  if (METADATA_NAME.test(host)) return FORBIDDEN.metadata ?? null;
  const kind = addressKind(host);
  return kind === null ? null : (FORBIDDEN[kind] ?? null);
}

/** Is this the very host the API is at, on whatever port? */
export function isApiHost(host: string, baseUrl: string): boolean {
  return URL.canParse(baseUrl) && bareHost(new URL(baseUrl).hostname) === bareHost(host);
}

/**
 * What a server may name for customers' data (a presigned URL, a redirect): https, or this machine, or plain http where
 * the profile allows it (cli.md, exit 9); no link-local or metadata address, unless the API itself is there; and nothing
 * that two readers could take for two hosts. Names are held to the same once they are looked up: `guarded-lookup.ts`.
 * @throws EbillError REJECTED otherwise; the message shows scheme and host alone
 */
export function assertSafeTransferUrl(
  url: string,
  { baseUrl, allowInsecure }: Pick<Connection, 'baseUrl' | 'allowInsecure'>,
): void {
  // A URL parser forgives a missing slash, a backslash or a line break in here; what else reads the URL may not.
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '';
  if (!URL.canParse(url) || authority === '' || /[\s\\\p{Cc}]/u.test(authority))
    throw refused('an upload or download address that is no URL', ASK_OPERATOR);
  const parsed = new URL(url);
  const place = visible(`${parsed.protocol}//${parsed.host}`);
  if (authority.includes('@')) throw refused(`${place} with a username or password in it`, ASK_OPERATOR);
  const secure =
    parsed.protocol === 'https:' || (parsed.protocol === 'http:' && (isLoopback(parsed) || allowInsecure));
  if (!secure)
    throw refused(
      `${place}, which is not https, for customers' data`,
      parsed.protocol === 'http:'
        ? 'If that host is meant, allow it: ebill profile set NAME --allow-insecure'
        : ASK_OPERATOR,
    );
  assertReachable(parsed.hostname, baseUrl);
}

/** @throws EbillError REJECTED for a link-local or metadata address, or name, where the API is not */
export function assertReachable(hostname: string, baseUrl: string): void {
  const why = forbiddenPlace(hostname);
  if (why !== null && !isApiHost(hostname, baseUrl))
    throw refused(`${visible(hostname)} for customers' data: ${why}`, ASK_OPERATOR);
}

const ASK_OPERATOR = 'Check the base URL, or show this to whoever runs the eBill server.';

function refused(what: string, next: string): EbillError {
  return new EbillError('REJECTED', `The server named ${what}.`, { hint: `Nothing was sent there. ${next}` });
}
