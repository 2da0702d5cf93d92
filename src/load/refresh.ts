import type { Question } from '../api/client.ts';
import { isPermanent } from '../api/net/transport-error.ts';
import { unavailable } from '../api/result.ts';
import { awaitsCounts } from '../batch/account.ts';
import { findSame } from '../batch/identity.ts';
import { isFinal, isSettled } from '../batch/outcome.ts';
import { phaseOf } from '../batch/phase.ts';
import { flatten } from '../batch/tree.ts';
import type { Batch, BatchView } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { foundBy, recordAnswer, statusOf } from './ask.ts';
import { inParallel, type Run } from './run.ts';
import { type BatchState, itemsOf, phaseOnRecord } from './state.ts';
import { viewBatch } from './view.ts';

/** Polls at a time: four, and of hundreds of batches more, up to sixteen. */
export const pollsAtOnce = (batches: number): number => Math.min(16, Math.max(4, Math.ceil(batches / 64)));

/** The result of one round of polls. */
export interface Round {
  readonly changed: boolean;
  readonly answers: number;
  /** Polls that failed, "not found" that is no evidence yet included; they say nothing about their batches. */
  readonly failures: readonly EbillError[];
  /** Job ids that the server does not have and never had: the creates in doubt did not happen. */
  readonly unseen: readonly string[];
  /** Unrecognised status names, as the server spelled them. */
  readonly strange: readonly string[];
  /** What the server said, with URLs that the journal does not keep. */
  readonly found: Answers;
}

/** By job id; `null`: the server does not know it. */
export type Answers = ReadonlyMap<string, Batch | null>;

export interface Look {
  /** How each batch is asked for. */
  readonly question: Question;
  /** Answers of a moment ago, by job id: these batches are not asked for again. */
  readonly given?: Answers;
  /** Asks about batches that are final and accounted for, too. */
  readonly all?: boolean;
  /** Several looks in a row: "not found" needs two of them. One look alone is taken at its word. */
  readonly notFound?: NotFound;
}

/** Since when batches are not found, over the looks of one watch: one answer may come from a node that lags behind. */
export class NotFound {
  /** ms since 1970. */
  readonly #since = new Map<string, number>();

  clear(jobId: string): void {
    this.#since.delete(jobId);
  }

  /** Whether it was not found before, for as long as that is no evidence (api rule 16). */
  confirms(jobId: string, now: number, settleMs: number): boolean {
    const since = this.#since.get(jobId);
    if (since === undefined) this.#since.set(jobId, now);
    return since !== undefined && now - since >= settleMs;
  }
}

/**
 * Asks once for each named batch that can still change; items batches come with their invoice batch. A batch that was seen
 * once and is not found is recorded as missing; the settle time of its own calls is no time to judge (api rule 16).
 * @throws EbillError AUTH, REJECTED; a poll that fails otherwise is returned, not thrown
 */
export async function refresh(run: Run, jobIds: readonly string[], options: Look): Promise<Round> {
  const { question, given, all = false, notFound } = options;
  const found = new Map<string, Batch | null>();
  const failures: EbillError[] = [];
  const unseen: string[] = [];
  const strange = new Set<string>();
  let changed = false;
  let answers = 0;
  const onNotFound = async (known: BatchState): Promise<void> => {
    const { jobId, seen, missing } = known;
    const now = run.context.now();
    const settled =
      now >= foundBy(run, known, now) &&
      (missing || notFound === undefined || notFound.confirms(jobId, now, run.settle.otherMs));
    if (!settled) {
      failures.push(notFoundYet(jobId));
      return;
    }
    answers += 1;
    if (seen === null) unseen.push(jobId);
    else if (!missing) {
      await run.journal.append({ type: 'seen', jobId, batch: null });
      changed = true;
    }
  };
  const look = async (jobId: string): Promise<void> => {
    const known = run.journal.state.batches.get(jobId);
    if (known?.abandoned || (known?.leftOut && known.created === 'no')) return;
    // URLs to show must be fresh, so final batches are asked for too.
    if (known === undefined || (!all && !given?.has(jobId) && run.urls === null && isDone(run, known)))
      return;
    // The server cannot be reached: the next poll would fail in the same way.
    if (answers === 0 && failures.some(isPermanent)) return;
    try {
      const at = run.context.now();
      const batch = given?.get(jobId) ?? (await statusOf(run, known, question));
      found.set(jobId, batch);
      if (batch === null) return await onNotFound(known);
      answers += 1;
      notFound?.clear(jobId);
      run.urls?.note(batch);
      noteStrange(run, jobId, batch, strange);
      if (await recordAnswer(run, jobId, { at, batch })) changed = true;
    } catch (error) {
      if (!(error instanceof EbillError) || error.code !== 'UNAVAILABLE') throw error;
      failures.push(error);
    }
  };
  await inParallel(pollsAtOnce(jobIds.length), jobIds, look);
  const unlisted = unlistedItems(run, jobIds);
  await inParallel(pollsAtOnce(unlisted.length), unlisted, look);
  return { changed, answers, failures, unseen, strange: [...strange], found };
}

/** "Not found" that is no evidence yet (api rule 16). */
export const notFoundYet = (jobId: string): EbillError =>
  unavailable(
    `Getting the status of ${jobId}`,
    'the server does not know it, perhaps because of a delay',
    'Run the same command again in a minute. Do not load its files again because of this.',
  );

/**
 * Nothing about it can change any more: it is final, its counts add up (api rule 22), and of an init each part asked for
 * has run (api rule 3).
 */
function isDone(run: Run, known: BatchState): boolean {
  if (known.seen === null || known.missing) return false;
  const view = viewBatch(run.journal.state, known, run.statusNames);
  return isSettled(view) && !flatten([view]).some(awaitsCounts) && !hasEmptyPart(known, view);
}

const PARTS = {
  carryForwardInvoice: 'carryForwardInvoices',
  carryForwardCreditMemo: 'carryForwardCreditMemos',
  carryForwardDebitMemo: 'carryForwardDebitMemos',
} as const;

/** Whether an init asked for a part that has not run: it can still run, and fail. Of an init from elsewhere, for each. */
function hasEmptyPart({ kind, init }: BatchState, { children }: BatchView): boolean {
  if (kind !== 'init') return false;
  return Object.entries(PARTS).some(
    ([part, flag]) =>
      (init === null || init[flag as (typeof PARTS)[keyof typeof PARTS]]) &&
      !children.some((child) => child.kind === part && child.phase !== 'not-run'),
  );
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
      .filter(({ created }) => created !== 'no')
      .filter((item) => findSame(listed, item) === undefined)
      .map((item) => item.jobId);
  });
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
