import { Command, CommanderError } from 'commander';
import type { App, CommandResult } from './commands/command.ts';
import { declareGlobals } from './commands/globals.ts';
import { helpText } from './commands/help-text.ts';
import { COMMANDS, GROUPS, HEADINGS, type LoadedCommand } from './commands/index.ts';
import { EbillError } from './errors.ts';
import { TOPIC_NAMES } from './help/topic-names.ts';
import { nearest } from './profile/nearest.ts';
import { visible } from './visible.ts';

/** What a command line means. */
export type Parsed =
  | { readonly type: 'help'; readonly text: string }
  | {
      readonly type: 'command';
      /** The whole name: `upload invoice`. */
      readonly name: string;
      readonly run: (app: App) => Promise<CommandResult>;
      readonly globals: Readonly<Record<string, unknown>>;
    };

/**
 * argv → command and typed options. Only the command called is loaded.
 * @param columns of the terminal, for help
 * @throws EbillError USAGE, with what was probably meant
 */
export async function parseArgv(argv: readonly string[], version: string, columns: number): Promise<Parsed> {
  if (argv[0] === 'help' && argv[1] !== undefined) {
    const topic = argv.length === 2 ? await topicNamed(argv[1], columns) : null;
    if (topic !== null) return { type: 'help', text: topic };
    refuseUnknownTopic(argv[1]);
  }
  let out = '';
  let complaint = '';
  let result: Parsed | null = null;
  const program = new Command('ebill');
  program
    .description(
      'Loads a month of billing data through the eBill Batch File Upload API: nothing twice, nothing lost.',
    )
    .usage('COMMAND [options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({ minWidthToWrap: 14 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        out += text;
      },
      writeErr: (text) => {
        complaint += text;
      },
      getOutHelpWidth: () => columns,
    });
  declareGlobals(program);
  program.addHelpText('after', `\nTopics (ebill help TOPIC):\n  ${TOPIC_NAMES.join(', ')}`);
  await declareCommands(program, columns, (parsed) => {
    result = parsed;
  });
  try {
    await program.parseAsync(words(argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { type: 'help', text: out };
    // Without a command commander prints help and calls it an error; `ebill` alone says where one is.
    if (error.code === 'commander.help')
      return program.args.length > 0 ? { type: 'help', text: complaint } : alone(program);
    throw usage(error.message, argv);
  }
  if (result === null) throw usage('no command was given', argv);
  return result;
}

/** `ebill help TOPIC`; `null`: it is no topic. */
async function topicNamed(name: string, columns: number): Promise<string | null> {
  const known = TOPIC_NAMES.find((topic) => topic === name);
  if (known === undefined) return null;
  const { TOPICS } = await import('./help/topics.ts');
  const { topicText } = await import('./help/topic-text.ts');
  return topicText(TOPICS[known], columns);
}

/** @throws EbillError USAGE, with what was probably meant */
function refuseUnknownTopic(name: string): void {
  const known = [...TOPIC_NAMES, ...COMMANDS.map(({ path }) => path[0])];
  if (known.includes(name) || name.startsWith('-')) return;
  const meant = nearest(name, known);
  throw new EbillError('USAGE', `There is no help on "${visible(name)}".`, {
    hint: `${meant === null ? '' : `Did you mean ebill help ${meant}? `}Topics: ${TOPIC_NAMES.join(', ')}; commands: ebill --help.`,
  });
}

function alone(program: Command): Parsed {
  const run = async (app: App): Promise<CommandResult> => (await import('./commands/here.ts')).here(app);
  return { type: 'command', name: 'ebill', run, globals: program.opts() };
}

/** `ebill help upload invoice` is `ebill upload invoice --help`. */
function words(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
}

async function declareCommands(
  program: Command,
  columns: number,
  done: (parsed: Parsed) => void,
): Promise<void> {
  const groups = new Map<string, Command>();
  const modules = new Map<Command, () => Promise<LoadedCommand>>();
  // A command is filled in only when commander has come to it.
  const fill = async (_parent: Command, command: Command): Promise<void> => {
    const load = modules.get(command);
    if (load === undefined) return;
    const module = await load();
    module.configure(command);
    command.addHelpText('after', helpText(module.help, columns));
    command.action(async () => {
      const run = module.prepare(command.processedArgs.flat(), command.opts());
      done({ type: 'command', name: nameOf(command), run, globals: program.opts() });
    });
  };
  program.hook('preSubcommand', fill);
  const groupOf = (name: string, heading: string): Command => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const about = GROUPS[name] ?? '';
    const group = program
      .command(name)
      .summary(about)
      .description(about)
      .helpCommand(false)
      .helpGroup(heading)
      .hook('preSubcommand', fill);
    groups.set(name, group);
    return group;
  };
  for (const { path, summary, group, load } of COMMANDS) {
    const [first, second] = path;
    // A group may be a command of its own too: `loads`, and `loads show`.
    const command =
      second !== undefined
        ? groupOf(first, HEADINGS[group]).command(second)
        : first in GROUPS
          ? groupOf(first, HEADINGS[group])
          : program.command(first);
    command
      .summary(summary)
      .description(summary)
      .helpGroup(HEADINGS[group])
      .configureHelp({ showGlobalOptions: true, minWidthToWrap: 14 });
    modules.set(command, load);
  }
}

function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
}

function usage(complaint: string, argv: readonly string[]): EbillError {
  // "error: unknown option '--jbo'\n(Did you mean --job?)"
  const [first = '', ...rest] = complaint.replace(/^error: /, '').split('\n');
  const meant = rest.join(' ').replace(/^\(|\)$/g, '');
  const message = visible(`${first.charAt(0).toUpperCase()}${first.slice(1)}`);
  return new EbillError('USAGE', message.endsWith('.') ? message : `${message}.`, {
    hint: meant === '' ? `See: ebill ${commandIn(argv)}--help` : visible(meant),
  });
}

/** The command a faulty call names, with a space behind it; empty when it names none. */
function commandIn(argv: readonly string[]): string {
  const [first = '', second = ''] = argv;
  const found = COMMANDS.find(
    ({ path }) => path[0] === first && (path[1] === undefined || path[1] === second),
  );
  return found !== undefined ? `${found.path.join(' ')} ` : first in GROUPS ? `${first} ` : '';
}
