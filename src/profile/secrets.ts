import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, messageOf } from '../errors.ts';
import { writeAtomic } from '../system/atomic-file.ts';
import type { Context } from '../system/context.ts';
import { makeFolder, storageError } from './folder.ts';
import { broken, fieldsOf, parseJson, textOf, unknownVersion } from './format.ts';

/** A profile's secret, and what the caller should warn of. */
export interface StoredSecret {
  /** `null` when none is kept. */
  readonly value: string | null;
  /** For people: others on this machine may read or replace the file, or the keychain does not give it. */
  readonly warning: string | null;
  /** Why a keychain that should have it does not give it. */
  readonly lost?: string;
}

const VERSION = 1;

/** Where secrets are kept, for messages. */
export function secretsPath(context: Context): string {
  return join(context.paths.config, 'secrets.json');
}

/** Where a secret went; `why` it is no keychain, for people. */
export type Kept = { readonly where: 'keychain' } | { readonly where: 'file'; readonly why: string };

/**
 * The password or token kept for a profile, in the keychain or in the file.
 *
 * @throws EbillError `USAGE` when the file cannot be read or understood; the message holds nothing of it
 */
export async function getSecret(context: Context, profile: string): Promise<StoredSecret> {
  const { secrets, keychain } = await load(context);
  if (keychain.has(profile)) return fromKeychain(context, profile);
  const value = secrets.get(profile) ?? null;
  return { value, warning: value === null ? null : await exposure(context) };
}

/** Is a profile's secret in the keychain? @throws EbillError `USAGE` when the file cannot be read */
export async function isInKeychain(context: Context, profile: string): Promise<boolean> {
  return (await load(context)).keychain.has(profile);
}

/**
 * Keeps a profile's password or token, in place of the one before: in the keychain where there is one that takes it, else
 * in the file.
 *
 * @throws EbillError `USAGE` when the file cannot be read, understood or written
 */
export async function setSecret(context: Context, profile: string, secret: string): Promise<Kept> {
  const kept = await load(context);
  const place = await intoKeychain(context, profile, secret);
  if (place.where === 'keychain') {
    kept.secrets.delete(profile);
    kept.keychain.add(profile);
  } else {
    kept.keychain.delete(profile);
    kept.secrets.set(profile, secret);
  }
  // Even when nothing changes: the new file has the right permissions.
  await save(context, kept);
  return place;
}

/**
 * Forgets a profile's password or token, wherever it is; one that is not there is no error.
 *
 * @returns what is left behind in a keychain that cannot be reached, for people; `null` when nothing is
 * @throws EbillError `USAGE` when the file cannot be read, understood or written
 */
export async function removeSecret(context: Context, profile: string): Promise<string | null> {
  const kept = await load(context);
  const left = kept.keychain.has(profile) ? await outOfKeychain(context, profile) : null;
  const had = kept.secrets.delete(profile);
  if (kept.keychain.delete(profile) || had) await save(context, kept);
  return left;
}

async function outOfKeychain(context: Context, profile: string): Promise<string | null> {
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
  return `the secret of ${profile} may still be in the keychain (${why}): take the entry ebill / ${profile} out with the system's own program`;
}

async function fromKeychain(context: Context, profile: string): Promise<StoredSecret> {
  const lost = (why: string): StoredSecret => ({
    value: null,
    lost: why,
    warning: `${why}; keep it again with: ebill profile set ${profile} --token-stdin (or --password-stdin), or set EBILL_TOKEN or EBILL_PASSWORD`,
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
    return lost(`the keychain does not give the secret of ${profile} (${messageOf(error)})`);
  }
}

async function intoKeychain(context: Context, profile: string, secret: string): Promise<Kept> {
  const keychain = await context.keychain();
  if (keychain === null) return { where: 'file', why: 'no keychain is used here' };
  try {
    await keychain.set(profile, secret);
    return { where: 'keychain' };
  } catch (error) {
    return { where: 'file', why: `the keychain does not take it: ${messageOf(error)}` };
  }
}

/** The file: secrets by profile, and whose secrets are in the keychain instead. */
interface Secrets {
  readonly secrets: Map<string, string>;
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
  const file = fieldsOf(parseJson(text, path), path, 'It');
  if (file['version'] !== VERSION) throw unknownVersion(file['version'], path);
  const secrets = new Map<string, string>();
  for (const [profile, secret] of Object.entries(fieldsOf(file['secrets'] ?? {}, path, '"secrets"'))) {
    if (typeof secret !== 'string') throw broken(path, '"secrets" holds something that is not a text');
    secrets.set(profile, secret);
  }
  const names = file['keychain'] ?? [];
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string'))
    throw broken(path, '"keychain" is no list of profiles');
  return { secrets, keychain: new Set(names.map(String)) };
}

async function save(context: Context, { secrets, keychain }: Secrets): Promise<void> {
  const path = secretsPath(context);
  await makeFolder(context.paths.config);
  const sorted = [...secrets].sort(([a], [b]) => (a < b ? -1 : 1));
  const inKeychain = keychain.size === 0 ? {} : { keychain: [...keychain].sort() };
  const text = textOf({ version: VERSION, secrets: Object.fromEntries(sorted), ...inKeychain });
  // A link to a file elsewhere stays a link.
  const target = await realpath(path).catch(() => path);
  await writeAtomic(target, text, { errorFor: (cause) => storageError('write', path, cause) });
}

async function exposure(context: Context): Promise<string | null> {
  if (context.platform === 'win32') return null;
  const path = secretsPath(context);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    return `${path} can be read or written by others on this machine: chmod 600 ${path}`;
  }
  const folder = await stat(context.paths.config);
  // Who may write in the folder may put another file in this one's place; a sticky folder is safe from that.
  if ((folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0) {
    return `${context.paths.config}, where secrets are kept, can be written by others on this machine: chmod 700 ${context.paths.config}`;
  }
  return null;
}
