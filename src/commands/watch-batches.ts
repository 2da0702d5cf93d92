import { resolve } from 'node:path';
import type { App, CommandResult } from './shared/command.ts';
import { assertFolder } from './shared/file-checks.ts';
import { type SelectionOptions, select } from './shared/selection.ts';
import { closeLoad, withSession } from './shared/session.ts';
import { targetsToRead } from './shared/targets.ts';
import { resultOf } from './shared/upload-flow.ts';
import { viewsOf } from './shared/views.ts';
import { waitFor } from './shared/wait.ts';
import type { WaitOptions } from './shared/watch-options.ts';

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
