import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, messageOf } from '../errors.ts';
import { writeAtomic } from '../system/atomic-file.ts';
import type { Context } from '../system/context.ts';
import { FILE_VERSION, fieldsOf, invalidFile, makeFolder, parseFile, storageError, textOf } from './store.ts';

/** A profile's secret, as found. */
export interface StoredSecret {
  /** `null`: none is stored, or the keychain does not return it. */
  readonly value: string | null;
  /** For the user: others on this machine can read or replace the file, or the keychain does not return the secret. */
  readonly warning: string | null;
  /** Why the keychain does not return a secret that was stored in it. */
  readonly lost?: string;
}

/** Where a secret was stored; `why`: the reason, for users, that it is not the keychain. */
export type Kept = { readonly where: 'keychain' } | { readonly where: 'file'; readonly why: string };

/** The path of the file of secrets, for messages. */
export function secretsPath(context: Context): string {
  return join(context.paths.config, 'secrets.json');
}

/**
 * The password or token of a profile, from the keychain or the file.
 *
 * @throws EbillError `USAGE` when the file cannot be read or is invalid; the message contains nothing of it
 */
export async function getSecret(context: Context, profile: string): Promise<StoredSecret> {
  const { secrets, keychain } = await load(context);
  if (keychain.has(profile)) return fromKeychain(context, profile);
  const value = secrets.get(profile) ?? null;
  return { value, warning: value === null ? null : await exposure(context) };
}

/** Is a profile's secret in the keychain? @throws EbillError `USAGE` as `getSecret` */
export async function isInKeychain(context: Context, profile: string): Promise<boolean> {
  return (await load(context)).keychain.has(profile);
}

/**
 * Stores a profile's password or token: in the keychain, else in the file. Only within `changeProfiles`, which locks.
 *
 * @throws EbillError `USAGE` when the file cannot be read or written or is invalid
 */
export async function setSecret(context: Context, profile: string, secret: string): Promise<Kept> {
  const stored = await load(context);
  const place = await toKeychain(context, profile, secret);
  if (place.where === 'keychain') {
    stored.secrets.delete(profile);
    stored.keychain.add(profile);
  } else {
    stored.keychain.delete(profile);
    stored.secrets.set(profile, secret);
  }
  // Also without a change: a new file has the right permissions.
  await save(context, stored);
  return place;
}

/**
 * Removes a profile's password or token, if it has one. Only within `changeProfiles`, which locks.
 *
 * @returns for the user, what remains in a keychain that cannot be used; `null`: nothing
 * @throws EbillError `USAGE` when the file cannot be read or written or is invalid
 */
export async function removeSecret(context: Context, profile: string): Promise<string | null> {
  const stored = await load(context);
  const remaining = stored.keychain.has(profile) ? await deleteFromKeychain(context, profile) : null;
  const wasInFile = stored.secrets.delete(profile);
  if (stored.keychain.delete(profile) || wasInFile) await save(context, stored);
  return remaining;
}

async function fromKeychain(context: Context, profile: string): Promise<StoredSecret> {
  const lost = (why: string): StoredSecret => ({
    value: null,
    lost: why,
    warning: `${why}; set EBILL_TOKEN or EBILL_PASSWORD, or store it again: ebill profile set ${profile} --token-stdin, or --password-stdin`,
  });
  const keychain = await context.keychain();
  if (keychain === null)
    return lost(
      `the secret of ${profile} is in the keychain, which cannot be used here (EBILL_KEYCHAIN=on uses it)`,
    );
  try {
    const value = await keychain.get(profile);
    return value === null ? lost(`the keychain has lost the secret of ${profile}`) : { value, warning: null };
  } catch (error) {
    return lost(`the keychain does not return the secret of ${profile} (${messageOf(error)})`);
  }
}

async function toKeychain(context: Context, profile: string, secret: string): Promise<Kept> {
  const keychain = await context.keychain();
  if (keychain === null) return { where: 'file', why: 'no keychain is used here' };
  try {
    await keychain.set(profile, secret);
    return { where: 'keychain' };
  } catch (error) {
    return { where: 'file', why: `the keychain does not take it: ${messageOf(error)}` };
  }
}

async function deleteFromKeychain(context: Context, profile: string): Promise<string | null> {
  const keychain = await context.keychain();
  let why = 'which cannot be used here';
  try {
    if (keychain !== null) {
      await keychain.remove(profile);
      return null;
    }
  } catch (error) {
    why = messageOf(error);
  }
  return `the secret of ${profile} may still be in the keychain (${why}): remove the entry ebill / ${profile} with the system's own keychain program`;
}

/** The content of the file. */
interface Secrets {
  /** By profile. */
  readonly secrets: Map<string, string>;
  /** Profiles whose secret is in the keychain. */
  readonly keychain: Set<string>;
}

async function load(context: Context): Promise<Secrets> {
  const path = secretsPath(context);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { secrets: new Map(), keychain: new Set() };
    throw storageError('read', path, error);
  }
  const file = parseFile(text, path);
  const secrets = new Map<string, string>();
  for (const [profile, secret] of Object.entries(fieldsOf(file['secrets'] ?? {}, path, '"secrets"'))) {
    if (typeof secret !== 'string') throw invalidFile(path, '"secrets" holds something that is not a text');
    secrets.set(profile, secret);
  }
  const names = file['keychain'] ?? [];
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string'))
    throw invalidFile(path, '"keychain" is not a list of profiles');
  return { secrets, keychain: new Set(names.map(String)) };
}

async function save(context: Context, { secrets, keychain }: Secrets): Promise<void> {
  const path = secretsPath(context);
  await makeFolder(context.paths.config);
  const sorted = [...secrets].sort(([a], [b]) => (a < b ? -1 : 1));
  const inKeychain = keychain.size === 0 ? {} : { keychain: [...keychain].sort() };
  const text = textOf({ version: FILE_VERSION, secrets: Object.fromEntries(sorted), ...inKeychain });
  // A link to a file elsewhere remains a link.
  const target = await realpath(path).catch(() => path);
  await writeAtomic(target, text, { errorFor: (cause) => storageError('write', path, cause) });
}

/** A warning when others can read the file, or write in its folder and so replace it. */
async function exposure(context: Context): Promise<string | null> {
  if (context.platform === 'win32') return null;
  const path = secretsPath(context);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    return `${path} can be read or written by others on this machine: chmod 600 ${path}`;
  }
  const folder = await stat(context.paths.config);
  // In a sticky folder others cannot replace the file.
  if ((folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0) {
    return `${context.paths.config}, where secrets are stored, can be written by others on this machine: chmod 700 ${context.paths.config}`;
  }
  return null;
}
