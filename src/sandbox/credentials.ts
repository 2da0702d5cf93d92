import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** How API requests are authorised. The vendor does not say, so the usual ways are supported. */
export type SandboxAuth =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string }
  /** The named header carries the token. */
  | { readonly type: 'header'; readonly name: string; readonly token: string };

/** The kind of credential in a request. */
export type AuthorizationSeen = 'none' | 'basic' | 'bearer' | 'other';

/** Compares in constant time. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** A configured header credential counts as `other`. */
export function authorizationSeen(headers: IncomingHttpHeaders, auth: SandboxAuth): AuthorizationSeen {
  const value = headers.authorization;
  if (value !== undefined) {
    if (/^basic /i.test(value)) return 'basic';
    return /^bearer /i.test(value) ? 'bearer' : 'other';
  }
  return auth.type === 'header' && headers[auth.name.toLowerCase()] !== undefined ? 'other' : 'none';
}

export function isAuthorized(headers: IncomingHttpHeaders, auth: SandboxAuth): boolean {
  if (auth.type === 'none') return true;
  if (auth.type === 'header') {
    const value = headers[auth.name.toLowerCase()];
    return typeof value === 'string' && sameSecret(value, auth.token);
  }
  const [, scheme, value] = /^(\S+) +(.+)$/.exec(headers.authorization ?? '') ?? [];
  if (scheme === undefined || value === undefined || scheme.toLowerCase() !== auth.type) return false;
  if (auth.type === 'bearer') return sameSecret(value, auth.token);
  // RFC 7617: user and password in UTF-8, separated by the first colon.
  return sameSecret(Buffer.from(value, 'base64').toString('utf8'), `${auth.username}:${auth.password}`);
}

/** The `WWW-Authenticate` header of a 401. */
export function challenge(auth: SandboxAuth): string {
  return auth.type === 'bearer'
    ? 'Bearer realm="eBill sandbox"'
    : 'Basic realm="eBill sandbox", charset="UTF-8"';
}

/** The environment variables with which ebill authorises itself here. */
export function authEnvironment(auth: SandboxAuth): Record<string, string> {
  switch (auth.type) {
    case 'none':
      return { EBILL_AUTH: 'none' };
    case 'basic':
      return { EBILL_AUTH: 'basic', EBILL_USERNAME: auth.username, EBILL_PASSWORD: auth.password };
    case 'bearer':
      return { EBILL_AUTH: 'bearer', EBILL_TOKEN: auth.token };
    case 'header':
      return { EBILL_AUTH: `header:${auth.name}`, EBILL_TOKEN: auth.token };
  }
}
