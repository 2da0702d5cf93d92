/**
 * Nets corrections: each record counts as sent once, whatever number of batches it was in (commands rule 21). The only
 * place that works out how many rejected records of a batch are corrected, waived or open. Pure; numbers are records.
 */

/** A batch with the batches that correct its rejected records. */
export interface NetBatch {
  /** Final, and its counts add up: only then is it known which of its records are loaded. */
  readonly accounted: boolean;
  readonly failCount: number | null;
  /** Its own records that replace rejected ones of the batch it corrects; its others are new. 0 for no correction. */
  readonly replaces: number;
  /** Its own rejected records that were waived. */
  readonly waived: number;
  readonly corrections: readonly NetBatch[];
}

/** The state of a batch's rejected records after its corrections and their corrections. */
export interface Settled {
  /** Loaded by a correction. Negative where a correction brought new records that were rejected: those are open too. */
  readonly corrected: number;
  readonly waived: number;
}

export function settledOf({ waived, corrections }: NetBatch): Settled {
  const all = { corrected: 0, waived };
  for (const correction of corrections) {
    // Its records are not known to be loaded: those they replace are still open.
    if (!correction.accounted || correction.failCount === null) continue;
    const own = settledOf(correction);
    all.waived += own.waived;
    all.corrected += correction.replaces - own.waived - openRecords(correction.failCount, own);
  }
  return all;
}

/** Rejected records that are neither corrected nor waived; those of a batch's corrections are among its own. */
export const openRecords = (failCount: number, { corrected, waived }: Settled): number =>
  Math.max(0, failCount - corrected - waived);
