import type { Context } from '../../../src/system/context.ts';

/** A fiftieth of every pause, so that tests of whole processes do not sleep. */
export const fastContext = (context: Context): Context => ({
  ...context,
  sleep: (ms, signal) => context.sleep(ms / 50, signal),
});
