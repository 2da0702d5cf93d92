import type { Argument, Command, Option } from 'commander';
import type { CommandHelp } from './command-help.ts';
import { exitMeanings } from './exit-codes.ts';
import { type Block, type HelpPage, noteBlocks, type Row, type Section } from './page.ts';

/** Options that stand under no heading of their own. */
const OWN = 'Options';
const GLOBAL = 'Global options';

/** A command as commander knows it, filled in, and what its help says besides → its page. */
export function commandPage(command: Command, help: CommandHelp): HelpPage {
  const { notes = [], examples, exitCodes, seeAlso } = help;
  return {
    name: nameOf(command),
    summary: command.summary(),
    description: command.description(),
    usage: [usageOf(command), ...(command.commands.length === 0 ? [] : [groupUsage(command)])],
    sections: [
      ...section('Arguments', terms(shownArguments(command).map(argumentRow))),
      ...section('Commands', terms(command.commands.map(commandRow))),
      ...optionSections(command.options),
      ...section(GLOBAL, terms(globalRows(command)), true),
      ...section('Notes', notes.flatMap(noteBlocks)),
      { title: 'Examples', blocks: [{ type: 'examples', rows: examples }] },
      { title: 'Exit codes', blocks: [codes(exitCodes)] },
      ...section('See also', seeAlso.length === 0 ? [] : [{ type: 'see', names: seeAlso }]),
    ],
  };
}

/** A group of commands that is none itself: `ebill upload`. */
export function groupPage(group: Command): HelpPage {
  return {
    name: nameOf(group),
    summary: group.summary(),
    description: group.description(),
    usage: [groupUsage(group)],
    sections: [
      ...section('Commands', terms(group.commands.map(commandRow))),
      ...section(GLOBAL, terms(globalRows(group)), true),
      {
        title: 'See also',
        blocks: [{ type: 'see', names: group.commands.map((command) => nameOf(command).slice(6)) }],
      },
    ],
  };
}

/** `ebill upload invoice`. */
export function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

/** The options every command takes, with `--help` and `--version`. */
export function globalRows(command: Command): readonly Row[] {
  let root = command;
  while (root.parent !== null) root = root.parent;
  return [...root.options.filter(isShown).map(optionRow), ['-h, --help', 'print help']];
}

/** A section of names and meanings. */
export const terms = (rows: readonly Row[]): readonly Block[] =>
  rows.length === 0 ? [] : [{ type: 'terms', rows }];

function section(title: string, blocks: readonly Block[], options = false): readonly Section[] {
  return blocks.length === 0 ? [] : [{ title, blocks, ...(options ? { options: true as const } : {}) }];
}

function usageOf(command: Command): string {
  const args = shownArguments(command).map(argumentTerm);
  return [nameOf(command), ...args, '[options]'].join(' ');
}

/** One without a description is for the program itself. */
const shownArguments = (command: Command): readonly Argument[] =>
  command.registeredArguments.filter(({ description }) => description !== '');

const isShown = (item: { readonly hidden?: boolean }): boolean => item.hidden !== true;

const groupUsage = (group: Command): string => `${nameOf(group)} <command> [options]`;

/** The options by their headings, in the order they were declared. */
function optionSections(options: readonly Option[]): readonly Section[] {
  const groups = new Map<string, Row[]>();
  for (const option of options.filter(isShown)) {
    const title = option.helpGroupHeading?.replace(/:$/, '') ?? OWN;
    groups.set(title, [...(groups.get(title) ?? []), optionRow(option)]);
  }
  return [...groups].flatMap(([title, rows]) => section(title, terms(rows), true));
}

function codes(own: readonly number[]): Block {
  const rows = exitMeanings(own).map(({ code, meaning }): Row => [String(code), meaning]);
  return { type: 'terms', rows, apart: true };
}

const commandRow = (command: Command): Row => [command.name(), command.summary()];

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

const argumentRow = (argument: Argument): Row => [
  argumentTerm(argument),
  described(argument.description, argument.argChoices, null),
];

function optionRow(option: Option): Row {
  const { flags, description, argChoices, defaultValue, required } = option;
  const byDefault = required && typeof defaultValue === 'string' ? defaultValue : null;
  return [flags, described(description, argChoices, byDefault)];
}

/** `how progress is shown: auto, tty, plain, json or none (default: auto)`. */
function described(
  description: string,
  choices: readonly string[] | undefined,
  byDefault: string | null,
): string {
  const last = choices?.at(-1) ?? '';
  const list = choices === undefined ? '' : `: ${choices.slice(0, -1).join(', ')} or ${last}`;
  return `${description}${list}${byDefault === null ? '' : ` (default: ${byDefault})`}`;
}
