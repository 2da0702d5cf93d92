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
  profile: 'manage servers and credentials',
  loads: 'list the loads known to this machine, and hand them over',
};

/** Every command, under its heading in the order a month needs them. */
export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'Load',
    ['init'],
    'start a load and carry forward open invoices and memos',
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
  entry('Load', ['finalize'], 'submit uploaded batches for processing', () => import('./finalize.ts')),
  entry('Inspect', ['status'], 'show the current state of the batches', () => import('./status.ts')),
  entry('Inspect', ['watch'], 'wait until every batch is final', () => import('./watch.ts')),
  entry('Inspect', ['results'], 'download result files and rejected records', () => import('./results.ts')),
  entry('Load', ['correct'], 'load corrected rejects and close the load', () => import('./correct.ts')),
  entry(
    'Load',
    ['run'],
    'run a whole month from a plan file; resumes where it stopped',
    () => import('./run.ts'),
  ),
  entry('Inspect', ['report'], 'write a report of the load as one HTML page', () => import('./report.ts')),
  entry('Inspect', ['loads'], 'list the loads known to this machine', () => import('./loads/list.ts')),
  entry('Inspect', ['loads', 'show'], 'show the history of a load', () => import('./loads/show.ts')),
  entry(
    'Inspect',
    ['loads', 'export'],
    'write a load to a file, for another machine',
    () => import('./loads/export.ts'),
  ),
  entry(
    'Inspect',
    ['loads', 'import'],
    'take over a load from another machine',
    () => import('./loads/import.ts'),
  ),
  entry('Set up', ['profile', 'add'], 'add a profile', () => import('./profile/add.ts')),
  entry('Set up', ['profile', 'set'], 'change a profile', () => import('./profile/set.ts')),
  entry('Set up', ['profile', 'list'], 'list the profiles', () => import('./profile/list.ts')),
  entry(
    'Set up',
    ['profile', 'show'],
    'show a profile without its secrets',
    () => import('./profile/show.ts'),
  ),
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
  entry('Set up', ['api'], 'make a single authorised API call', () => import('./api.ts')),
  entry('Set up', ['completion'], 'print a shell completion script', async () => {
    const { completionCommand } = await import('./completion.ts');
    return { command: completionCommand(REGISTRY) };
  }),
  entry('Try out', ['sandbox'], 'run a local eBill server for practice', () => import('./sandbox.ts')),
  entry('Try out', ['demo'], 'load a month of sample files into a local sandbox', () => import('./demo.ts')),
];

/** Global options that take the next word as their value. */
const VALUED = [
  '--profile',
  '--base-url',
  '--format',
  '--fields',
  '--progress',
  '--color',
  '--timeout',
  '--retries',
  '--settle',
];

/**
 * The command, or group, that an unparsed command line names, such as `upload invoice`; `ebill` when it names none. Never an
 * argument (commands rule 24).
 */
export function commandIn(argv: readonly string[]): string {
  const paths = COMMANDS.map(({ path }) => path);
  const words = argv.filter((word, i) => !word.startsWith('-') && !VALUED.includes(argv[i - 1] ?? ''));
  // The word after an unknown option may be its value.
  const isUnknown = (word: string): boolean => argv[argv.indexOf(word) - 1]?.startsWith('--') === true;
  const at = words.findIndex((word) => paths.some(([name]) => name === word) || !isUnknown(word));
  const first = words[at];
  if (first === 'help') return 'help';
  const named = paths.filter(([name]) => name === first);
  if (first === undefined || named.length === 0) return 'ebill';
  const rest = words.slice(at + 1);
  const second = rest.find((word) => named.some(([, name]) => name === word) || !isUnknown(word));
  return named.some(([, name]) => name !== undefined && name === second) ? `${first} ${second}` : first;
}

export const REGISTRY: Registry = { commands: COMMANDS, groups: GROUPS };
