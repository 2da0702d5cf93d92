import { Ajv, type ErrorObject } from 'ajv';
import { nearest } from '../profile/nearest.ts';
import { visible } from '../visible.ts';
import type { Places } from './places.ts';
import { PLAN_SCHEMA } from './schema.ts';
import type { Mistake } from './types.ts';

const check = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true }).compile(
  PLAN_SCHEMA,
);

/** What is wrong with a plan's value by its schema, in the words of somebody who writes plans, with its place. Pure. */
export function schemaMistakes(value: unknown, places: Places): readonly Mistake[] {
  if (check(value)) return [];
  return (check.errors ?? []).map((error) => mistake(error, places));
}

function mistake(error: ErrorObject, places: Places): Mistake {
  const path = pathOf(error.instancePath);
  const name = path.length === 0 ? 'a plan' : nameOf(path);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty']);
      return { ...places.key(path, key), message: unknownKey(key, path, error.parentSchema) };
    }
    case 'required':
      return {
        ...places.of(path),
        message: `${String(error.params['missingProperty'])} is missing: ${path.length === 0 ? 'name the load, such as job: AUG_2020' : 'each invoice entry names its file'}`,
      };
    case 'minimum':
      return { ...places.of(path), message: `${name} cannot be below ${String(error.params['limit'])}` };
    case 'minLength':
      return { ...places.of(path), message: `${name} is empty` };
    default:
      return { ...places.of(path), message: wrongType(name, path, error) };
  }
}

function unknownKey(key: string, path: readonly string[], schema: ErrorObject['parentSchema']): string {
  const known = Object.keys((schema?.['properties'] ?? {}) as object);
  const meant = nearest(key, known);
  const where = path.length === 0 ? '' : ` in ${nameOf(path)}`;
  const advice = meant === null ? `known: ${known.join(', ')}` : `did you mean ${meant}?`;
  return `unknown key "${visible(key.slice(0, 60))}"${where}; ${advice}`;
}

function wrongType(name: string, path: readonly string[], error: ErrorObject): string {
  if (path.length === 1 && path[0] === 'init' && error.data === null) {
    return 'init is empty: write init: {} to start the load as usual, or take the line out if that was done; it cannot be undone, so nothing is guessed';
  }
  const { type, examples } = error.parentSchema ?? {};
  const wanted = WANTED[Array.isArray(type) ? String(type[0]) : String(type)] ?? 'something else';
  const example = Array.isArray(examples) ? `, such as ${flow(examples[0])}` : '';
  return `${name} must be ${wanted}${example}; it is ${described(error.data)}`;
}

const WANTED: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  object: 'a block of keys',
  string: 'a text',
};

function described(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a block of keys';
  if (typeof value === 'string') return `the text "${visible(value.slice(0, 40))}"`;
  return String(value);
}

/** As it would be written in a plan: `[itm_1_*.csv]`, `{ file: inv_1.csv }`. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${key}: ${flow(one)}`)
      .join(', ')} }`;
  }
  return String(value);
}

const pathOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** `invoices[2].items[1]`, counted from 1 as people do. */
const nameOf = (path: readonly string[]): string =>
  path.reduce((name, step) => {
    if (/^\d+$/.test(step)) return `${name}[${Number(step) + 1}]`;
    return name === '' ? visible(step) : `${name}.${visible(step)}`;
  }, '');
