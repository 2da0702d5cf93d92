import { grouped } from '../system/quantities.ts';
import type { Theme } from './theme.ts';

/** Unknown, which is never shown as 0 or nothing. */
export const UNKNOWN = '–';

/** `20,375`, the same in every locale. */
export function count(value: number | null): string {
  return value === null ? UNKNOWN : grouped(value);
}

/** `-1,234,567.89`: a decimal, with all of its digits. */
export const amountText = (amount: string | null): string => (amount === null ? UNKNOWN : grouped(amount));

/** `1 invoice`, `2 invoices`. */
export function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `1.4 MB`; 1 MB is a million bytes. */
export function bytes(value: number): string {
  if (value < 1000) return `${Math.round(value)} B`;
  let size = value / 1000;
  let unit = 0;
  // 999.95 kB would round to 1,000 kB.
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  const shown = size < 99.95 ? Math.round(size * 10) / 10 : Math.round(size);
  return `${grouped(shown)} ${UNITS[unit]}`;
}

export function rate(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`;
}

/** `05`. */
const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** `0.4 s`, `12 s`, `2 m 05 s`, `1 h 04 m`, `2 d 03 h` (Intl.DurationFormat is not in Node 20). */
export function duration(ms: number): string {
  if (ms < 9950) return `${Number((Math.max(0, ms) / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${twoDigits(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`;
  return `${Math.floor(minutes / 1440)} d ${twoDigits(Math.floor((minutes % 1440) / 60))} h`;
}

/** A duration in whole seconds, for what counts up or down. */
export function wholeSeconds(ms: number): string {
  return duration(Math.max(0, Math.round(ms / 1000)) * 1000);
}

/** Local time of day, `03:12:05`. */
export function timeOfDay(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** From a month on the date is shown. */
const LONG_AGO = 31 * DAY;

/**
 * `just now`, `3 minutes ago`, `2 days ago`, then the date. Clocks differ: up to a minute ahead is `just now`; a later time is shown
 * as it is. (Intl.RelativeTimeFormat takes 20 ms to load.)
 */
export function relativeTime(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  if (Number.isNaN(ms) || ms <= -MINUTE) return withoutMs(iso);
  if (ms < MINUTE) return 'just now';
  if (ms < HOUR) return `${counted(Math.floor(ms / MINUTE), 'minute', 'minutes')} ago`;
  if (ms < DAY) return `${counted(Math.floor(ms / HOUR), 'hour', 'hours')} ago`;
  if (ms < LONG_AGO) return `${counted(Math.floor(ms / DAY), 'day', 'days')} ago`;
  return iso.slice(0, 10);
}

/** On a terminal how long ago; in a pipe ISO 8601, UTC, whole seconds. */
export function timeText(iso: string, now: number, theme: Pick<Theme, 'width'>): string {
  return Number.isFinite(theme.width) ? relativeTime(iso, now) : withoutMs(iso);
}

/** A time to come: on a terminal `20:43:00 (6 h 59 m left)`, local time; in a pipe ISO 8601. */
export function untilText(iso: string, now: number, theme: Pick<Theme, 'width'>): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at) || !Number.isFinite(theme.width)) return withoutMs(iso);
  const left = at > now ? `${duration(at - now)} left` : 'over by this clock';
  return at - now < DAY && at > now ? `${timeOfDay(at)} (${left})` : `${withoutMs(iso)} (${left})`;
}

/** A time within a load: on a terminal the time since its start, `+00:02:05`; in a pipe ISO 8601. */
export function offsetText(iso: string, beganIso: string, theme: Pick<Theme, 'width'>): string {
  const seconds = Math.floor((Date.parse(iso) - Date.parse(beganIso)) / 1000);
  if (!Number.isFinite(theme.width) || !(seconds >= 0)) return withoutMs(iso);
  return `+${twoDigits(Math.floor(seconds / 3600))}:${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`;
}

const withoutMs = (iso: string): string => iso.replace(/\.\d+Z$/, 'Z');

interface Content {
  readonly records: number | null;
  readonly amount?: string | null | undefined;
}

/** `20,375 records`, `amounts 1,234,567.89`; what is not known is left out. */
const contentParts = ({ records, amount }: Content): readonly string[] => [
  ...(records === null ? [] : [counted(records, 'record', 'records')]),
  ...(amount ? [`amounts ${amountText(amount)}`] : []),
];

/** `Control total of inv.csv: 20,375 records, amounts 1,234,567.89`; `null` without a sum. */
export function totalLine(name: string, records: number | null, amount: string | null): string | null {
  return amount === null ? null : `Control total of ${name}: ${contentParts({ records, amount }).join(', ')}`;
}

/** `inv.csv, 3 records, amounts 12.50`: a file that is sent. */
export const fileText = (file: Content & { readonly name: string }): string =>
  [file.name, ...contentParts(file)].join(', ');
