import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { checkHeaderName, isHeaderText } from './pairs.ts';
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
 * @returns the username as given
 * @throws EbillError `USAGE` for one with a colon, which separates it from the password (RFC 7617, 2)
 */
export function checkUsername(username: string, source: string): string {
  if (username !== '' && !username.includes(':') && !CONTROL.test(username)) return username;
  throw new EbillError('USAGE', `${source} cannot be empty or hold a colon or control characters.`, {
    hint: 'Give the username alone; the password comes from a prompt, --password-stdin or EBILL_PASSWORD.',
  });
}
