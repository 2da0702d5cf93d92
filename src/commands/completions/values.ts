import type { Option } from 'commander';
import type { Context } from '../../system/context.ts';
import type { Position } from './position.ts';
import { SHELLS } from './shells.ts';
import type { Candidate, Wanted } from './wanted.ts';

const NOTHING: Wanted = { type: 'words', list: [] };
const CSV: Wanted = { type: 'files', extensions: ['csv'] };
const YAML: Wanted = { type: 'files', extensions: ['yaml', 'yml'] };
const HTML: Wanted = { type: 'files', extensions: ['html'] };
const ANY_FILE: Wanted = { type: 'files', extensions: [] };

const choices = (...values: readonly string[]): Wanted => ({
  type: 'words',
  list: values.map((value) => ({ value, about: '' })),
});

/** Values of options that no declaration of commander's tells. One that ends with `:` or `=` is to be gone on with. */
const KNOWN: Readonly<Record<string, Wanted>> = {
  '--auth': choices('basic', 'bearer', 'header:', 'none'),
  '--column': choices(
    'customer.key=',
    'invoice.key=',
    'invoice.customer=',
    'invoice.amount=',
    'items.invoice=',
    'items.amount=',
  ),
  '--style': choices('escaped', 'bare'),
  '--duplicates': choices('refuse', 'reissue'),
  '--echo': choices('request', 'vendor'),
};

/** What may follow an option. Its placeholder tells files from folders: `<file>`, `<files...>`, `<dir>`. */
export async function optionValues(
  option: Option,
  { entry }: Position,
  context: Context,
  before: readonly string[],
): Promise<Wanted> {
  const { long = '', flags, argChoices } = option;
  if (argChoices !== undefined) return choices(...argChoices);
  if (long === '--profile') return { type: 'words', list: await profiles(context) };
  if (long === '--job') return { type: 'words', list: await loads(context, before) };
  const known = KNOWN[long];
  if (known !== undefined) return known;
  if (/<files\.\.\.>/.test(flags)) return CSV;
  if (/<file>/.test(flags)) return entry?.path[0] === 'report' ? HTML : ANY_FILE;
  return /<dir>/.test(flags) ? { type: 'folders' } : NOTHING;
}

/** What may stand as the next operand of a command. */
export async function operandValues(
  { entry, operands, names }: Position,
  context: Context,
  before: readonly string[],
): Promise<Wanted> {
  // The last argument may take any number of words.
  const name = names[operands.length] ?? (names.at(-1) === 'files' ? 'files' : null);
  switch (name) {
    case 'files':
      return CSV;
    case 'plan':
      return YAML;
    case 'job':
      return { type: 'words', list: await loads(context, before) };
    case 'name':
      return entry?.path[1] === 'add' ? NOTHING : { type: 'words', list: await profiles(context) };
    case 'method':
      return choices('GET', 'POST', 'PUT');
    case 'shell':
      return choices(...SHELLS);
    default:
      return NOTHING;
  }
}

async function profiles(context: Context): Promise<readonly Candidate[]> {
  try {
    const { loadProfiles } = await import('../../profile/store.ts');
    const { all } = await loadProfiles(context);
    return [...all.values()].map(({ name, baseUrl }) => ({ value: name, about: baseUrl }));
  } catch {
    return [];
  }
}

/** The loads of this machine, the last changed first; those of the profile the line names, if it names one. */
async function loads(context: Context, before: readonly string[]): Promise<readonly Candidate[]> {
  const { loadNames } = await import('../../load/names.ts');
  const known = await loadNames(context.paths.state, profileIn(before));
  const jobs = new Map<string, string>();
  for (const { job, profile, baseUrl } of known) if (!jobs.has(job)) jobs.set(job, profile ?? baseUrl);
  return [...jobs].map(([value, about]) => ({ value, about }));
}

function profileIn(words: readonly string[]): string | null {
  const at = words.lastIndexOf('--profile');
  const inOne = words.findLast((word) => word.startsWith('--profile='))?.slice('--profile='.length);
  return (at < 0 ? inOne : words[at + 1]) ?? null;
}
