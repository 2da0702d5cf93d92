import type { Auth } from '../api/connection.ts';
import { EbillError } from '../errors.ts';
import type { Environment } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { checkHeaderName, isHeaderText } from './pairs.ts';
import {
  type AuthKind,
  checkOrganisation,
  checkProfileName,
  type Profile,
  type StoredAuth,
} from './profile.ts';

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

/** What the environment says about where and as whom (commands rule 11). */
export interface EnvironmentLayer {
  readonly profile: string | null;
  readonly baseUrl: string | null;
  readonly organisation: string | null;
  readonly auth: AuthKind | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly token: string | null;
}

/**
 * Reads the `EBILL_…` variables. An empty one counts as absent: CI systems set variables without a value to "".
 *
 * @throws EbillError `USAGE` for an `EBILL_AUTH`, `EBILL_USERNAME`, `EBILL_PROFILE` or `EBILL_ORGANISATION` of the wrong form
 */
export function environmentLayer(env: Environment): EnvironmentLayer {
  const profile = env['EBILL_PROFILE'] || null;
  const organisation = env['EBILL_ORGANISATION'] || null;
  const auth = env['EBILL_AUTH'] || null;
  const username = env['EBILL_USERNAME'] || null;
  return {
    profile: profile === null ? null : checkProfileName(profile, 'EBILL_PROFILE'),
    baseUrl: env['EBILL_BASE_URL'] || null,
    organisation: organisation === null ? null : checkOrganisation(organisation, 'EBILL_ORGANISATION'),
    auth: auth === null ? null : parseAuthKind(auth, 'EBILL_AUTH'),
    username: username === null ? null : checkUsername(username, 'EBILL_USERNAME'),
    password: env['EBILL_PASSWORD'] || null,
    token: env['EBILL_TOKEN'] || null,
  };
}

/**
 * How to authorise by the environment alone: `EBILL_AUTH`, else `bearer` with a token, `basic` with a username, `null`
 * with neither. A token in the environment replaces that of a profile, in the profile's own header.
 */
export function environmentAuth(env: EnvironmentLayer, profile: AuthKind | null): AuthKind | null {
  if (env.auth !== null) return env.auth;
  if (env.token !== null) return profile?.type === 'header' ? profile : { type: 'bearer' };
  return env.username === null ? null : { type: 'basic' };
}

/** A profile whose credentials may be sent to this base URL, with its stored secret. */
interface OwnCredentials {
  readonly profile: Profile;
  readonly secret: string | null;
}

/**
 * The credentials to send: environment over profile. A stored secret is used only with the kind and the username it was
 * stored for.
 *
 * @param own `null` when there is no profile, or it is for another origin
 * @throws EbillError `AUTH` when a username or secret is missing, `USAGE` when a secret cannot be sent
 */
export function credentials(env: EnvironmentLayer, own: OwnCredentials | null): Auth {
  const stored = own?.profile.auth ?? null;
  const kind = environmentAuth(env, stored) ?? stored ?? { type: 'none' };
  if (kind.type === 'none') return { type: 'none' };
  const storedSecret = own !== null && stored !== null && sameKind(kind, stored) ? own.secret : null;
  const profile = own?.profile.name ?? null;
  if (kind.type === 'basic') {
    const storedName = stored?.type === 'basic' ? stored.username : null;
    const username = env.username ?? storedName;
    if (username === null) throw missing('username', 'basic', profile);
    const password = env.password ?? (username === storedName ? storedSecret : null);
    if (password === null) throw missing('password', `basic, as ${username}`, profile);
    const source = env.password === null ? `The password of profile ${profile}` : 'EBILL_PASSWORD';
    return { type: 'basic', username, password: checkSecret(password, kind, source) };
  }
  const token = env.token ?? storedSecret;
  if (token === null) throw missing('token', authText(kind), profile);
  checkSecret(token, kind, env.token === null ? `The token of profile ${profile}` : 'EBILL_TOKEN');
  return kind.type === 'bearer' ? { type: 'bearer', token } : { type: 'header', name: kind.name, token };
}

/** Is the stored secret needed, or does the environment replace it? */
export function needsStoredSecret(env: EnvironmentLayer, profile: Profile): boolean {
  const kind = environmentAuth(env, profile.auth) ?? profile.auth;
  if (kind.type === 'none' || !sameKind(kind, profile.auth)) return false;
  return (kind.type === 'basic' ? env.password : env.token) === null;
}

function missing(what: 'username' | 'password' | 'token', auth: string, profile: string | null): EbillError {
  const variable = `EBILL_${what.toUpperCase()}`;
  const option = what === 'username' ? '--auth basic --username U' : `--${what}-stdin`;
  const hint =
    profile === null
      ? `Set ${variable}, or EBILL_AUTH=none for a server that asks for nothing.`
      : `Set ${variable}, or store it: ebill profile set ${profile} ${option}`;
  return new EbillError('AUTH', `No ${what} to authorise with (${auth}).`, { hint });
}
