import { resolve } from 'node:path';
import { assertFolder } from './check-files.ts';
import type { App, CommandResult } from './command.ts';
import { type SelectionOptions, select } from './selection.ts';
import { closeLoad, withSession } from './session.ts';
import { targetsToRead } from './targets.ts';
import { resultOf } from './upload-flow.ts';
import { viewsOf } from './views.ts';
import { waitFor } from './wait.ts';
import type { WaitOptions } from './watch-options.ts';

export interface WatchCommandOptions extends SelectionOptions {
  readonly watch: WaitOptions;
}

/** Waits until every batch meant is final, and tells what became of it. Apart from the options: a usage error loads none of this. */
export function watchBatches(app: App, options: WatchCommandOptions): Promise<CommandResult> {
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
