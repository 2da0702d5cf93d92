import { isPermanent } from '../api/net/transport-error.ts';
import { firstPollDelay, nextPollDelay, type PollInterval, withJitter } from '../api/retry.ts';
import { accountOf } from '../batch/account.ts';
import { isSettled, waitsFor } from '../batch/outcome.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView } from '../batch/types.ts';
import { unknownStatusText } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import { foundBy } from './ask.ts';
import { NotFound, refresh } from './refresh.ts';
import type { Run } from './run.ts';
import { viewBatch } from './view.ts';

export interface WatchOptions {
  readonly cadence: PollInterval;
  /** ms; `null`: as long as it takes. */
  readonly maxWaitMs: number | null;
  /** ms of failures in a row before giving up. */
  readonly patienceMs: number;
}

/**
 * `settled`: all final. `missing`: all but batches that the server no longer knows. `timeout`: --max-wait elapsed. `idle`: the
 * rest was never finalized, so nothing will happen.
 */
export type WatchEnd = 'settled' | 'missing' | 'timeout' | 'idle';

/** So many looks have to agree that counts contradict each other: they can come later than the final status (api rule 22). */
const COUNT_LOOKS = 3;

/**
 * Polls until every named batch is final. A poll that fails says nothing about the batch, also where it looks final: what is
 * asked about can still change, so the watch ends with an answer.
 * @throws EbillError UNAVAILABLE after `patienceMs` of failures, or at once when the server was never reached and cannot be;
 *   AUTH, REJECTED at once
 */
export async function watch(run: Run, jobIds: readonly string[], options: WatchOptions): Promise<WatchEnd> {
  const { context } = run;
  const began = context.now();
  const warned = new Set<string>();
  const notFound = new NotFound();
  let looks = 0;
  /** Since when no question was answered. */
  let silentSince: number | null = null;
  /** Since when some question of each round was not. */
  let gapsSince: number | null = null;
  let everAnswered = false;
  let pause = firstPollDelay(options.cadence);
  for (let first = true; ; first = false) {
    const asked = context.now();
    const round = await refresh(run, jobIds, { tries: 0, notFound });
    for (const status of round.strange) warnOnce(run, warned, status);
    const [failure] = round.failures;
    gapsSince = failure === undefined ? null : (gapsSince ?? asked);
    silentSince = failure === undefined || round.answers > 0 ? null : (silentSince ?? asked);
    // Do not wait for a set-up that never worked; each poll would send a proxy the wrong password again.
    everAnswered ||= round.answers > 0;
    if (!everAnswered && isPermanent(failure)) throw failure;
    const now = context.now();
    const batches = viewAll(run, jobIds);
    const late = lateCounts(run, batches);
    if (late === null) looks = 0;
    else if (failure === undefined) looks += 1;
    const again = late !== null && (looks < COUNT_LOOKS || now < late);
    if (again && looks === 1) {
      const message = 'the counts do not add up; they may be late, so the server is asked again';
      run.emit({ event: 'step', jobId: null, message });
    }
    const elapsed = options.maxWaitMs !== null && now - began >= options.maxWaitMs;
    const reached = endOf(batches, options);
    const unansweredSince = reached === null ? silentSince : gapsSince;
    if (failure !== undefined && unansweredSince !== null && now - unansweredSince >= options.patienceMs)
      throw failure;
    const doubted =
      failure !== undefined || (again && !elapsed) || (reached === 'idle' && lagsBehind(run, batches, now));
    const end = reached !== null && !doubted ? reached : elapsed ? 'timeout' : null;
    pause = first ? pause : nextPollDelay(options.cadence, pause, round.changed);
    const wait = Math.min(
      withJitter(options.cadence, pause, context.random()),
      remaining(options, now - began),
      // All are final: there is nothing to wait for but a delay of the server.
      again && failure === undefined ? run.settle.otherMs : Number.POSITIVE_INFINITY,
    );
    const nextPollAt = end === null ? now + wait : null;
    run.emit({ event: 'poll', batches, now, nextPollAt, silentSince: unansweredSince });
    if (end !== null) return end;
    await context.sleep(wait, context.signal);
  }
}

function viewAll(run: Run, jobIds: readonly string[]): readonly BatchView[] {
  return jobIds.flatMap((jobId) => {
    const known = run.journal.state.batches.get(jobId);
    return known === undefined ? [] : [viewBatch(run.journal.state, known, run.statusNames)];
  });
}

/**
 * Until when the counts of final batches that do not add up may only be late: the settle time after their status was first
 * seen, ms since 1970; `null` when all add up.
 */
function lateCounts({ journal, settle }: Run, batches: readonly BatchView[]): number | null {
  const contradicted = batches.filter((batch) =>
    flatten([batch]).some((one) => accountOf(one).state === 'mismatch'),
  );
  if (contradicted.length === 0) return null;
  const since = contradicted.map(({ jobId }) =>
    Date.parse(journal.state.batches.get(jobId ?? '')?.changedAt ?? '1970-01-01T00:00:00Z'),
  );
  return Math.max(...since) + settle.otherMs;
}

/** Whether a batch that was finalized a moment ago still shows as a draft: reads lag behind writes (api rule 16). */
const lagsBehind = (run: Run, batches: readonly BatchView[], now: number): boolean =>
  batches.some(({ jobId }) => {
    const known = run.journal.state.batches.get(jobId ?? '');
    return known?.finalized === 'yes' && now < foundBy(run, known, now);
  });

/** What the last known states come to; `null`: batches are being processed. */
function endOf(batches: readonly BatchView[], { maxWaitMs }: WatchOptions): WatchEnd | null {
  const open = batches.filter((batch) => waitsFor(batch) === 'end');
  if (open.length === 0) return batches.every(isSettled) ? 'settled' : 'missing';
  // Waiting for batches that were never submitted would hang a script; with --max-wait somebody may still submit them.
  const idle = open.every((batch) => batch.phase === 'draft' || batch.phase === 'uploaded');
  return idle && maxWaitMs === null ? 'idle' : null;
}

const remaining = (options: WatchOptions, waited: number): number =>
  options.maxWaitMs === null ? Number.POSITIVE_INFINITY : Math.max(0, options.maxWaitMs - waited);

function warnOnce(run: Run, warned: Set<string>, status: string): void {
  if (warned.has(status)) return;
  warned.add(status);
  run.emit({ event: 'warning', jobId: null, message: unknownStatusText(status, run.context) });
}

export function unknownBatch(jobIds: readonly string[]): EbillError {
  return new EbillError('REJECTED', `The server knows no batch ${jobIds.join(', ')}.`, {
    hint: 'Check the name, the profile and the base URL (ebill profile show). If an upload was broken off, run it again.',
  });
}
