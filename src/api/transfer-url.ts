import { EbillError } from '../errors.ts';
import { addressOf } from '../redact/shapes.ts';
import { visible } from '../system/escaping.ts';
import type { Connection } from './connection.ts';
import { forbiddenReason, isApiHost, isLoopback } from './net/addresses.ts';

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
  const why = forbiddenReason(hostname);
  if (why !== null && !isApiHost(hostname, baseUrl))
    throw refused(`${visible(hostname)} for customers' data: ${why}`, ASK_OPERATOR);
}

const ASK_OPERATOR = 'Check the base URL, or show this to whoever runs the eBill server.';

function refused(what: string, next: string): EbillError {
  return new EbillError('REJECTED', `The server named ${what}.`, { hint: `Nothing was sent there. ${next}` });
}

/** What may be kept of a presigned URL: where it points and until when it lives, never a signature. */
export interface PresignedFacts {
  /** Origin and path: the object (batch-api.md, what bites 14). */
  readonly object: string;
  /** ms since 1970; `null` when the URL does not say. */
  readonly expiresAt: number | null;
}

/** `X-Amz-Expires` seconds after `X-Amz-Date` (what bites 7). */
export function presignedFacts(url: string): PresignedFacts {
  const value = (name: string): string => new RegExp(`[?&]${name}=([^&#]*)`, 'i').exec(url)?.[1] ?? '';
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value('X-Amz-Date'));
  const seconds = /^\d{1,9}$/.exec(value('X-Amz-Expires'))?.[0];
  const object = addressOf(url);
  if (date === null || seconds === undefined) return { object, expiresAt: null };
  const [, y, mo, d, h, mi, s] = date.map(Number) as [number, number, number, number, number, number, number];
  return { object, expiresAt: Date.UTC(y, mo - 1, d, h, mi, s) + Number(seconds) * 1000 };
}

/** ms before its end when a URL is no longer worth starting with: clocks differ and a request takes a moment to arrive. */
const MARGIN_MS = 5_000;

/** Is the URL past its life (by this machine's clock)? One that names no end never is. */
export function isExpired(facts: PresignedFacts, now: number): boolean {
  return facts.expiresAt !== null && now >= facts.expiresAt - MARGIN_MS;
}

/** A GET is followed this often (cli.md, "Network"). */
export const MAX_REDIRECTS = 5;

/** Where a redirect points, as an absolute URL; `null` when it is none. */
export function redirectTarget(status: number, location: string | undefined, from: string): string | null {
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return null;
  if (!URL.canParse(location, from)) return null;
  // A whole address is kept as it came: a presigned one must not be written anew (what bites 2).
  const target = /^https?:\/\//i.test(location) ? location : new URL(location, from).href;
  return target.replace(/#.*$/s, '');
}
