import { join, relative } from 'node:path';
import { outcomeOfAll } from '../../batch/outcome.ts';
import type { RecordStatusMap } from '../../batch/record-status.ts';
import { uncounted, verdictOf } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import type { Approved } from '../../load/entries.ts';
import type { Run } from '../../load/run.ts';
import { batchTable } from '../../output/batch-table.ts';
import { accountText } from '../../output/batch-text.ts';
import { counted } from '../../output/format.ts';
import { reasonFields, reasonsTable, type ShownTally, unknownFields } from '../../output/result-tables.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import type { CommandResult } from '../shared/command.ts';
import { goneWarnings, withFailures } from '../shared/not-fetched.ts';
import { correctAdvice, type Rejects, writeAllRejects } from '../shared/rejects-flow.ts';
import { gatherFacts, writeReport } from '../shared/report-page.ts';
import { type FetchedResult, fetchResults, shownResult } from '../shared/results-flow.ts';
import { type FolderFile, writeManifest } from '../shared/results-folder.ts';
import type { Session } from '../shared/session.ts';
import { topLevelBatches } from '../shared/targets.ts';
import type { MonthEnd } from './month.ts';

interface Destination {
  /** Absolute. */
  readonly folder: string;
  readonly plan: { readonly path: string; readonly sha256: string };
  /** The approval that the run was checked against; `null`: nothing. */
  readonly approval: Approved | null;
  readonly recordStatus: RecordStatusMap;
}

/**
 * Writes result files, rejects, report and manifest of the whole load to one folder, however far the plan came. Files that
 * exist are not replaced, the report and the manifest aside.
 * @returns the result of the run; its outcome is that of the plan's batches
 */
export async function collectResults(
  session: Session,
  run: Run,
  end: MonthEnd,
  { folder, plan, approval, recordStatus }: Destination,
): Promise<CommandResult> {
  const { app, owner } = session;
  const { context, ui, userAgent, redactor } = app;
  const { profile } = run;
  const { job } = run.journal.state.header;

  run.emit({ event: 'stage.start', stage: 'results' });
  // Of the whole load: the report includes batches that were loaded without the plan.
  const all = await fetchResults(app, run, topLevelBatches(run.journal.state), {
    folder,
    recordStatus,
  });
  const rejects = await writeAllRejects(app, run, all.files, all.batches, {
    force: false,
    keyColumns: [],
    onKept: () => undefined,
  });
  // Unusual columns do not fail a run; `ebill results` takes options for them.
  for (const warning of goneWarnings(all.gone)) ui.warn(warning);
  for (const problem of [...all.files.flatMap((file) => file.problem ?? []), ...rejects.problems])
    ui.warn(problem.message, problem.hint);
  const message = counted(all.files.length, 'result file', 'result files');
  run.emit({ event: 'stage.end', stage: 'results', outcome: 'done', message });

  const batches = all.batches.filter(({ jobId }) => jobId !== null && end.jobIds.includes(jobId));
  for (const warning of uncounted(batches)) ui.warn(warning);
  const next = correctAdvice(rejects.files, all.batches, job, context);
  const fetched = all.gone.length + all.failed.length === 0;
  const error = withFailures(
    app,
    end.stopped ?? withNext(verdictOf(batches, job, context, fetched), next),
    all.failed,
  );
  const outcome = outcomeOfAll(batches);

  run.emit({ event: 'stage.start', stage: 'report' });
  const warnings = [...goneWarnings(all.gone), ...(error === null ? [] : [error.message])];
  const facts = await gatherFacts(app, run, { batches: all.batches, results: all.files, warnings });
  const report = join(folder, 'report.html');
  await writeReport(facts, report);
  const files = folderFiles(all.files, rejects, report);
  const manifest = await writeManifest(folder, {
    owner,
    plan,
    approval,
    program: userAgent,
    load: run.journal.state,
    outcome,
    exitCode: error?.exitCode ?? 0,
    at: context.now(),
    files,
    redactor,
  });
  run.emit({ event: 'stage.end', stage: 'report', outcome: 'done', message: null });

  const shown = all.files.map((file): ShownTally => ({ ...file, path: relative(context.cwd, file.path) }));
  const where = ui.clean(relative(context.cwd, folder) || '.');
  const written = `Results, rejects and report are in ${where} (${counted(files.length + 1, 'file', 'files')}; start with report.html)`;
  const parts = [
    await batchTable(batches, ui),
    await reasonsTable(shown, ui),
    accountText(batches, ui),
    hangingIndent('', written, ui.width, 2),
  ];
  return {
    profile,
    job,
    outcome,
    batches,
    results: all.files.map((file) => shownResult(file, rejects)),
    extra: {
      reasons: reasonFields(shown),
      unknown: unknownFields(shown),
      folder,
      report,
      manifest,
      ...(approval && { approval }),
    },
    text: parts.filter((part) => part !== '').join('\n\n'),
    error,
    ...(error === null && next !== '' ? { next } : {}),
  };
}

/** A run that ends with rejects says how they are corrected. */
function withNext(error: EbillError | null, next: string): EbillError | null {
  if (error?.code !== 'PARTIAL' || next === '') return error;
  const { code, message, cause } = error;
  return new EbillError(code, message, { hint: next.replace(/^Next: c/, 'C'), cause });
}

function folderFiles(
  results: readonly FetchedResult[],
  rejects: Rejects,
  report: string,
): readonly FolderFile[] {
  return [
    ...results.map(({ jobId, path }) => ({ kind: 'result' as const, path, jobId })),
    ...rejects.files.flatMap(({ jobId, path, messagesPath }) => [
      { kind: 'rejects' as const, path, jobId },
      { kind: 'messages' as const, path: messagesPath, jobId },
    ]),
    { kind: 'report' as const, path: report, jobId: null },
  ];
}
