import { type Auth, type Connection, type TokenCommand, tokenCommandSource } from '../api/connection.ts';
import { EbillError } from '../errors.ts';
import { addConnectionSecrets } from '../redact/known-secrets.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Context, Environment } from '../system/context.ts';
import {
  authText,
  checkSecret,
  checkSecure,
  checkTokenCommand,
  checkUsername,
  originOf,
  parseAuthKind,
  parseBaseUrl,
  sameKind,
} from './auth.ts';
import {
  type AuthKind,
  checkOrganisation,
  checkProfileName,
  namesOf,
  type Profile,
  type Profiles,
  profileNamed,
  type StoredAuth,
} from './profile.ts';
import { getSecret, type StoredSecret } from './secrets.ts';
import { loadProfiles } from './store.ts';

/** `--profile` and `--base-url`; `GlobalOptions` fits. */
export interface ConnectionOptions {
  readonly profile: string | null;
  readonly baseUrl: string | null;
}

/** What decides where and as whom, strongest first: option over environment over profile over default. */
export interface Layers {
  readonly options: ConnectionOptions;
  readonly env: EnvironmentLayer;
  /** The profile that `profileToUse` names, with its secret. */
  readonly stored: { readonly profile: Profile; readonly secret: string | null } | null;
}

export interface Resolved {
  readonly connection: Connection;
  /** Where the password or token comes from: `token from EBILL_TOKEN`; `null`: none is sent. */
  readonly secret: string | null;
  /** For the user, on stderr. */
  readonly warnings: readonly string[];
}

/**
 * The profile to use: the named one; the default one when neither a name nor a base URL is given; else none. The
 * environment alone is a complete set-up, so its base URL, or that of an option, is not combined with the default profile.
 */
export function profileToUse(
  options: ConnectionOptions,
  env: EnvironmentLayer,
): { readonly name: string } | 'default' | 'none' {
  const name = options.profile ?? env.profile;
  if (name !== null) return { name };
  return (options.baseUrl ?? env.baseUrl) === null ? 'default' : 'none';
}

/**
 * Combines the layers into a connection. A profile's credentials (auth, secret, headers, query, client certificate) and its
 * `allowInsecure` are for the origin of its own base URL: with another base URL they are left out, with a warning. Its
 * proxy, CA file, status names and `production` are no credentials and remain.
 *
 * @throws EbillError `USAGE` without a usable base URL, `AUTH` as `credentials`
 */
export function resolve(layers: Layers): Resolved {
  const { options, env, stored } = layers;
  const profile = stored?.profile ?? null;
  const baseUrl = baseUrlOf(layers);
  const own = stored !== null && originOf(stored.profile.baseUrl) === originOf(baseUrl) ? stored : null;
  checkSecure(baseUrl, own?.profile.allowInsecure ?? false, own?.profile.name ?? null);
  const { auth, from: secret } = credentials(env, own);
  const connection: Connection = {
    profile: profile?.name ?? null,
    baseUrl,
    organisation: env.organisation ?? own?.profile.organisation ?? null,
    auth,
    query: own?.profile.query ?? {},
    headers: own?.profile.headers ?? {},
    statusNames: profile?.statusNames ?? {},
    recordStatus: profile?.recordStatus ?? {},
    caFile: profile?.caFile ?? null,
    clientCert: own?.profile.clientCert ?? null,
    clientKey: own?.profile.clientKey ?? null,
    proxy: profile?.proxy ?? null,
    allowInsecure: own?.profile.allowInsecure ?? false,
    production: profile?.production ?? false,
  };
  if (profile === null || own !== null) return { connection, secret, warnings: [] };
  const source = options.baseUrl === null ? 'EBILL_BASE_URL' : '--base-url';
  return {
    connection,
    secret,
    warnings: [
      `Profile ${profile.name} is for ${originOf(profile.baseUrl)}: its credentials, headers and query are not sent ` +
        `to ${originOf(baseUrl)} (${source}).`,
    ],
  };
}

/**
 * The connection of a call. Its secrets are added to `redactor`. The profile files are read only when a profile is used.
 *
 * @throws EbillError `USAGE` without a base URL, for an unknown profile or an invalid file; `AUTH` as `credentials`
 */
export async function resolveConnection(
  context: Context,
  options: ConnectionOptions,
  redactor: Redactor,
): Promise<Resolved> {
  const env = environmentLayer(context.env);
  for (const secret of [env.password, env.token]) if (secret !== null) redactor.add(secret);
  const choice = profileToUse(options, env);
  const profile = choice === 'none' ? null : find(choice, options, await loadProfiles(context));
  if (profile === null) return registered(resolve({ options, env, stored: null }), redactor);
  const stored: StoredSecret = needsStoredSecret(env, profile)
    ? await getSecret(context, profile.name)
    : { value: null, warning: null };
  const { value: secret, warning } = stored;
  if (secret !== null) redactor.add(secret);
  const resolved = registered(
    withReason(stored, () => resolve({ options, env, stored: { profile, secret } })),
    redactor,
  );
  return warning === null ? resolved : { ...resolved, warnings: [...resolved.warnings, warning] };
}

/** Adds to "no token" why the keychain does not return it. */
function withReason({ lost }: StoredSecret, work: () => Resolved): Resolved {
  try {
    return work();
  } catch (error) {
    if (lost === undefined || !(error instanceof EbillError) || error.code !== 'AUTH') throw error;
    const why = `${lost.charAt(0).toUpperCase()}${lost.slice(1)}.`;
    throw new EbillError('AUTH', `${why} ${error.message}`, { hint: error.hint, cause: error });
  }
}

function registered(resolved: Resolved, redactor: Redactor): Resolved {
  addConnectionSecrets(resolved.connection, redactor);
  return resolved;
}

/** The server that a command would use, without credentials; `null` when nothing names one. @throws EbillError USAGE */
export function serverInUse(
  { baseUrl: option }: Pick<ConnectionOptions, 'baseUrl'>,
  env: EnvironmentLayer,
  profile: Profile | null,
): Pick<Connection, 'profile' | 'baseUrl' | 'organisation'> | null {
  if (option === null && env.baseUrl === null && profile === null) return null;
  const baseUrl = baseUrlOf({
    options: { baseUrl: option, profile: null },
    env,
    stored: profile === null ? null : { profile, secret: null },
  });
  const isOwn = profile !== null && originOf(profile.baseUrl) === originOf(baseUrl);
  const organisation = env.organisation ?? (isOwn ? profile.organisation : null);
  return { profile: profile?.name ?? null, baseUrl, organisation };
}

function baseUrlOf({ options, env, stored }: Layers): string {
  if (options.baseUrl !== null) return parseBaseUrl(options.baseUrl, '--base-url');
  if (env.baseUrl !== null) return parseBaseUrl(env.baseUrl, 'EBILL_BASE_URL');
  if (stored !== null) return parseBaseUrl(stored.profile.baseUrl, `Profile ${stored.profile.name}`);
  throw noBaseUrl([]);
}

function find(
  choice: { readonly name: string } | 'default',
  options: ConnectionOptions,
  profiles: Profiles,
): Profile {
  const known = namesOf(profiles);
  const source = options.profile === null ? 'EBILL_PROFILE' : '--profile';
  const name = choice === 'default' ? profiles.current : checkProfileName(choice.name, source);
  if (name === null) throw noBaseUrl(known);
  return profileNamed(profiles, name);
}

function noBaseUrl(known: readonly string[]): EbillError {
  const hint =
    known.length > 0
      ? `Choose a profile (${known.join(', ')}) with --profile or: ebill profile use NAME`
      : 'Set EBILL_BASE_URL, or add a profile: ebill profile add NAME --base-url https://HOST. To rehearse against a local server: ebill sandbox';
  return new EbillError(
    'USAGE',
    'No base URL: no option, environment variable or profile names an eBill server.',
    { hint },
  );
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
  /** Prints the token; a token in the environment takes precedence. */
  readonly tokenCommand: string | null;
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
    tokenCommand: env['EBILL_TOKEN_COMMAND'] || null,
  };
}

/**
 * How to authorise by the environment alone: `EBILL_AUTH`, else `bearer` with a token or a token command, `basic` with a
 * username, `null` with neither. A token in the environment replaces that of a profile, in the profile's own header.
 */
export function environmentAuth(env: EnvironmentLayer, profile: AuthKind | null): AuthKind | null {
  if (env.auth !== null) return env.auth;
  if (env.token !== null || env.tokenCommand !== null)
    return profile?.type === 'header' ? profile : { type: 'bearer' };
  return env.username === null ? null : { type: 'basic' };
}

/** A profile whose credentials may be sent to this base URL, with its stored secret. */
interface OwnCredentials {
  readonly profile: Profile;
  readonly secret: string | null;
}

interface CredentialsFrom {
  readonly auth: Auth;
  /** Where the password or token comes from, in words; `null`: none is sent. */
  readonly from: string | null;
}

/**
 * The credentials to send: environment over profile, `EBILL_TOKEN` over `EBILL_TOKEN_COMMAND`, the command of a profile over
 * a token stored for it. A stored secret and a command are used only with the kind and the username they were set for.
 *
 * @param own `null` when there is no profile, or it is for another origin
 * @throws EbillError `AUTH` when a username or secret is missing, `USAGE` when a secret cannot be sent
 */
function credentials(env: EnvironmentLayer, own: OwnCredentials | null): CredentialsFrom {
  const stored = own?.profile.auth ?? null;
  const kind = environmentAuth(env, stored) ?? stored ?? { type: 'none' };
  if (kind.type === 'none') return { auth: { type: 'none' }, from: null };
  if (env.tokenCommand !== null) checkTokenCommand(env.tokenCommand, kind, tokenCommandSource(null));
  const storedSecret = own !== null && stored !== null && sameKind(kind, stored) ? own.secret : null;
  const profile = own?.profile.name ?? null;
  if (kind.type === 'basic') {
    const storedName = stored?.type === 'basic' ? stored.username : null;
    const username = env.username ?? storedName;
    if (username === null) throw missing('username', 'basic', profile);
    const password = env.password ?? (username === storedName ? storedSecret : null);
    if (password === null) throw missing('password', `basic, as ${username}`, profile);
    const source = env.password === null ? `The password of profile ${profile}` : 'EBILL_PASSWORD';
    checkSecret(password, kind, source);
    const from = env.password === null ? `password stored for ${profile}` : `password from ${source}`;
    return { auth: { type: 'basic', username, password }, from };
  }
  const token = env.token ?? tokenCommand(env, own, kind) ?? storedSecret;
  if (token === null) throw missing('token', authText(kind), profile);
  const auth: Auth =
    kind.type === 'bearer' ? { type: 'bearer', token } : { type: 'header', name: kind.name, token };
  if (typeof token !== 'string')
    return { auth, from: `token from the command of ${tokenCommandSource(token.profile)}` };
  checkSecret(token, kind, env.token === null ? `The token of profile ${profile}` : 'EBILL_TOKEN');
  return { auth, from: env.token === null ? `token stored for ${profile}` : 'token from EBILL_TOKEN' };
}

/** The command that prints the token: of the environment, else of the profile, for the kind that it was set for. */
function tokenCommand(
  env: EnvironmentLayer,
  own: OwnCredentials | null,
  kind: AuthKind | StoredAuth,
): TokenCommand | null {
  if (env.tokenCommand !== null) return { command: env.tokenCommand.trim(), profile: null };
  if (own === null || own.profile.tokenCommand === null || !sameKind(kind, own.profile.auth)) return null;
  return { command: own.profile.tokenCommand, profile: own.profile.name };
}

/** Is the stored secret needed, or does the environment replace it? */
export function needsStoredSecret(env: EnvironmentLayer, profile: Profile): boolean {
  const kind = environmentAuth(env, profile.auth) ?? profile.auth;
  if (kind.type === 'none' || !sameKind(kind, profile.auth)) return false;
  if (kind.type === 'basic') return env.password === null;
  return env.token === null && env.tokenCommand === null && profile.tokenCommand === null;
}

function missing(what: 'username' | 'password' | 'token', auth: string, profile: string | null): EbillError {
  const variable = `EBILL_${what.toUpperCase()}`;
  const command = what === 'token' ? ', or EBILL_TOKEN_COMMAND to a command that prints it' : '';
  const option = { username: '--auth basic --username U', password: '--auth basic', token: `--auth ${auth}` }[
    what
  ];
  const hint =
    profile === null
      ? `Set ${variable}${command}, or EBILL_AUTH=none for a server that asks for nothing.`
      : `Set ${variable}, or store it: ebill profile set ${profile} ${option}`;
  return new EbillError('AUTH', `No ${what} to authorise with (${auth}).`, { hint });
}
