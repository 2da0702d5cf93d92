import { Ajv, type ErrorObject } from 'ajv';
import { jobIdProblem } from '../batch/job-ids.ts';
import { visible } from '../system/escaping.ts';
import { nearest } from '../system/nearest.ts';
import { type Mistake, PLAN_SCHEMA } from './plan-schema.ts';
import type { YamlPlaces } from './yaml.ts';

/** The part of the schema that a value violates. */
interface ViolatedSchema {
  readonly type?: string | readonly string[];
  readonly items?: { readonly type?: string; readonly enum?: readonly string[] };
  readonly examples?: readonly unknown[];
}

/** The message for a value of the wrong type. Values are never converted: `"true"` is not a boolean. */
function wrongType(name: string, schema: ViolatedSchema, value: unknown): string {
  const type = typeof schema.type === 'string' ? schema.type : 'string';
  if (name === '') {
    return value === null
      ? 'the plan is empty; it must name the load (job: NAME) and its files. To write one: ebill run --init-plan'
      : `a plan must be a mapping of keys to values, such as job: NAME; this is ${describe(value)}`;
  }
  if (name === 'init' && value === null) {
    return 'init is empty: write init: {} to start the load with the defaults, or remove it if the load is already started (init cannot be undone)';
  }
  const { items } = schema;
  const ofText = items?.enum === undefined ? 'a list of files' : 'a list of codes';
  const expected = type === 'array' && items?.type === 'string' ? ofText : TYPES[type];
  const example = schema.examples?.[0];
  const suggestion = type === 'boolean' || example === undefined ? '' : `, such as ${flow(example)}`;
  return `${name} must be ${expected ?? type}${suggestion}; it is ${describe(value)}${name === 'job' && value === null ? ': fill it in' : advice(type, value)}`;
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list of entries',
  boolean: 'true or false',
  integer: 'a whole number',
  object: 'a mapping of keys to values',
  string: 'text',
};

/** What to do about common mistakes. */
function advice(type: string, value: unknown): string {
  if (value === null) return ': fill it in or remove it';
  if (type === 'string') {
    if (Array.isArray(value)) return ': give one value, without [ ]';
    return typeof value === 'object' ? '' : ': put it in quotes';
  }
  if (type === 'array' && !Array.isArray(value) && typeof value === 'object')
    return ': start each entry with "- "';
  if (typeof value !== 'string') return '';
  if (type === 'boolean') {
    if (/^(?:true|false)$/i.test(value)) return ': remove the quotes';
    return /^(?:y|yes|n|no|on|off)$/i.test(value) ? ': write true or false' : '';
  }
  if (type === 'integer' && /^\d+$/.test(value)) return ': remove the quotes';
  return type === 'object' && /^[A-Za-z]+:\S/.test(value) ? ': add a space after the colon' : '';
}

/** The message for text that is empty, too long, or has control characters. */
export function textProblem(name: string, text: string): string {
  if (name === 'job' || name === 'expect.against') {
    const problem = jobIdProblem(text) ?? 'it is too long';
    return `${name} cannot be used as a name: ${problem}; use letters, digits, _ and -`;
  }
  const advice = name.startsWith('columns.')
    ? 'write the name as in the header, or remove the line'
    : 'name a file or a pattern, or remove it';
  if (text === '') return `${name} is empty: ${advice}`;
  if (text.trim() === '') return `${name} contains only spaces: ${advice}`;
  const control = /[\p{Cc}\u2028\u2029]/u.exec(text)?.[0];
  if (control === undefined) return `${name} is longer than a path can be: ${advice}`;
  const code = `U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  const where = name.startsWith('columns.') ? 'correct its header' : 'rename it';
  return `${name} contains a control character (${code}): remove it; if the file has it, ${where}`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return String(value);
  return `the text "${visible(value.length > 40 ? `${value.slice(0, 40)}…` : value)}"`;
}

/** A value in YAML flow style: `[itm_1_*.csv]`, `{ file: inv_1.csv }`. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, one]) => `${key}: ${flow(one)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

const check = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(PLAN_SCHEMA);

/** Checks the parsed value of a plan against its schema. Messages are for people who write plans. Pure. */
export function schemaMistakes(value: unknown, places: YamlPlaces): readonly Mistake[] {
  if (check(value)) return [];
  return (check.errors ?? []).map((error) => toMistake(error, places));
}

/** A limit under `expect`. */
const LIMIT_NAME = /^expect\.[a-z]+\.(?:records|amount)$/;

function toMistake(error: ErrorObject, places: YamlPlaces): Mistake {
  const path = pathOf(error.instancePath);
  const name = nameOf(path);
  const place = places.of(path);
  if (LIMIT_NAME.test(name))
    return {
      ...place,
      message: `${name} must be a percentage: 10% either way, +10% only more, -10% only less; it is ${describe(error.data)}`,
    };
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty']);
      return { ...places.key(path, key), message: unknownKey(key, name, error.parentSchema) };
    }
    case 'required':
      return {
        ...place,
        message:
          name === ''
            ? 'job is missing: name the load (job: NAME)'
            : `${name} has no file: each entry names one invoice file, such as file: inv_1.csv`,
      };
    case 'minimum':
      return { ...place, message: `${name} cannot be negative; it is ${String(error.data)}` };
    case 'enum':
      return {
        ...place,
        message: notListed(name, error.params['allowedValues'] as readonly string[], error.data),
      };
    case 'pattern':
    case 'maxLength':
      return { ...place, message: textProblem(name, String(error.data)) };
    default:
      return { ...place, message: wrongType(name, (error.parentSchema ?? {}) as ViolatedSchema, error.data) };
  }
}

function notListed(name: string, allowed: readonly string[], value: unknown): string {
  const meant = nearest(String(value), allowed);
  const question = meant === null ? '' : `; did you mean ${meant}?`;
  return `${name} must be one of ${allowed.join(', ')}; it is ${describe(value)}${question}`;
}

function unknownKey(key: string, name: string, schema: ErrorObject['parentSchema']): string {
  const known = Object.keys((schema?.['properties'] ?? {}) as object);
  const meant = nearest(key.slice(0, 60), known);
  const where = name === '' ? '' : ` in ${name}`;
  const advice = meant === null ? 'known' : `did you mean ${meant}? Known`;
  return `unknown key "${visible(key.slice(0, 60))}"${where}; ${advice} keys: ${known.join(', ')}`;
}

const pathOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** `invoices[2].items[1]`, counted from 1; the whole plan is ''. */
const nameOf = (path: readonly string[]): string =>
  path.reduce((name, step) => {
    if (/^\d+$/.test(step)) return `${name}[${Number(step) + 1}]`;
    return name === '' ? step : `${name}.${step}`;
  }, '');
