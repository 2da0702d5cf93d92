import { isSettled } from '../batch/outcome.ts';
import type { StatusNames } from '../batch/phase.ts';
import type { Kind } from '../batch/types.ts';
import { type BatchState, itemsOf, type LoadState } from './state.ts';
import { viewBatch } from './view.ts';

/** How long one batch took on the server, with its items where it has any. */
export interface Sample {
  readonly kind: Kind;
  /** At least 1. */
  readonly records: number;
  /**
   * From its hand-over to the first word that all of it was final. Late by up to the pause between two looks (a minute),
   * and by a night when nobody looked: where a sample is wrong, it is too long.
   */
  readonly ms: number;
}

/** How long batches take. */
export interface Pace {
  /** In ms, never below 0; `null` when nothing is known of that kind and size. More records never take less time. */
  estimate(kind: Kind, records: number): number | null;
}

/** A batch more than so many times larger or smaller than any before is a guess too far. */
const FAR = 10;
/** The line through two samples of nearly the same size would be drawn by chance. */
const APART = 2;
/** Of each kind, the latest: servers change. */
const SAMPLES = 60;

/** @param samples the latest first */
export function paceOf(samples: readonly Sample[]): Pace {
  const lines = new Map<Kind, Line | null>();
  return {
    estimate(kind, records) {
      let line = lines.get(kind);
      if (line === undefined) {
        line = lineThrough(samples.filter((one) => one.kind === kind).slice(0, SAMPLES));
        lines.set(kind, line);
      }
      if (line === null || records > line.most * FAR || records * FAR < line.least) return null;
      return line.base + line.each * records;
    },
  };
}

/** ms = `base` + `each` × records, known for sizes from `least` to `most`. */
interface Line {
  readonly base: number;
  readonly each: number;
  readonly least: number;
  readonly most: number;
}

/**
 * A straight line that a few nights of a stuck server do not bend (Theil and Sen): the median of the slopes between all
 * pairs of samples that differ enough in size, then the median of what each sample takes beyond that slope. Months are
 * often of one size; then there are no such pairs, and time is taken to grow in proportion. Of two middles the lower one,
 * for what is wrong with a sample is that it is too long. Neither part is ever below 0, so that more never takes less.
 */
function lineThrough(samples: readonly Sample[]): Line | null {
  const known = samples.filter(({ records, ms }) => records >= 1 && ms >= 0);
  if (known.length === 0) return null;
  const slopes = known.flatMap((small) =>
    known
      .filter((large) => large.records >= small.records * APART)
      .map((large) => (large.ms - small.ms) / (large.records - small.records)),
  );
  const each = Math.max(
    0,
    lowerMedian(slopes.length > 0 ? slopes : known.map(({ ms, records }) => ms / records)),
  );
  const base = Math.max(0, lowerMedian(known.map(({ ms, records }) => ms - each * records)));
  const sizes = known.map(({ records }) => records);
  return { base, each, least: Math.min(...sizes), most: Math.max(...sizes) };
}

function lowerMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}

/** What earlier loads teach: every batch this machine handed over and saw through. Pure. @param loads the latest first */
export function learn(loads: readonly LoadState[], names: StatusNames): Pace {
  return paceOf(
    loads.flatMap((load) => [...load.batches.values()].flatMap((batch) => sampleOf(load, batch, names))),
  );
}

/** None of a batch that failed: it may have ended early, and says nothing of one that does not. */
function sampleOf(load: LoadState, batch: BatchState, names: StatusNames): Sample[] {
  const { kind, finalizedAt, changedAt } = batch;
  if (finalizedAt === null || changedAt === null || batch.abandoned) return [];
  const view = viewBatch(load, batch, names);
  const records = recordsOf(load, batch);
  if (!isSettled(view) || view.outcome === 'failed' || records === null || records < 1) return [];
  const ms = Date.parse(changedAt) - Date.parse(finalizedAt);
  return ms >= 0 ? [{ kind, records, ms }] : [];
}

/**
 * Records of a batch with its items; `null` when a file's are not known. An init counts as one: it carries forward all
 * there is, whatever that is.
 */
export function recordsOf(state: LoadState, batch: BatchState): number | null {
  if (batch.kind === 'init') return 1;
  const all = [batch, ...itemsOf(state, batch)].map(({ file }) => file?.records ?? null);
  return all.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}
