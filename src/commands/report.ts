import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { outcomeOfAll } from '../batch/verdict.ts';
import { EbillError, messageOf } from '../errors.ts';
import { resultsFolder } from '../load/file-names.ts';
import { refresh } from '../load/refresh.ts';
import type { Run } from '../load/run.ts';
import { accountText } from '../output/account-text.ts';
import { hangingIndent } from '../output/text-layout.ts';
import { assertOwnFolder } from './run-manifest.ts';
import type { App, CommandModule, CommandResult } from './shared/command.ts';
import { boolFlag, textFlag } from './shared/options.ts';
import { assertReplaceable, writeReport } from './shared/report-file.ts';
import { gatherFacts } from './shared/report-page.ts';
import { type Fetched, fetchResults } from './shared/results-flow.ts';
import { declareSelection, type SelectionOptions, select, selectionOptions } from './shared/selection.ts';
import { closeLoad, waitingFor, withSession } from './shared/session.ts';
import { targetsToRead } from './shared/targets.ts';
import { viewsOf } from './shared/views.ts';

export interface ReportOptions extends SelectionOptions {
  /** `null`: report.html in a folder of the load's name. */
  readonly out: string | null;
  readonly force: boolean;
}

export const command: CommandModule<ReportOptions> = {
  help: {
    notes: [
      'The report is one HTML file without external resources. It has the outcome and the timeline of the load, the result of the records of each batch, the reasons for rejects, control totals, every file with its SHA-256, and the requests and answers as an audit record.',
      'The current state is requested first. If the server does not answer, the report shows the last known state and says so. Result files already in ./JOB are used. Exits with 0 when the report is written, whatever the result of the records.',
    ],
    examples: [
      ['ebill report', 'write ./JOB/report.html for the load last started here'],
      ['ebill report --job AUG_2020 --out august.html', 'write to another file'],
      ['ebill report --job AUG_2020 --json', 'also print the data as JSON'],
    ],
    exitCodes: [5, 9],
    seeAlso: ['results', 'loads show', 'run'],
  },
  configure: (cmd) => {
    cmd.description('Write a report of the load as one self-contained HTML page.');
    declareSelection(cmd);
    cmd
      .option('--out <file>', 'path of the report (default: ./JOB/report.html)')
      .option('--force', 'overwrite a file that is not a report');
  },
  options: (_args, flags) => ({
    ...selectionOptions(flags),
    out: textFlag(flags, 'out'),
    force: boolFlag(flags, 'force'),
  }),
  run: (app, options) =>
    withSession(app, async (session) => {
      const selection = await select(app, session.owner, options);
      if (selection.type === 'load') app.soFar(() => ({ job: selection.job }));
      const { run, jobIds } = await targetsToRead(session, selection);
      try {
        return await report(app, run, jobIds, options);
      } finally {
        await closeLoad(run);
      }
    }),
};

async function report(
  app: App,
  run: Run,
  jobIds: readonly string[],
  options: ReportOptions,
): Promise<CommandResult> {
  const { context, ui } = app;
  const { job, profile, baseUrl } = run.journal.state.header;
  const home = resolve(context.cwd, resultsFolder(job));
  const path = options.out === null ? join(home, 'report.html') : resolve(context.cwd, options.out);
  const owner = { profile, baseUrl };
  const mine = await assertOwnFolder(home, owner, job).then(
    () => null,
    (error: unknown) => error,
  );
  if (options.out === null && mine !== null) throw mine;
  if (!options.force) await assertReplaceable(path);
  const warnings: string[] = [];
  const warn = (line: string): void => {
    warnings.push(line);
    ui.warn(line);
  };
  await lookAgain(app, run, jobIds, warn);
  const fetched = await resultsOf(app, run, jobIds, mine === null ? home : null, warn);
  const facts = await gatherFacts(app, run, { batches: fetched.batches, results: fetched.files, warnings });
  const shown = relative(context.cwd, path) || path;
  if (!app.globals.dryRun) await waitingFor(run, 'writing the report', () => writeReport(facts, path));
  const told = hangingIndent(
    '',
    `${app.globals.dryRun ? 'Would be written' : 'Written'} to ${ui.clean(shown)}`,
    ui.width,
    2,
  );
  return {
    profile,
    job: job === '' ? null : job,
    outcome: outcomeOfAll(fetched.batches),
    batches: fetched.batches,
    error: null,
    extra: { path: app.globals.dryRun ? null : path, report: facts },
    text: [accountText(fetched.batches, ui), told].filter((part) => part !== '').join('\n\n'),
  };
}

/** Asks where the batches stand; a server that does not answer is no reason to have no report. */
async function lookAgain(
  app: App,
  run: Run,
  jobIds: readonly string[],
  warn: (line: string) => void,
): Promise<void> {
  const { failures, unknown } = await refresh(run, jobIds, app.globals.retries);
  if (failures[0] !== undefined) warn(`${failures[0].message} The report tells what was last heard.`);
  if (unknown.length > 0)
    warn(`The server knows no batch ${unknown.join(', ')}; the report tells what was last heard.`);
}

/** What the result files say: those that came home before, else fetched for the moment. */
async function resultsOf(
  app: App,
  run: Run,
  jobIds: readonly string[],
  home: string | null,
  warn: (line: string) => void,
): Promise<Fetched> {
  const kept = home !== null && (await isFolder(home)) ? home : null;
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'ebill-report-')));
  try {
    const columns = { status: null, message: null };
    const fetched = await fetchResults(app, run, jobIds, {
      folder,
      force: false,
      columns,
    });
    for (const { problem } of fetched.files) if (problem !== null) warn(problem.message);
    return fetched;
  } catch (error) {
    if (!(error instanceof EbillError) || error.code === 'AUTH') throw error;
    warn(`Result files could not be fetched, so reasons are missing: ${messageOf(error)}`);
    return { files: [], batches: viewsOf(run, jobIds) };
  } finally {
    if (kept === null) await rm(folder, { recursive: true, force: true });
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
