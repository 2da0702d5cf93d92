import type { Connection } from '../api/connection.ts';
import { EbillError } from '../errors.ts';
import { addConnectionSecrets } from '../redact/known-secrets.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Context } from '../system/context.ts';
import { checkSecure, originOf, parseBaseUrl } from './base-url.ts';
import { credentials, needsStoredSecret } from './credentials.ts';
import { type EnvironmentLayer, environmentLayer } from './environment.ts';
import { checkProfileName, unknownProfile } from './name.ts';
import { namesOf, type Profile, type Profiles } from './profile.ts';
import { getSecret, type StoredSecret } from './secrets.ts';
import { loadProfiles } from './store.ts';

/** `--profile` and `--base-url`; the global options fit as they are. */
export interface ConnectionOptions {
  readonly profile: string | null;
  readonly baseUrl: string | null;
}

/** Everything that says where and as whom, strongest first: option over environment over profile over default. */
export interface Layers {
  readonly options: ConnectionOptions;
  readonly env: EnvironmentLayer;
  /** The profile that is asked (see `profileAsked`), with its secret. */
  readonly stored: { readonly profile: Profile; readonly secret: string | null } | null;
}

export interface Resolved {
  readonly connection: Connection;
  /** For people, on stderr. */
  readonly warnings: readonly string[];
}

/**
 * Which profile is asked for what options and environment leave open: the named one; without a name and without a
 * base URL the one in use; none otherwise. "The environment alone is a complete set-up" (cli.md, "Environment"): a
 * base URL given there, or as option, is not mixed with whatever profile happens to be in use on this machine.
 */
export function profileAsked(
  options: ConnectionOptions,
  env: EnvironmentLayer,
): { readonly name: string } | 'in use' | 'none' {
  const name = options.profile ?? env.profile;
  if (name !== null) return { name };
  return (options.baseUrl ?? env.baseUrl) === null ? 'in use' : 'none';
}

/**
 * Layers → connection, purely. A profile's credentials (auth, secret, headers, query, client certificate) and its
 * `allowInsecure` hold for its own base URL's origin alone: with another base URL over it they are left out, with a
 * warning. Its proxy, CA file, status names and `production` are no credentials, and stay.
 *
 * @throws EbillError `USAGE` for no or an unusable base URL, `AUTH` when something to authorise with is missing
 */
export function resolve(layers: Layers): Resolved {
  const { options, env, stored } = layers;
  const profile = stored?.profile ?? null;
  const baseUrl = baseUrlOf(layers);
  const own = stored !== null && originOf(stored.profile.baseUrl) === originOf(baseUrl) ? stored : null;
  checkSecure(baseUrl, own?.profile.allowInsecure ?? false, own?.profile.name ?? null);
  const connection: Connection = {
    profile: profile?.name ?? null,
    baseUrl,
    auth: credentials(env, own),
    query: own?.profile.query ?? {},
    headers: own?.profile.headers ?? {},
    statusNames: profile?.statusNames ?? {},
    caFile: profile?.caFile ?? null,
    clientCert: own?.profile.clientCert ?? null,
    clientKey: own?.profile.clientKey ?? null,
    proxy: profile?.proxy ?? null,
    allowInsecure: own?.profile.allowInsecure ?? false,
    production: profile?.production ?? false,
  };
  if (profile === null || own !== null) return { connection, warnings: [] };
  const source = options.baseUrl === null ? 'EBILL_BASE_URL' : '--base-url';
  return {
    connection,
    warnings: [
      `Profile ${profile.name} is for ${originOf(profile.baseUrl)}: its credentials, headers and query are not sent ` +
        `to ${originOf(baseUrl)}, which ${source} says.`,
    ],
  };
}

/**
 * Where and as whom this call goes. Secrets found are made known to `redactor`.
 * The profile files are opened only when a profile is asked (`profileAsked`).
 *
 * @throws EbillError `USAGE` for no base URL, an unknown profile or a broken file; `AUTH` as `resolve`
 */
export async function resolveConnection(
  context: Context,
  options: ConnectionOptions,
  redactor: Redactor,
): Promise<Resolved> {
  const env = environmentLayer(context.env);
  for (const secret of [env.password, env.token]) if (secret !== null) redactor.add(secret);
  const asked = profileAsked(options, env);
  const profile = asked === 'none' ? null : find(asked, options, await loadProfiles(context));
  if (profile === null) return registered(resolve({ options, env, stored: null }), redactor);
  const stored: StoredSecret = needsStoredSecret(env, profile)
    ? await getSecret(context, profile.name)
    : { value: null, warning: null };
  const { value: secret, warning } = stored;
  if (secret !== null) redactor.add(secret);
  const { connection, warnings } = registered(
    explained(stored, () => resolve({ options, env, stored: { profile, secret } })),
    redactor,
  );
  return { connection, warnings: warning === null ? warnings : [...warnings, warning] };
}

/** Why a secret is not to be had says more than that there is none. */
function explained({ lost }: StoredSecret, work: () => Resolved): Resolved {
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

function baseUrlOf({ options, env, stored }: Layers): string {
  if (options.baseUrl !== null) return parseBaseUrl(options.baseUrl, '--base-url');
  if (env.baseUrl !== null) return parseBaseUrl(env.baseUrl, 'EBILL_BASE_URL');
  if (stored !== null) return parseBaseUrl(stored.profile.baseUrl, `Profile ${stored.profile.name}`);
  throw noBaseUrl([]);
}

function find(
  asked: { readonly name: string } | 'in use',
  options: ConnectionOptions,
  profiles: Profiles,
): Profile {
  const known = namesOf(profiles);
  const source = options.profile === null ? 'EBILL_PROFILE' : '--profile';
  const name = asked === 'in use' ? profiles.current : checkProfileName(asked.name, source);
  if (name === null) throw noBaseUrl(known);
  const profile = profiles.all.get(name);
  if (profile === undefined) throw unknownProfile(name, known);
  return profile;
}

function noBaseUrl(known: readonly string[]): EbillError {
  const hint =
    known.length > 0
      ? `Choose a profile (${known.join(', ')}) with --profile or: ebill profile use NAME`
      : 'Add a profile: ebill profile add NAME --base-url https://…, set EBILL_BASE_URL, or rehearse with: ebill sandbox';
  return new EbillError('USAGE', 'No base URL: nothing says which eBill server to talk to.', { hint });
}
