import type { Columns } from '../batch/columns.ts';
import type { RecordStatusMap } from '../batch/record-status.ts';
import type { Phase } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { UNSAFE, visible } from '../system/escaping.ts';
import { nearest } from '../system/nearest.ts';

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
  /** Prints the token for bearer or a header; `null`: none, the token is stored. */
  readonly tokenCommand: string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly statusNames: Readonly<Record<string, Phase>>;
  readonly recordStatus: RecordStatusMap;
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
