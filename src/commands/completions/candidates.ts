import { Command, type Option } from 'commander';
import type { Context } from '../../context.ts';
import { TOPIC_NAMES } from '../../help/topic-names.ts';
import { UNSAFE } from '../../visible.ts';
import { declareGlobals } from '../globals.ts';
import { COMMANDS, type CommandEntry, GROUPS } from '../index.ts';
import { SHELLS } from './shells.ts';

export interface Candidate {
  readonly value: string;
  readonly about: string;
}

export interface Candidates {
  /** Files fit too: the shell knows them best. */
  readonly files: boolean;
  readonly list: readonly Candidate[];
}

const NONE: Candidates = { files: false, list: [] };
const FILES: Candidates = { files: true, list: [] };
/** Commands whose arguments are files. */
const TAKE_FILES = new Set(['upload customer', 'upload invoice', 'upload items', 'run']);

/**
 * What may stand where the last word is being typed. Nothing is asked of a server.
 * @param words after `ebill`; the last is the one being typed, possibly empty
 */
export async function candidates(context: Context, words: readonly string[]): Promise<Candidates> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const fitting = ({ files, list }: Candidates): Candidates => ({
    files,
    list: list.filter(({ value }) => value.startsWith(typed) && value.search(UNSAFE) < 0),
  });
  const { entry, operands, pending, options } = await walk(before);
  if (pending !== null) return fitting(await valuesOf(pending, context));
  if (typed.startsWith('-')) {
    const list = options
      .filter(({ long, hidden }) => long !== undefined && !hidden)
      .map(({ long, description }) => ({ value: long ?? '', about: oneLine(description) }));
    return fitting({ files: false, list });
  }
  if (entry === null) return fitting(await commandsAfter(operands));
  return fitting(await operandsOf(entry, operands, context));
}

interface Position {
  /** `null`: the command is not complete yet. */
  readonly entry: CommandEntry | null;
  /** Words that are no options: the command's name before it is complete, its operands after. */
  readonly operands: readonly string[];
  /** The option whose value is being typed. */
  readonly pending: Option | null;
  readonly options: readonly Option[];
}

/** Where in the command line the words lead; options are known from the command they stand behind. */
async function walk(words: readonly string[]): Promise<Position> {
  const globals = new Command('ebill');
  declareGlobals(globals);
  globals.option('--help', 'print help').option('--version', 'print the version');
  let options: readonly Option[] = globals.options;
  let entry: CommandEntry | null = null;
  let operands: string[] = [];
  let pending: Option | null = null;
  for (const word of words) {
    if (pending !== null && !(pending.variadic && word.startsWith('-'))) {
      if (!pending.variadic) pending = null;
      continue;
    }
    pending = null;
    if (word.startsWith('-')) {
      const known = options.find(({ long, short }) => long === word || short === word);
      if (known !== undefined && (known.required || known.optional)) pending = known;
      continue;
    }
    operands.push(word);
    if (entry !== null) continue;
    const found = entryNamed(operands);
    if (found === undefined) continue;
    entry = found;
    operands = [];
    const command = new Command('x');
    (await found.load()).configure(command);
    options = [...command.options, ...globals.options];
  }
  return { entry, operands, pending, options };
}

function entryNamed(names: readonly string[]): CommandEntry | undefined {
  const [first = ''] = names;
  // `loads` is a command and a group: another word may still follow.
  if (names.length === 1 && first in GROUPS) return undefined;
  return COMMANDS.find(({ path }) => path.join(' ') === names.join(' '));
}

async function commandsAfter(names: readonly string[]): Promise<Candidates> {
  const [first] = names;
  if (first === 'help') {
    if (names.length > 1) return NONE;
    const topics = TOPIC_NAMES.map((value) => ({ value: value as string, about: 'topic' }));
    return { files: false, list: [...topics, ...firstWords()] };
  }
  if (first === undefined)
    return {
      files: false,
      list: [...firstWords(), { value: 'help', about: 'help on a command or a topic' }],
    };
  const list = COMMANDS.filter(({ path }) => path[0] === first && path.length === names.length + 1).map(
    ({ path, summary }) => ({
      value: path[names.length] ?? '',
      about: summary,
    }),
  );
  return { files: false, list };
}

function firstWords(): readonly Candidate[] {
  const seen = new Map<string, string>();
  for (const { path, summary } of COMMANDS) seen.set(path[0], GROUPS[path[0]] ?? summary);
  return [...seen].map(([value, about]) => ({ value, about }));
}

async function operandsOf(
  { path }: CommandEntry,
  operands: readonly string[],
  context: Context,
): Promise<Candidates> {
  const name = path.join(' ');
  if (TAKE_FILES.has(name)) return FILES;
  if (name === 'completion') return operands.length > 0 ? NONE : plain(SHELLS);
  if (name === 'api') return operands.length > 0 ? NONE : plain(['GET', 'POST', 'PUT']);
  if (operands.length > 0) return NONE;
  if (name === 'loads show') return loads(context);
  if (path[0] === 'profile' && path[1] !== 'add' && path[1] !== 'list') return profiles(context);
  return NONE;
}

async function valuesOf({ long, argChoices, description }: Option, context: Context): Promise<Candidates> {
  if (argChoices !== undefined) return plain(argChoices);
  if (long === '--profile') return profiles(context);
  if (long === '--job') return loads(context);
  if (long === '--auth') return plain(['basic', 'bearer', 'header:', 'none']);
  const isFile =
    /^--(?:items|customer|invoice|out|download|input|ca-file|client-cert|client-key|log|data)$/.test(
      long ?? '',
    );
  return isFile || /\bfiles?\b/i.test(description) ? FILES : NONE;
}

const plain = (values: readonly string[]): Candidates => ({
  files: false,
  list: values.map((value) => ({ value, about: '' })),
});

/** Set-up that cannot be read completes to nothing: this is no place for an error. */
async function profiles(context: Context): Promise<Candidates> {
  try {
    const { loadProfiles } = await import('../../profile/store.ts');
    const { all } = await loadProfiles(context);
    return {
      files: false,
      list: [...all.values()].map(({ name, baseUrl }) => ({ value: name, about: oneLine(baseUrl) })),
    };
  } catch {
    return NONE;
  }
}

async function loads(context: Context): Promise<Candidates> {
  try {
    const { knownLoads } = await import('../../load/known.ts');
    const known = await knownLoads(context.paths.state, null);
    const jobs = new Map(known.map(({ header }) => [header.job, header.profile ?? header.baseUrl] as const));
    return { files: false, list: [...jobs].map(([value, about]) => ({ value, about: oneLine(about) })) };
  } catch {
    return NONE;
  }
}

const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
