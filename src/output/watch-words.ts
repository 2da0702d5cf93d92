import { SHOWN_PHASES, shownPhaseOf } from '../batch/account.ts';
import { isFinal } from '../batch/outcome.ts';
import type { BatchView } from '../batch/types.ts';
import { countsOf } from './counts.ts';
import { count, timeOfDay, wholeSeconds } from './format.ts';
import { phaseWord } from './status.ts';
import type { BatchTimes, WatchInfo } from './watch-info.ts';

/** `20,373 loaded, 2 rejected`; empty while nothing is known, and before the end only what is known. */
export const countsText = (batch: BatchView): string => countsParts(batch).join(', ');

export function countsParts(batch: BatchView): readonly string[] {
  const { loaded, rejected } = countsOf(batch);
  if (loaded === null && rejected === null) return [];
  const parts = [
    { value: loaded, word: 'loaded' },
    { value: rejected, word: 'rejected' },
  ];
  return parts
    .filter(({ value }) => value !== null || isFinal(batch.phase))
    .map(({ value, word }) => `${count(value)} ${word}`);
}

/** `2 running, 1 queued`, the worst first. */
export const tally = (batches: readonly BatchView[]): string => tallyParts(batches).join(', ');

export function tallyParts(batches: readonly BatchView[]): readonly string[] {
  return SHOWN_PHASES.map(
    (phase) => [phase, batches.filter((batch) => shownPhaseOf(batch) === phase).length] as const,
  )
    .filter(([, number]) => number > 0)
    .map(([phase, number]) => `${count(number)} ${phaseWord(phase)}`);
}

/** A poll that fails is no verdict on the batch (cli.md, "Watch options"), but it is said. */
export function isSilent({ now, lastAnswerAt }: WatchInfo): boolean {
  return lastAnswerAt === null || now - lastAnswerAt >= 1000;
}

export function silenceText({ lastAnswerAt }: WatchInfo): string {
  return lastAnswerAt === null ? 'no answer yet' : `no answer since ${timeOfDay(lastAnswerAt)}`;
}

/** A guess is not off before it is so by a quarter, and by more than the pause between two looks is long at first. */
const graceFor = (estimateMs: number): number => Math.max(15_000, estimateMs / 4);

/** Longer than earlier loads make one expect. */
export function isOverdue({ since, estimateMs }: BatchTimes, now: number): boolean {
  return since !== null && estimateMs !== null && now - since > estimateMs + graceFor(estimateMs);
}

/**
 * `2 m 10 s` and `about 3 m left`: elapsed since the hand-over, and what earlier loads make one expect. Nothing when it is not
 * known since when.
 */
export function waitParts(times: BatchTimes, now: number): readonly string[] {
  const { since, estimateMs } = times;
  if (since === null) return [];
  const elapsed = Math.max(0, now - since);
  if (estimateMs === null) return [wholeSeconds(elapsed)];
  if (isOverdue(times, now)) return [wholeSeconds(elapsed), `${OVERDUE} (${roughly(estimateMs)})`];
  return [wholeSeconds(elapsed), leftText(estimateMs - elapsed)];
}

export const OVERDUE = 'longer than usual';

/** `about 3 m left`, or that it may end at any moment. */
export const leftText = (ms: number): string => (ms > 0 ? `about ${roughly(ms)} left` : 'due now');

/** A guess is not told to the second. */
function roughly(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 8) return 'a few s';
  if (seconds < 90) return `${Math.max(1, Math.round(seconds / 10)) * 10} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} m`;
  const half = Math.round(minutes / 30) / 2;
  return half < 36 ? `${half} h` : `${Math.round(half / 24)} d`;
}
