import { isPermanent } from '../api/net/transport-error.ts';
import { accountOf } from '../batch/account.ts';
import { isSettled, waitsFor } from '../batch/outcome.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView } from '../batch/types.ts';
import { unknownStatus } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import { foundBy } from './ask.ts';
import { type Answers, NotFound, pollsAtOnce, type Round, refresh } from './refresh.ts';
import type { Run } from './run.ts';
import { viewBatch } from './view.ts';
import { Silence, type Waiting, type WatchOptions } from './waiting.ts';

/**
 * `settled`: all final. `missing`: all but batches that the server no longer knows. `timeout`: --max-wait elapsed. `idle`: the
 * rest was never finalized, so nothing will happen.
 */
export type WatchEnd = 'settled' | 'missing' | 'timeout' | 'idle';

/** So many looks have to agree that counts contradict each other: they can come later than the final status (api rule 22). */
const COUNT_LOOKS = 3;

/** How a watch ended, and the answers of its last poll. */
export interface Watched {
  readonly end: WatchEnd;
  readonly found: Answers;
}

/**
 * Polls until every named batch is final. A poll that fails says nothing about the batch, also where it looks final: what is
 * asked about can still change, so the watch ends with an answer.
 * @param given answers of a moment ago
 * @param onPoll gets the answers of each poll
 * @throws EbillError UNAVAILABLE after `patienceMs` of failures, or at once when the server was never reached and cannot be;
 *   AUTH, REJECTED at once
 */
export async function watch(
  run: Run,
  jobIds: readonly string[],
  waiting: Waiting,
  {
    given,
    onPoll,
  }: { readonly given?: Answers | undefined; readonly onPoll?: ((found: Answers) => void) | undefined } = {},
): Promise<Watched> {
  const { context } = run;
  const { options } = waiting;
  const warned = new Set<string>();
  const notFound = new NotFound();
  let looks = 0;
  /** Of all questions. */
  const silence = new Silence();
  /** Of some question of each round. */
  const gaps = new Silence();
  let everAnswered = false;
  for (let first = true; ; first = false) {
    const asked = context.now();
    const rounds: Round[] = [];
    const ms = await waiting.poll(Math.ceil(jobIds.length / pollsAtOnce(jobIds.length)), async (question) => {
      rounds.push(await refresh(run, jobIds, { question, notFound, ...(first && given ? { given } : {}) }));
    });
    const round = rounds[0] as Round;
    for (const status of round.strange) warnOnce(run, warned, status);
    const [failure] = round.failures;
    gaps.polled(failure !== undefined, asked, ms);
    silence.polled(failure !== undefined && round.answers === 0, asked, ms);
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
    const { elapsed } = waiting;
    const reached = endOf(batches, options);
    const unanswered = reached === null ? silence : gaps;
    if (failure !== undefined && unanswered.since !== null && unanswered.ms >= options.patienceMs)
      throw failure;
    const doubted =
      failure !== undefined || (again && !elapsed) || (reached === 'idle' && lagsBehind(run, batches, now));
    const end = reached !== null && !doubted ? reached : elapsed ? 'timeout' : null;
    // All are final: there is nothing to wait for but a delay of the server.
    const most = again && failure === undefined ? run.settle.otherMs : Number.POSITIVE_INFINITY;
    const wait = end === null ? waiting.next(round.changed, most) : 0;
    const nextPollAt = end === null ? now + wait : null;
    const { since: silentSince, ms: silentMs } = unanswered;
    run.emit({ event: 'poll', batches, now, nextPollAt, silentSince, silentMs });
    onPoll?.(round.found);
    if (end !== null) return { end, found: round.found };
    const paused = await waiting.pause(wait);
    for (const one of [silence, gaps]) one.paused(paused);
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
  // Waiting for batches that were never submitted would hang a script; with --max-wait another process may submit them.
  const idle = open.every((batch) => batch.phase === 'draft' || batch.phase === 'uploaded');
  return idle && maxWaitMs === null ? 'idle' : null;
}

function warnOnce(run: Run, warned: Set<string>, status: string): void {
  if (warned.has(status)) return;
  warned.add(status);
  run.emit({ event: 'warning', jobId: null, ...unknownStatus(status, run.context) });
}

export function unknownBatch(jobIds: readonly string[]): EbillError {
  return new EbillError('REJECTED', `The server knows no batch ${jobIds.join(', ')}.`, {
    hint: 'Check the name, the profile and the base URL (ebill profile show). If an upload was broken off, run it again.',
  });
}
