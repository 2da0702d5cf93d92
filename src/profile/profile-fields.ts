import { isAbsolute } from 'node:path';
import { EbillError, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { parseAuthKind } from './auth-kind.ts';
import { parseBaseUrl } from './base-url.ts';
import { parseColumns } from './columns.ts';
import { checkUsername } from './credential-text.ts';
import { checkHeaderName, checkHeaderValue } from './header.ts';
import { checkPhase, checkQueryName, checkQueryValue } from './pairs.ts';
import type { Profile, StoredAuth } from './profile.ts';
import { isProxyUrl } from './proxy-url.ts';

type Fields = Readonly<Record<string, unknown>>;

const FIELDS = new Set<string>([
  'baseUrl',
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

/**
 * One profile of the file, held to the rules its options are held to.
 * An unknown field is refused: a mistyped one would do nothing, and a newer program's would be lost at the next write.
 *
 * @throws EbillError `USAGE` naming file, profile and field
 */
export function parseProfile(name: string, fields: Fields, path: string): Profile {
  const fail = (problem: string, cause?: unknown): EbillError =>
    new EbillError('USAGE', `${path}: profile ${name}: ${problem}`, {
      hint: `Mend it in an editor. What a profile can hold: ebill profile set --help`,
      cause,
    });
  const stray = Object.keys(fields).find((field) => !FIELDS.has(field));
  if (stray !== undefined) throw fail(`"${visible(stray.slice(0, 40))}" is no field of a profile.`);
  try {
    return {
      name,
      baseUrl: parseBaseUrl(text(fields, 'baseUrl') ?? '', 'baseUrl'),
      auth: auth(fields['auth'] ?? { type: 'none' }),
      query: record(fields, 'query', (key, value) =>
        checkQueryValue(checkQueryName(key, 'query'), value, 'query'),
      ),
      headers: record(fields, 'headers', (key, value) =>
        checkHeaderValue(checkHeaderName(key, 'headers'), value, 'headers'),
      ),
      statusNames: record(fields, 'statusNames', (_key, value) => checkPhase(value, 'statusNames')),
      columns: parseColumns(fields['columns'] ?? {}, 'columns'),
      caFile: file(fields, 'caFile'),
      clientCert: file(fields, 'clientCert'),
      clientKey: file(fields, 'clientKey'),
      proxy: proxy(fields),
      allowInsecure: flag(fields, 'allowInsecure'),
      production: flag(fields, 'production'),
    };
  } catch (error) {
    throw fail(messageOf(error), error);
  }
}

/** A wrong form; `parseProfile` adds the place and the hint. */
const wrong = (field: string, wanted: string): Error => new Error(`"${field}" is not ${wanted}.`);

function auth(value: unknown): StoredAuth {
  if (typeof value !== 'object' || value === null) throw wrong('auth', 'an object');
  const { type, name, username, ...rest }: Fields = { ...value };
  if (typeof type !== 'string' || Object.keys(rest).length > 0) {
    throw wrong('auth', 'an object with "type" and at most "username" or "name"');
  }
  const kind = parseAuthKind(typeof name === 'string' ? `${type}:${name}` : type, 'auth');
  if (kind.type !== 'basic') return kind;
  return { type: 'basic', username: checkUsername(typeof username === 'string' ? username : '', 'username') };
}

function text(fields: Fields, field: string): string | null {
  const value = fields[field] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw wrong(field, 'a text');
}

function file(fields: Fields, field: string): string | null {
  const path = text(fields, field);
  if (path === null || isAbsolute(path)) return path;
  throw wrong(field, 'an absolute path');
}

function proxy(fields: Fields): string | null {
  const url = text(fields, 'proxy');
  if (url === null || isProxyUrl(url)) return url;
  throw wrong('proxy', 'an http or https URL');
}

function flag(fields: Fields, field: string): boolean {
  const value = fields[field] ?? false;
  if (typeof value === 'boolean') return value;
  throw wrong(field, 'true or false');
}

function record<Value>(
  fields: Fields,
  field: string,
  check: (key: string, value: string) => Value,
): Readonly<Record<string, Value>> {
  const value = fields[field] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(field, 'an object');
  const entries = Object.entries(value).map(([key, item]): [string, Value] => {
    if (typeof item !== 'string') throw wrong(field, 'an object of texts');
    return [key, check(key, item)];
  });
  return Object.fromEntries(entries);
}
