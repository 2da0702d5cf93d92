import { resolve } from 'node:path';
import { assertFolder } from './check-files.ts';
import type { App, CommandModule, CommandResult } from './command.ts';
import { GITHUB_NOTE, handOver, NOTIFY_NOTE } from './hand-over.ts';
import { declareSelection, type SelectionOptions, select, selectionOptions } from './selection.ts';
import { closeLoad, withSession } from './session.ts';
import { targetsToRead } from './targets.ts';
import { resultOf } from './upload-flow.ts';
import { viewsOf } from './views.ts';
import { waitFor } from './wait.ts';
import { declareWatchOptions, type WaitOptions, watchOptions } from './watch-options.ts';

export interface WatchCommandOptions extends SelectionOptions {
  readonly watch: WaitOptions;
}

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
  run: (app, options) => handOver(app, options.watch.notify, () => watchBatches(app, options)),
};

function watchBatches(app: App, options: WatchCommandOptions): Promise<CommandResult> {
  return withSession(app, async (session) => {
    const selection = await select(app, session.owner, options);
    if (selection.type === 'load') app.soFar(() => ({ job: selection.job }));
    if (options.watch.download !== null) await assertFolder(resolve(app.context.cwd, options.watch.download));
    const { run, jobIds } = await targetsToRead(session, selection);
    try {
      app.soFar(() => ({ batches: viewsOf(run, jobIds) }));
      return await resultOf(app, run, jobIds, await waitFor(app, run, jobIds, options.watch));
    } finally {
      await closeLoad(run);
    }
  });
}
