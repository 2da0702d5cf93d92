import { isFinal } from '../batch/outcome.ts';
import type { BatchView } from '../batch/types.ts';

/** A batch's counts as people are shown them; `null` is unknown. */
export interface Counts {
  readonly loaded: number | null;
  readonly rejected: number | null;
}

/** Servers say 0 and 0 from the first moment: before the end that is no count yet. (`--json` keeps what the server said.) */
export function countsOf({ phase, successCount, failCount }: BatchView): Counts {
  const shown = (value: number | null): number | null => (value === 0 && !isFinal(phase) ? null : value);
  return { loaded: shown(successCount), rejected: shown(failCount) };
}
