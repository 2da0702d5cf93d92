import { isPermanent } from '../api/net/transport-error.ts';
import type { BatchRef } from '../api/request.ts';
import { isFinal, isSettled } from '../batch/outcome.ts';
import { phaseOf } from '../batch/phase.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { inParallel, type Run } from './run.ts';
import { type BatchState, itemsOf } from './state.ts';
import { viewBatch } from './view.ts';

/** At most this many polls are under way at once (performance.md, "A whole load"). */
const AT_ONCE = 4;

/** What one round of asking came to. */
export interface Round {
  readonly changed: boolean;
  readonly answers: number;
  /** Batches whose answer did not come; no verdict on them. */
  readonly failures: readonly EbillError[];
  /** Job ids the server knows nothing of. */
  readonly unknown: readonly string[];
  /** Status names nobody recognises, as the server spelled them. */
  readonly strange: readonly string[];
}

/**
 * Asks once for each named batch that is not final yet; item batches are told of by their invoice batch.
 * @param tries further tries after the first, for each batch
 * @throws EbillError AUTH, REJECTED; an answer that does not come is counted, not thrown
 */
export async function refresh(run: Run, jobIds: readonly string[], tries: number): Promise<Round> {
  const failures: EbillError[] = [];
  const unknown: string[] = [];
  const strange = new Set<string>();
  let changed = false;
  let answers = 0;
  const look = async (jobId: string): Promise<void> => {
    const known = run.journal.state.batches.get(jobId);
    // A URL can only be shown fresh: then final batches are asked for too.
    if (known === undefined || (run.urls === null && isDone(run, known))) return;
    // No way to the server: the next question would end in the same way.
    if (answers === 0 && failures.some(isPermanent)) return;
    try {
      const batch = await run.client.status(refOf(known), tries);
      answers += 1;
      if (batch === null) unknown.push(jobId);
      else {
        run.urls?.note(batch);
        noteStrange(run, batch, strange);
        if (await keep(run, jobId, batch)) changed = true;
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

/** Our item batches that a final invoice batch does not list: they have to be asked for by themselves, lest they be lost. */
function unlistedItems(run: Run, jobIds: readonly string[]): string[] {
  return jobIds.flatMap((jobId) => {
    const known = run.journal.state.batches.get(jobId);
    if (
      known?.kind !== 'invoice' ||
      known.seen === null ||
      !isFinal(phaseOf(known.seen, run.statusNames).phase)
    )
      return [];
    const listed = known.seen.children;
    return itemsOf(run.journal.state, known)
      .filter((item) => !listed.some((child) => child.id === item.id || child.jobId === item.jobId))
      .map((item) => item.jobId);
  });
}

/** Keeps what the server said if it is news: the journal is no log of polls. */
async function keep(run: Run, jobId: string, batch: Batch): Promise<boolean> {
  const before = run.journal.state.batches.get(jobId)?.seen ?? null;
  if (before !== null && digest(before) === digest(batch)) return false;
  await run.journal.append({ type: 'seen', jobId, batch });
  return true;
}

/** What makes an answer news. A presigned URL is signed anew each time; only whether there is one counts. */
function digest(batch: Batch): string {
  return JSON.stringify(batch, (key, value: unknown) =>
    key === 'downloadUrl' || key === 'uploadUrl' ? value !== null : value,
  );
}

function noteStrange(run: Run, batch: Batch, strange: Set<string>): void {
  if (batch.status !== null && !phaseOf(batch, run.statusNames).recognised) strange.add(batch.status);
  for (const child of batch.children) noteStrange(run, child, strange);
}
