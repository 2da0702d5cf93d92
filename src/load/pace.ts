import { isFinal } from '../batch/outcome.ts';
import { phaseOf, type StatusNames } from '../batch/phase.ts';
import type { Kind } from '../batch/types.ts';
import { itemsOf } from './finalize.ts';
import type { BatchState, LoadState } from './state.ts';

/** How long one batch took on the server, with its items where it has any. */
export interface Sample {
  readonly kind: Kind;
  readonly records: number;
  /** From its hand-over to the first word that it was final: late by up to the pause between two looks. */
  readonly ms: number;
}

/** Samples a guess is made from. */
const NEAREST = 5;

/**
 * How long a batch will take, in ms, learnt from earlier ones of its kind; `null` when there were none. Of those nearest
 * in size the median: one night on which the server was stuck is no rule. Time is taken to grow with the records, but a
 * batch of few records takes as long as the least of them took, for there is a cost that all of them have. Pure.
 */
export function estimate(samples: readonly Sample[], kind: Kind, records: number): number | null {
  const own = samples.filter((one) => one.kind === kind && one.ms >= 0 && one.records > 0);
  if (own.length === 0) return null;
  const distance = ({ records: other }: Sample): number => Math.abs(Math.log(other / Math.max(1, records)));
  const near = [...own].sort((a, b) => distance(a) - distance(b)).slice(0, NEAREST);
  const guesses = near.map(({ ms, records: of }) =>
    records >= of ? (ms * records) / of : ms * Math.max(records / of, 0.5),
  );
  return median(guesses);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Records of a batch with its items; `null` when a file's are not known. */
export function recordsOf(state: LoadState, batch: BatchState): number | null {
  const all = [batch, ...itemsOf(state, batch)].map(({ file }) => file?.records ?? null);
  return all.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}

/** What earlier loads' journals teach: every batch this machine handed over and saw through. Pure. */
export function samplesOf(loads: readonly LoadState[], names: StatusNames): readonly Sample[] {
  return loads.flatMap((load) =>
    [...load.batches.values()].flatMap((batch): Sample[] => {
      const { kind, seen, finalizedAt, changedAt } = batch;
      if (kind === 'items' || finalizedAt === null || changedAt === null || seen === null) return [];
      const records = recordsOf(load, batch);
      const ms = Date.parse(changedAt) - Date.parse(finalizedAt);
      if (records === null || records === 0 || !(ms >= 0) || !isFinal(phaseOf(seen, names).phase)) return [];
      return [{ kind, records, ms }];
    }),
  );
}
