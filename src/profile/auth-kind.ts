import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { checkHeaderName } from './header.ts';
import type { AuthKind, StoredAuth } from './profile.ts';

/**
 * `basic`, `bearer`, `none`, or `header:NAME`, whose header carries the token (cli.md, "Environment").
 *
 * @param source where it was given, for the message
 * @throws EbillError `USAGE` for anything else
 */
export function parseAuthKind(text: string, source: string): AuthKind {
  const [kind = '', ...rest] = text.split(':');
  const type = kind.toLowerCase();
  if (rest.length === 0 && (type === 'basic' || type === 'bearer' || type === 'none')) return { type };
  if (type === 'header' && rest.length > 0) {
    const name = rest.join(':').trim();
    // `Authorization` is fine here: some servers want a bare token in it.
    return { type, name: name.toLowerCase() === 'authorization' ? name : checkHeaderName(name, source) };
  }
  throw new EbillError('USAGE', `${source}: "${visible(text.slice(0, 80))}" is no way to authorise.`, {
    hint: 'Use basic, bearer, header:NAME or none.',
  });
}

/** The kind as it is written: `header:X-Api-Key`. */
export function authText(auth: AuthKind | StoredAuth): string {
  return auth.type === 'header' ? `header:${auth.name}` : auth.type;
}

/** Do two kinds carry the same kind of secret, in the same place? Only then may one's secret serve the other. */
export function sameKind(a: AuthKind | StoredAuth, b: AuthKind | StoredAuth): boolean {
  return authText(a).toLowerCase() === authText(b).toLowerCase();
}

/** What people call the kind's secret. */
export function secretName(auth: AuthKind | StoredAuth): 'password' | 'token' | null {
  if (auth.type === 'none') return null;
  return auth.type === 'basic' ? 'password' : 'token';
}
