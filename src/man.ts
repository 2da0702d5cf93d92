import { Command, type Option } from 'commander';
import type { CommandHelp } from './commands/command.ts';
import { declareGlobals } from './commands/globals.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT_MEANINGS } from './help/exit-codes.ts';
import { paragraph, roff, section, tagged, title, verbatim } from './help/roff.ts';
import { TOPIC_NAMES } from './help/topic-names.ts';
import { TOPICS } from './help/topics.ts';

/** Every command may end so. */
const ALWAYS = [0, 1, 2, 130];

/**
 * The man pages, from the same source as `--help`: one for each command (`ebill-upload-invoice.1`), one for each topic
 * (`ebill-plan.7`), and `ebill.1`. By file name. The same version makes the same bytes.
 */
export async function manPages(version: string): Promise<ReadonlyMap<string, string>> {
  const program = `ebill ${version}`;
  const pages = new Map<string, string>();
  pages.set('ebill.1', mainPage(program));
  for (const { path, load } of COMMANDS) {
    const { help, configure } = await load();
    const command = new Command(path.at(-1) ?? '');
    configure(command);
    pages.set(`ebill-${path.join('-')}.1`, commandPage(path, command, help, program));
  }
  for (const name of TOPIC_NAMES) {
    const { summary, paragraphs } = TOPICS[name];
    const body = (await paragraphs()).map((text) =>
      text.startsWith('  ') ? verbatim(text) : paragraph(text),
    );
    pages.set(
      `ebill-${name}.7`,
      page([
        title(`ebill-${name}`, 7, program),
        section('name'),
        roff(`ebill-${name} - ${summary}`),
        section('description'),
        ...body,
        section('see also'),
        see('ebill', 1),
      ]),
    );
  }
  return pages;
}

const page = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
const see = (name: string, number: 1 | 7): string => `\\fB${roff(name)}\\fR(${number})`;

function commandPage(path: readonly string[], command: Command, help: CommandHelp, program: string): string {
  const name = `ebill-${path.join('-')}`;
  const called = `ebill ${path.join(' ')}`;
  const summary = command.description().split(/[.:](?: |$)/)[0] ?? '';
  const operands = command.registeredArguments.map((argument) => {
    const text = `${argument.name()}${argument.variadic ? '…' : ''}`;
    return argument.required ? text : `[${text}]`;
  });
  const args = command.registeredArguments.filter(({ description }) => description !== '');
  return page([
    title(name, 1, program),
    section('name'),
    roff(`${name} - ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`),
    section('synopsis'),
    `\\fB${roff(called)}\\fR [\\fIoptions\\fR] ${operands.map((text) => `\\fI${roff(text)}\\fR`).join(' ')}`.trimEnd(),
    section('description'),
    paragraph(command.description()),
    ...(help.notes ?? []).map((note) => (note.includes('\n') ? verbatim(note) : paragraph(note))),
    ...(args.length === 0
      ? []
      : [section('arguments'), ...args.map((argument) => tagged(argument.name(), argument.description))]),
    ...(command.options.length === 0
      ? []
      : [section('options'), ...command.options.filter(({ hidden }) => !hidden).map(optionText)]),
    paragraph('The options every command takes are in ebill(1).'),
    section('examples'),
    ...help.examples.flatMap(([line, about]) => [tagged(line, about)]),
    section('exit status'),
    ...exitText((code) => ALWAYS.includes(code) || help.exitCodes.includes(code)),
    section('see also'),
    [
      see('ebill', 1),
      ...help.seeAlso.map((other) =>
        other.startsWith('help ')
          ? see(`ebill-${other.slice(5)}`, 7)
          : see(`ebill-${other.replaceAll(' ', '-')}`, 1),
      ),
    ].join(', '),
  ]);
}

function mainPage(program: string): string {
  const command = new Command('ebill');
  declareGlobals(command);
  const commands = COMMANDS.map(({ path, summary }) => tagged(`ebill ${path.join(' ')}`, summary));
  return page([
    title('ebill', 1, program),
    section('name'),
    roff('ebill - loads a month of billing data through the eBill Batch File Upload API'),
    section('synopsis'),
    '\\fBebill\\fR \\fIcommand\\fR [\\fIoptions\\fR]',
    section('description'),
    paragraph(
      'Nothing twice, nothing lost, everything accounted for: a journal on the disk before each request, an answer asked for before anything is sent again, and every record held against what the server says became of it.',
    ),
    section('commands'),
    ...commands,
    section('options'),
    ...command.options.map(optionText),
    section('exit status'),
    ...exitText(() => true),
    section('see also'),
    TOPIC_NAMES.map((name) => see(`ebill-${name}`, 7)).join(', '),
  ]);
}

function optionText({ flags, description, defaultValue, argChoices }: Option): string {
  const choices = argChoices === undefined ? '' : ` One of ${argChoices.join(', ')}.`;
  const byDefault = typeof defaultValue === 'string' ? ` Default: ${defaultValue}.` : '';
  return tagged(flags, `${description}${choices}${byDefault}`);
}

const exitText = (wanted: (code: number) => boolean): readonly string[] =>
  EXIT_MEANINGS.filter(([code]) => wanted(code)).map(([code, names, meaning]) =>
    tagged(`${code}${names.length > 0 ? `  ${names.join(', ')}` : ''}`, meaning),
  );
