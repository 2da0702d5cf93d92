import type { Command } from 'commander';
import type { CommandHelp } from '../help/command-help.ts';
import { commandPage, globalRows, groupPage, terms } from '../help/describe.ts';
import type { HelpPage, Row, Section } from '../help/page.ts';
import { TOPICS } from '../help/topics.ts';
import { COMMANDS, GROUPS, type Group, HEADINGS } from './index.ts';

/**
 * The page of the program, of a group, or of a command that was filled in.
 * @param help `null` for the program and for groups
 */
export function pageOf(command: Command, help: CommandHelp | null): HelpPage {
  if (command.parent === null) return programPage(command);
  return help === null ? groupPage(command) : commandPage(command, help);
}

function programPage(program: Command): HelpPage {
  return {
    name: 'ebill',
    summary: 'load a month of billing data through the eBill Batch File Upload API',
    description:
      'Loads a month of billing data through the eBill Batch File Upload API: nothing twice, nothing lost, every record accounted for.',
    usage: ['ebill <command> [options]'],
    sections: [
      ...commandSections(),
      {
        title: 'Topics',
        blocks: terms(TOPICS.map(({ name, summary }): Row => [`help ${name}`, summary])),
      },
      { title: 'Global options', options: true, blocks: terms(globalRows(program)) },
      {
        title: 'To begin',
        blocks: [
          {
            type: 'examples',
            rows: [
              ['ebill demo', 'a whole month on sample files; nothing to set up'],
              [
                'ebill profile add prod --base-url https://ebill.example.com --auth bearer',
                'keep your server under a name',
              ],
              ['ebill', 'where you are, and the next command'],
              ['ebill upload invoice --help', 'all about one command'],
            ],
          },
        ],
      },
    ],
  };
}

/** The commands under their headings; those of a group as one. */
function commandSections(): readonly Section[] {
  const rows = new Map<Group, Map<string, string>>();
  for (const { path, summary, group } of COMMANDS) {
    const own = rows.get(group) ?? new Map<string, string>();
    rows.set(group, own.set(path[0], GROUPS[path[0]] ?? summary));
  }
  return [...rows].map(([group, own]) => ({
    title: HEADINGS[group].replace(/:$/, ''),
    blocks: terms([...own]),
  }));
}
