import type { CommandModule } from './shared/command.ts';
import { GITHUB_NOTE, NOTIFY_NOTE, withNotification } from './shared/notify.ts';
import { declareSelection, selectionOptions } from './shared/selection.ts';
import { declareWatchOptions, watchOptions } from './shared/watch-options.ts';
import type { WatchCommandOptions } from './watch-batches.ts';

export const command: CommandModule<WatchCommandOptions> = {
  help: {
    notes: [
      'Stops at once with exit code 7 when the remaining batches were never finalized, unless --max-wait is given. A failed poll says nothing about a batch: watch keeps trying and stops with exit code 6 only after --patience without an answer.',
      NOTIFY_NOTE,
      GITHUB_NOTE,
    ],
    examples: [
      ['ebill watch', 'wait for the load last started here'],
      [
        'ebill watch --job AUG_2020 --max-wait 2h --download results',
        'wait for 2 hours at most, and download the result files',
      ],
      [
        'ebill watch --job AUG_2020 --interval 10s --json',
        'poll every ten seconds and print the result as JSON',
      ],
      [
        `ebill watch --notify 'jq .outcome | mail -s "$EBILL_JOB" billing@example.com'`,
        'send a mail at the end',
      ],
    ],
    exitCodes: [3, 4, 5, 6, 7, 8, 9],
    seeAlso: ['status', 'results', 'help exit-codes', 'help json'],
  },
  configure: (cmd) => {
    cmd.description('Wait until every batch is final, and show the outcome.');
    declareSelection(cmd);
    declareWatchOptions(cmd);
  },
  options: (_args, flags) => ({ ...selectionOptions(flags), watch: watchOptions(flags) }),
  run: async (app, options) => {
    const { watchBatches } = await import('./watch-batches.ts');
    return withNotification(app, options.watch.notify, () => watchBatches(app, options));
  },
};
