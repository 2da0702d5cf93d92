import { isAbsolute } from 'node:path';
import { EbillError, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { checkUsername, parseAuthKind } from './auth.ts';
import { parseColumns } from './columns.ts';
import { FILE_VERSION, fieldsOf, invalidFile, parseFile } from './json-file.ts';
import { checkHeaderName, checkHeaderValue, checkPhase, checkQueryName, checkQueryValue } from './pairs.ts';
import { checkOrganisation, isProfileName, type Profile, type Profiles, type StoredAuth } from './profile.ts';
import { isProxyUrl, parseBaseUrl } from './urls.ts';

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
  'query',
  'headers',
  'statusNames',
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
    return {
      name,
      baseUrl: parseBaseUrl(text(fields, 'baseUrl') ?? '', 'baseUrl'),
      organisation: organisation(fields),
      auth: auth(fields['auth'] ?? { type: 'none' }),
      query: record(fields, 'query', (key, value) =>
        checkQueryValue(checkQueryName(key, 'query'), value, 'query'),
      ),
      headers: record(fields, 'headers', (key, value) =>
        checkHeaderValue(checkHeaderName(key, 'headers'), value, 'headers'),
      ),
      statusNames: record(fields, 'statusNames', (_key, value) => checkPhase(value, 'statusNames')),
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
