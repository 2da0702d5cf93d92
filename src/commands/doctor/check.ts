import { EbillError, type ErrorCode, messageOf } from '../../errors.ts';
import { wholeSeconds } from '../../output/format.ts';
import { type Context, isInterruption } from '../../system/context.ts';

export type State = 'ok' | 'warning' | 'problem' | 'skipped';

/** The result of one check. */
export interface Check {
  readonly name: string;
  readonly state: State;
  readonly message: string;
  /** What to do; empty when there is nothing to do. */
  readonly hint: string;
  /** The error code of a problem; `null` for the other states. */
  readonly code: ErrorCode | null;
}

export const ok = (name: string, message: string): Check => ({
  name,
  state: 'ok',
  message,
  hint: '',
  code: null,
});

export const skipped = (name: string, message: string): Check => ({
  ...ok(name, message),
  state: 'skipped',
});

export const warning = (name: string, message: string, hint: string): Check => ({
  ...ok(name, message),
  state: 'warning',
  hint,
});

export const problem = (name: string, message: string, hint: string, code: ErrorCode): Check => ({
  name,
  state: 'problem',
  message,
  hint,
  code,
});

/** The value, or why there is none: `failed` in words, `timedOut` when the limit was reached. */
export type Attempt<T> =
  | { readonly value: T }
  | { readonly failed: string; readonly error: unknown; readonly timedOut: boolean };

/**
 * Runs work for at most `limitMs`. Work that cannot be aborted, such as a name look-up, is abandoned.
 * @throws the signal's reason when interrupted, and any EbillError
 */
export async function attempt<T>(
  { signal }: Pick<Context, 'signal'>,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Attempt<T>> {
  const timeout = AbortSignal.timeout(limitMs);
  const limit = AbortSignal.any([signal, timeout]);
  try {
    const value = await new Promise<T>((resolve, reject) => {
      limit.addEventListener('abort', () => reject(limit.reason), { once: true });
      if (limit.aborted) reject(limit.reason);
      else work(limit).then(resolve, reject);
    });
    return { value };
  } catch (error) {
    if (isInterruption(error, signal) || error instanceof EbillError) throw error;
    const timedOut = timeout.aborted;
    return {
      failed: timedOut ? `no answer within ${wholeSeconds(limitMs)}` : messageOf(error),
      error,
      timedOut,
    };
  }
}

/** Warn this many days before a certificate expires; a load can take as long. */
const WARN_DAYS = 14;
const DAY_MS = 86_400_000;

/** Whole days left. @param now ms since 1970 */
export function daysLeft(validTo: number, now: number): { readonly days: number; readonly soon: boolean } {
  const days = Math.floor((validTo - now) / DAY_MS);
  return { days, soon: days < WARN_DAYS };
}
