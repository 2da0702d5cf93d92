import { isLoopback } from '../api/net/addresses.ts';
import { displayProxy } from '../api/net/proxy.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';

/**
 * Checks the base URL of an eBill server, which may carry a path (api rule 13).
 *
 * @param source of the text, for the message
 * @returns the text as given, without spaces around it
 * @throws EbillError `USAGE` unless it is http or https, without userinfo, query or fragment
 */
export function parseBaseUrl(text: string, source: string): string {
  const given = text.trim();
  const fail = (problem: string, hint: string): EbillError =>
    new EbillError('USAGE', `${source}: ${shown(given)} ${problem}.`, { hint });
  const example = 'A base URL looks like https://ebill.example.com or https://ebill.example.com/acme.';
  // A URL parser accepts the following, and reads something else than a person does.
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
  if (!URL.canParse(given)) throw fail('is not a URL', example);
  return given;
}

/** Scheme, host and port: credentials are sent to no other. */
export function originOf(baseUrl: string): string {
  return new URL(baseUrl).origin;
}

/**
 * Refuses plain http to anything but loopback, unless the profile says `allowInsecure` (commands rule 29).
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
    `${shown(baseUrl)} is plain http: credentials and bills would be sent unencrypted.`,
    { hint: `Use https://. If the network is private: ${command} --allow-insecure` },
  );
}

/** The URL for a message, without userinfo and query, even where it does not parse. */
function shown(text: string): string {
  const bare = text.replace(/^([a-z]+:\/\/)?.*@/iu, '$1***@').replace(/[?#].*$/su, '');
  return visible(bare.slice(0, 200)) || '(empty)';
}

/** Is this the URL of an http or https proxy? Userinfo is allowed: a profile edited by hand may have it. */
export function isProxyUrl(text: string): boolean {
  return /^https?:\/\/[^\s\u0000-\u001f\u007f\\?#]+$/iu.test(text) && URL.canParse(text);
}

/**
 * Checks a proxy given on the command line.
 *
 * @returns the text as given
 * @throws EbillError `USAGE` unless it is an http(s) URL without userinfo: no secret comes from an argument
 */
export function parseProxy(text: string): string {
  if (text.includes('@')) {
    throw new EbillError('USAGE', `--proxy: ${displayProxy(text)} has a username or password in it.`, {
      hint: 'Give a proxy that needs one in the environment, as HTTPS_PROXY.',
    });
  }
  if (isProxyUrl(text)) return text;
  throw new EbillError('USAGE', `--proxy: ${displayProxy(text.slice(0, 200))} is not an http or https URL.`, {
    hint: 'A proxy looks like http://proxy.example.com:3128.',
  });
}
