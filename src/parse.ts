import { Command, CommanderError } from 'commander';
import { COMMANDS, commandIn, GROUPS, REGISTRY } from './commands/index.ts';
import type { App, CommandResult, LoadedCommand } from './commands/shared/command.ts';
import { declareGlobals } from './commands/shared/options.ts';
import { EbillError } from './errors.ts';
import type { CommandHelp } from './help/command-page.ts';
import type { HelpPage } from './help/text.ts';
import { TOPICS, topicNamed } from './help/topics.ts';
import { visible } from './system/escaping.ts';
import { nearest } from './system/nearest.ts';
import { wantsJson } from './system/startup-failure.ts';

/** What a command line means. */
export type Parsed =
  | { readonly type: 'help'; readonly text: string }
  | {
      readonly type: 'command';
      /** The whole name: `upload invoice`. */
      readonly name: string;
      readonly run: (app: App) => Promise<CommandResult>;
      readonly globals: Readonly<Record<string, unknown>>;
      /** The options it takes besides the global ones, such as `--adopt`. */
      readonly takes: readonly string[];
    };

/**
 * argv → command and typed options. Loads only the command that is called.
 * @param columns of the terminal, for help
 * @param color whether headings may be bold
 * @throws EbillError USAGE, with the closest match in the hint
 */
export async function parseArgv(
  given: readonly string[],
  version: string,
  columns: number,
  color = false,
): Promise<Parsed> {
  const help = async (page: HelpPage): Promise<Parsed> => {
    const { shownPage } = await import('./help/text.ts');
    return { type: 'help', text: await shownPage(page, columns, color) };
  };
  const argv = withoutOptionsOfHelp(given);
  if (argv[0] === 'help' && argv[1] !== undefined) {
    const topic = argv.length === 2 ? topicNamed(argv[1]) : null;
    if (topic !== null) return help(await topic.page());
    assertTopic(argv[1]);
  }
  let out = '';
  let result: Parsed | null = null;
  let helpFor: Command | null = null;
  const program = new Command('ebill');
  program
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        out += text;
      },
      writeErr: () => undefined,
    })
    .configureHelp({
      // Commander only finds out whose help is asked for; the text is ours.
      formatHelp: (command) => {
        helpFor = command;
        return '';
      },
    });
  declareGlobals(program);
  const helps = declareCommands(program, (parsed) => {
    result = parsed;
  });
  try {
    await program.parseAsync(normalized(argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.version') return { type: 'help', text: out };
    // Without a command commander reports an error; `ebill` alone is the overview.
    if (error.code === 'commander.help' && program.args.length === 0) return overview(program);
    // A script that asks for a document gets one, not a page of help that looks like success.
    const isHalf = error.code === 'commander.help' && error.exitCode !== 0;
    if (isHalf && wantsJson(argv)) throw usage('the command is not complete', argv);
    if (helpFor !== null && (error.exitCode === 0 || isHalf)) {
      const { pageOf } = await import('./help/command-page.ts');
      return help(pageOf(helpFor, helps.get(helpFor) ?? null, REGISTRY));
    }
    throw usage(error.message, argv);
  }
  if (result === null) throw usage('no command was given', argv);
  return result;
}

/** @throws EbillError USAGE when the name is neither a topic nor a command */
function assertTopic(name: string): void {
  const topics = TOPICS.map((topic) => topic.name);
  const known = [...topics, ...COMMANDS.map(({ path }) => path[0])];
  if (known.includes(name) || name.startsWith('-')) return;
  const meant = nearest(name, known);
  throw new EbillError('USAGE', `There is no help on "${visible(name)}".`, {
    hint: `${meant === null ? '' : `Did you mean ebill help ${meant}? `}Topics: ${topics.join(', ')}; commands: ebill --help.`,
  });
}

function overview(program: Command): Parsed {
  const run = async (app: App): Promise<CommandResult> =>
    (await import('./commands/overview.ts')).overview(app);
  return { type: 'command', name: 'ebill', run, globals: program.opts(), takes: [] };
}

/** `ebill --json help json` asks for the same page as `ebill help json`: options change nothing about help. */
function withoutOptionsOfHelp(argv: readonly string[]): readonly string[] {
  if (!argv.includes('help')) return argv;
  const program = new Command();
  declareGlobals(program);
  const takesValue = (word = ''): boolean =>
    program.options.some(({ long, required }) => required && long === word);
  const words = argv.filter((word, i) => !word.startsWith('-') && !takesValue(argv[i - 1]));
  return words[0] === 'help' ? words : argv;
}

/** `ebill help upload invoice` is `ebill upload invoice --help`. */
function normalized(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
}

/**
 * Declares all commands by name, and the options of one when commander reaches it.
 * @returns the help of each command reached
 */
function declareCommands(
  program: Command,
  done: (parsed: Parsed) => void,
): ReadonlyMap<Command, CommandHelp> {
  const helps = new Map<Command, CommandHelp>();
  const groups = new Map<string, Command>();
  const modules = new Map<Command, () => Promise<LoadedCommand>>();
  const declareReached = async (_parent: Command, command: Command): Promise<void> => {
    const load = modules.get(command);
    if (load === undefined) return;
    const module = await load();
    module.configure(command);
    helps.set(command, module.help);
    command.action(async () => {
      const run = module.prepare(command.processedArgs.flat(), command.opts());
      const takes = command.options.flatMap(({ long }) => long ?? []);
      done({ type: 'command', name: nameOf(command), run, globals: program.opts(), takes });
    });
  };
  program.hook('preSubcommand', declareReached);
  const groupOf = (name: string): Command => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const about = GROUPS[name] ?? '';
    const group = program
      .command(name)
      .summary(about)
      .description(`${about.charAt(0).toUpperCase()}${about.slice(1)}.`)
      .helpCommand(false)
      .hook('preSubcommand', declareReached);
    groups.set(name, group);
    return group;
  };
  for (const { path, summary, load } of COMMANDS) {
    const [first, second] = path;
    // A group may also be a command: `loads`, and `loads show`.
    const command =
      second !== undefined
        ? groupOf(first).command(second)
        : first in GROUPS
          ? groupOf(first)
          : program.command(first);
    command.summary(summary).description(summary);
    modules.set(command, load);
  }
  return helps;
}

function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
}

function usage(text: string, argv: readonly string[]): EbillError {
  // "error: unknown option '--jbo'\n(Did you mean --job?)"
  const [first = '', ...rest] = text.replace(/^error: /, '').split('\n');
  const suggestion = rest.join(' ').replace(/^\(|\)$/g, '');
  const command = commandIn(argv);
  const message = visible(`${first.charAt(0).toUpperCase()}${first.slice(1)}`);
  return new EbillError('USAGE', message.endsWith('.') ? message : `${message}.`, {
    hint:
      suggestion === ''
        ? `See: ${command === 'ebill' ? '' : 'ebill '}${command} --help`
        : visible(suggestion),
  });
}
