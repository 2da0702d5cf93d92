import { Command, type Option } from 'commander';
import { COMMANDS, type CommandEntry, GROUPS } from '../index.ts';
import { declareGlobals } from '../shared/global-options.ts';

/** Where in a command line a word is being typed. */
export interface Position {
  /** `null`: the command is not named yet, or not wholly. */
  readonly entry: CommandEntry | null;
  /** Words that are no options: of the command's name before it is whole, its operands after. */
  readonly operands: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | null;
  /** The options that may stand here, those given before left out unless they may be repeated. */
  readonly options: readonly Option[];
  /** The arguments of the command, as it declares them. */
  readonly names: readonly string[];
  /** After `--` nothing is an option. */
  readonly ended: boolean;
}

/** Follows the words before the one being typed; the options are those of the command they name, and the global ones. */
export async function positionAfter(words: readonly string[]): Promise<Position> {
  const globals = new Command('ebill');
  declareGlobals(globals);
  globals.option('-h, --help', 'print help').option('-V, --version', 'print the version');
  let options: readonly Option[] = globals.options;
  let names: readonly string[] = [];
  let entry: CommandEntry | null = null;
  let operands: readonly string[] = [];
  let pending: Option | null = null;
  let ended = false;
  const used = new Set<Option>();
  for (const word of words) {
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
      const found: CommandEntry | undefined = entry === null ? entryNamed(operands) : undefined;
      if (found === undefined) continue;
      entry = found;
      operands = [];
      const command = new Command('x');
      (await found.load()).configure(command);
      options = [...command.options, ...globals.options];
      names = command.registeredArguments.map((argument) => argument.name());
    }
  }
  // An option that is collected may come again.
  const left = options.filter((option) => !used.has(option) || option.variadic || option.parseArg);
  return { entry, operands, pending, options: ended ? [] : left, names, ended };
}

/** The option a word names, `--color` or `--color=always`; `null`: none of them. */
export function optionOf(options: readonly Option[], word: string): Option | null {
  const [name] = word.split('=', 1);
  return options.find(({ long, short }) => long === name || short === name) ?? null;
}

function entryNamed(words: readonly string[]): CommandEntry | undefined {
  const [first = ''] = words;
  // `loads` is a command and a group: another word may still follow.
  if (words.length === 1 && first in GROUPS) return undefined;
  return COMMANDS.find(({ path }) => path.join(' ') === words.join(' '));
}
