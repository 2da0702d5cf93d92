import { isLoopback } from '../api/net/addresses.ts';
import { displayProxy } from '../api/net/proxy.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { isUrl } from '../system/url.ts';
import type { AuthKind, StoredAuth } from './profile.ts';

/**
 * Parses `basic`, `bearer`, `none`, or `header:NAME`, whose header carries the token.
 *
 * @param source of the text, for the message
 * @throws EbillError `USAGE`
 */
export function parseAuthKind(text: string, source: string): AuthKind {
  const [kind = '', ...rest] = text.split(':');
  const type = kind.toLowerCase();
  if (rest.length === 0 && (type === 'basic' || type === 'bearer' || type === 'none')) return { type };
  if (type === 'header' && rest.length > 0) {
    const name = rest.join(':').trim();
    // `Authorization` is reserved elsewhere, but some servers want a bare token in it.
    return { type, name: name.toLowerCase() === 'authorization' ? name : checkHeaderName(name, source) };
  }
  throw new EbillError('USAGE', `${source}: "${visible(text.slice(0, 80))}" is not a way to authorise.`, {
    hint: 'Use basic, bearer, header:NAME or none.',
  });
}

/** The kind as it is given: `header:X-Api-Key`. */
export function authText(auth: AuthKind | StoredAuth): string {
  return auth.type === 'header' ? `header:${auth.name}` : auth.type;
}

/** Do two kinds send the same kind of secret in the same header? Only then may one use the other's secret. */
export function sameKind(a: AuthKind | StoredAuth, b: AuthKind | StoredAuth): boolean {
  return authText(a).toLowerCase() === authText(b).toLowerCase();
}

/** What users call the secret of a kind. */
export function secretName(auth: AuthKind | StoredAuth): 'password' | 'token' | null {
  if (auth.type === 'none') return null;
  return auth.type === 'basic' ? 'password' : 'token';
}

const CONTROL = /[\u0000-\u001f\u007f]/u;

/**
 * Checks that a secret can be sent the way `auth` sends it: a line break in a token would end its header, and basic
 * authorisation has no control characters (RFC 7617, 2).
 *
 * @param source of the secret, for the message, which does not contain it
 * @returns the secret as given
 * @throws EbillError `USAGE`
 */
export function checkSecret(secret: string, auth: AuthKind | StoredAuth, source: string): string {
  const fits = auth.type === 'basic' ? !CONTROL.test(secret) : isHeaderText(secret);
  if (fits) return secret;
  throw new EbillError('USAGE', `${source} holds a line break or a character no header can carry.`, {
    hint: 'Give the password or token alone, on one line.',
  });
}

/**
 * Checks a command that prints the token. It is not run.
 *
 * @returns the command without spaces around it
 * @throws EbillError `USAGE` for an empty one, one with control characters, and for `auth` without a token
 */
export function checkTokenCommand(text: string, auth: AuthKind | StoredAuth, source: string): string {
  const command = text.trim();
  if (command === '' || command.length > 4096 || CONTROL.test(command)) {
    throw new EbillError('USAGE', `${source} is not a command: it is empty, too long or not one line.`, {
      hint: 'Give one command line that prints the token and nothing else.',
    });
  }
  if (secretName(auth) === 'token') return command;
  throw new EbillError('USAGE', `${source} cannot be used with ${authText(auth)}: it prints a token.`, {
    hint:
      source === 'EBILL_TOKEN_COMMAND'
        ? 'Unset EBILL_TOKEN_COMMAND, or set EBILL_AUTH to bearer or header:NAME.'
        : 'Use it with --auth bearer or --auth header:NAME.',
  });
}

/**
 * @returns the username as given
 * @throws EbillError `USAGE` for one with a colon, which separates it from the password (RFC 7617, 2)
 */
export function checkUsername(username: string, source: string): string {
  if (username !== '' && !username.includes(':') && !CONTROL.test(username)) return username;
  throw new EbillError('USAGE', `${source} cannot be empty or hold a colon or control characters.`, {
    hint: 'Give the username alone; the password comes from a prompt, --password-stdin or EBILL_PASSWORD.',
  });
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/u;
// RFC 9110, 5.5, without the tab and the C1 controls.
const HEADER_VALUE = /^[\u0020-\u007e\u00a0-\u00ff]*$/u;

// Credentials have their own options, and a wrong framing header would break or smuggle requests.
const RESERVED_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
]);

/**
 * Checks the name of a header that a profile adds (RFC 9110, 5.6.2).
 *
 * @throws EbillError `USAGE` when it is not a header name, or reserved
 */
export function checkHeaderName(name: string, source: string): string {
  if (!HEADER_NAME.test(name)) {
    throw new EbillError('USAGE', `${source}: "${visible(name.slice(0, 80))}" is not a header name.`, {
      hint: 'A header name is letters, digits and dashes, like X-Tenant.',
    });
  }
  if (RESERVED_HEADERS.has(name.toLowerCase())) {
    throw new EbillError('USAGE', `${source}: a profile cannot set the header ${name}.`, {
      hint: 'For credentials use --auth; host, length and connection headers are set by the program.',
    });
  }
  return name;
}

/** Can a header carry this text as its value? */
export function isHeaderText(text: string): boolean {
  return HEADER_VALUE.test(text);
}

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
  if (given.includes('@') && (authority.includes('@') || !isUrl(given))) {
    throw fail(
      'has a username or password in it',
      'Take it out; use --username with --password-stdin, or EBILL_USERNAME and EBILL_PASSWORD.',
    );
  }
  if (!isUrl(given)) throw fail('is not a URL', example);
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
  return /^https?:\/\/[^\s\u0000-\u001f\u007f\\?#]+$/iu.test(text) && isUrl(text);
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
