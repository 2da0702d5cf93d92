import type { Context } from '../system/context.ts';
import { grouped } from '../system/quantities.ts';
import type { TransportError } from './net/transport-error.ts';

/** HTTP statuses that say "not now": a question is asked again (commands rule 29), a changing call is in doubt (api rule 15). */
const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504]);

export const isRetryable = (status: number): boolean => RETRYABLE.has(status);

const BASE_MS = 500;
const MAX_MS = 30_000;

/** ms. A server that asks for more is asked again all the same. */
const MAX_RETRY_AFTER_MS = 300_000;

/**
 * ms before the next try: exponential from 0.5 s with full jitter, at most 30 s; a longer `Retry-After` is obeyed, up to 5 min.
 * @param attempt tries so far, from 1
 * @param random in [0, 1)
 */
export function retryDelay(attempt: number, random: number, retryAfterMs: number | null): number {
  const backoff = Math.round(Math.min(MAX_MS, BASE_MS * 2 ** (attempt - 1)) * random);
  return Math.max(backoff, Math.min(MAX_RETRY_AFTER_MS, retryAfterMs ?? 0));
}

/** A message, with what the server asked for where that is not waited for. */
export const withRetryAfter = (message: string, retryAfterMs: number | null): string =>
  retryAfterMs !== null && retryAfterMs > MAX_RETRY_AFTER_MS
    ? `${message} (Retry-After: ${grouped(Math.ceil(retryAfterMs / 1000))} s; trying again after 5 min)`
    : message;

/**
 * How long a changing call can be under way, ms: every try but the last found no connection, and its answer never came.
 * @param connectMs for connecting
 * @param timeoutMs until the answer starts
 */
export function longestCall(retries: number, connectMs: number, timeoutMs: number): number {
  const pauses = Array.from({ length: retries }, (_, i) => retryDelay(i + 1, 1, null));
  return pauses.reduce((sum, pause) => sum + connectMs + pause, connectMs + timeoutMs);
}

/** Node fires a longer timer at once. */
const MAX_TIMER_MS = 2_147_483_647;
/** The three forms of an HTTP date (RFC 9110, 5.6.7). `Date.parse` alone would read `-1` and `1.5` as dates, too. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/;

/** `Retry-After` (seconds or an HTTP date) in ms from now; `null` when absent or unreadable. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Math.min(MAX_TIMER_MS, Number(text) * 1000);
  // The oldest form (asctime) has no zone; it means GMT.
  const at = HTTP_DATE.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(at) ? null : Math.min(MAX_TIMER_MS, Math.max(0, at - now));
}

/** `outage`: nothing is wrong with the request; the other side is not there. `page`: a page instead of an answer. */
type Reason = 'outage' | 'page';

/** The result of one try: final, or worth another (`retry` is the result if that was the last). */
export type Attempt<T> =
  | { readonly done: T }
  | {
      readonly retry: T;
      readonly message: string;
      readonly retryAfterMs: number | null;
      readonly reason?: Reason;
    };

/**
 * @param attempt failed tries so far
 * @param pausedMs the pauses between them
 * @returns ms to wait at least before another; `null`: no more
 */
type Patience = (attempt: number, reason: Reason | undefined, pausedMs: number) => number | null;

/** ms between tries beyond their usual number. */
const LATER_MS = 1_000;

/** So many retries, and more while an outage is shorter than `ms`. */
export function lastingOutages(retries: number, ms: number, now: () => number): Patience {
  let since: number | null = null;
  return (attempt, reason, pausedMs) => {
    since ??= now();
    if (attempt <= retries) return 0;
    return reason === 'outage' && Math.max(pausedMs, now() - since) < ms ? LATER_MS : null;
  };
}

/** So many retries, and of a page so many. */
export const retryingPages =
  (retries: number, ofPages: number): Patience =>
  (attempt, reason) =>
    attempt <= (reason === 'page' ? Math.max(retries, ofPages) : retries) ? 0 : null;

export interface RetryNotice {
  readonly message: string;
  readonly attempt: number;
  /** ms before the next try. */
  readonly waitMs: number;
}

/** A try without a response is worth another, unless that would fail in the same way. */
export function afterTransportError<T>(error: TransportError, value: T): Attempt<T> {
  if (error.permanent) return { done: value };
  return { retry: value, message: error.message, retryAfterMs: null, reason: 'outage' };
}

/**
 * Tries until done, or until so many further tries are used up; then the last value counts.
 * @throws the signal's reason when interrupted while trying or waiting
 */
export async function withRetries<T>(
  context: Pick<Context, 'sleep' | 'random' | 'signal'>,
  retries: number | Patience,
  onRetry: (notice: RetryNotice) => void,
  once: () => Promise<Attempt<T>>,
): Promise<T> {
  const patience: Patience =
    typeof retries === 'number' ? (attempt) => (attempt <= retries ? 0 : null) : retries;
  let pausedMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    const result = await once();
    if ('done' in result) return result.done;
    // A try that an interruption broke off says nothing about the other side.
    context.signal.throwIfAborted();
    const least = patience(attempt, result.reason, pausedMs);
    if (least === null) return result.retry;
    const waitMs = Math.max(least, retryDelay(attempt, context.random(), result.retryAfterMs));
    onRetry({ message: withRetryAfter(result.message, result.retryAfterMs), attempt, waitMs });
    await context.sleep(waitMs, context.signal);
    pausedMs += waitMs;
  }
}

/** How often to poll (commands rule 13). */
export interface PollInterval {
  /** ms; `null` for the growing default. */
  readonly fixedMs: number | null;
}

const FIRST_POLL_MS = 2_000;
const MAX_POLL_MS = 60_000;
const JITTER = 0.2;

/** ms before the first poll. */
export const firstPollDelay = (interval: PollInterval): number => interval.fixedMs ?? FIRST_POLL_MS;

/** ms before the next poll: from 2 s growing by half to 60 s, back to 2 s at each change; without jitter. */
export function nextPollDelay(interval: PollInterval, previousMs: number, changed: boolean): number {
  if (interval.fixedMs !== null) return interval.fixedMs;
  return changed ? FIRST_POLL_MS : Math.min(MAX_POLL_MS, previousMs * 1.5);
}

/** ms until the next poll where the server asked for a pause, which is obeyed up to 5 min. */
export const obeying = (usualMs: number, retryAfterMs: number | null): number =>
  Math.max(usualMs, Math.min(MAX_RETRY_AFTER_MS, retryAfterMs ?? 0));

export const pauseText = (retryAfterMs: number): string =>
  `the server asks for ${grouped(Math.ceil(retryAfterMs / 1000))} s between requests (Retry-After)${retryAfterMs > MAX_RETRY_AFTER_MS ? '; it is asked again after 5 min' : ''}`;

/** ±20 %, so that many machines do not poll in step. A fixed interval is kept as given. */
export function withJitter(interval: PollInterval, delayMs: number, random: number): number {
  return interval.fixedMs === null ? Math.round(delayMs * (1 - JITTER + 2 * JITTER * random)) : delayMs;
}
