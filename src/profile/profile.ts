import type { Columns } from '../batch/columns.ts';
import { sameStatusName } from '../batch/phase.ts';
import type { Phase } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { UNSAFE, visible } from '../system/escaping.ts';
import { nearest } from '../system/nearest.ts';
import { checkUsername } from './auth.ts';
import { type ColumnChange, changedColumns, type Pair, sameHeader, withPairs } from './pairs.ts';

/** How requests are authorised, without username or secret (api rule 13). */
export type AuthKind =
  | { readonly type: 'none' }
  | { readonly type: 'basic' }
  | { readonly type: 'bearer' }
  | { readonly type: 'header'; readonly name: string };

/** The same in a profile: with the username, never with the secret. */
export type StoredAuth =
  | Exclude<AuthKind, { readonly type: 'basic' }>
  | { readonly type: 'basic'; readonly username: string };

/** Where and as whom requests are sent, as in `profiles.json`. The secret is in `secrets.ts`. */
export interface Profile {
  readonly name: string;
  readonly baseUrl: string;
  /** Which organisation of a server that has several (api rule 25); `null`: it has one. */
  readonly organisation: string | null;
  readonly auth: StoredAuth;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly statusNames: Readonly<Record<string, Phase>>;
  /** For the checks across files. */
  readonly columns: Columns;
  /** Absolute paths, as are the next two. */
  readonly caFile: string | null;
  readonly clientCert: string | null;
  readonly clientKey: string | null;
  readonly proxy: string | null;
  readonly allowInsecure: boolean;
  readonly production: boolean;
}

/** All profiles of this machine. */
export interface Profiles {
  /** The default profile; `null`: none. */
  readonly current: string | null;
  readonly all: ReadonlyMap<string, Profile>;
}

export const NO_PROFILES: Profiles = { current: null, all: new Map() };

/** Profile names in the order in which they are shown and stored. */
export function namesOf(profiles: Profiles): readonly string[] {
  return [...profiles.all.keys()].sort();
}

// A letter or digit first: no name is an option, a hidden file or `__proto__`.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;

export function isProfileName(text: string): boolean {
  return NAME.test(text);
}

/**
 * @param source of the name, for the message: `--profile`, `EBILL_PROFILE` …
 * @returns the name as given
 * @throws EbillError `USAGE`
 */
export function checkProfileName(text: string, source = 'The name'): string {
  if (isProfileName(text)) return text;
  throw new EbillError('USAGE', `${source}: "${visible(text.slice(0, 80))}" cannot be a profile's name.`, {
    hint: 'Use 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit.',
  });
}

/**
 * @param source of the name, for the message
 * @returns the name without spaces around it
 * @throws EbillError `USAGE`
 */
export function checkOrganisation(text: string, source: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= 100 && name.search(UNSAFE) < 0) return name;
  throw new EbillError(
    'USAGE',
    `${source}: "${visible(name.slice(0, 80))}" cannot be the name of an organisation.`,
    { hint: 'Give 1 to 100 characters, without control characters.' },
  );
}

/** @throws EbillError USAGE, with the names there are */
export function profileNamed(profiles: Profiles, name: string): Profile {
  const profile = profiles.all.get(name);
  if (profile === undefined) throw unknownProfile(name, namesOf(profiles));
  return profile;
}

/** The error for a profile that does not exist, with the closest name. */
export function unknownProfile(name: string, known: readonly string[]): EbillError {
  const match = nearest(name, known);
  const question = match === null ? '' : ` Did you mean ${match}?`;
  const hint =
    known.length === 0
      ? `There are no profiles yet: ebill profile add ${name} --base-url https://…`
      : `Profiles: ${known.join(', ')}. To add one: ebill profile add ${name} --base-url https://…`;
  return new EbillError('USAGE', `There is no profile "${name}".${question}`, { hint });
}

/** The changes of a call: `undefined` leaves a field as it is, `null` clears it. */
export interface Changes {
  readonly baseUrl: string | undefined;
  readonly organisation: string | null | undefined;
  readonly auth: AuthKind | undefined;
  readonly username: string | undefined;
  readonly query: readonly Pair[];
  readonly headers: readonly Pair[];
  readonly statusNames: readonly Pair<Phase>[];
  readonly columns: readonly ColumnChange[];
  /** Absolute paths, as are the next two. */
  readonly caFile: string | null | undefined;
  readonly clientCert: string | null | undefined;
  readonly clientKey: string | null | undefined;
  readonly proxy: string | null | undefined;
  readonly allowInsecure: boolean | undefined;
  readonly production: boolean | undefined;
}

/** A profile with a name and a base URL only. */
export function newProfile(name: string, baseUrl: string): Profile {
  return {
    name,
    baseUrl,
    organisation: null,
    auth: { type: 'none' },
    query: {},
    headers: {},
    statusNames: {},
    columns: {},
    caFile: null,
    clientCert: null,
    clientKey: null,
    proxy: null,
    allowInsecure: false,
    production: false,
  };
}

/**
 * The profile with the changes made.
 *
 * @throws EbillError `USAGE` for a combination that makes no sense: a username without basic, a key without its certificate
 */
export function changed(profile: Profile, changes: Changes): Profile {
  const after: Profile = {
    name: profile.name,
    baseUrl: changes.baseUrl ?? profile.baseUrl,
    organisation: given(changes.organisation, profile.organisation),
    auth: changedAuth(profile.auth, changes),
    query: withPairs(profile.query, changes.query),
    headers: withPairs(profile.headers, changes.headers, sameHeader),
    statusNames: withPairs(profile.statusNames, changes.statusNames, sameStatusName),
    columns: changedColumns(profile.columns, changes.columns),
    caFile: given(changes.caFile, profile.caFile),
    clientCert: given(changes.clientCert, profile.clientCert),
    clientKey: given(changes.clientKey, profile.clientKey),
    proxy: given(changes.proxy, profile.proxy),
    allowInsecure: changes.allowInsecure ?? profile.allowInsecure,
    production: changes.production ?? profile.production,
  };
  if (after.clientKey !== null && after.clientCert === null) {
    throw new EbillError('USAGE', 'A client key needs its certificate.', {
      hint: 'Give both: --client-cert FILE --client-key FILE.',
    });
  }
  return after;
}

function given<Value>(change: Value | undefined, before: Value): Value {
  return change === undefined ? before : change;
}

function changedAuth(before: StoredAuth, { auth, username }: Changes): StoredAuth {
  // A username alone means basic, as in the environment.
  const kind = auth ?? (username !== undefined && before.type === 'none' ? { type: 'basic' } : before);
  if (kind.type !== 'basic') {
    if (username === undefined) return kind;
    throw new EbillError('USAGE', `A username is for basic authorisation, not for ${kind.type}.`, {
      hint: 'Add --auth basic, or leave --username out.',
    });
  }
  const name = username ?? (before.type === 'basic' ? before.username : undefined);
  if (name === undefined) {
    throw new EbillError('USAGE', 'Basic authorisation needs a username.', { hint: 'Add --username U.' });
  }
  return { type: 'basic', username: checkUsername(name, '--username') };
}
