import { counted, two } from './human.ts';
import type { Look } from './look.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Beyond a month a date says more than a number of days. */
const LONG_AGO = 31 * DAY;

/**
 * `just now`, `3 minutes ago`, `2 days ago`, then the date. Clocks differ: up to a minute ahead is now too, beyond that the
 * time is given as it is. (Intl.RelativeTimeFormat says the same and takes 20 ms to load.)
 */
export function ago(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  if (Number.isNaN(ms) || ms <= -MINUTE) return withoutMs(iso);
  if (ms < MINUTE) return 'just now';
  if (ms < HOUR) return `${counted(Math.floor(ms / MINUTE), 'minute', 'minutes')} ago`;
  if (ms < DAY) return `${counted(Math.floor(ms / HOUR), 'hour', 'hours')} ago`;
  if (ms < LONG_AGO) return `${counted(Math.floor(ms / DAY), 'day', 'days')} ago`;
  return iso.slice(0, 10);
}

/** A time as it is shown: on a terminal how long ago, in a pipe ISO 8601, in UTC and whole seconds. */
export function timeText(iso: string, now: number, look: Pick<Look, 'width'>): string {
  return Number.isFinite(look.width) ? ago(iso, now) : withoutMs(iso);
}

/**
 * A moment of something longer: on a terminal `+00:02:05` since it began, for a whole column of "2 days ago" tells nothing
 * apart; in a pipe ISO 8601.
 */
export function momentText(iso: string, beganIso: string, look: Pick<Look, 'width'>): string {
  const seconds = Math.floor((Date.parse(iso) - Date.parse(beganIso)) / 1000);
  if (!Number.isFinite(look.width) || !(seconds >= 0)) return withoutMs(iso);
  return `+${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const withoutMs = (iso: string): string => iso.replace(/\.\d+Z$/, 'Z');
