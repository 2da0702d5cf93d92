import type { Argument, Command, Option } from 'commander';
import type { Block, HelpPage, Row, Section } from './text.ts';
import { type ExitCode, exitMeanings } from './topics/exit-codes.ts';
import { TOPICS } from './topics.ts';

/** What a command adds to the arguments and options it declares. Help pages and man pages are made from both. */
export interface CommandHelp {
  /**
   * Paragraphs, wrapped when shown. A paragraph that begins with two spaces is kept line by line; of any other paragraph
   * the first line is wrapped and the lines after it are kept.
   */
  readonly notes?: readonly string[];
  /** At least three: a line as typed (without "$ "), and what it does in a few words. */
  readonly examples: readonly (readonly [line: string, about: string])[];
  /** The exit codes it can end with besides 0, 1, 2 and 130. */
  readonly exitCodes: readonly ExitCode[];
  /** Command names (`upload invoice`) or topics (`help exit-codes`). */
  readonly seeAlso: readonly string[];
}

/** The commands as `ebill --help` lists them. */
interface CommandList {
  readonly commands: readonly {
    readonly path: readonly [string, string?];
    readonly summary: string;
    readonly heading: string;
  }[];
  /** Groups of commands (`upload`) and their summaries. */
  readonly groups: Readonly<Record<string, string>>;
}

/**
 * The help page of the program, of a group, or of a command that has declared its options.
 * @param help `null` for the program and for a group
 */
export function pageOf(command: Command, help: CommandHelp | null, list: CommandList): HelpPage {
  if (command.parent === null) return programPage(command, list);
  return help === null ? groupPage(command) : commandPage(command, help);
}

function programPage(program: Command, list: CommandList): HelpPage {
  return {
    name: 'ebill',
    summary: 'load a month of billing data through the eBill Batch File Upload API',
    description:
      'Loads a month of billing data through the eBill Batch File Upload API: nothing twice, nothing lost, every record accounted for.',
    usage: ['ebill <command> [options]'],
    sections: [
      ...listSections(list),
      ...section('Topics', terms(TOPICS.map(({ name, summary }): Row => [`help ${name}`, summary]))),
      globalSection(program),
      {
        title: 'Getting started',
        blocks: [
          {
            type: 'examples',
            rows: [
              ['ebill demo', 'load a whole month of sample files; needs no set-up'],
              [
                'ebill profile add prod --base-url https://ebill.example.com --auth bearer',
                'save your server as a profile',
              ],
              ['ebill', 'show the current server, profile and load, and the next command'],
              ['ebill upload invoice --help', 'help on one command'],
            ],
          },
        ],
      },
    ],
  };
}

/** The commands under their headings; a group is one line. */
function listSections({ commands, groups }: CommandList): readonly Section[] {
  const rows = new Map<string, Map<string, string>>();
  for (const { path, summary, heading } of commands) {
    const own = rows.get(heading) ?? new Map<string, string>();
    rows.set(heading, own.set(path[0], groups[path[0]] ?? summary));
  }
  return [...rows].map(([title, own]) => ({ title, blocks: terms([...own]) }));
}

/** A group that is not a command itself: `ebill upload`. */
function groupPage(group: Command): HelpPage {
  return {
    name: nameOf(group),
    summary: group.summary(),
    description: group.description(),
    usage: [groupUsage(group)],
    sections: [
      ...section('Commands', terms(group.commands.map(commandRow))),
      globalSection(group),
      {
        title: 'See also',
        blocks: [{ type: 'see', names: group.commands.map((command) => nameOf(command).slice(6)) }],
      },
    ],
  };
}

function commandPage(command: Command, help: CommandHelp): HelpPage {
  const { notes = [], examples, exitCodes, seeAlso } = help;
  return {
    name: nameOf(command),
    summary: command.summary(),
    description: command.description(),
    usage: [usageOf(command), ...(command.commands.length === 0 ? [] : [groupUsage(command)])],
    sections: [
      ...section('Arguments', terms(documented(command).map(argumentRow))),
      ...section('Commands', terms(command.commands.map(commandRow))),
      ...optionSections(command.options),
      globalSection(command),
      ...section('Notes', notes.flatMap(noteBlocks)),
      { title: 'Examples', blocks: [{ type: 'examples', rows: examples }] },
      { title: 'Exit codes', blocks: [codes(exitCodes)] },
      ...section('See also', seeAlso.length === 0 ? [] : [{ type: 'see', names: seeAlso }]),
    ],
  };
}

/** `ebill upload invoice`. */
function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

const usageOf = (command: Command): string =>
  [nameOf(command), ...documented(command).map(argumentTerm), '[options]'].join(' ');

const groupUsage = (group: Command): string => `${nameOf(group)} <command> [options]`;

const section = (title: string, blocks: readonly Block[]): readonly Section[] =>
  blocks.length === 0 ? [] : [{ title, blocks }];

const terms = (rows: readonly Row[]): readonly Block[] =>
  rows.length === 0 ? [] : [{ type: 'terms', rows }];

/** The options of every command, with `--help` and `--version`. */
function globalSection(command: Command): Section {
  let root = command;
  while (root.parent !== null) root = root.parent;
  const rows: readonly Row[] = [
    ...root.options.filter(isVisible).map(optionRow),
    ['-h, --help', 'print help'],
  ];
  return { title: 'Global options', options: true, blocks: terms(rows) };
}

/** The options under their headings, in the order they were declared. */
function optionSections(options: readonly Option[]): readonly Section[] {
  const groups = new Map<string, Row[]>();
  for (const option of options.filter(isVisible)) {
    const title = option.helpGroupHeading?.replace(/:$/, '') ?? 'Options';
    groups.set(title, [...(groups.get(title) ?? []), optionRow(option)]);
  }
  return [...groups].map(([title, rows]) => ({ title, options: true, blocks: terms(rows) }));
}

/** An argument without a description is internal. */
const documented = (command: Command): readonly Argument[] =>
  command.registeredArguments.filter(({ description }) => description !== '');

const isVisible = (option: Option): boolean => option.hidden !== true;

const commandRow = (command: Command): Row => [command.name(), command.summary()];

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

const argumentRow = (argument: Argument): Row => [
  argumentTerm(argument),
  described(argument.description, argument.argChoices, null),
];

function optionRow({
  flags,
  description,
  argChoices,
  defaultValue,
  defaultValueDescription,
  required,
}: Option): Row {
  const named = defaultValueDescription ?? defaultValue;
  const byDefault = required && typeof named === 'string' ? named : null;
  return [flags, described(description, argChoices, byDefault)];
}

/** `how to show progress: auto, tty, plain, json or none (default: auto)`. */
function described(
  description: string,
  choices: readonly string[] | undefined,
  byDefault: string | null,
): string {
  const last = choices?.at(-1) ?? '';
  const list = choices === undefined ? '' : `: ${choices.slice(0, -1).join(', ')} or ${last}`;
  return `${description}${list}${byDefault === null ? '' : ` (default: ${byDefault})`}`;
}

function noteBlocks(note: string): readonly Block[] {
  if (note.startsWith('  ')) return [{ type: 'lines', lines: note.split('\n') }];
  const [text = '', ...lines] = note.split('\n');
  return [{ type: 'text', text }, ...(lines.length === 0 ? [] : [{ type: 'lines' as const, lines }])];
}

function codes(own: readonly number[]): Block {
  const rows = exitMeanings(own).map(({ code, meaning }): Row => [String(code), meaning]);
  return { type: 'terms', rows, ownColumn: true };
}
