import { Argument, Command, type Option } from 'commander';
import { ROLE_NAMES } from '../batch/columns.ts';
import { WARNING_CODES } from '../batch/finding-codes.ts';
import { EbillError } from '../errors.ts';
import { TOPICS } from '../help/topics.ts';
import type { Context } from '../system/context.ts';
import { UNSAFE } from '../system/escaping.ts';
import {
  type Candidate,
  type Candidates,
  type Completions,
  SCRIPTS,
  SHELLS,
  type Shell,
  shellReply,
} from './completion/shells.ts';
import { type CommandEntry, type CommandModule, EMPTY_RESULT, type Registry } from './shared/command.ts';
import { declareGlobals } from './shared/options.ts';

/** Prints a shell's script, or answers that script's queries during completion. */
type CompletionOptions =
  | { readonly type: 'script'; readonly shell: Shell }
  /** `words`: as the script passes them on (completion/shells.ts). */
  | { readonly type: 'complete'; readonly shell: Shell; readonly words: readonly string[] };

/** Gets the list of commands from that list: imported here, it would import itself. */
export const completionCommand = (registry: Registry): CommandModule<CompletionOptions> => ({
  help: {
    notes: [
      `Completes commands, options and their values, profiles, loads and topics; file names are left to the shell. Install it once, it needs no update with ebill:
bash        ebill completion bash >> ~/.bashrc
zsh         ebill completion zsh >> ~/.zshrc
fish        ebill completion fish > ~/.config/fish/completions/ebill.fish
PowerShell  ebill completion powershell >> $PROFILE`,
      `In zsh the script has to come after compinit. For the current session only:
eval "$(ebill completion bash)"
ebill completion fish | source`,
    ],
    examples: [
      ['ebill completion bash >> ~/.bashrc', 'install it for bash, 3.2 or newer'],
      ['ebill completion zsh >> ~/.zshrc', 'install it for zsh'],
      ['ebill completion fish', 'print the script for fish'],
    ],
    exitCodes: [],
    seeAlso: ['loads', 'profile list', 'help environment'],
  },
  configure: (cmd) => {
    cmd
      .description('Print a script that completes ebill commands in your shell.')
      .addArgument(new Argument('<shell>', `one of ${SHELLS.join(', ')}`))
      .addArgument(new Argument('[words...]'));
  },
  options: ([first, ...words]) => {
    const complete = first === 'complete';
    const shell = SHELLS.find((one) => one === (complete ? words[0] : first));
    if (shell !== undefined && complete)
      return { type: 'complete', shell, words: words.slice(1).map(String) };
    if (shell !== undefined) return { type: 'script', shell };
    throw new EbillError('USAGE', 'There is no completion for that shell.', {
      hint: `Name one of ${SHELLS.join(', ')}: ebill completion bash`,
    });
  },
  run: async (app, options) => {
    if (options.type === 'script') return { ...EMPTY_RESULT, text: SCRIPTS[options.shell].trimEnd() };
    const lines = await shellReply(options.shell, options.words, (before, typed) =>
      candidates(registry, app.context, before, typed),
    );
    return { ...EMPTY_RESULT, text: lines.join('\n') };
  },
});

/**
 * Everything that can complete the last word, whatever it begins with: matching is left to the shell. Asks no server; a
 * set-up that cannot be read gives no candidates instead of an error.
 * @param before the words after `ebill`, without quotes
 */
export async function candidates(
  registry: Registry,
  context: Context,
  before: readonly string[],
  typed: string,
): Promise<Candidates> {
  const at = await positionAfter(registry, before);
  const whole = (completions: Completions): Candidates => ({
    completions: printable(completions),
    prefix: '',
  });
  if (at.pending !== null && !(at.pending.variadic && typed.startsWith('-')))
    return whole(await optionValues(at.pending, at, context, before));
  if (!at.ended && typed.startsWith('-')) {
    const [, prefix = null] = /^(--[^=]+=)/.exec(typed) ?? [];
    if (prefix === null) return whole(words(at.options.filter(({ hidden }) => !hidden).map(optionCandidate)));
    const option = optionOf(at.options, typed);
    if (option === null || !option.required) return { completions: NOTHING, prefix };
    return { completions: printable(await optionValues(option, at, context, before)), prefix };
  }
  return whole(at.entry === null ? commandWords(registry, at) : await operandValues(at, context, before));
}

/** Where in a command line the word is being typed. */
interface Position {
  /** `null`: the command's name is missing or incomplete. */
  readonly entry: CommandEntry | null;
  /** Words that are not options: the start of the command's name, or the command's operands. */
  readonly operands: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | null;
  /** The options that can follow; one already given is left out unless it can be repeated. */
  readonly options: readonly Option[];
  /** The arguments the command declares. */
  readonly declared: readonly Argument[];
  /** After `--` no word is an option. */
  readonly ended: boolean;
}

async function positionAfter(registry: Registry, before: readonly string[]): Promise<Position> {
  const globals = new Command('ebill');
  declareGlobals(globals);
  globals.option('-h, --help', 'print help').option('-V, --version', 'print the version');
  let options: readonly Option[] = globals.options;
  let declared: readonly Argument[] = [];
  let entry: CommandEntry | null = null;
  let operands: readonly string[] = [];
  let pending: Option | null = null;
  let ended = false;
  const used = new Set<Option>();
  for (const word of before) {
    if (pending !== null && !(pending.variadic && word.startsWith('-'))) {
      if (!pending.variadic) pending = null;
      continue;
    }
    pending = null;
    if (!ended && word === '--') {
      ended = true;
    } else if (!ended && word.length > 1 && word.startsWith('-')) {
      const known = optionOf(options, word);
      if (known === null) continue;
      used.add(known);
      if (known.required && !word.includes('=')) pending = known;
    } else {
      operands = [...operands, word];
      const found: CommandEntry | undefined = entry === null ? entryNamed(registry, operands) : undefined;
      if (found === undefined) continue;
      entry = found;
      operands = [];
      const command = new Command('x');
      (await found.load()).configure(command);
      options = [...command.options, ...globals.options];
      declared = command.registeredArguments;
    }
  }
  // An option with a parser collects its values, so it can be repeated.
  const left = options.filter((option) => !used.has(option) || option.variadic || option.parseArg);
  return { entry, operands, pending, options: ended ? [] : left, declared, ended };
}

/** The option a word names, `--color` or `--color=always`. */
function optionOf(options: readonly Option[], word: string): Option | null {
  const [name] = word.split('=', 1);
  return options.find(({ long, short }) => long === name || short === name) ?? null;
}

function entryNamed({ commands, groups }: Registry, names: readonly string[]): CommandEntry | undefined {
  const [first = ''] = names;
  // `loads` is a command and a group: another word can still follow.
  if (names.length === 1 && first in groups) return undefined;
  return commands.find(({ path }) => path.join(' ') === names.join(' '));
}

const optionCandidate = ({ long, flags, description }: Option): Candidate => ({
  value: long ?? flags,
  description,
});

/** The next word of a command's name; after `help`, of a command or a topic. */
function commandWords(registry: Registry, { operands }: Position): Completions {
  if (operands[0] !== 'help') {
    const next = nextWords(registry, operands);
    return words(
      operands.length > 0 ? next : [...next, { value: 'help', description: 'help on a command or topic' }],
    );
  }
  const topics = TOPICS.map(({ name, summary }) => ({ value: name, description: summary }));
  return words([...nextWords(registry, operands.slice(1)), ...(operands.length === 1 ? topics : [])]);
}

function nextWords({ commands, groups }: Registry, names: readonly string[]): readonly Candidate[] {
  const next = new Map<string, string>();
  for (const { path, summary } of commands) {
    const word = path[names.length];
    if (word === undefined || names.some((name, i) => path[i] !== name)) continue;
    next.set(word, names.length === 0 ? (groups[word] ?? summary) : summary);
  }
  return [...next].map(([value, description]) => ({ value, description }));
}

const words = (list: readonly Candidate[]): Completions => ({ type: 'words', list });
const choices = (values: readonly string[]): Completions =>
  words(values.map((value) => ({ value, description: '' })));

const NOTHING = words([]);
const CSV: Completions = { type: 'files', extensions: ['csv'] };
const YAML: Completions = { type: 'files', extensions: ['yaml', 'yml'] };
const HTML: Completions = { type: 'files', extensions: ['html'] };
const ANY_FILE: Completions = { type: 'files', extensions: [] };

/** The placeholder in an option's flags tells files from folders: `<file>`, `<files...>`, `<dir>`. */
async function optionValues(
  option: Option,
  { entry }: Position,
  context: Context,
  before: readonly string[],
): Promise<Completions> {
  const { long, flags, argChoices } = option;
  if (argChoices !== undefined) return choices(argChoices);
  if (long === '--profile') return words(await profiles(context));
  if (long === '--job') return words(await loads(context, before));
  if (long === '--against')
    return words([
      ...['last', 'none'].map((value) => ({ value, description: '' })),
      ...(await loads(context, before)),
    ]);
  if (long === '--allow-warning') return choices(WARNING_CODES);
  // A value that ends in : or = is incomplete; the shell adds no space after it.
  if (long === '--auth') return choices(['basic', 'bearer', 'header:', 'none']);
  if (long === '--column') return choices(ROLE_NAMES.map((role) => `${role}=`));
  if (/<files\.\.\.>/.test(flags)) return CSV;
  if (/<file>/.test(flags)) return entry?.path[0] === 'report' ? HTML : ANY_FILE;
  return /<dir>/.test(flags) ? { type: 'folders' } : NOTHING;
}

async function operandValues(
  { entry, operands, declared }: Position,
  context: Context,
  before: readonly string[],
): Promise<Completions> {
  const last = declared.at(-1);
  const argument = declared[operands.length] ?? (last?.variadic === true ? last : null);
  switch (argument?.name()) {
    case 'files':
      return CSV;
    case 'plan':
      return YAML;
    case 'file':
      return ANY_FILE;
    case 'job':
      return words(await loads(context, before));
    case 'name':
      return entry?.path[1] === 'add' ? NOTHING : words(await profiles(context));
    case 'method':
      return choices(['GET', 'POST', 'PUT']);
    case 'shell':
      return choices(SHELLS);
    default:
      return NOTHING;
  }
}

async function profiles(context: Context): Promise<readonly Candidate[]> {
  try {
    const { loadProfiles } = await import('../profile/store.ts');
    const { all } = await loadProfiles(context);
    return [...all.values()].map(({ name, baseUrl }) => ({ value: name, description: baseUrl }));
  } catch {
    return [];
  }
}

/** The loads on this machine, the last changed first; only those on the server of the profile in the line, if it names one. */
async function loads(context: Context, before: readonly string[]): Promise<readonly Candidate[]> {
  const [{ loadNames }, { loadFilter, serverText }] = await Promise.all([
    import('../load/loads.ts'),
    import('./shared/load-filter.ts'),
  ]);
  const profile = profileIn(before);
  const filter = await loadFilter(context, { profile, baseUrl: null }).catch(() => null);
  const known = await loadNames(context.paths.state, filter);
  const jobs = new Map<string, string>();
  for (const header of known)
    if (!jobs.has(header.job)) jobs.set(header.job, header.profile ?? serverText(header));
  return [...jobs].map(([value, description]) => ({ value, description }));
}

function profileIn(before: readonly string[]): string | null {
  const at = before.lastIndexOf('--profile');
  const joined = before.findLast((word) => word.startsWith('--profile='))?.slice('--profile='.length);
  return (at < 0 ? joined : before[at + 1]) ?? null;
}

/** Drops values with control characters, which can be neither shown nor typed; puts descriptions on one line. */
function printable(completions: Completions): Completions {
  if (completions.type !== 'words') return completions;
  return words(
    completions.list
      .filter(({ value }) => value !== '' && value.search(UNSAFE) < 0)
      .map(({ value, description }) => ({
        value,
        description: description.replace(/[\s\p{C}]+/gu, ' ').trim(),
      })),
  );
}
