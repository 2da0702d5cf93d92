import type { BatchView } from '../batch/types.ts';
import { countsOf } from './counts.ts';
import { count, timeOfDay, wholeSeconds } from './human.ts';
import { isFinal, PHASE_ORDER, phaseWord } from './status.ts';
import type { BatchTimes, WatchInfo } from './watch-info.ts';

/** `20,373 loaded, 2 rejected`; empty while nothing is known, and before the end only what is known. */
export function countsText(batch: BatchView): string {
  const { loaded, rejected } = countsOf(batch);
  if (loaded === null && rejected === null) return '';
  const parts = [
    { value: loaded, word: 'loaded' },
    { value: rejected, word: 'rejected' },
  ];
  return parts
    .filter(({ value }) => value !== null || isFinal(batch.phase))
    .map(({ value, word }) => `${count(value)} ${word}`)
    .join(', ');
}

/** `2 running, 1 queued`, the worst first. */
export function tally(batches: readonly BatchView[]): string {
  return PHASE_ORDER.map((phase) => [phase, batches.filter((batch) => batch.phase === phase).length] as const)
    .filter(([, number]) => number > 0)
    .map(([phase, number]) => `${count(number)} ${phaseWord(phase)}`)
    .join(', ');
}

/** A poll that fails is no verdict on the batch (cli.md, "Watch options"), but it is said. */
export function isSilent({ now, lastAnswerAt }: WatchInfo): boolean {
  return lastAnswerAt === null || now - lastAnswerAt >= 1000;
}

export function silenceText({ lastAnswerAt }: WatchInfo): string {
  return lastAnswerAt === null ? 'no answer yet' : `no answer since ${timeOfDay(lastAnswerAt)}`;
}

/** `2 m 10 s, about 3 m left`: elapsed since the hand-over, and what earlier loads make one expect. */
export function waitText({ since, estimateMs }: BatchTimes, now: number): string {
  if (since === null) return '';
  const elapsed = Math.max(0, now - since);
  if (estimateMs === null) return wholeSeconds(elapsed);
  const left = estimateMs - elapsed;
  if (left > 0) return `${wholeSeconds(elapsed)}, about ${roughly(left)} left`;
  return `${wholeSeconds(elapsed)}, ${elapsed > 2 * estimateMs ? 'much longer' : 'longer'} than before (${roughly(estimateMs)})`;
}

/** A guess is not told to the second. */
function roughly(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return 'a few s';
  if (seconds < 90) return `${Math.round(seconds / 10) * 10} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} m`;
  return `${Math.round(seconds / 3600)} h`;
}
