import type { CommandModule } from './shared/command.ts';
import { GITHUB_NOTE, NOTIFY_NOTE, withNotification } from './shared/notify.ts';
import { declareSelection, selectionOptions } from './shared/selection.ts';
import { declareWatchOptions, watchOptions } from './shared/watch-options.ts';
import type { WatchCommandOptions } from './watch-batches.ts';

export const command: CommandModule<WatchCommandOptions> = {
  help: {
    notes: [
      'Ends at once (7) when what is left was never finalized, unless --max-wait is given. A look that fails is no verdict on a batch; only when the server has been silent for --patience does it end (6).',
      NOTIFY_NOTE,
      GITHUB_NOTE,
    ],
    examples: [
      ['ebill watch', 'the load last started here, until every batch is final'],
      ['ebill watch --job AUG_2020 --max-wait 2h --download results', 'and fetch what became of each record'],
      ['ebill watch --job AUG_2020 --interval 10s --json', 'for a script: a look each ten seconds'],
      [
        `ebill watch --notify 'jq .outcome | mail -s "$EBILL_JOB" billing@example.com'`,
        'tell somebody when it is over',
      ],
    ],
    exitCodes: [3, 4, 5, 6, 7, 8, 9],
    seeAlso: ['status', 'results', 'help exit-codes', 'help json'],
  },
  configure: (cmd) => {
    cmd.description('Wait until every batch is final, and say what became of it.');
    declareSelection(cmd);
    declareWatchOptions(cmd);
  },
  options: (_args, flags) => ({ ...selectionOptions(flags), watch: watchOptions(flags) }),
  run: async (app, options) => {
    const { watchBatches } = await import('./watch-batches.ts');
    return withNotification(app, options.watch.notify, () => watchBatches(app, options));
  },
};
