import { displayProxy } from '../../api/net/proxy.ts';
import { EbillError } from '../../errors.ts';
import { askSecret, readStdinSecret } from '../../output/prompt.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import type { Theme } from '../../output/theme.ts';
import { authText, checkSecret, secretName } from '../../profile/auth.ts';
import { masked } from '../../profile/pairs.ts';
import type { Profile, Profiles } from '../../profile/profile.ts';
import type { EnvironmentLayer } from '../../profile/resolve.ts';
import { removeSecret, secretsPath, setSecret } from '../../profile/secrets.ts';
import { changeProfiles } from '../../profile/store.ts';
import { visible } from '../../system/escaping.ts';
import { type App, type CommandResult, EMPTY_RESULT } from '../shared/command.ts';

/** A profile as `--json` and `profile show` print it: a whitelist without secrets (commands rule 4). */
export interface ProfileView extends Omit<Profile, 'auth' | 'statusNames'> {
  readonly current: boolean;
  readonly auth: string;
  readonly username: string | null;
  readonly statusNames: Readonly<Record<string, string>>;
}

export function profileView(profile: Profile, current: string | null): ProfileView {
  return {
    name: profile.name,
    current: profile.name === current,
    baseUrl: profile.baseUrl,
    organisation: profile.organisation,
    auth: authText(profile.auth),
    username: profile.auth.type === 'basic' ? profile.auth.username : null,
    tokenCommand: profile.tokenCommand,
    query: masked(profile.query),
    headers: masked(profile.headers),
    statusNames: { ...profile.statusNames },
    recordStatus: profile.recordStatus,
    columns: profile.columns,
    caFile: profile.caFile,
    clientCert: profile.clientCert,
    clientKey: profile.clientKey,
    proxy: profile.proxy === null ? null : displayProxy(profile.proxy),
    allowInsecure: profile.allowInsecure,
    production: profile.production,
  };
}

/** The result of every `profile` command; it has no load and no batches. */
export function profileResult(
  { width }: Pick<Theme, 'width'>,
  profile: string | null,
  text: string,
  more: Pick<CommandResult, 'extra' | 'next' | 'requests'> = {},
): CommandResult {
  const lines = text.split('\n').map((line) => hangingIndent('', line, width, 2));
  return { ...EMPTY_RESULT, profile, text: lines.join('\n'), ...more };
}

/** One line: `prod: https://ebill.example.com (basic as loader, production)`. */
export function summary(profile: Profile): string {
  const who = profile.auth.type === 'basic' ? ` as ${profile.auth.username}` : '';
  const production = profile.production ? ', production' : '';
  const of = profile.organisation === null ? '' : ` for ${profile.organisation}`;
  return visible(`${profile.name}: ${profile.baseUrl}${of} (${authText(profile.auth)}${who}${production})`);
}

/** A secret, and what its option pipes in. */
export interface SecretSource {
  /** The secret that standard input holds, as declared by an option. */
  readonly stdin: 'password' | 'token' | null;
  /** The command line up to `--token-stdin`, and how to be prompted instead, for hints. */
  readonly command: string;
  readonly prompted: string;
  /** Whether a secret is stored that stays when none is given. */
  readonly stored: () => Promise<boolean>;
}

/**
 * Reads the secret a profile needs: from standard input, else the environment, else a prompt on a terminal, never from
 * an argument.
 * @returns `null` when there is none, or the prompt was left empty
 * @throws EbillError USAGE when the profile takes another kind of secret, or this one cannot be sent in a header
 */
export async function gatherSecret(
  app: App,
  profile: Profile,
  source: SecretSource,
  env: EnvironmentLayer,
): Promise<string | null> {
  const { stdin } = source;
  const kind = secretName(profile.auth);
  if (stdin !== null && stdin !== kind) throw mismatch(profile, stdin);
  if (kind === null || profile.tokenCommand !== null || app.globals.dryRun) return null;
  const fromEnvironment = kind === 'password' ? env.password : env.token;
  const found = await readSecret(app, profile, kind, source, fromEnvironment);
  if (found === null) return null;
  app.redactor.add(found.secret);
  return checkSecret(found.secret, profile.auth, found.source);
}

async function readSecret(
  app: App,
  profile: Profile,
  kind: 'password' | 'token',
  { stdin, command, prompted, stored }: SecretSource,
  fromEnvironment: string | null,
): Promise<{ readonly secret: string; readonly source: string } | null> {
  const variable = `EBILL_${kind.toUpperCase()}`;
  if (stdin !== null) {
    const option = `--${stdin}-stdin`;
    const pipe = `printf %s "$${kind.toUpperCase()}" | ${command} ${option}`;
    return { secret: await readStdinSecret(app.context, { kind, pipe, prompted }), source: option };
  }
  if (fromEnvironment !== null) {
    app.ui.note(`Using the ${kind} from ${variable}.`);
    return { secret: fromEnvironment, source: variable };
  }
  if (!app.ui.interactive) return null;
  const user = profile.auth.type === 'basic' ? ` of ${profile.auth.username}` : '';
  const enter = (await stored())
    ? `keep the stored ${kind}`
    : `store no ${kind} and set ${variable} at each call`;
  app.ui.note(`Your input is hidden. Press Enter to ${enter}.`);
  app.ui.end();
  const typed = await askSecret(
    app.context,
    `The ${kind}${user} for ${profile.baseUrl}:`,
    problemOf((text) => checkSecret(text, profile.auth, `The ${kind}`)),
  );
  return typed === '' ? null : { secret: typed, source: `The ${kind}` };
}

function mismatch({ auth }: Profile, stdin: 'password' | 'token'): EbillError {
  return new EbillError('USAGE', `--${stdin}-stdin cannot be used with ${authText(auth)}.`, {
    hint:
      stdin === 'password'
        ? 'Use a password with basic: --auth basic --username U --password-stdin.'
        : 'Use a token with bearer or a header: --auth bearer --token-stdin.',
  });
}

/** A check that throws, as a prompt's validator: the error with its hint, or `null`. */
export function problemOf(check: (text: string) => unknown): (text: string) => string | null {
  return (text) => {
    try {
      check(text);
      return null;
    } catch (error) {
      if (error instanceof EbillError) return `${error.message} ${error.hint}`;
      throw error;
    }
  };
}

export type SecretChange = { readonly set: string } | 'remove' | 'leave';

/** A profile to save, and the default profile from then on. */
interface ToSave {
  readonly profile: Profile;
  readonly secret: SecretChange;
  readonly current: string | null;
}

/**
 * Saves a profile and its secret. The secret comes first: killed between the two, the same command overwrites a secret
 * without a profile, and a profile never gets the secret of another.
 * @param change makes the profile from those in the file, which may have changed since they were shown
 */
export function saveProfile(app: App, change: (profiles: Profiles) => ToSave): Promise<Profiles> {
  return changeProfiles(app.context, async (profiles) => {
    const { profile, secret, current } = change(profiles);
    if (secret === 'remove') await forgetSecret(app, profile.name);
    else if (secret !== 'leave') await storeSecret(app, profile.name, secret.set);
    return { current, all: new Map(profiles.all).set(profile.name, profile) };
  });
}

async function storeSecret({ context, ui }: App, name: string, secret: string): Promise<void> {
  const kept = await setSecret(context, name, secret);
  ui.note(
    kept.where === 'keychain'
      ? "The secret is stored in this machine's keychain."
      : `The secret is stored in ${secretsPath(context)}, readable only by you (${kept.why}).`,
  );
}

/** Removes the secret from the keychain and the file, and warns about what could not be removed. */
export async function forgetSecret({ context, ui }: App, name: string): Promise<void> {
  const warning = await removeSecret(context, name);
  if (warning !== null) ui.warn(warning);
}

/** @returns whether the profile needs a secret, so that the warning was given */
export function warnOfMissingSecret(app: App, profile: Profile): boolean {
  const kind = secretName(profile.auth);
  if (kind === null || profile.tokenCommand !== null) return false;
  app.ui.warn(
    `No ${kind} is stored for ${profile.name}.`,
    `Set EBILL_${kind.toUpperCase()} at each call, or store one: ${storingCommand(app, profile)}`,
  );
  return true;
}

/** Stores another secret in a profile: asks for it on a terminal. */
export function storingCommand({ ui }: App, { name, auth }: Profile): string {
  return `ebill profile set ${name} ${ui.interactive ? `--auth ${authText(auth)}` : `--${secretName(auth)}-stdin`}`;
}
