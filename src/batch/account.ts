import { openRecords } from './net.ts';
import { isFinal, outcomeOf } from './outcome.ts';
import { type BatchView, PHASES, type Phase, type ResultCounts } from './types.ts';

/**
 * Whether the records of a batch are accounted for (commands rule 3). This is the only place that works it out: exit
 * codes, signs, sentences, report and documents all ask here. Numbers are records.
 */
export type Account =
  /** `open`: not final, or not sent from here. `unknown`: final, and the server gave no full counts. */
  | { readonly state: 'open' | 'unknown'; readonly unaccounted: null }
  | { readonly state: 'accounted'; readonly unaccounted: 0 }
  /** The server does not know the batch any more (api rule 16): nothing is known of any of its records. */
  | { readonly state: 'missing'; readonly unaccounted: number | null }
  | Mismatch;

/** The counts contradict each other. */
export interface Mismatch {
  readonly state: 'mismatch';
  /** Records without one certain result: the sum of the four below, never 0. */
  readonly unaccounted: number;
  /** Sent, but neither loaded nor rejected, or not in the result file. */
  readonly missing: number;
  /** Loaded, rejected or in the result file, but not sent. */
  readonly surplus: number;
  /** The numbers add up, but the result file divides them otherwise. */
  readonly contradicted: number;
  /** The result file says neither "loaded" nor "rejected" of them. */
  readonly unclear: number;
}

type Counted = Pick<BatchView, 'phase' | 'recordsSent' | 'successCount' | 'failCount' | 'result' | 'settled'>;

/**
 * Records sent = `successCount + failCount` = rows in the result file, and failures in the result file = `failCount`,
 * once the batch is final. Counts the server left empty are unknown until the result file settles them. Pure.
 */
export function accountOf(batch: Counted): Account {
  const { phase, recordsSent: sent, successCount: loaded, failCount: rejected, result } = batch;
  if (phase === 'missing') return { state: 'missing', unaccounted: sent };
  if (!isFinal(phase)) return { state: 'open', unaccounted: null };
  const bothCounted = loaded !== null && rejected !== null;
  const gaps: number[] = [];
  if (sent !== null) {
    const gap = sent - (loaded ?? 0) - (rejected ?? 0);
    // One count alone can only be too high.
    gaps.push(bothCounted ? gap : Math.min(0, gap));
    if (result !== undefined) gaps.push(sent - result.rows);
  }
  const missing = Math.max(0, ...gaps);
  const surplus = Math.max(0, ...gaps.map((gap) => -gap));
  const contradicted = missing + surplus > 0 || result === undefined ? 0 : contradiction(batch, result);
  const unclear = result?.unknown?.records ?? 0;
  const unaccounted = missing + surplus + contradicted + unclear;
  if (unaccounted > 0) return { state: 'mismatch', unaccounted, missing, surplus, contradicted, unclear };
  if (sent === null) return { state: 'open', unaccounted: null };
  return result !== undefined || bothCounted
    ? { state: 'accounted', unaccounted: 0 }
    : { state: 'unknown', unaccounted: null };
}

/** Records that the result file puts on the other side than the counts, whatever its unknown ones turn out to be. */
function contradiction({ successCount, failCount }: Counted, result: ResultCounts): number {
  const unknown = result.unknown?.records ?? 0;
  const apart = (counted: number | null, rows: number): number =>
    counted === null ? 0 : Math.max(rows - counted, counted - rows - unknown, 0);
  return Math.max(
    apart(failCount, result.failed),
    apart(successCount, result.rows - result.failed - unknown),
  );
}

/**
 * Its records that are neither loaded nor corrected nor waived, those open in its corrections included: a correction is
 * a part of the batch it corrects. `null`: unknown, because it is not final or its counts do not say.
 */
export function openOf(batch: Counted): number | null {
  const { phase, failCount, settled = { corrected: 0, waived: 0 } } = batch;
  if (!isFinal(phase) || failCount === null || accountOf(batch).state === 'mismatch') return null;
  return openRecords(failCount, settled);
}

/**
 * Its open records that are in no correction: what its own rejects file has left to correct. `null`: unknown, also while a
 * correction is not final.
 * @param all batches of the load, its corrections among them
 */
export function openOutsideCorrections(batch: BatchView, all: readonly BatchView[]): number | null {
  let own = openOf(batch);
  for (const { open } of all
    .filter(({ corrects, leftBehind, leftOut }) => corrects?.jobId === batch.jobId && !leftBehind && !leftOut)
    .map((correction) => ({ open: openOf(correction) })))
    own = own === null || open === null ? null : own - open;
  return own === null ? null : Math.max(0, own);
}

/** Records of it were rejected, and nothing of them is open: it counts as succeeded (commands rule 21). */
export const isCorrected = (batch: Counted): boolean =>
  (batch.phase === 'partial' || batch.phase === 'failed') &&
  batch.settled !== undefined &&
  openOf(batch) === 0;

/**
 * Its phase with its corrections: succeeded once nothing is open, partial once something of it is loaded. A correction that
 * is rejected leaves records of the batch it corrects open; that batch has not failed because of it.
 */
export function netPhase(batch: Counted & Pick<BatchView, 'corrects'>): Phase {
  if (isCorrected(batch)) return 'succeeded';
  const { phase, corrects, settled } = batch;
  const some = corrects !== undefined || (settled !== undefined && settled.corrected > 0);
  return phase === 'failed' && some && openOf(batch) !== null ? 'partial' : phase;
}

/**
 * What a batch is shown as: its own phase, or that its records are not accounted for. A failed or missing batch is shown
 * as that.
 */
export type ShownPhase = Phase | 'unaccounted';

/** @param unaccounted of its account */
export const shownPhase = (phase: Phase, unaccounted: number | null): ShownPhase =>
  phase !== 'failed' && phase !== 'missing' && unaccounted !== null && unaccounted > 0
    ? 'unaccounted'
    : phase;

/** Worst first. */
export const SHOWN_PHASES: readonly ShownPhase[] = PHASES.flatMap((phase): readonly ShownPhase[] =>
  phase === 'failed' ? ['failed', 'unaccounted'] : [phase],
);

export const shownPhaseOf = (batch: Counted): ShownPhase =>
  isCorrected(batch) ? 'succeeded' : shownPhase(batch.phase, accountOf(batch).unaccounted);

/** Not all of its records are loaded, or are known to be. */
export function isBad(batch: Counted): boolean {
  const phase = shownPhaseOf(batch);
  return isWorst(phase) || phase === 'partial';
}

/** Bad enough for exit code 4. */
export const isWorst = (phase: ShownPhase): boolean =>
  phase === 'failed' || phase === 'missing' || phase === 'unaccounted';

/** Whether the server should be asked about it again although it is final: its counts can come later (api rule 22). */
export function awaitsCounts(batch: Counted): boolean {
  const { state } = accountOf(batch);
  return state === 'mismatch' || state === 'unknown';
}

/** The outcome of a batch and its children (api rule 7); records unaccounted for make it `failed` (commands rule 3). */
export function accountedOutcome(batch: Omit<BatchView, 'outcome'>): Phase {
  const mismatch = accountOf(batch).state === 'mismatch';
  const own = mismatch ? 'failed' : netPhase(batch);
  return outcomeOf(
    own,
    batch.children.map((child) => child.outcome),
  );
}

/**
 * Batches with what their result files say, by job id: counts the server left empty are settled by them, and a
 * contradiction makes the outcome `failed`. Pure.
 */
export function withResults(
  batches: readonly BatchView[],
  results: ReadonlyMap<string, ResultCounts>,
): readonly BatchView[] {
  return batches.map((batch) => {
    if (batch.kind === 'init') return batch;
    const result = batch.jobId === null ? undefined : results.get(batch.jobId);
    const own = result === undefined ? batch : settled(batch, result);
    const whole = { ...own, children: withResults(batch.children, results) };
    return { ...whole, outcome: accountedOutcome(whole) };
  });
}

/** The counts of a batch with those of its result file where the server left them empty (commands rule 3). */
export function settled<B extends Counted>(batch: B, result: ResultCounts): B {
  // Unknown ones settle nothing.
  if (result.unknown !== undefined) return { ...batch, result };
  const loaded = result.rows - result.failed;
  // The server reported success and left the number of failures empty (api rule 6).
  const hidden = batch.phase === 'succeeded' && batch.failCount === null && result.failed > 0;
  return {
    ...batch,
    result,
    phase: hidden ? (loaded > 0 ? 'partial' : 'failed') : batch.phase,
    successCount: batch.successCount ?? loaded,
    failCount: batch.failCount ?? result.failed,
  };
}
