import type { Command } from 'commander';
import type { App, CommandHelp, CommandModule, CommandResult } from './shared/command.ts';

/** A command's code, its options' type closed away: what is parsed can only be run by the same command. */
export interface LoadedCommand {
  readonly help: CommandHelp;
  configure(command: Command): void;
  /** @throws EbillError USAGE */
  prepare(
    args: readonly unknown[],
    flags: Readonly<Record<string, unknown>>,
  ): (app: App) => Promise<CommandResult>;
}

/** Headings of the program's help, in the order of a month. */
export const HEADINGS = {
  load: 'Load:',
  look: 'Look:',
  setUp: 'Set up:',
  rehearse: 'Rehearse:',
} as const;
export type Group = keyof typeof HEADINGS;

/** A command as the list knows it: enough for `--help`, and how to get the rest. */
export interface CommandEntry {
  readonly path: readonly [string] | readonly [string, string];
  readonly summary: string;
  /** Under which heading the program's help lists it. */
  readonly group: Group;
  /** Its code is read only when it is called (performance.md, "Start-up"). */
  load(): Promise<LoadedCommand>;
}

function entry<Options>(
  group: Group,
  path: CommandEntry['path'],
  summary: string,
  load: () => Promise<{ readonly command: CommandModule<Options> }>,
): CommandEntry {
  return {
    group,
    path,
    summary,
    load: async () => {
      const { command } = await load();
      return {
        help: command.help,
        configure: (cmd) => command.configure(cmd),
        prepare: (args, flags) => {
          const options = command.options(args, flags);
          return (app) => command.run(app, options);
        },
      };
    },
  };
}

/** Groups of commands and what they are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  upload: 'upload files as batches of a load',
  profile: 'where to load to and as whom',
  loads: 'the loads this machine knows',
};

/** Every command, in the order of a month. This list is the registry. */
export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'load',
    ['init'],
    'start a load: carry all open invoices and memos forward',
    () => import('./init.ts'),
  ),
  entry(
    'load',
    ['upload', 'customer'],
    'upload customer files, one batch each',
    () => import('./upload-customer.ts'),
  ),
  entry(
    'load',
    ['upload', 'invoice'],
    'upload an invoice file and its item files',
    () => import('./upload-invoice.ts'),
  ),
  entry('load', ['upload', 'items'], 'add item files to an invoice batch', () => import('./upload-items.ts')),
  entry('load', ['validate'], 'check files without a network', () => import('./validate.ts')),
  entry('load', ['finalize'], 'hand uploaded batches to processing', () => import('./finalize.ts')),
  entry('look', ['status'], 'where the batches stand, now', () => import('./status.ts')),
  entry('look', ['watch'], 'wait until every batch is final', () => import('./watch.ts')),
  entry(
    'look',
    ['results'],
    'download result files, and the records that failed',
    () => import('./results.ts'),
  ),
  entry('load', ['run'], 'the whole month from a plan file, resumable', () => import('./run.ts')),
  entry('look', ['report'], 'the load as one self-contained page', () => import('./report.ts')),
  entry('look', ['loads'], 'the loads this machine knows', () => import('./loads/list.ts')),
  entry('look', ['loads', 'show'], "one load's journal as a timeline", () => import('./loads/show.ts')),
  entry('setUp', ['profile', 'add'], 'add a profile', () => import('./profile/add.ts')),
  entry('setUp', ['profile', 'set'], 'change a profile', () => import('./profile/set.ts')),
  entry('setUp', ['profile', 'list'], 'list the profiles', () => import('./profile/list.ts')),
  entry('setUp', ['profile', 'show'], 'show one profile, secrets aside', () => import('./profile/show.ts')),
  entry(
    'setUp',
    ['profile', 'use'],
    'make a profile the one used by default',
    () => import('./profile/use.ts'),
  ),
  entry(
    'setUp',
    ['profile', 'remove'],
    'remove a profile and its secret',
    () => import('./profile/remove.ts'),
  ),
  entry(
    'setUp',
    ['doctor'],
    'check the set-up, the network and the authorisation',
    () => import('./doctor.ts'),
  ),
  entry('setUp', ['api'], 'one raw authorised call', () => import('./api.ts')),
  entry(
    'setUp',
    ['completion'],
    'print a script that completes commands as you type',
    () => import('./completion.ts'),
  ),
  entry(
    'rehearse',
    ['sandbox'],
    'run a local eBill server to rehearse against',
    () => import('./sandbox.ts'),
  ),
  entry(
    'rehearse',
    ['demo'],
    'a whole month on sample files against a sandbox of its own',
    () => import('./demo.ts'),
  ),
];
