import type { Context } from '../system/context.ts';

/** ms a changing call that is under way may still take after an interruption: within 2 s the program has to end. */
const GRACE_MS = 1_500;

/**
 * Does a piece of work with a signal that comes a moment after the interruption's: an answer that is about to arrive is
 * worth more than a question later. Nothing is begun after the interruption.
 * @throws the signal's reason
 */
export async function withGrace<T>(
  context: Pick<Context, 'signal' | 'sleep'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  signal.throwIfAborted();
  const late = new AbortController();
  const over = new AbortController();
  const onAbort = (): void => {
    context.sleep(GRACE_MS, over.signal).then(
      () => late.abort(signal.reason),
      () => undefined,
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(late.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    over.abort();
  }
}
