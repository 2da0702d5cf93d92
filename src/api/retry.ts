import type { Context } from '../system/context.ts';

/** Statuses worth another try (cli.md, "Network"). */
const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Of these the server says it did not act, so that even a changing call can simply be sent again. */
const NOT_ACTED = new Set([408, 425, 429]);

export const isRetryable = (status: number): boolean => RETRYABLE.has(status);
export const wasNotProcessed = (status: number): boolean => NOT_ACTED.has(status);

const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * Milliseconds to wait before the next try: exponential from 0.5 s with full jitter, capped at 30 s;
 * a `Retry-After` is obeyed (cli.md, "Network").
 * @param attempt tries made so far, from 1
 * @param random in [0, 1)
 */
export function retryDelay(attempt: number, random: number, retryAfterMs: number | null): number {
  if (retryAfterMs !== null) return retryAfterMs;
  return Math.round(Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1)) * random);
}

/** A timer set for longer than this fires at once (Node, `setTimeout`). */
const LONGEST_MS = 2_147_483_647;
/** The three forms of an HTTP date (RFC 9110, 5.6.7); `Date.parse` alone would read `-1` and `1.5` as dates, too. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/;

/** `Retry-After` in ms from now: seconds or an HTTP date; `null` when absent or unreadable. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Math.min(LONGEST_MS, Number(text) * 1000);
  // The oldest form names no zone; it is GMT, as the others say.
  const at = HTTP_DATE.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(at) ? null : Math.min(LONGEST_MS, Math.max(0, at - now));
}

/** What one try came to. */
export type Attempt<T> =
  | { readonly done: T }
  | { readonly again: T; readonly message: string; readonly retryAfterMs: number | null };

export interface RetryNotice {
  readonly message: string;
  readonly attempt: number;
  readonly waitMs: number;
}

/**
 * Tries until done or `retries` further tries are used up; then the last value counts.
 * @throws the signal's reason when interrupted while trying or waiting
 */
export async function withRetries<T>(
  context: Pick<Context, 'sleep' | 'random' | 'signal'>,
  retries: number,
  onRetry: (notice: RetryNotice) => void,
  once: (attempt: number) => Promise<Attempt<T>>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await once(attempt);
    if ('done' in result) return result.done;
    // A try that an interruption broke off says nothing about the other side.
    context.signal.throwIfAborted();
    if (attempt > retries) return result.again;
    const waitMs = retryDelay(attempt, context.random(), result.retryAfterMs);
    onRetry({ message: result.message, attempt, waitMs });
    await context.sleep(waitMs, context.signal);
  }
}

/** How often to look (cli.md, "Watch options"). */
export interface PollInterval {
  /** ms, fixed; `null` for the growing default. */
  readonly fixedMs: number | null;
}

const FIRST_POLL_MS = 2_000;
const MAX_POLL_MS = 60_000;
const JITTER = 0.2;

/** The pause before the first look. */
export const firstPollDelay = (cadence: PollInterval): number => cadence.fixedMs ?? FIRST_POLL_MS;

/** The pause after one of `previous` ms: 2 s growing by half to 60 s, back to 2 s at each change; jitter is added apart. */
export function nextPollDelay(cadence: PollInterval, previous: number, changed: boolean): number {
  if (cadence.fixedMs !== null) return cadence.fixedMs;
  return changed ? FIRST_POLL_MS : Math.min(MAX_POLL_MS, previous * 1.5);
}

/** ±20 %, so that many machines do not ask in step. A fixed interval is kept as asked for. */
export function withJitter(cadence: PollInterval, pause: number, random: number): number {
  return cadence.fixedMs === null ? Math.round(pause * (1 - JITTER + 2 * JITTER * random)) : pause;
}
