import { relative, resolve } from 'node:path';
import { outcomeOfAll, waitsFor } from '../batch/outcome.ts';
import type { RecordStatusMap } from '../batch/record-status.ts';
import type { BatchView } from '../batch/types.ts';
import { unaccounted, uncounted } from '../batch/verdict.ts';
import type { EbillError } from '../errors.ts';
import type { ColumnChoice } from '../files/result-columns.ts';
import { accountText } from '../output/batch-text.ts';
import {
  reasonFields,
  reasonsTable,
  resultTable,
  type ShownTally,
  unknownFields,
} from '../output/result-tables.ts';
import type { App, CommandModule, CommandResult } from './shared/command.ts';
import { boolFlag, collect, listFlag, textFlag } from './shared/options.ts';
import type { Rejects } from './shared/rejects-flow.ts';
import type { Fetched } from './shared/results-flow.ts';
import { declareSelection, type SelectionOptions, selectionOptions } from './shared/selection.ts';
import type { Targets } from './shared/targets.ts';
import { declareRecordStatus, recordStatusOption } from './shared/upload-options.ts';

export interface ResultsOptions extends SelectionOptions {
  /** `null`: a folder named like the load. */
  readonly out: string | null;
  readonly rejects: boolean;
  readonly force: boolean;
  readonly columns: ColumnChoice;
  readonly keyColumns: readonly string[];
  /** Over the profile's. */
  readonly recordStatus: RecordStatusMap;
}

export const command: CommandModule<ResultsOptions> = {
  help: {
    notes: [
      'Exits with 0 when the files are downloaded, whatever the result of the records; with 4 when records are unaccounted for; with 7 when a batch is not final yet. A result that can no longer be fetched (a download URL lives about 7 hours from the end of its batch) is a warning; a file that you put there under its name is checked and used. Any other failure does not stop the other files, and sets the exit code.',
      'A record counts as loaded when its status is a word such as success, ok, loaded, processed or accepted, or begins with one; as rejected when it is or begins with one such as failed, error, invalid or rejected. Any other status is unknown, and so is one with words of both kinds; declare it with --record-status. While a record is unknown, no rejects are written for its batch, and the exit code is 4.',
      '--rejects needs the uploaded file, unchanged and at the same path. JOB_rejects.messages.csv has the line and the message of each record. There, but never in the rejects, text that a spreadsheet would take for a formula starts with an apostrophe.',
    ],
    examples: [
      ['ebill results', 'download the results of the load last started here'],
      ['ebill results --job AUG_2020 --rejects', 'also write the failed records, ready to correct'],
      [
        'ebill results --job-id AUG_2020_INV --out results --json',
        'download one batch and print the result as JSON',
      ],
      [
        'ebill results --job AUG_2020 --status-column State --message-column Remark',
        'name the columns when they are not recognised',
      ],
    ],
    exitCodes: [4, 5, 6, 7, 8, 9, 10],
    seeAlso: ['report', 'watch', 'upload customer'],
  },

  configure(cmd) {
    cmd.description(
      'Download the result files of final batches, compare them with the files sent, and show why records failed.',
    );
    declareSelection(cmd);
    cmd
      .option('--out <dir>', 'output folder (default: ./JOB)')
      .option('--rejects', 'also write the failed records exactly as they were sent, ready to correct')
      .option('--force', 'overwrite existing files')
      .option('--status-column <name>', 'column with the status of a record; #N for the Nth column')
      .option('--message-column <name>', 'column with the message; #N for the Nth column');
    declareRecordStatus(cmd);
    cmd.option(
      '--key-column <name>',
      'match rejects by this column of the file sent, not by position; #N for the Nth column (repeatable)',
      collect,
    );
  },

  options: (_args, flags) => ({
    ...selectionOptions(flags),
    out: textFlag(flags, 'out'),
    rejects: boolFlag(flags, 'rejects'),
    force: boolFlag(flags, 'force'),
    columns: { status: textFlag(flags, 'statusColumn'), message: textFlag(flags, 'messageColumn') },
    keyColumns: listFlag(flags, 'keyColumn'),
    recordStatus: recordStatusOption(flags),
  }),

  async run(app, options) {
    const [{ plannedQuestions, withPreparedTargets }, { assertFolder }, { resultsFolder }] =
      await Promise.all([
        import('./shared/targets.ts'),
        import('./shared/results-folder.ts'),
        import('../load/file-names.ts'),
      ]);
    if (app.globals.dryRun) return plannedQuestions(app, options, { downloads: true });
    return withPreparedTargets(
      app,
      options,
      async (_session, job) => {
        const folder = resolve(app.context.cwd, options.out ?? resultsFolder(job));
        await assertFolder(folder, '--out');
        return folder;
      },
      (targets, folder) => results(app, targets, options, folder),
    );
  },
};

/** @param folder for the result files, absolute */
async function results(
  app: App,
  { run, jobIds, lookedUp: { given } }: Targets,
  options: ResultsOptions,
  folder: string,
): Promise<CommandResult> {
  const [
    { fetchResults, shownResult },
    { correctAdvice, rejectsAdvice, writeAllRejects },
    { goneWarnings },
    { withWait },
    { refresh },
  ] = await Promise.all([
    import('./shared/results-flow.ts'),
    import('./shared/rejects-flow.ts'),
    import('./shared/not-fetched.ts'),
    import('./shared/session.ts'),
    import('../load/refresh.ts'),
  ]);
  const { context, ui } = app;
  const { profile } = run;
  const { job } = run.journal.state.header;
  const answers = await refresh(run, jobIds, { question: {}, all: true, ...(given ? { given } : {}) });
  const [unanswered] = answers.failures;
  if (unanswered !== undefined && answers.answers === 0) throw unanswered;
  const { files, batches, gone, failed } = await fetchResults(app, run, jobIds, {
    ...options,
    folder,
    answers: answers.found,
  });
  for (const warning of [...goneWarnings(gone), ...uncounted(batches)]) ui.warn(warning);
  const rejects: Rejects = options.rejects
    ? await withWait(run.emit, 'writing the rejects', () =>
        writeAllRejects(app, run, files, batches, options),
      )
    : { files: [], problems: [] };
  const shown = files.map((file): ShownTally => ({ ...file, path: relative(context.cwd, file.path) }));
  const parts = [await resultTable(shown, ui), await reasonsTable(shown, ui), accountText(batches, ui)];
  const next = options.rejects
    ? correctAdvice(rejects.files, batches, job === '' ? null : job, context)
    : rejectsAdvice(files, batches, job, context);
  return {
    profile,
    job: job === '' ? null : job,
    outcome: outcomeOfAll(batches),
    batches,
    results: files.map((file) => shownResult(file, options.rejects ? rejects : null)),
    extra: { reasons: reasonFields(shown), unknown: unknownFields(shown) },
    text:
      files.length === 0
        ? gone.length > 0
          ? 'No result file could be fetched.'
          : 'There are no result files: none of the batches is final and has one. An init never has.'
        : parts.filter((part) => part !== '').join('\n\n'),
    error: await errorOf(app, batches, { files, failed }, rejects, job),
    ...(next === '' ? {} : { next }),
  };
}

/** The worst problem: records unaccounted for, then results that could not be fetched, files that cannot be read or written, then batches not final yet. The others become warnings. */
async function errorOf(
  app: App,
  batches: readonly BatchView[],
  { files, failed }: Pick<Fetched, 'files' | 'failed'>,
  rejects: Rejects,
  job: string,
): Promise<EbillError | null> {
  const [{ isIdle, stillRunning }, { combined, notFetched }] = await Promise.all([
    import('./shared/batch-result.ts'),
    import('./shared/not-fetched.ts'),
  ]);
  const hint = files.some(({ kept }) => kept)
    ? 'A result file that was downloaded before was used; --force downloads it again.'
    : '';
  const open = batches.filter((batch) => batch.kind !== 'init' && waitsFor(batch) === 'end');
  const [first, ...rest] = [
    unaccounted(batches, hint, app.context, job),
    notFetched(failed),
    combined([...files.flatMap(({ problem }) => problem ?? []), ...rejects.problems]),
    open.length > 0 ? stillRunning(open, job, isIdle(open), app.context) : null,
  ].filter((error) => error !== null);
  for (const { message } of rest) app.ui.warn(message);
  return first ?? null;
}
