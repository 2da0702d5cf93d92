import type { CommandModule } from './shared/command.ts';
import { boolFlag } from './shared/options.ts';
import { declareSelection, selectionOptions } from './shared/selection.ts';
import type { StatusOptions } from './shared/status-now.ts';

export const command: CommandModule<StatusOptions> = {
  help: {
    examples: [
      ['ebill status', 'of the load last started here'],
      ['ebill status --job AUG_2020 --json', 'for a script'],
      ['ebill status --job-id AUG_2020_INV --exit-status', 'the exit code tells the outcome'],
    ],
    exitCodes: [3, 4, 5, 6, 7, 9],
    seeAlso: ['watch', 'loads show'],
  },
  configure: (cmd) => {
    cmd.description('Where the batches stand, now.');
    declareSelection(cmd);
    cmd.option('--exit-status', 'let the exit code tell the outcome: 3 partial, 4 failed, 7 not final yet');
  },
  options: (_args, flags) => ({ ...selectionOptions(flags), exitStatus: boolFlag(flags, 'exitStatus') }),
  run: async (app, options) => (await import('./shared/status-now.ts')).statusNow(app, options),
};
