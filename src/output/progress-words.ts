import type { LoadEvent } from '../load/events.ts';
import { oneLine } from '../system/escaping.ts';
import { bytes, counted, duration, rate } from './format.ts';
import type { Theme } from './theme.ts';

type Of<Name extends LoadEvent['event']> = Extract<LoadEvent, { readonly event: Name }>;

/** A message with its batch named, unless it names it itself. */
export function about(event: { readonly jobId: string | null; readonly message: string }): string {
  const { jobId, message } = event;
  return jobId === null || message.includes(jobId) ? message : `${jobId}: ${message}`;
}

export function checkedText({ files, records, bytes: size, bad }: Of<'check.end'>): string {
  const unfit = bad === 0 ? '' : `, ${counted(bad, 'file', 'files')} not fit to send`;
  return `checked ${counted(files, 'file', 'files')}: ${counted(records, 'record', 'records')}, ${bytes(size)}${unfit}`;
}

/** Below this the clock's error would be told as a rate. */
const MEASURABLE_MS = 100;

/** `inv.csv uploaded as AUG_2020_INV: 1.4 MB in 2.3 s (609 kB/s)`. */
export function uploadedText(event: Of<'upload.end'>, theme: Theme): string {
  const file = theme.clean(event.file);
  const jobId = theme.clean(event.jobId);
  if (!event.ok) {
    return `${file} not uploaded (${jobId}): stopped after ${bytes(event.bytes)} of ${bytes(event.total)}`;
  }
  const what = `${file} uploaded as ${jobId}: ${bytes(event.bytes)}`;
  if (event.ms < MEASURABLE_MS) return what;
  return `${what} in ${duration(event.ms)} (${rate((event.bytes / event.ms) * 1000)})`;
}

export function retryText(event: Of<'retry'>, theme: Theme): string {
  const when = event.waitMs < 50 ? 'now' : `in ${duration(event.waitMs)}`;
  return `${theme.clean(oneLine(about(event)))} – retry ${event.attempt} ${when}`;
}

/** `1.2 of 4 GB`, `700 kB of 1.4 MB`. */
export function partOf(done: number, total: number): string {
  const [of, unit] = bytes(total).split(/(?<=\d)\s+/);
  const [part, own] = bytes(done).split(/(?<=\d)\s+/);
  return unit === own && of !== undefined ? `${part} of ${of} ${unit}` : `${bytes(done)} of ${bytes(total)}`;
}
