import { sameStatusName } from '../batch/phase.ts';
import { sameRecordStatus } from '../batch/record-status.ts';
import type { Phase } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { checkTokenCommand, checkUsername, secretName } from './auth.ts';
import { type ColumnChange, changedColumns, type Pair, sameHeader, withPairs } from './pairs.ts';
import type { AuthKind, Profile, StoredAuth } from './profile.ts';

/** The changes of a call: `undefined` leaves a field as it is, `null` clears it. */
export interface Changes {
  readonly baseUrl: string | undefined;
  readonly organisation: string | null | undefined;
  readonly auth: AuthKind | undefined;
  readonly username: string | undefined;
  readonly tokenCommand: string | null | undefined;
  readonly query: readonly Pair[];
  readonly headers: readonly Pair[];
  readonly statusNames: readonly Pair<Phase>[];
  readonly recordStatus: readonly Pair<'loaded' | 'rejected'>[];
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
    tokenCommand: null,
    query: {},
    headers: {},
    statusNames: {},
    recordStatus: {},
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
 * @throws EbillError `USAGE` for a combination that makes no sense: a username without basic, a token command with it, a key
 *   without its certificate
 */
export function changed(profile: Profile, changes: Changes): Profile {
  const auth = changedAuth(profile.auth, changes);
  const after: Profile = {
    name: profile.name,
    baseUrl: changes.baseUrl ?? profile.baseUrl,
    organisation: given(changes.organisation, profile.organisation),
    auth,
    tokenCommand: changedTokenCommand(profile, auth, changes),
    query: withPairs(profile.query, changes.query),
    headers: withPairs(profile.headers, changes.headers, sameHeader),
    statusNames: withPairs(profile.statusNames, changes.statusNames, sameStatusName),
    recordStatus: withPairs(profile.recordStatus, changes.recordStatus, sameRecordStatus),
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

/** Like a stored token, it does not outlive an authorisation with tokens. */
function changedTokenCommand(before: Profile, auth: StoredAuth, { tokenCommand }: Changes): string | null {
  if (typeof tokenCommand === 'string') return checkTokenCommand(tokenCommand, auth, '--token-command');
  return tokenCommand === null || secretName(auth) !== 'token' ? null : before.tokenCommand;
}

function changedAuth(before: StoredAuth, { auth, username, tokenCommand }: Changes): StoredAuth {
  // A token command alone means bearer, and a username alone basic, as in the environment.
  const implied: AuthKind =
    typeof tokenCommand === 'string'
      ? { type: 'bearer' }
      : username !== undefined
        ? { type: 'basic' }
        : before;
  const kind = auth ?? (before.type === 'none' ? implied : before);
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
