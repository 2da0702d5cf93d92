import { isLoopback } from '../api/net/addresses.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';

/**
 * The base URL of an eBill server, which may carry a path (batch-api.md, what bites 12).
 *
 * @param source where it was given, for the message
 * @returns the text as given, less spaces around it; `api/` makes the endpoint of it
 * @throws EbillError `USAGE` unless it is http or https, without userinfo (a secret in a URL), query or fragment
 */
export function parseBaseUrl(text: string, source: string): string {
  const given = text.trim();
  const fail = (problem: string, hint: string): EbillError =>
    new EbillError('USAGE', `${source}: ${shown(given)} ${problem}.`, { hint });
  const example = 'A base URL looks like https://ebill.example.com or https://ebill.example.com/acme.';
  // A URL parser forgives what follows here, and what it makes of it is not what was read by the person.
  if (/[\s\u0000-\u001f\u007f\\]/u.test(given))
    throw fail('holds a space, backslash or control character', example);
  if (!/^https?:\/\/[^/]/iu.test(given)) throw fail('does not begin with https:// and a host', example);
  if (/[?#]/u.test(given)) throw fail('has a query or fragment', `${example} Query parameters: --query K=V.`);
  const [, authority = ''] = /^https?:\/\/([^/]*)/iu.exec(given) ?? [];
  if (given.includes('@') && (authority.includes('@') || !URL.canParse(given))) {
    throw fail(
      'has a username or password in it',
      'Take it out; use --username with --password-stdin, or EBILL_USERNAME and EBILL_PASSWORD.',
    );
  }
  if (!URL.canParse(given)) throw fail('is no URL', example);
  return given;
}

/** Scheme, host and port: what decides whether credentials may travel there. */
export function originOf(baseUrl: string): string {
  return new URL(baseUrl).origin;
}

/**
 * Plain http is refused to anything but loopback, unless a profile says `allowInsecure` (cli.md, "Network").
 *
 * @throws EbillError `USAGE`
 */
export function checkSecure(baseUrl: string, allowInsecure: boolean, profile: string | null): void {
  const url = new URL(baseUrl);
  if (url.protocol === 'https:' || allowInsecure || isLoopback(url)) return;
  const command =
    profile === null ? `ebill profile add NAME --base-url ${shown(baseUrl)}` : `ebill profile set ${profile}`;
  throw new EbillError(
    'USAGE',
    `${shown(baseUrl)} is plain http: credentials and bills would travel unencrypted.`,
    {
      hint: `Use https://. If that network is yours alone: ${command} --allow-insecure`,
    },
  );
}

/** The URL for a message: what may be a secret, userinfo and query, left out even where it does not parse. */
function shown(text: string): string {
  const bare = text.replace(/^([a-z]+:\/\/)?.*@/iu, '$1***@').replace(/[?#].*$/su, '');
  return visible(bare.slice(0, 200)) || '(empty)';
}
