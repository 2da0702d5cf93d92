import type { ParentRef } from '../../api/request.ts';
import { isSettled } from '../../batch/outcome.ts';
import { outcomeOfAll } from '../../batch/verdict.ts';
import { assertComplete, finalizeBatch } from '../../load/finalize.ts';
import { nextStep } from '../../load/next-step.ts';
import type { Assignment } from '../../load/plan.ts';
import { inParallel, type Run } from '../../load/run.ts';
import { type BatchState, itemsOf } from '../../load/state.ts';
import { uploadFile } from '../../load/upload.ts';
import { viewLoad } from '../../load/view.ts';
import { accountText } from '../../output/account-text.ts';
import { batchTable } from '../../output/batch-table.ts';
import { totalLine } from '../../output/format.ts';
import { quoted } from '../../system/quoting.ts';
import type { App, CommandResult } from './command.ts';
import type { Session } from './session.ts';
import { shownPath } from './shown-path.ts';
import type { UploadOptions } from './upload-options.ts';
import { viewsOf } from './views.ts';
import { type Waited, waitFor } from './wait.ts';

/** How files are sent; a part of what an upload or a run is asked for. */
export type SendOptions = Pick<UploadOptions, 'adopt' | 'next' | 'concurrency'>;

/** Uploads files of one kind, at most `--concurrency` at a time. @returns the job ids they went into, in order */
export async function uploadAll(
  run: Run,
  assignments: readonly Assignment[],
  parent: ParentRef | null,
  options: SendOptions,
): Promise<readonly string[]> {
  return inParallel(options.concurrency, assignments, (assignment) =>
    uploadOne(run, assignment, parent, options),
  );
}

/** Uploads one file. @returns the job id it went into */
export async function uploadOne(
  run: Run,
  assignment: Assignment,
  parent: ParentRef | null,
  { adopt, next }: SendOptions,
): Promise<string> {
  for (const old of assignment.replaces) {
    await run.journal.append({
      type: 'abandoned',
      jobId: old.jobId,
      id: old.id,
      reason: `replaced by ${assignment.jobId}`,
    });
  }
  if (assignment.action === 'twin') {
    const message = `${assignment.file.name} has the same content as the file of ${assignment.jobId}: sent once`;
    run.emit({ event: 'step', jobId: assignment.jobId, message });
    return assignment.jobId;
  }
  const { jobId, outcome } = await uploadFile(run, assignment, parent, { adopt, next });
  const { name } = assignment.file;
  if (outcome === 'on-record')
    run.emit({ event: 'step', jobId, message: `${name} is uploaded already, as ${jobId}: nothing sent` });
  if (outcome === 'elsewhere')
    run.emit({ event: 'step', jobId, message: `${jobId} was handed to processing elsewhere: left alone` });
  return jobId;
}

/** The id and job id of an invoice batch, for its items. */
export function parentRef(run: Run, jobId: string): ParentRef {
  return { id: run.journal.state.batches.get(jobId)?.id ?? null, jobId };
}

/** After the last file: finalize and wait as asked, and tell. */
export async function finishUpload(
  session: Session,
  run: Run,
  touched: readonly string[],
  options: UploadOptions,
): Promise<CommandResult> {
  const { app } = session;
  let ended: Waited = { error: null };
  if (options.finalize) {
    await finalizeAll(run, touched);
    // Watching changes nothing: others may go on with the load meanwhile.
    if (options.wait) {
      await run.lock?.release();
      ended = await waitFor(app, run, touched, options.watch);
    }
  }
  if (options.wait) return resultOf(app, run, touched, ended);
  return resultOf(app, run, touched, { ...ended, next: `Next: ${nextOf(run, touched)}` });
}

/** What brings these batches on; what is final already leaves the load's own next step. */
function nextOf(run: Run, touched: readonly string[]): string {
  const { state } = run.journal;
  const job = quoted(state.header.job, run.context);
  if (touched.some((jobId) => state.batches.get(jobId)?.finalized !== 'yes'))
    return `ebill finalize --job ${job}`;
  if (!viewsOf(run, touched).every(isSettled)) return `ebill watch --job ${job}`;
  return nextStep(state, viewLoad(state, run.statusNames), run.context, (path) =>
    shownPath(run.context.cwd, path),
  ).command;
}

/** Customers before invoices, each once; every file must have arrived. */
export async function finalizeAll(run: Run, jobIds: readonly string[]): Promise<void> {
  const targets = jobIds.flatMap((jobId) => run.journal.state.batches.get(jobId) ?? []);
  assertComplete(run.journal.state, targets);
  tellTotals(run, targets);
  for (const { jobId } of targets) {
    const outcome = await finalizeBatch(run, jobId);
    const message =
      outcome === 'sent' ? `${jobId} handed to processing` : `${jobId} is finalized already: nothing sent`;
    run.emit({ event: 'step', jobId, message });
  }
}

/** What is about to be handed over adds up to: the last moment to hold it against the books. */
function tellTotals(run: Run, targets: readonly BatchState[]): void {
  const { state } = run.journal;
  for (const batch of targets
    .filter(({ finalized }) => finalized === 'no')
    .flatMap((one) => [one, ...itemsOf(state, one)])) {
    const line =
      batch.file === null ? null : totalLine(batch.file.name, batch.file.records, batch.file.amount ?? null);
    if (line !== null) run.emit({ event: 'step', jobId: batch.jobId, message: line });
  }
}

/** A command's result about some batches of a load. */
export async function resultOf(
  app: App,
  run: Run,
  jobIds: readonly string[],
  more: Partial<CommandResult> & Pick<CommandResult, 'error'>,
): Promise<CommandResult> {
  const batches = more.batches ?? viewsOf(run, jobIds);
  const { header } = run.journal.state;
  const table = await batchTable(batches, app.ui);
  return {
    profile: header.profile,
    job: header.job === '' ? null : header.job,
    outcome: outcomeOfAll(batches),
    batches,
    text: [table, accountText(batches, app.ui)].filter((part) => part !== '').join('\n\n'),
    ...more,
  };
}
