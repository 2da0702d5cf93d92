import { isPermanent } from '../api/net/transport-error.ts';
import type { BatchRef } from '../api/request.ts';
import { isFinal, isSettled } from '../batch/outcome.ts';
import { phaseOf } from '../batch/phase.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { inParallel, type Run } from './run.ts';
import { type BatchState, itemsOf, phaseOnRecord } from './state.ts';
import { viewBatch } from './view.ts';

/** Polls at a time. */
const AT_ONCE = 4;

/** The result of one round of polls. */
export interface Round {
  readonly changed: boolean;
  readonly answers: number;
  /** Polls that failed; they say nothing about their batches. */
  readonly failures: readonly EbillError[];
  /** Job ids the server does not have. */
  readonly unknown: readonly string[];
  /** Unrecognised status names, as the server spelled them. */
  readonly strange: readonly string[];
}

/**
 * Asks once for each named batch that is not final; items batches come with their invoice batch.
 * @param tries retries for each batch
 * @throws EbillError AUTH, REJECTED; a poll that fails otherwise is returned, not thrown
 */
export async function refresh(run: Run, jobIds: readonly string[], tries: number): Promise<Round> {
  const failures: EbillError[] = [];
  const unknown: string[] = [];
  const strange = new Set<string>();
  let changed = false;
  let answers = 0;
  const look = async (jobId: string): Promise<void> => {
    const known = run.journal.state.batches.get(jobId);
    // URLs to show must be fresh, so final batches are asked for too.
    if (known === undefined || (run.urls === null && isDone(run, known))) return;
    // The server cannot be reached: the next poll would fail in the same way.
    if (answers === 0 && failures.some(isPermanent)) return;
    try {
      const batch = await run.client.status(refOf(known), tries);
      answers += 1;
      if (batch === null) unknown.push(jobId);
      else {
        run.urls?.note(batch);
        noteStrange(run, jobId, batch, strange);
        if (await recordNews(run, jobId, batch)) changed = true;
      }
    } catch (error) {
      if (!(error instanceof EbillError) || error.code !== 'UNAVAILABLE') throw error;
      failures.push(error);
    }
  };
  await inParallel(AT_ONCE, jobIds, look);
  await inParallel(AT_ONCE, unlistedItems(run, jobIds), look);
  return { changed, answers, failures, unknown, strange: [...strange] };
}

const refOf = (known: BatchState): BatchRef =>
  known.id === null ? { jobId: known.jobId } : { id: known.id };

function isDone(run: Run, known: BatchState): boolean {
  return known.seen !== null && isSettled(viewBatch(run.journal.state, known, run.statusNames));
}

/** Items batches on record that a final invoice batch does not list: they are asked for one by one. */
function unlistedItems(run: Run, jobIds: readonly string[]): string[] {
  return jobIds.flatMap((jobId) => {
    const known = run.journal.state.batches.get(jobId);
    if (
      known?.kind !== 'invoice' ||
      known.seen === null ||
      !isFinal(phaseOnRecord(run.journal.state, known, known.seen, run.statusNames).phase)
    )
      return [];
    const listed = known.seen.children;
    return itemsOf(run.journal.state, known)
      .filter((item) => !listed.some((child) => child.id === item.id || child.jobId === item.jobId))
      .map((item) => item.jobId);
  });
}

/** Records an answer only if it is new: the journal is not a log of polls. */
async function recordNews(run: Run, jobId: string, batch: Batch): Promise<boolean> {
  const before = run.journal.state.batches.get(jobId)?.seen ?? null;
  if (before !== null && digest(before) === digest(batch)) return false;
  await run.journal.append({ type: 'seen', jobId, batch });
  return true;
}

/** What makes an answer new. Presigned URLs differ in each answer, so only whether there is one counts. */
function digest(batch: Batch): string {
  return JSON.stringify(batch, (key, value: unknown) =>
    key === 'downloadUrl' || key === 'uploadUrl' ? value !== null : value,
  );
}

function noteStrange(run: Run, jobId: string | null, batch: Batch, strange: Set<string>): void {
  const { state } = run.journal;
  const known = jobId === null ? undefined : state.batches.get(jobId);
  const { recognised } = known
    ? phaseOnRecord(state, known, batch, run.statusNames)
    : phaseOf(batch, run.statusNames);
  if (batch.status !== null && !recognised) strange.add(batch.status);
  for (const child of batch.children) noteStrange(run, child.jobId, child, strange);
}
