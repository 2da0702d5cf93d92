import { EXIT_MEANINGS } from '../help/exit-codes.ts';
import { flow, hang, padEnd, wrap } from '../output/fit.ts';
import { textWidth } from '../output/text-width.ts';
import type { CommandHelp } from './command.ts';

/** Every command may end so. */
const ALWAYS = [0, 1, 2, 130];

/** What follows a command's options in its help: notes, examples, exit codes, and where to read on. @param columns of the terminal */
export function helpText({ notes = [], examples, exitCodes, seeAlso }: CommandHelp, columns: number): string {
  const width = Math.max(30, columns);
  const codes = EXIT_MEANINGS.filter(([code]) => ALWAYS.includes(code) || exitCodes.includes(code));
  return [
    // What has lines of its own keeps them.
    ...notes.map((note) => `\n${note.includes('\n') ? listed(note, width) : wrap(note, width).join('\n')}`),
    `\nExamples:\n${exampleLines(examples, width).join('\n')}`,
    `\nExit codes:\n${codes.map(([code, , meaning]) => hang(`  ${padEnd(String(code), 3)}  `, meaning, width)).join('\n')}`,
    `\n${flow(
      seeAlso.map((name, i) => `${i === 0 ? 'See also: ' : ''}${callOf(name)}`),
      width - 2,
    ).join('\n  ')}`,
  ].join('\n');
}

const callOf = (name: string): string => `ebill ${name}${name.startsWith('help ') ? '' : ' --help'}`;

/** What has lines of its own: a line that is too long goes on under its second column. */
function listed(note: string, width: number): string {
  return note
    .split('\n')
    .map((line) => {
      const [lead = ''] = /^\s*(?:\S+\s{2,})?/.exec(line) ?? [];
      return hang(lead, line.slice(lead.length), width);
    })
    .join('\n');
}

/** The line to type, never broken, and what it does: beside it, or under it where the width is short. */
function exampleLines(examples: CommandHelp['examples'], width: number): readonly string[] {
  const longest = Math.max(...examples.map(([line]) => textWidth(line)));
  const beside = longest + 4 + 2 + 24 <= width;
  return examples.flatMap(([line, about]) =>
    beside
      ? [hang(`  $ ${padEnd(line, longest)}  `, about, width)]
      : [`  $ ${line}`, hang('      ', about, width)],
  );
}
