import { join, relative } from 'node:path';
import type { BatchView } from '../batch/types.ts';
import { outcomeOfAll, uncounted, verdictOf } from '../batch/verdict.ts';
import type { EbillError } from '../errors.ts';
import type { Run } from '../load/run.ts';
import { accountText } from '../output/account-text.ts';
import { batchTable } from '../output/batch-table.ts';
import { counted } from '../output/format.ts';
import { reasonFields, reasonsTable, type ShownTally } from '../output/result-tables.ts';
import { hangingIndent } from '../output/text-layout.ts';
import { type HomeFile, writeManifest } from './run-manifest.ts';
import type { MonthEnd } from './run-month.ts';
import type { CommandResult } from './shared/command.ts';
import { writeReport } from './shared/report-file.ts';
import { gatherFacts } from './shared/report-page.ts';
import {
  type AllRejects,
  type FetchedResult,
  fetchResults,
  reloadAdvice,
  writeAllRejects,
} from './shared/results-flow.ts';
import type { Session } from './shared/session.ts';
import { standingAlone } from './shared/targets.ts';

export interface Home {
  /** Absolute. */
  readonly folder: string;
  readonly plan: { readonly path: string; readonly sha256: string };
}

/**
 * Brings home what became of the load, however far the plan came: result files, rejects, the report, and a manifest of it
 * all in one folder. What is there already is kept.
 * @returns the run's result: its outcome is that of the plan's batches
 */
export async function bringHome(
  session: Session,
  run: Run,
  end: MonthEnd,
  home: Home,
): Promise<CommandResult> {
  const { app } = session;
  const { context, ui } = app;
  const { folder } = home;
  const { header } = run.journal.state;
  run.emit({ event: 'stage.start', stage: 'results' });
  const columns = { status: null, message: null };
  // All of the load: what was loaded by hand besides the plan belongs in its report too.
  const all = await fetchResults(app, run, standingAlone(run.journal.state), {
    folder,
    force: false,
    columns,
  });
  const rejects = await writeAllRejects(app, all.files, {
    force: false,
    keyColumn: null,
    onKept: () => undefined,
  });
  // A run answers for its batches; a result file of unusual columns is a matter for `results`.
  for (const problem of [...all.files.flatMap(({ problem }) => problem ?? []), ...rejects.problems])
    ui.warn(`${problem.message} ${problem.hint} (ebill results)`);
  run.emit({
    event: 'stage.end',
    stage: 'results',
    outcome: 'done',
    message: counted(all.files.length, 'result file', 'result files'),
  });

  const batches = all.batches.filter(({ jobId }) => jobId !== null && end.jobIds.includes(jobId));
  for (const warning of uncounted(batches)) ui.warn(warning);
  const error = end.stopped ?? verdictOf(batches, header.job, context, true);
  const outcome = outcomeOfAll(batches);

  run.emit({ event: 'stage.start', stage: 'report' });
  const facts = await gatherFacts(app, run, {
    batches: all.batches,
    results: all.files,
    warnings: error === null ? [] : [error.message],
  });
  const report = join(folder, 'report.html');
  await writeReport(facts, report);
  const files = homeFiles(all.files, rejects, report);
  const manifest = await writeManifest(folder, {
    owner: session.owner,
    plan: home.plan,
    program: app.userAgent,
    load: run.journal.state,
    outcome,
    exitCode: error?.exitCode ?? 0,
    at: context.now(),
    files,
    redactor: app.redactor,
  });
  run.emit({ event: 'stage.end', stage: 'report', outcome: 'done', message: null });
  return result(session, run, {
    batches,
    files: all.files,
    rejects,
    error,
    folder,
    report,
    manifest,
    count: files.length + 1,
  });
}

function homeFiles(
  results: readonly FetchedResult[],
  rejects: AllRejects,
  report: string,
): readonly HomeFile[] {
  return [
    ...results.map(({ jobId, path }) => ({ kind: 'result' as const, path, jobId })),
    ...rejects.files.flatMap(({ jobId, path, messagesPath }) => [
      { kind: 'rejects' as const, path, jobId },
      { kind: 'messages' as const, path: messagesPath, jobId },
    ]),
    { kind: 'report' as const, path: report, jobId: null },
  ];
}

interface Brought {
  readonly batches: readonly BatchView[];
  readonly files: readonly FetchedResult[];
  readonly rejects: AllRejects;
  readonly error: EbillError | null;
  readonly folder: string;
  readonly report: string;
  readonly manifest: string;
  /** Files in the folder that the run answers for. */
  readonly count: number;
}

async function result({ app }: Session, run: Run, brought: Brought): Promise<CommandResult> {
  const { batches, files, rejects, error, folder, report, manifest } = brought;
  const { ui, context } = app;
  const { profile, job } = run.journal.state.header;
  const shown = files.map((file): ShownTally => ({ ...file, path: relative(context.cwd, file.path) }));
  const where = relative(context.cwd, folder) || '.';
  const told = hangingIndent(
    '',
    `Results, rejects and report are in ${ui.clean(where)} (${counted(brought.count, 'file', 'files')}; begin with report.html)`,
    ui.width,
    2,
  );
  const parts = [
    await batchTable(batches, ui),
    await reasonsTable(shown, ui),
    accountText(batches, ui),
    told,
  ];
  const advice = reloadAdvice(rejects.files, job, context, run.journal.state);
  return {
    profile,
    job,
    outcome: outcomeOfAll(batches),
    batches,
    results: files.map(({ jobId, path, tally }) => ({
      jobId,
      path,
      rows: tally?.rows ?? null,
      rejects: rejects.files.find((one) => one.jobId === jobId)?.path ?? tally?.failed ?? null,
    })),
    extra: { reasons: reasonFields(shown), folder, report, manifest },
    text: parts.filter((part) => part !== '').join('\n\n'),
    error,
    ...(error === null && advice !== '' ? { next: advice } : {}),
  };
}
