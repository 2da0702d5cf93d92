import type { BatchTimes, LoadEvent } from '../../load/events.ts';
import { oneLine } from '../../system/escaping.ts';
import { bytes, count, counted, duration, rate, timeOfDay, wholeSeconds } from '../format.ts';
import type { Theme } from '../theme.ts';
import type { Watch } from './model.ts';

type EventOf<Name extends LoadEvent['event']> = Extract<LoadEvent, { readonly event: Name }>;

/** The message with the job id before it, unless it contains the job id already. */
export function withJobId({
  jobId,
  message,
}: {
  readonly jobId: string | null;
  readonly message: string;
}): string {
  return jobId === null || message.includes(jobId) ? message : `${jobId}: ${message}`;
}

/** `checked 3 files: 20,375 records, 1.4 MB, 1 failed`. */
export function checkedText({ files, records, bytes: size, bad }: EventOf<'check.end'>): string {
  const failed = bad === 0 ? '' : `, ${count(bad)} failed`;
  return `checked ${counted(files, 'file', 'files')}: ${counted(records, 'record', 'records')}, ${bytes(size)}${failed}`;
}

/** ms; a shorter upload gives no meaningful rate. */
const MEASURABLE_MS = 100;

/** `inv.csv uploaded as AUG_2020_INV: 1.4 MB in 2.3 s (609 kB/s)`. */
export function uploadedText(event: EventOf<'upload.end'>, theme: Theme): string {
  const file = theme.clean(event.file);
  const jobId = theme.clean(event.jobId);
  if (!event.ok) {
    const sent =
      event.bytes < event.total
        ? `stopped after ${bytes(event.bytes)} of ${bytes(event.total)}`
        : `${bytes(event.total)} sent, and not confirmed by the storage`;
    return `${file} not uploaded (${jobId}): ${event.reason ? theme.clean(oneLine(event.reason)) : sent}`;
  }
  const text = `${file} uploaded as ${jobId}: ${bytes(event.bytes)}`;
  if (event.ms < MEASURABLE_MS) return text;
  return `${text} in ${duration(event.ms)} (${rate((event.bytes / event.ms) * 1000)})`;
}

export function retryText(event: EventOf<'retry'>, theme: Theme): string {
  const when = event.waitMs < 50 ? 'now' : `in ${duration(event.waitMs)}`;
  return `${theme.clean(oneLine(withJobId(event)))} – retry ${event.attempt} ${when}`;
}

/** `1.2 of 4 GB`, `700 kB of 1.4 MB`. */
export function bytesOf(done: number, total: number): string {
  const [all, unit] = bytes(total).split(/(?<=\d)\s+/);
  const [part, partUnit] = bytes(done).split(/(?<=\d)\s+/);
  return unit === partUnit && all !== undefined
    ? `${part} of ${all} ${unit}`
    : `${bytes(done)} of ${bytes(total)}`;
}

/** `3 m 10 s left`. @param speed bytes/s */
export const bytesLeftText = (left: number, speed: number): string =>
  `${wholeSeconds((left / speed) * 1000)} left`;

export const ANSWERING = 'the server is answering again';

/** `no answer since 03:12:05`. */
export function silenceText({ poll }: Watch): string {
  return `no answer since ${timeOfDay(poll.silentSince ?? poll.now)}`;
}

/** ms until the next poll starts, at least 0; `null` after the last. */
export function untilNextPoll({ poll }: Watch, now: number): number | null {
  return poll.nextPollAt === null ? null : Math.max(0, poll.nextPollAt - now);
}

/** `next poll in 8 s`, or that a poll is running. */
export function nextPollText(watch: Watch, now: number): string {
  const ms = untilNextPoll(watch, now) ?? 0;
  return ms >= 500 ? `next poll in ${wholeSeconds(ms)}` : 'polling';
}

export const OVERDUE = 'longer than usual';

/** An estimate is not wrong before it is exceeded by a quarter, and by more than the first pauses between polls. */
const toleranceOf = (estimateMs: number): number => Math.max(15_000, estimateMs / 4);

/** Does processing take longer than earlier loads suggest? */
export function isOverdue({ since, estimateMs }: BatchTimes, now: number): boolean {
  return since !== null && estimateMs !== null && now - since > estimateMs + toleranceOf(estimateMs);
}

/** `2 m 10 s` and `about 3 m left`: elapsed since the batch was submitted, and what earlier loads suggest. Empty when that is unknown. */
export function waitParts(times: BatchTimes, now: number): readonly string[] {
  const { since, estimateMs } = times;
  if (since === null) return [];
  const elapsed = Math.max(0, now - since);
  if (estimateMs === null) return [wholeSeconds(elapsed)];
  if (isOverdue(times, now)) return [wholeSeconds(elapsed), `${OVERDUE} (${roughly(estimateMs)})`];
  return [wholeSeconds(elapsed), timeLeftText(estimateMs - elapsed)];
}

/** `about 3 m left`, or that it may end at any moment. */
export function timeLeftText(ms: number): string {
  const left = roughly(ms);
  return ms > 0 ? `${left === FEW ? '' : 'about '}${left} left` : 'due now';
}

const FEW = 'a few s';

/** An estimate is not given to the second. */
function roughly(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 8) return FEW;
  if (seconds < 90) return `${Math.max(1, Math.round(seconds / 10)) * 10} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} m`;
  const half = Math.round(minutes / 30) / 2;
  return half < 36 ? `${half} h` : `${Math.round(half / 24)} d`;
}
