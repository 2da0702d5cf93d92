import type { Context } from '../system/context.ts';
import { parseAuthKind } from './auth-kind.ts';
import { checkUsername } from './credential-text.ts';
import { checkProfileName } from './name.ts';
import type { AuthKind } from './profile.ts';

/** What the environment says about where and as whom (cli.md, "Environment"). */
export interface EnvironmentLayer {
  readonly profile: string | null;
  readonly baseUrl: string | null;
  readonly auth: AuthKind | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly token: string | null;
}

/**
 * The `EBILL_…` variables; an empty one counts as absent, for CI sets what has no value to nothing.
 *
 * @throws EbillError `USAGE` for an `EBILL_AUTH`, `EBILL_USERNAME` or `EBILL_PROFILE` of the wrong form
 */
export function environmentLayer(env: Context['env']): EnvironmentLayer {
  const profile = env['EBILL_PROFILE'] || null;
  const auth = env['EBILL_AUTH'] || null;
  const username = env['EBILL_USERNAME'] || null;
  return {
    profile: profile === null ? null : checkProfileName(profile, 'EBILL_PROFILE'),
    baseUrl: env['EBILL_BASE_URL'] || null,
    auth: auth === null ? null : parseAuthKind(auth, 'EBILL_AUTH'),
    username: username === null ? null : checkUsername(username, 'EBILL_USERNAME'),
    password: env['EBILL_PASSWORD'] || null,
    token: env['EBILL_TOKEN'] || null,
  };
}

/**
 * How to authorise by the environment alone: `EBILL_AUTH`, else a token means `bearer`, a username means `basic`.
 * `null` when it says nothing. A profile that sends a token in its own way goes on doing so with the environment's.
 */
export function environmentAuth(env: EnvironmentLayer, profile: AuthKind | null): AuthKind | null {
  if (env.auth !== null) return env.auth;
  if (env.token !== null) return profile?.type === 'header' ? profile : { type: 'bearer' };
  return env.username === null ? null : { type: 'basic' };
}
