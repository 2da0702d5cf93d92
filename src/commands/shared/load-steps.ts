import type { Client } from '../../api/client.ts';
import type { Call, ParentRef } from '../../api/request.ts';
import { parentOf } from '../../batch/tree.ts';
import { assertComplete } from '../../load/complete.ts';
import { finalizeBatch, missingBatches } from '../../load/finalize.ts';
import { assertNotProcessed } from '../../load/other-loads.ts';
import type { Assignment, Month } from '../../load/plan.ts';
import { inTwoParts, type Run } from '../../load/run.ts';
import { type BatchState, itemsOf, type LoadState } from '../../load/state.ts';
import { type ItemsParent, itemsParent, openForItems, uploadFile } from '../../load/upload.ts';
import { fileText } from '../../output/format.ts';
import { shownPath } from '../../system/shown-path.ts';
import type { UploadOptions } from './upload-options.ts';

type SendOptions = Pick<UploadOptions, 'adopt' | 'next' | 'concurrency'>;

/**
 * Uploads files, at most `--concurrency` at a time. While they are sent, the batches of the next files are created: after a
 * kill as many unused drafts are left, which the next run uses (api rule 18).
 * @param invoice the job id of the items' invoice batch
 * @returns the job ids of their batches, in order
 */
export function uploadAll(
  run: Run,
  assignments: readonly Assignment[],
  invoice: string | null,
  options: SendOptions,
): Promise<readonly string[]> {
  const parent = invoice === null ? null : itemsParent(run, parentRef(run, invoice));
  if (invoice !== null) {
    const left = assignments.filter(({ action }) => action === 'new').length;
    openForItems(run, invoice, Math.min(options.concurrency, left));
  }
  return uploadEach(
    run,
    assignments.map((assignment) => ({ assignment, parent })),
    options,
  );
}

/** The same for items of several invoice batches. */
export const uploadEach = (
  run: Run,
  files: readonly { readonly assignment: Assignment; readonly parent: ItemsParent | null }[],
  options: SendOptions,
): Promise<readonly string[]> =>
  inTwoParts(options.concurrency, files, ({ assignment, parent }, turnToSend) =>
    uploadOne(run, assignment, parent, options, turnToSend),
  );

/** Checks before anything is sent that no file was processed in another load of the server. @throws EbillError CONFLICT */
export async function assertNew(
  run: Run,
  files: readonly Assignment[],
  again: boolean | null,
): Promise<void> {
  assertNotProcessed(await run.otherLoads(), files, again, run.statusNames);
}

/** Uploads one file. @returns the job id of its batch */
async function uploadOne(
  run: Run,
  assignment: Assignment,
  parent: ItemsParent | null,
  { adopt, next }: SendOptions,
  turnToSend: () => Promise<void>,
): Promise<string> {
  const { name } = assignment.file;
  const step = (id: string, message: string): void => run.emit({ event: 'step', jobId: id, message });
  if (assignment.action === 'duplicate') {
    step(assignment.jobId, `${name} has the same content as the file of ${assignment.jobId}: sent once`);
    return assignment.jobId;
  }
  const { jobId, outcome } = await uploadFile(run, assignment, parent, { adopt, next }, turnToSend);
  if (outcome === 'on-record') step(jobId, `${name} is already uploaded as ${jobId}: nothing sent`);
  if (outcome === 'missing')
    step(jobId, `${name} was uploaded as ${jobId}, which the server no longer knows`);
  if (outcome === 'elsewhere') step(jobId, `${jobId} was finalized on another machine: nothing sent`);
  return jobId;
}

/** An invoice batch as the parent of its items. */
export function parentRef(run: Run, jobId: string): ParentRef & { readonly jobId: string } {
  return { id: run.journal.state.batches.get(jobId)?.id ?? null, jobId };
}

/**
 * Finalizes batches in this order, each once.
 * @param list whether what is submitted is listed first
 * @throws EbillError CONFLICT unless every file has arrived
 */
export async function finalizeAll(run: Run, jobIds: readonly string[], list = true): Promise<void> {
  const { state } = run.journal;
  const targets = jobIds.flatMap((jobId) => state.batches.get(jobId) ?? []);
  await assertArrived(run, targets);
  if (list)
    for (const message of submissionLines(state, targets))
      run.emit({ event: 'step', jobId: null, message, ahead: true });
  const missing: BatchState[] = [];
  for (const target of targets) {
    const { jobId } = target;
    const outcome = await finalizeBatch(run, jobId);
    if (outcome === 'missing') {
      missing.push(target);
      continue;
    }
    const message =
      outcome === 'sent'
        ? `${jobId} submitted for processing`
        : `${jobId} is already finalized: nothing sent`;
    run.emit({ event: 'step', jobId, message });
  }
  // A lost batch holds up no other.
  if (missing.length > 0) throw missingBatches(missing);
}

/** Checks that every file on record has arrived. @throws EbillError CONFLICT */
export async function assertArrived(
  run: Run,
  targets: readonly BatchState[],
  state: LoadState = run.journal.state,
): Promise<void> {
  const { context } = run;
  const pending = targets.some(({ finalized }) => finalized !== 'yes');
  assertComplete([state, ...(pending ? await run.otherLoads() : [])], targets, {
    terminal: context,
    shown: (path) => shownPath(context.cwd, path),
  });
}

/** What a finalize submits, one line for each file: the last moment to compare it with the books. */
export function submissionLines(state: LoadState, targets: readonly BatchState[]): readonly string[] {
  const pending = targets.filter(({ finalized, leftOut }) => finalized !== 'yes' && !leftOut);
  return pending.flatMap((one) => {
    const items = itemsOf(state, one).filter(({ leftOut }) => !leftOut);
    return [one, ...items].map(submissionLine);
  });
}

function submissionLine({ jobId, kind, file }: BatchState): string {
  if (file === null) return `${kind} ${jobId}: uploaded elsewhere`;
  return `${kind} ${jobId}: ${fileText(file)}`;
}

/** The requests that upload a file, for `--dry-run`; none when nothing of it is left to send. */
export function uploadRequests(
  calls: Client['calls'],
  { action, kind, jobId, file }: Assignment,
  parent: ParentRef | null,
): readonly Call[] {
  if (action === 'done' || action === 'duplicate') return [];
  return [
    calls.create({ kind, jobId, inputFilename: file.name, parent: kind === 'items' ? parent : null }),
    { method: 'PUT', url: `{upload URL of ${jobId}}`, body: `{${file.bytes} bytes of ${file.path}}` },
  ];
}

/** A batch's id, or a placeholder where the server has not given one yet, for `--dry-run`. */
export const idOrPlaceholder = (state: LoadState, jobId: string): string =>
  state.batches.get(jobId)?.id ?? `{id of ${jobId}}`;

// Whether a command has anything left to send, by the journal alone: only then is a confirmation asked for. Pure.

/** @param finalize are the batches to be finalized too? */
export function uploadSends(state: LoadState, files: readonly Assignment[], finalize: boolean): boolean {
  if (!files.every(({ action }) => action === 'done' || action === 'duplicate')) return true;
  return finalize && !files.every(({ jobId }) => finalizedWith(state, jobId)?.finalized === 'yes');
}

/** @param init the job id of the plan's init; `null`: it has none */
export function monthSends(state: LoadState, init: string | null, { customers, invoices }: Month): boolean {
  if (init !== null && state.batches.get(init)?.created !== 'yes') return true;
  return [customers, ...invoices.map(({ invoice, items }) => [invoice, ...items])].some((files) =>
    uploadSends(state, files, true),
  );
}

/** The batch that is finalized for this one: an items batch is finalized with its invoice batch. */
function finalizedWith({ batches }: LoadState, jobId: string): BatchState | null {
  const batch = batches.get(jobId) ?? null;
  return batch?.kind === 'items' ? parentOf(batches, batch) : batch;
}
