import { isSettled } from '../batch/outcome.ts';
import type { EbillError } from '../errors.ts';
import { refresh } from '../load/refresh.ts';
import { uncounted, verdictOf } from '../load/verdict.ts';
import { unknownBatch } from '../load/watch.ts';
import type { App, CommandModule } from './command.ts';
import { boolFlag } from './flags.ts';
import { declareSelection, type SelectionOptions, select, selectionOptions } from './selection.ts';
import { closeLoad, withSession } from './session.ts';
import { type Targets, targetsToRead } from './targets.ts';
import { resultOf } from './upload-flow.ts';
import { viewsOf } from './views.ts';
import { stillRunning } from './wait.ts';

export interface StatusOptions extends SelectionOptions {
  /** The exit code tells the outcome, as `watch` does. */
  readonly exitStatus: boolean;
}

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
  run: (app, options) =>
    withSession(app, async (session) => {
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
    }),
};

function verdict(app: App, { run, jobIds }: Targets): EbillError | null {
  const batches = viewsOf(run, jobIds);
  for (const warning of uncounted(batches)) app.ui.warn(warning);
  const { job } = run.journal.state.header;
  return batches.every(isSettled)
    ? verdictOf(batches, job, app.context)
    : stillRunning(batches, job, false, app.context);
}
