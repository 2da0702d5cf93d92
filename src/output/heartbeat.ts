import type { Context } from '../system/context.ts';

/** A CI runner that hears nothing for minutes gives up on a job. */
const HEARTBEAT_MS = 60_000;
const TICK_MS = 1000;

export interface Heartbeat {
  /** Something was said: the next minute begins now. */
  said(): void;
  stop(): void;
}

/**
 * Calls `beat` when nothing was said for a minute. It is by the context's clock that a minute is over; the timer only
 * looks at it, and keeps no process alive. One that has nothing to tell of is asked again a second later.
 */
export function heartbeat(context: Context, beat: () => void): Heartbeat {
  let last = context.now();
  const ticker = setInterval(() => {
    if (context.now() - last >= HEARTBEAT_MS) beat();
  }, TICK_MS);
  ticker.unref();
  return {
    said: () => {
      last = context.now();
    },
    stop: () => clearInterval(ticker),
  };
}
