import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { accountOf } from '../batch/account.ts';
import { outcomeOfAll } from '../batch/outcome.ts';
import type { RecordStatusMap } from '../batch/record-status.ts';
import { flatten } from '../batch/tree.ts';
import { missingText, unaccounted } from '../batch/verdict.ts';
import { EbillError, messageOf } from '../errors.ts';
import type { Owner } from '../load/journal-places.ts';
import type { Answers } from '../load/refresh.ts';
import { accountText } from '../output/batch-text.ts';
import { hangingIndent } from '../output/text-layout.ts';
import type { App, CommandModule, CommandResult } from './shared/command.ts';
import { boolFlag, textFlag } from './shared/options.ts';
import type { Fetched } from './shared/results-flow.ts';
import { declareSelection, type SelectionOptions, selectionOptions } from './shared/selection.ts';
import type { Targets } from './shared/targets.ts';
import { declareRecordStatus, recordStatusOption } from './shared/upload-options.ts';

export interface ReportOptions extends SelectionOptions {
  /** `null`: report.html in a folder named like the load. */
  readonly out: string | null;
  readonly force: boolean;
  /** Over the profile's. */
  readonly recordStatus: RecordStatusMap;
}

type Warn = (message: string) => void;

export const command: CommandModule<ReportOptions> = {
  help: {
    notes: [
      'The report is one HTML file without external resources. It has the outcome and the timeline of the load, the result of the records of each batch, the reasons for rejects, control totals, every file with its SHA-256, and the requests and answers as an audit record.',
      'The current state is requested first. If the server does not answer, the report shows the last known state and says so. Result files already in ./JOB are used. Exits with 0 when the report is written, whatever the result of the records, and with 4 when records are unaccounted for.',
    ],
    examples: [
      ['ebill report', 'write ./JOB/report.html for the load last started here'],
      ['ebill report --job AUG_2020 --out august.html', 'write to another file'],
      ['ebill report --job AUG_2020 --json', 'also print the data as JSON'],
    ],
    exitCodes: [4, 5, 9, 10],
    seeAlso: ['results', 'loads show', 'run'],
  },
  configure: (cmd) => {
    cmd.description('Write a report of the load as one self-contained HTML page.');
    declareSelection(cmd);
    cmd
      .option('--out <file>', 'path of the report (default: ./JOB/report.html)')
      .option('--force', 'overwrite a file that is not a report');
    declareRecordStatus(cmd);
  },

  options: (_args, flags) => ({
    ...selectionOptions(flags),
    out: textFlag(flags, 'out'),
    force: boolFlag(flags, 'force'),
    recordStatus: recordStatusOption(flags),
  }),

  async run(app, options) {
    const { plannedQuestions, withPreparedTargets } = await import('./shared/targets.ts');
    if (app.globals.dryRun)
      return plannedQuestions(app, options, {
        downloads: true,
        also: async ({ owner }, job) =>
          `Would write ${shownPlace(app, (await placeFor(app, options, owner, job)).path)}`,
      });
    return withPreparedTargets(
      app,
      options,
      ({ owner }, job) => placeFor(app, options, owner, job),
      (targets, place) => report(app, targets, place),
    );
  },
};

interface Place {
  /** Of the report. */
  readonly path: string;
  /** The folder with the load's result files; `null` when another load's files are there. */
  readonly results: string | null;
  readonly recordStatus: RecordStatusMap;
}

const shownPlace = ({ context, ui }: App, path: string): string =>
  ui.clean(relative(context.cwd, path) || path);

/** @throws EbillError USAGE when the report would replace something else */
async function placeFor({ context }: App, options: ReportOptions, owner: Owner, job: string): Promise<Place> {
  const [{ assertFolder, assertOwnFolder, assertReplaceable }, { resultsFolder }] = await Promise.all([
    import('./shared/results-folder.ts'),
    import('../load/file-names.ts'),
  ]);
  const folder = resolve(context.cwd, resultsFolder(job));
  const path = options.out === null ? join(folder, 'report.html') : resolve(context.cwd, options.out);
  const foreign = await assertOwnFolder(folder, owner, job).then(
    () => null,
    (error: unknown) => error,
  );
  if (options.out === null && foreign !== null) throw foreign;
  await assertFolder(dirname(path), '--out');
  if (!options.force) await assertReplaceable(path);
  return { path, results: foreign === null ? folder : null, recordStatus: options.recordStatus };
}

async function report(app: App, targets: Targets, place: Place): Promise<CommandResult> {
  const [{ gatherFacts, writeReport }, { withWait }] = await Promise.all([
    import('./shared/report-page.ts'),
    import('./shared/session.ts'),
  ]);
  const { ui } = app;
  const { path } = place;
  const { run } = targets;
  const { job, profile } = run.journal.state.header;
  const warnings: string[] = [];
  const warn: Warn = (message) => {
    warnings.push(message);
    ui.warn(message);
  };
  const answers = await askAgain(targets, warn);
  const { files, batches } = await resultsOf(app, targets, answers, place, warn);
  const facts = await gatherFacts(app, run, { batches, results: files, warnings });
  await withWait(run.emit, 'writing the report', () => writeReport(facts, path));
  const written = `Wrote ${shownPlace(app, path)}`;
  return {
    profile,
    job: job === '' ? null : job,
    outcome: outcomeOfAll(batches),
    batches,
    // A difference is never a success, whatever the report shows (commands rule 3).
    error: flatten(batches).some((batch) => accountOf(batch).state === 'mismatch')
      ? unaccounted(batches, '', app.context, job)
      : null,
    extra: { path, report: facts },
    text: [accountText(batches, ui), hangingIndent('', written, ui.width, 2)]
      .filter((part) => part !== '')
      .join('\n\n'),
  };
}

/** A server that does not answer does not stop the report. */
async function askAgain({ run, jobIds, lookedUp: { given } }: Targets, warn: Warn): Promise<Answers> {
  const [{ refresh }, { viewsOf }] = await Promise.all([
    import('../load/refresh.ts'),
    import('./shared/batch-result.ts'),
  ]);
  const { failures, found } = await refresh(run, jobIds, {
    question: {},
    all: true,
    ...(given ? { given } : {}),
  });
  const last = 'The report shows the last known state.';
  if (failures[0] !== undefined) warn(`${failures[0].message} ${last}`);
  const missing = flatten(viewsOf(run, jobIds)).filter(({ phase }) => phase === 'missing');
  if (missing.length > 0) warn(`${missingText(missing)} ${last}`);
  return found;
}

/** Reads the result files in the load's folder, if it exists; else downloads them to a temporary one. */
async function resultsOf(
  app: App,
  { run, jobIds }: Targets,
  answers: Answers,
  { results: own, recordStatus }: Place,
  warn: Warn,
): Promise<Fetched> {
  const [{ fetchResults }, { viewsOf }] = await Promise.all([
    import('./shared/results-flow.ts'),
    import('./shared/batch-result.ts'),
  ]);
  const kept = own !== null && (await isFolder(own)) ? own : null;
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'ebill-report-')));
  try {
    const fetched = await fetchResults(app, run, jobIds, { folder, recordStatus, answers });
    const { goneWarnings } = await import('./shared/not-fetched.ts');
    for (const warning of goneWarnings(fetched.gone)) warn(warning);
    for (const { error } of fetched.failed) warn(notDownloaded(error));
    for (const { problem } of fetched.files) if (problem !== null) warn(problem.message);
    return fetched;
  } catch (error) {
    if (!(error instanceof EbillError) || error.code === 'AUTH') throw error;
    warn(notDownloaded(error));
    return { files: [], batches: viewsOf(run, jobIds), gone: [], failed: [] };
  } finally {
    if (kept === null) await rm(folder, { recursive: true, force: true });
  }
}

const notDownloaded = (error: EbillError): string =>
  `The result files could not be downloaded, so reasons are missing: ${messageOf(error)}`;

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
