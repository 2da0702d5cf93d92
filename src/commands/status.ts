import { flatten } from '../batch/tree.ts';
import type { CommandModule } from './shared/command.ts';
import { boolFlag } from './shared/options.ts';
import { declareSelection, type SelectionOptions, selectionOptions } from './shared/selection.ts';

interface StatusOptions extends SelectionOptions {
  /** The exit code tells the outcome, as that of `watch` does. */
  readonly exitStatus: boolean;
}

export const command: CommandModule<StatusOptions> = {
  help: {
    examples: [
      ['ebill status', 'show the load last started here'],
      ['ebill status --job AUG_2020 --json', 'print the status as JSON'],
      ['ebill status --job-id AUG_2020_INV --exit-status', 'set the exit code by the outcome'],
    ],
    exitCodes: [3, 4, 5, 6, 7, 9, 10],
    seeAlso: ['watch', 'loads show'],
  },
  configure: (cmd) => {
    cmd.description('Show the current state of the batches. Always asks the server.');
    declareSelection(cmd);
    cmd.option('--exit-status', 'set the exit code by the outcome: 3 partial, 4 failed, 7 not final yet');
  },

  options: (_args, flags) => ({ ...selectionOptions(flags), exitStatus: boolFlag(flags, 'exitStatus') }),

  async run(app, options) {
    const [
      { plannedQuestions, withTargets },
      { isIdle, nextStepOf, outcomeError, resultOf, viewsOf },
      { refresh },
      { missingHint, missingText, unknownStatus },
    ] = await Promise.all([
      import('./shared/targets.ts'),
      import('./shared/batch-result.ts'),
      import('../load/refresh.ts'),
      import('../batch/verdict.ts'),
    ]);
    if (app.globals.dryRun) return plannedQuestions(app, options);
    return withTargets(app, options, async ({ run, jobIds, lookedUp: { given } }) => {
      const answers = await refresh(run, jobIds, { question: {}, all: true, ...(given ? { given } : {}) });
      for (const status of answers.strange) {
        const { message, hint } = unknownStatus(status, app.context);
        app.ui.warn(message, hint);
      }
      for (const jobId of answers.unseen)
        app.ui.warn(`the server has no batch ${jobId}: it was interrupted before the server had created it`);
      const batches = viewsOf(run, jobIds);
      const missing = flatten(batches).filter(({ phase }) => phase === 'missing');
      if (missing.length > 0 && !options.exitStatus) app.ui.warn(missingText(missing), missingHint(missing));
      const { job } = run.journal.state.header;
      const error =
        answers.failures[0] ??
        (options.exitStatus ? outcomeError(app, batches, job, { idle: isIdle(batches) }) : null);
      // Of a load without a record here nothing more is known than what is shown.
      const step = run.journal.path === null ? null : nextStepOf(run);
      const next = step === null || step.startsWith('ebill status') ? {} : { next: `Next: ${step}` };
      return resultOf(app, run, jobIds, { error, ...next }, options.exitStatus);
    });
  },
};
