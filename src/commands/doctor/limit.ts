import { EbillError, messageOf } from '../../errors.ts';
import { wholeSeconds } from '../../output/format.ts';
import { type Context, isInterruption } from '../../system/context.ts';

/** What came of work, or why it did not, in words. */
export type Ended<T> =
  | { readonly value: T }
  | { readonly failed: string; readonly error: unknown; readonly late: boolean };

/**
 * Work that may take so long and no longer, by the clock that sockets go by.
 * @throws the reason of an interruption, and an EbillError as it is
 */
export async function within<T>(
  { signal }: Pick<Context, 'signal'>,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Ended<T>> {
  const late = AbortSignal.timeout(limitMs);
  const limit = AbortSignal.any([signal, late]);
  try {
    // Not all work can be broken off (a name look-up cannot): then it is left behind.
    const value = await new Promise<T>((resolve, reject) => {
      limit.addEventListener('abort', () => reject(limit.reason), { once: true });
      if (limit.aborted) reject(limit.reason);
      else work(limit).then(resolve, reject);
    });
    return { value };
  } catch (error) {
    if (isInterruption(error, signal) || error instanceof EbillError) throw error;
    const failed = late.aborted ? `no answer within ${wholeSeconds(limitMs)}` : messageOf(error);
    return { failed, error, late: late.aborted };
  }
}
