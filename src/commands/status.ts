import type { CommandModule } from './shared/command.ts';
import { boolFlag } from './shared/options.ts';
import { declareSelection, selectionOptions } from './shared/selection.ts';
import type { StatusOptions } from './shared/status-now.ts';

export const command: CommandModule<StatusOptions> = {
  help: {
    examples: [
      ['ebill status', 'show the load last started here'],
      ['ebill status --job AUG_2020 --json', 'print the status as JSON'],
      ['ebill status --job-id AUG_2020_INV --exit-status', 'set the exit code by the outcome'],
    ],
    exitCodes: [3, 4, 5, 6, 7, 9],
    seeAlso: ['watch', 'loads show'],
  },
  configure: (cmd) => {
    cmd.description('Show the current state of the batches. Always asks the server.');
    declareSelection(cmd);
    cmd.option('--exit-status', 'exit with the outcome: 3 partial, 4 failed, 7 not final yet');
  },
  options: (_args, flags) => ({ ...selectionOptions(flags), exitStatus: boolFlag(flags, 'exitStatus') }),
  run: async (app, options) => (await import('./shared/status-now.ts')).statusNow(app, options),
};
