import type { Auth } from '../api/connection.ts';
import { EbillError } from '../errors.ts';
import type { Environment } from '../system/context.ts';
import { authText, checkSecret, checkUsername, parseAuthKind, sameKind } from './auth.ts';
import { type AuthKind, checkOrganisation, checkProfileName, type Profile } from './profile.ts';

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
