import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type Conf from 'conf';
import { EbillError, errnoOf, isDiskFull, messageOf } from '../errors.ts';
import { makeFolders, syncFolder } from '../system/atomic-file.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { lockProfiles } from '../system/lock.ts';
import {
  checkHeaderName,
  checkTokenCommand,
  checkUsername,
  isProxyUrl,
  parseAuthKind,
  parseBaseUrl,
} from './auth.ts';
import {
  checkHeaderValue,
  checkPhase,
  checkQueryName,
  checkQueryValue,
  checkRecordResult,
  parseColumns,
} from './pairs.ts';
import {
  checkOrganisation,
  isProfileName,
  NO_PROFILES,
  type Profile,
  type Profiles,
  type StoredAuth,
} from './profile.ts';

const FILE = 'profiles';

/** The path of `profiles.json`, for messages. */
export function profilesPath(context: Context): string {
  return join(context.paths.config, `${FILE}.json`);
}

/**
 * All profiles, for commands that need one to talk to a server: read without `conf`, which takes longer to load than the
 * rest of them. The file need not exist, and is not created.
 *
 * @throws EbillError `USAGE` when the file cannot be read or is invalid
 */
export async function loadProfiles(context: Context): Promise<Profiles> {
  const path = profilesPath(context);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return NO_PROFILES;
    throw storageError('read', path, error);
  }
  return parseProfiles(text, path);
}

/** All profiles, for the commands that manage them. @throws EbillError as `loadProfiles` */
export async function readProfiles(context: Context): Promise<Profiles> {
  const path = profilesPath(context);
  try {
    // `conf` would create the folder of a file that does not exist.
    await stat(path);
    return (await openConf(context)).store.profiles;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return NO_PROFILES;
    throw error instanceof EbillError ? error : storageError('read', path, error);
  }
}

/**
 * Changes the profiles and replaces the file atomically (0600, in a folder of 0700). An invalid file is never replaced. One
 * process at a time: what another one has just written is read before it is changed.
 *
 * @param change from the profiles in the file to those to write; secrets are changed within it, under the same lock
 * @returns the new profiles
 * @throws EbillError `USAGE` when the file cannot be read or written or is invalid, `CONFLICT` when another process has the
 * lock for a minute; what `change` throws
 */
export async function changeProfiles(
  context: Context,
  change: (profiles: Profiles) => Profiles | Promise<Profiles>,
): Promise<Profiles> {
  const path = profilesPath(context);
  await makeFolder(context.paths.config);
  const lock = await lockProfiles(context, path, (cause) => storageError('write', path, cause));
  try {
    const profiles = await change(await readProfiles(context));
    await write(context, path, profiles);
    return profiles;
  } finally {
    await lock.release();
  }
}

async function write(context: Context, path: string, profiles: Profiles): Promise<void> {
  try {
    const conf = await openConf(context);
    conf.store = { profiles };
    // `conf` flushes the file but not its folder. The file may be a link.
    await syncFolder(dirname(await realpath(path)));
  } catch (error) {
    throw error instanceof EbillError ? error : storageError('write', path, error);
  }
}

type Stored = { readonly profiles: Profiles };

async function openConf(context: Context): Promise<Conf<Stored>> {
  const { default: Conf } = await import('conf');
  const path = profilesPath(context);
  return new Conf<Stored>({
    cwd: context.paths.config,
    configName: FILE,
    fileExtension: 'json',
    configFileMode: 0o600,
    // A profile may be named `eu.prod`.
    accessPropertiesByDotNotation: false,
    // An invalid file may have been edited by hand: it is kept.
    clearInvalidConfig: false,
    serialize: ({ profiles }) => textOf(documentOf(profiles)),
    deserialize: (text) => ({ profiles: parseProfiles(text, path) }),
  });
}

/** The version of `profiles.json` and `secrets.json`. */
export const FILE_VERSION = 1;

/** The text of a file for a value. */
export function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Parses a file. The parser's own message is left out: it may quote the file, which may hold secrets.
 *
 * @param path for messages
 * @throws EbillError `USAGE` unless it is a JSON object of this version
 */
export function parseFile(text: string, path: string): Readonly<Record<string, unknown>> {
  const file = fieldsOf(parseJson(text, path), path, 'It');
  const { version } = file;
  if (version === FILE_VERSION) return file;
  const stated = typeof version === 'number' ? `has version ${version}` : 'has no version';
  throw new EbillError('USAGE', `${path} ${stated}; this program reads version ${FILE_VERSION}.`, {
    hint: 'Install the ebill that wrote it, or set EBILL_HOME to another folder. The file was left as it is.',
  });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/u, ''));
  } catch (error) {
    const at = error instanceof SyntaxError ? /position (\d+)/u.exec(error.message)?.[1] : undefined;
    const line = at === undefined ? '' : ` (line ${text.slice(0, Number(at)).split('\n').length})`;
    throw invalidFile(path, `this is not valid JSON${line}`);
  }
}

/** The fields of a JSON object. @throws EbillError `USAGE` for any other value */
export function fieldsOf(value: unknown, path: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw invalidFile(path, `${what} is not a JSON object`);
}

/** The error for a file with an invalid content. */
export function invalidFile(path: string, problem: string): EbillError {
  return new EbillError('USAGE', `${path}: ${problem}.`, {
    hint: 'Fix the file in an editor, or move it away and add the profiles again: ebill profile add',
  });
}

/**
 * Creates the folder of profiles and secrets, for its owner alone. An existing one is left as it is: `EBILL_HOME` may name
 * any folder.
 *
 * @throws EbillError `USAGE`
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder, 0o700);
  } catch (error) {
    throw storageError('create the folder', folder, error);
  }
}

/** The error for a file that cannot be read or written. */
export function storageError(action: string, path: string, cause: unknown): EbillError {
  const errno = errnoOf(cause);
  const reason = (errno !== undefined && REASONS[errno]) || errno || 'it failed';
  const remedy = isDiskFull(cause) ? 'Free some space' : 'Fix its permissions';
  return new EbillError('USAGE', `Cannot ${action} ${path}: ${reason}.`, {
    hint: `${remedy}, set EBILL_HOME to a folder of your own, or do without profiles: EBILL_BASE_URL with EBILL_TOKEN, or EBILL_USERNAME and EBILL_PASSWORD.`,
    cause,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name exists',
  EISDIR: 'it is a folder, not a file',
  ENOENT: 'the folder does not exist',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * The text of `profiles.json` → profiles. Users edit the file, so each value is checked as its option is.
 *
 * @param path for messages
 * @throws EbillError `USAGE` for broken JSON, an unknown version or field, or an invalid value
 */
export function parseProfiles(text: string, path: string): Profiles {
  const file = parseFile(text, path);
  const current = file['current'] ?? null;
  if (current !== null && (typeof current !== 'string' || !isProfileName(current))) {
    throw invalidFile(path, '"current" is not the name of a profile');
  }
  const all = new Map<string, Profile>();
  for (const [name, value] of Object.entries(fieldsOf(file['profiles'] ?? {}, path, '"profiles"'))) {
    if (!isProfileName(name)) throw invalidFile(path, 'a profile has a name no profile can have');
    all.set(name, parseProfile(name, fieldsOf(value, path, `Profile ${name}`), path));
  }
  return { current, all };
}

/** Profiles → the document to write. Names are sorted and empty fields left out: equal profiles are equal files. */
export function documentOf(profiles: Profiles): Record<string, unknown> {
  const sorted = [...profiles.all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    version: FILE_VERSION,
    current: profiles.current,
    profiles: Object.fromEntries(sorted.map((profile) => [profile.name, fieldsToWrite(profile)])),
  };
}

function fieldsToWrite({ name: _, ...fields }: Profile): Record<string, unknown> {
  const isSet = (value: unknown): boolean =>
    value !== null && value !== false && (typeof value !== 'object' || Object.keys(value).length > 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isSet(value)));
}

const FIELDS = new Set<string>([
  'baseUrl',
  'organisation',
  'auth',
  'tokenCommand',
  'query',
  'headers',
  'statusNames',
  'recordStatus',
  'columns',
  'caFile',
  'clientCert',
  'clientKey',
  'proxy',
  'allowInsecure',
  'production',
] satisfies (keyof Profile)[]);

/** An unknown field is an error: a mistyped one would have no effect, and one of a newer program would be lost. */
function parseProfile(name: string, fields: Fields, path: string): Profile {
  const fail = (problem: string, cause?: unknown): EbillError =>
    new EbillError('USAGE', `${path}: profile ${name}: ${problem}`, {
      hint: `Fix it in an editor. What a profile can hold: ebill profile set --help`,
      cause,
    });
  const unknown = Object.keys(fields).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) throw fail(`"${visible(unknown.slice(0, 40))}" is not a field of a profile.`);
  try {
    const authorisation = auth(fields['auth'] ?? { type: 'none' });
    const command = text(fields, 'tokenCommand');
    return {
      name,
      baseUrl: parseBaseUrl(text(fields, 'baseUrl') ?? '', 'baseUrl'),
      organisation: organisation(fields),
      auth: authorisation,
      tokenCommand: command === null ? null : checkTokenCommand(command, authorisation, 'tokenCommand'),
      query: record(fields, 'query', (key, value) =>
        checkQueryValue(checkQueryName(key, 'query'), value, 'query'),
      ),
      headers: record(fields, 'headers', (key, value) =>
        checkHeaderValue(checkHeaderName(key, 'headers'), value, 'headers'),
      ),
      statusNames: record(fields, 'statusNames', (_key, value) => checkPhase(value, 'statusNames')),
      recordStatus: record(fields, 'recordStatus', (_key, value) => checkRecordResult(value, 'recordStatus')),
      columns: parseColumns(fields['columns'] ?? {}, 'columns'),
      caFile: absolutePath(fields, 'caFile'),
      clientCert: absolutePath(fields, 'clientCert'),
      clientKey: absolutePath(fields, 'clientKey'),
      proxy: proxy(fields),
      allowInsecure: flag(fields, 'allowInsecure'),
      production: flag(fields, 'production'),
    };
  } catch (error) {
    throw fail(messageOf(error), error);
  }
}

/** `parseProfile` adds the place and the hint. */
const wrongType = (field: string, expected: string): Error => new Error(`"${field}" is not ${expected}.`);

function auth(value: unknown): StoredAuth {
  if (typeof value !== 'object' || value === null) throw wrongType('auth', 'an object');
  const { type, name, username, ...rest }: Fields = { ...value };
  if (typeof type !== 'string' || Object.keys(rest).length > 0) {
    throw wrongType('auth', 'an object with "type" and at most "username" or "name"');
  }
  const kind = parseAuthKind(typeof name === 'string' ? `${type}:${name}` : type, 'auth');
  if (kind.type !== 'basic') return kind;
  return { type: 'basic', username: checkUsername(typeof username === 'string' ? username : '', 'username') };
}

function text(fields: Fields, field: string): string | null {
  const value = fields[field] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw wrongType(field, 'a text');
}

function organisation(fields: Fields): string | null {
  const name = text(fields, 'organisation');
  return name === null ? null : checkOrganisation(name, 'organisation');
}

function absolutePath(fields: Fields, field: string): string | null {
  const path = text(fields, field);
  if (path === null || isAbsolute(path)) return path;
  throw wrongType(field, 'an absolute path');
}

function proxy(fields: Fields): string | null {
  const url = text(fields, 'proxy');
  if (url === null || isProxyUrl(url)) return url;
  throw wrongType('proxy', 'an http or https URL');
}

function flag(fields: Fields, field: string): boolean {
  const value = fields[field] ?? false;
  if (typeof value === 'boolean') return value;
  throw wrongType(field, 'true or false');
}

function record<Value>(
  fields: Fields,
  field: string,
  check: (key: string, value: string) => Value,
): Readonly<Record<string, Value>> {
  const value = fields[field] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(field, 'an object');
  const entries = Object.entries(value).map(([key, item]): [string, Value] => {
    if (typeof item !== 'string') throw wrongType(field, 'an object of texts');
    return [key, check(key, item)];
  });
  return Object.fromEntries(entries);
}
