import type { Question } from '../api/client.ts';
import { isPermanent } from '../api/net/transport-error.ts';
import { refOf, type StatusRef } from '../api/request.ts';
import { obeying, retryDelay, withRetryAfter } from '../api/retry.ts';
import { sameId } from '../batch/identity.ts';
import { isFinal } from '../batch/outcome.ts';
import { phaseOf } from '../batch/phase.ts';
import { parentOf } from '../batch/tree.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import {
  type Answer,
  type Asked,
  decideFinalize,
  type FinalizeStep,
  type Standing,
  settledAt,
} from './recover.ts';
import type { Run } from './run.ts';
import { type BatchState, phaseOnRecord } from './state.ts';

// Asking the server about a batch, and what may be concluded from its answer.

/** What an answer says of a batch: a draft, further than that, or neither for certain (api rule 6). */
export function standingOf(
  run: Pick<Run, 'journal' | 'statusNames'>,
  jobId: string,
  answer: Batch,
): Standing {
  const { state } = run.journal;
  const known = state.batches.get(jobId);
  const { phase, recognised } = known
    ? phaseOnRecord(state, known, answer, run.statusNames)
    : phaseOf(answer, run.statusNames);
  if (phase === 'draft') return 'draft';
  return recognised || isFinal(phase) ? 'further' : 'unclear';
}

/** The next step of a finalize. @param latest no call in doubt was sent after it, ms since 1970 */
export const finalizeDecision = (run: Run, known: BatchState, latest: number, asked: Asked): FinalizeStep =>
  decideFinalize({
    known,
    asked,
    settle: run.settle,
    latest,
    standing: (batch) => standingOf(run, known.jobId, batch),
  });

/**
 * The status of a batch: by its id where that is known. Where that id leads to another batch, and the job id to one with
 * another id, the id was learnt from a wrong answer and is given up.
 * @returns `null` when the server does not know it
 * @throws EbillError UNAVAILABLE, AUTH, REJECTED, CONFLICT
 */
export async function statusOf(
  run: Run,
  known: { readonly id: string | null; readonly jobId: string },
  question: Question = {},
): Promise<Batch | null> {
  const { id, jobId } = known;
  try {
    const batch = await run.client.status(refOf(known), question);
    return batch ?? (await behindWrongId(run, jobId, question));
  } catch (error) {
    const isAnother = (one: unknown): boolean => one instanceof EbillError && one.code === 'CONFLICT';
    if (id === null || !isAnother(error)) throw error;
    const batch = await run.client.status({ jobId }, byJobId(question)).catch((second: unknown) => {
      throw isAnother(second) ? error : second;
    });
    if (batch?.jobId !== jobId) throw error;
    if (run.journal.state.batches.get(jobId)?.id === id && batch.id !== null && !sameId(batch.id, id))
      await run.journal.append({ type: 'wrong-id', jobId, id });
    return batch;
  }
}

/** Of a batch with an id on record something was sent. */
const byJobId = (question: Question): Question => ({ ...question, pageIsAbsence: false });

/**
 * The batch of a job id whose id on record is not found, where that id is from status answers alone and nothing was sent to
 * it: one of them may have been wrong. @returns `null` when the server does not know the job id either
 */
async function behindWrongId(run: Run, jobId: string, question: Question): Promise<Batch | null> {
  const known = run.journal.state.batches.get(jobId);
  if (known === undefined || known.id === null || known.foundElsewhere) return null;
  if (known.createStatus !== null || known.uploaded !== 'no' || known.finalized !== 'no') return null;
  // The id of an init on record as done is from its own answer or from an answer taken as found.
  if (known.kind === 'init' && known.created === 'yes') return null;
  const batch = await run.client.status({ jobId }, byJobId(question));
  // While the call that makes it is in doubt, whatever the server shows of it is no "not found".
  if (batch?.jobId !== jobId || batch.id === null) return known.created === 'unknown' ? batch : null;
  if (!sameId(batch.id, known.id)) await run.journal.append({ type: 'wrong-id', jobId, id: known.id });
  return batch;
}

/** Asks the server for a batch, by its id where that is known, and records the answer. */
export async function askFor(
  run: Run,
  jobId: string,
  {
    ref,
    tries = run.retries,
    onRetryAfter,
  }: Pick<Question, 'tries' | 'onRetryAfter'> & { readonly ref?: StatusRef } = {},
): Promise<Answer> {
  const known = run.journal.state.batches.get(jobId);
  const at = run.context.now();
  const question = {
    tries,
    pageIsAbsence: nothingSent(known),
    ...(onRetryAfter === undefined ? {} : { onRetryAfter }),
  };
  const batch =
    ref === undefined
      ? await statusOf(run, known ?? { id: null, jobId }, question)
      : await run.client.status(ref, question);
  await recordAnswer(run, jobId, { at, batch });
  return { at, batch };
}

/** Whether no request about this job id ever left this machine, so that a gateway's 404 page contradicts nothing. */
const nothingSent = (known: BatchState | undefined): boolean =>
  known === undefined ||
  (known.created === 'no' && known.seen === null && Object.keys(known.doubts).length === 0);

/**
 * Records an answer about a batch on record if it is new: the journal is not a log of polls. "Not found" is recorded only
 * once it is evidence (api rule 16).
 * @returns whether it was new
 */
export async function recordAnswer(run: Run, jobId: string, { at, batch }: Answer): Promise<boolean> {
  const known = run.journal.state.batches.get(jobId);
  if (known === undefined) return false;
  const isNew =
    batch === null
      ? known.seen !== null && !known.missing && at >= foundBy(run, known, at)
      : known.missing ||
        (known.created !== 'yes' && known.kind !== 'init') ||
        known.seen === null ||
        digest(known.seen) !== digest(batch) ||
        hasOtherExpiry(known.seen, batch, at);
  if (isNew) await run.journal.append({ type: 'seen', jobId, batch });
  return isNew;
}

/**
 * By when a batch has to be found: until the settle time of its own calls, and of those of its invoice batch, is over,
 * "not found" is no evidence (api rule 16). ms since 1970.
 */
export function foundBy({ journal, settle }: Run, known: BatchState, now: number): number {
  const calls = ['init', 'create', 'finalize'] as const;
  const invoice = parentOf(journal.state.batches, known) ?? undefined;
  return Math.max(settledAt(known, calls, settle, now), settledAt(invoice, calls, settle, now));
}

/** What makes an answer new. Presigned URLs may differ in each answer, so only whether there is one counts. */
function digest(batch: Batch): string {
  const withoutUrls = ({ resultExpiresAt: _, ...one }: Batch): object => ({
    ...one,
    uploadUrl: one.uploadUrl !== null,
    downloadUrl: one.downloadUrl !== null,
    children: one.children.map(withoutUrls),
  });
  return JSON.stringify(withoutUrls(batch));
}

/** ms. A server that signs a URL anew for each answer would fill the journal otherwise. */
const EXPIRY_MOVED_MS = 10 * 60_000;

/**
 * Whether the results of a batch and those under it can be fetched longer than is on record, or not as long.
 * @param before with the same batches under it
 */
export function hasOtherExpiry(before: Batch, batch: Batch, now: number): boolean {
  const [old, current] = [before, batch].map(({ resultExpiresAt }) =>
    resultExpiresAt === undefined ? null : Date.parse(resultExpiresAt),
  ) as [number | null, number | null];
  const isOther =
    old === null || current === null
      ? old !== current
      : current < old || (current > old && (current - old >= EXPIRY_MOVED_MS || old <= now));
  return (
    isOther || batch.children.some((child, i) => hasOtherExpiry(before.children[i] ?? child, child, now))
  );
}

export interface Doubt {
  /** The call in words: `Init AUG_2020_INIT`. */
  readonly what: string;
  readonly calls: readonly ('init' | 'create' | 'finalize')[];
  /** No call in doubt was sent after it, ms since 1970. */
  readonly latest: number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Asks about a batch until the answer is evidence: at once where no call is in doubt, else again with growing pauses until
 * an effect shows or the settle time is over (api rule 16). Meanwhile a question without an answer is just asked again.
 * @param decide what the answer leads to; `wait`: it is no evidence yet
 * @throws EbillError UNAVAILABLE, AUTH, REJECTED, CONFLICT; the signal's reason when interrupted
 */
export async function askForEvidence(
  run: Run,
  jobId: string,
  doubt: Doubt,
  decide: (asked: Asked) => { readonly do: string },
): Promise<Answer> {
  const { context } = run;
  const until = (): number =>
    settledAt(run.journal.state.batches.get(jobId), doubt.calls, run.settle, doubt.latest);
  const left = until() - context.now();
  if (left <= 0) return askFor(run, jobId);
  run.emit({
    event: 'wait.start',
    message: `${doubt.what} may still take effect: asking the server for up to ${spanText(left)}`,
  });
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const over = context.now() >= until();
      let askedMs: number | null = null;
      const onRetryAfter = (ms: number): void => {
        askedMs = ms;
      };
      const tries = over ? run.retries : 0;
      const answer = await askFor(run, jobId, { tries, onRetryAfter }).catch((error: unknown) => {
        const again =
          !over && error instanceof EbillError && error.code === 'UNAVAILABLE' && !isPermanent(error);
        if (again) return null;
        throw error;
      });
      if (answer !== null && decide(answer).do !== 'wait') return answer;
      const leftMs = until() - context.now();
      await context.sleep(Math.max(1, Math.min(obeying(pauseMs, askedMs), leftMs)), context.signal);
    }
  } finally {
    run.emit({ event: 'wait.end' });
  }
}

const spanText = (ms: number): string =>
  ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`;

/** ms. Only a longer pause is named. */
const LONG_PAUSE_MS = 10_000;

/** Waits a moment before asking about a call that may have happened. */
export async function pauseAfterDoubt(
  run: Run,
  what: string,
  jobId: string,
  attempt: number,
  result: { readonly message: string; readonly retryAfterMs: number | null },
): Promise<void> {
  const waitMs = retryDelay(attempt, run.context.random(), result.retryAfterMs);
  const reason = withRetryAfter(result.message, result.retryAfterMs);
  const pause = waitMs < LONG_PAUSE_MS ? '' : `, in ${spanText(waitMs)}`;
  const message = `${what}: ${reason}. It may have happened: the server is asked before anything is sent again${pause}`;
  run.emit({ event: 'warning', jobId, message });
  await run.context.sleep(waitMs, run.context.signal);
}
