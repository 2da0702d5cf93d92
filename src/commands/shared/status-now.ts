import { isSettled } from '../../batch/outcome.ts';
import { uncounted, verdictOf } from '../../batch/verdict.ts';
import type { EbillError } from '../../errors.ts';
import { refresh } from '../../load/refresh.ts';
import { unknownBatch } from '../../load/watch.ts';
import type { App, CommandResult } from './command.ts';
import { type SelectionOptions, select } from './selection.ts';
import { closeLoad, withSession } from './session.ts';
import { type Targets, targetsToRead } from './targets.ts';
import { resultOf } from './upload-flow.ts';
import { viewsOf } from './views.ts';
import { stillRunning } from './wait.ts';

export interface StatusOptions extends SelectionOptions {
  /** The exit code tells the outcome, as `watch` does. */
  readonly exitStatus: boolean;
}

/** Asks for the batches meant, once. Apart from the options: a usage error loads none of this. */
export function statusNow(app: App, options: StatusOptions): Promise<CommandResult> {
  return withSession(app, async (session) => {
    const selection = await select(app, session.owner, options);
    if (selection.type === 'load') app.soFar(() => ({ job: selection.job }));
    const targets = await targetsToRead(session, selection);
    try {
      app.soFar(() => ({ batches: viewsOf(targets.run, targets.jobIds) }));
      const round = await refresh(targets.run, targets.jobIds, app.globals.retries);
      for (const status of round.strange) {
        app.ui.warn(
          `the server calls a status "${status}", which is no known name (map it: ebill profile set NAME --status-name "${status}"=PHASE)`,
        );
      }
      const missing = round.unknown.length > 0 ? unknownBatch(round.unknown) : null;
      const error = round.failures[0] ?? missing ?? (options.exitStatus ? verdict(app, targets) : null);
      return await resultOf(app, targets.run, targets.jobIds, { error });
    } finally {
      await closeLoad(targets.run);
    }
  });
}

function verdict(app: App, { run, jobIds }: Targets): EbillError | null {
  const batches = viewsOf(run, jobIds);
  for (const warning of uncounted(batches)) app.ui.warn(warning);
  const { job } = run.journal.state.header;
  return batches.every(isSettled)
    ? verdictOf(batches, job, app.context)
    : stillRunning(batches, job, false, app.context);
}
