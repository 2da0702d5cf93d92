import { EbillError } from '../errors.ts';
import { addressOf } from '../redact/shapes.ts';
import { visible } from '../system/escaping.ts';
import { isUrl } from '../system/url.ts';
import type { Connection } from './connection.ts';
import { forbiddenReason, isApiHost, isLoopback } from './net/addresses.ts';

/**
 * Checks a URL the server named for customers' data (a presigned URL, a redirect). Allowed: https, loopback, and plain
 * http where the profile allows it; no link-local or metadata address unless the API is there; nothing that two URL
 * parsers could read as two hosts. connector.ts applies the same rules to the addresses a name resolves to.
 * @throws EbillError REJECTED; the message shows only scheme and host
 */
export function assertSafeTransferUrl(
  url: string,
  { baseUrl, allowInsecure }: Pick<Connection, 'baseUrl' | 'allowInsecure'>,
): void {
  // `URL` forgives a missing slash, a backslash or a line break here; other parsers may not.
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '';
  if (!isUrl(url) || authority === '' || /[\s\\\p{Cc}]/u.test(authority))
    throw refused('an upload or download address that is not a URL', ASK_OPERATOR);
  const parsed = new URL(url);
  const place = visible(`${parsed.protocol}//${parsed.host}`);
  if (authority.includes('@')) throw refused(`${place} with a username or password in it`, ASK_OPERATOR);
  const secure =
    parsed.protocol === 'https:' || (parsed.protocol === 'http:' && (isLoopback(parsed) || allowInsecure));
  if (!secure)
    throw refused(
      `${place}, which is not https, for customers' data`,
      parsed.protocol === 'http:'
        ? 'To allow that host: ebill profile set NAME --allow-insecure'
        : ASK_OPERATOR,
    );
  assertReachable(parsed.hostname, baseUrl);
}

/** @throws EbillError REJECTED for a link-local or metadata address or name, unless the API is there */
export function assertReachable(hostname: string, baseUrl: string): void {
  const reason = forbiddenReason(hostname);
  if (reason !== null && !isApiHost(hostname, baseUrl))
    throw refused(`${visible(hostname)} for customers' data: ${reason}`, ASK_OPERATOR);
}

const ASK_OPERATOR = 'Check the base URL, or show this to the operators of the eBill server.';

function refused(what: string, next: string): EbillError {
  return new EbillError('REJECTED', `The server named ${what}.`, { hint: `Nothing was sent there. ${next}` });
}

const parameter = (url: string, name: string): string =>
  new RegExp(`[?&]${name}=([^&#]*)`, 'i').exec(url)?.[1] ?? '';

/** The headers that a presigned URL asks for, in lower case. */
export const signedHeaders = (url: string): readonly string[] =>
  parameter(url, 'X-Amz-SignedHeaders').toLowerCase().split(/;|%3b/);

/** The parts of a presigned URL that may be stored: never its signature. */
export interface PresignedFacts {
  /** Origin and path: the object (api rule 26). */
  readonly object: string;
  /** ms since 1970; `null` when the URL does not say. */
  readonly expiresAt: number | null;
}

/**
 * It expires `X-Amz-Expires` seconds after `X-Amz-Date`, by the clock of the storage (api rule 10); with version 2 of the
 * signature at `Expires`, in seconds since 1970.
 */
export const presignedFacts = (url: string): PresignedFacts => ({
  object: addressOf(url),
  expiresAt: expiryOf((name) => parameter(url, name)),
});

function expiryOf(value: (name: string) => string): number | null {
  if (value('X-Amz-Date') === '' && value('Signature') !== '') {
    const at = /^\d{1,11}$/.exec(value('Expires'))?.[0];
    return at === undefined ? null : Number(at) * 1000;
  }
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value('X-Amz-Date'));
  const seconds = /^\d{1,9}$/.exec(value('X-Amz-Expires'))?.[0];
  if (date === null || seconds === undefined) return null;
  const [, y, mo, d, h, mi, s] = date;
  const at = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  return Number.isNaN(at) ? null : at + Number(seconds) * 1000;
}
