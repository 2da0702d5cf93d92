import { Ajv, type ErrorObject } from 'ajv';
import { nearest } from '../profile/nearest.ts';
import { visible } from '../system/escaping.ts';
import type { Places } from './places.ts';
import { PLAN_SCHEMA } from './schema.ts';
import { type BrokenSchema, textProblem, wrongType } from './schema-words.ts';
import type { Mistake } from './types.ts';

const check = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(PLAN_SCHEMA);

/** What is wrong with a plan's value by its schema, in the words of somebody who writes plans, with its place. Pure. */
export function schemaMistakes(value: unknown, places: Places): readonly Mistake[] {
  if (check(value)) return [];
  return (check.errors ?? []).map((error) => mistake(error, places));
}

function mistake(error: ErrorObject, places: Places): Mistake {
  const path = pathOf(error.instancePath);
  const name = nameOf(path);
  const place = places.of(path);
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
            ? 'job is missing: name the load, such as job: AUG_2020'
            : `${name} has no file: each entry names one invoice file, such as file: inv_1.csv`,
      };
    case 'minimum':
      return { ...place, message: `${name} cannot be below 0; it is ${String(error.data)}` };
    case 'pattern':
    case 'maxLength':
      return { ...place, message: textProblem(name, String(error.data)) };
    default:
      return { ...place, message: wrongType(name, (error.parentSchema ?? {}) as BrokenSchema, error.data) };
  }
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

/** `invoices[2].items[1]`, counted from 1 as people do; the whole plan is ''. Every step is a key of the schema. */
const nameOf = (path: readonly string[]): string =>
  path.reduce((name, step) => {
    if (/^\d+$/.test(step)) return `${name}[${Number(step) + 1}]`;
    return name === '' ? step : `${name}.${step}`;
  }, '');
