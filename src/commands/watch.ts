import { resolve } from 'node:path';
import type { CommandModule } from './shared/command.ts';
import { CI_NOTE, METRICS_NOTE, NOTIFY_NOTE, NOTIFY_URL_NOTE, withNotification } from './shared/notify.ts';
import { declareSelection, type SelectionOptions, selectionOptions } from './shared/selection.ts';
import { declareWatchOptions, type WaitOptions, watchOptions } from './shared/upload-options.ts';

interface WatchCommandOptions extends SelectionOptions {
  readonly watch: WaitOptions;
}

export const command: CommandModule<WatchCommandOptions> = {
  help: {
    notes: [
      'Stops at once with exit code 7 when the remaining batches were never finalized, unless --max-wait is given. A failed poll says nothing about a batch: watch keeps trying and stops with exit code 6 only after --patience without an answer.',
      NOTIFY_NOTE,
      NOTIFY_URL_NOTE,
      METRICS_NOTE,
      CI_NOTE,
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
    exitCodes: [3, 4, 5, 6, 7, 8, 9, 10],
    seeAlso: ['status', 'results', 'help exit-codes', 'help json'],
  },
  configure: (cmd) => {
    cmd.description('Wait until every batch is final, and show the outcome.');
    declareSelection(cmd);
    declareWatchOptions(cmd);
  },

  options: (_args, flags) => ({ ...selectionOptions(flags), watch: watchOptions(flags) }),

  async run(app, options) {
    const [{ plannedQuestions, withTargets }, { waitFor }, { resultOf }] = await Promise.all([
      import('./shared/targets.ts'),
      import('./shared/wait.ts'),
      import('./shared/batch-result.ts'),
    ]);
    const { download } = options.watch;
    if (app.globals.dryRun) return plannedQuestions(app, options, { downloads: download !== null });
    return withNotification(app, options.watch, async () => {
      if (download !== null) {
        const { assertFolder } = await import('./shared/results-folder.ts');
        await assertFolder(resolve(app.context.cwd, download), '--download');
      }
      return withTargets(
        app,
        options,
        async ({ run, jobIds, lookedUp }) =>
          resultOf(app, run, jobIds, await waitFor(app, run, jobIds, options.watch, { lookedUp }), true),
        options.watch,
      );
    });
  },
};
