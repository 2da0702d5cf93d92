import type { CommandEntry, CommandModule, Registry } from './shared/command.ts';

/** The headings of `ebill --help`. */
type Heading = 'Load' | 'Inspect' | 'Set up' | 'Try out';

function entry<Options>(
  heading: Heading,
  path: CommandEntry['path'],
  summary: string,
  load: () => Promise<{ readonly command: CommandModule<Options> }>,
): CommandEntry {
  return {
    heading,
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

/** Groups of commands and their summaries. */
export const GROUPS: Readonly<Record<string, string>> = {
  upload: 'upload files as batches of a load',
  profile: 'where to load to and as whom',
  loads: 'the loads this machine knows',
};

/** Every command, under its heading in the order a month needs them. */
export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'Load',
    ['init'],
    'start a load: carry all open invoices and memos forward',
    () => import('./init.ts'),
  ),
  entry(
    'Load',
    ['upload', 'customer'],
    'upload customer files, one batch each',
    () => import('./upload-customer.ts'),
  ),
  entry(
    'Load',
    ['upload', 'invoice'],
    'upload an invoice file and its item files',
    () => import('./upload-invoice.ts'),
  ),
  entry('Load', ['upload', 'items'], 'add item files to an invoice batch', () => import('./upload-items.ts')),
  entry('Load', ['validate'], 'check files without a network', () => import('./validate.ts')),
  entry('Load', ['finalize'], 'hand uploaded batches to processing', () => import('./finalize.ts')),
  entry('Inspect', ['status'], 'where the batches stand, now', () => import('./status.ts')),
  entry('Inspect', ['watch'], 'wait until every batch is final', () => import('./watch.ts')),
  entry(
    'Inspect',
    ['results'],
    'download result files, and the records that failed',
    () => import('./results.ts'),
  ),
  entry('Load', ['run'], 'the whole month from a plan file, resumable', () => import('./run.ts')),
  entry('Inspect', ['report'], 'the load as one self-contained page', () => import('./report.ts')),
  entry('Inspect', ['loads'], 'the loads this machine knows', () => import('./loads/list.ts')),
  entry('Inspect', ['loads', 'show'], "one load's journal as a timeline", () => import('./loads/show.ts')),
  entry('Set up', ['profile', 'add'], 'add a profile', () => import('./profile/add.ts')),
  entry('Set up', ['profile', 'set'], 'change a profile', () => import('./profile/set.ts')),
  entry('Set up', ['profile', 'list'], 'list the profiles', () => import('./profile/list.ts')),
  entry('Set up', ['profile', 'show'], 'show one profile, secrets aside', () => import('./profile/show.ts')),
  entry('Set up', ['profile', 'use'], 'make a profile the default', () => import('./profile/use.ts')),
  entry(
    'Set up',
    ['profile', 'remove'],
    'remove a profile and its secret',
    () => import('./profile/remove.ts'),
  ),
  entry(
    'Set up',
    ['doctor'],
    'check the set-up, the network and the authorisation',
    () => import('./doctor.ts'),
  ),
  entry('Set up', ['api'], 'one raw authorised call', () => import('./api.ts')),
  entry('Set up', ['completion'], 'print a script that completes commands as you type', async () => {
    const { completionCommand } = await import('./completion.ts');
    return { command: completionCommand(REGISTRY) };
  }),
  entry('Try out', ['sandbox'], 'run a local eBill server to rehearse against', () => import('./sandbox.ts')),
  entry(
    'Try out',
    ['demo'],
    'a whole month on sample files against a sandbox of its own',
    () => import('./demo.ts'),
  ),
];

export const REGISTRY: Registry = { commands: COMMANDS, groups: GROUPS };
