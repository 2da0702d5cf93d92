import { jobIdProblem } from '../batch/job-ids.ts';
import { visible } from '../system/escaping.ts';

/** The part of a schema that a value did not keep to. */
export interface BrokenSchema {
  readonly type?: string | readonly string[];
  readonly items?: { readonly type?: string };
  readonly examples?: readonly unknown[];
}

/** A value of another type than the schema's. Nothing is converted: `"true"` is no boolean. */
export function wrongType(name: string, schema: BrokenSchema, value: unknown): string {
  const type = typeof schema.type === 'string' ? schema.type : 'string';
  if (name === '') {
    return value === null
      ? 'the plan is empty: it names the load (job: AUG_2020) and its files; ebill run --init-plan writes one'
      : `a plan is a block of keys, such as job: AUG_2020; this is ${described(value)}`;
  }
  if (name === 'init' && value === null) {
    return 'init is empty: write init: {} to start the load with the defaults, or take it out if the load is started already; init cannot be undone, so nothing is guessed';
  }
  const wanted = type === 'array' && schema.items?.type === 'string' ? 'a list of files' : WANTED[type];
  const example = schema.examples?.[0];
  const such = type === 'boolean' || example === undefined ? '' : `, such as ${flow(example)}`;
  return `${name} must be ${wanted ?? type}${such}; it is ${described(value)}${name === 'job' && value === null ? ': fill it in' : advice(type, value)}`;
}

const WANTED: Readonly<Record<string, string>> = {
  array: 'a list of entries',
  boolean: 'true or false',
  integer: 'a whole number',
  object: 'a block of keys',
  string: 'a text',
};

/** What to do about some mistakes that are often made. */
function advice(type: string, value: unknown): string {
  if (value === null) return ': fill it in, or take it out';
  if (type === 'string') {
    if (Array.isArray(value)) return ': name one, without [ ]';
    return typeof value === 'object' ? '' : ': put it in quotes';
  }
  if (type === 'array' && !Array.isArray(value) && typeof value === 'object')
    return ': begin each entry with "- "';
  if (typeof value !== 'string') return '';
  if (type === 'boolean') {
    if (/^(?:true|false)$/i.test(value)) return ': leave the quotes out';
    return /^(?:y|yes|n|no|on|off)$/i.test(value) ? ': YAML has only these two words for it' : '';
  }
  if (type === 'integer' && /^\d+$/.test(value)) return ': leave the quotes out';
  return type === 'object' && /^[A-Za-z]+:\S/.test(value) ? ': a space goes after the colon' : '';
}

/** A text that is empty, has characters it may not have, or is too long. */
export function textProblem(name: string, text: string): string {
  if (name === 'job') {
    const problem = jobIdProblem(text) ?? 'it is too long';
    return `job cannot be used as a name: ${problem}; use letters, digits, _ and -, such as AUG_2020`;
  }
  const advice = name.startsWith('columns.')
    ? 'write the name as it stands in the header, or take the line out'
    : 'name a file or a pattern, or take it out';
  if (text === '') return `${name} is empty: ${advice}`;
  if (text.trim() === '') return `${name} is only spaces: ${advice}`;
  const control = /[\p{Cc}\u2028\u2029]/u.exec(text)?.[0];
  if (control === undefined) return `${name} is longer than the path of a file can be: ${advice}`;
  const code = `U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  const where = name.startsWith('columns.') ? 'its header must be corrected' : 'its name must be changed';
  return `${name} holds a control character (${code}): take it out; if the file has it, ${where}`;
}

function described(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a block of keys';
  if (typeof value !== 'string') return String(value);
  return `the text "${visible(value.length > 40 ? `${value.slice(0, 40)}…` : value)}"`;
}

/** As it would be written in a plan: `[itm_1_*.csv]`, `{ file: inv_1.csv }`. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, one]) => `${key}: ${flow(one)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
