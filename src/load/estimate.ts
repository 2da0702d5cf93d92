import { isSettled } from '../batch/outcome.ts';
import type { StatusNames } from '../batch/phase.ts';
import type { Kind } from '../batch/types.ts';
import { type BatchState, itemsOf, type LoadState } from './state.ts';
import { viewBatch } from './view.ts';

/** How long one batch took on the server, with its items. */
export interface Sample {
  readonly kind: Kind;
  /** At least 1. */
  readonly records: number;
  /**
   * From its submission until all of it was first seen final. Too long by up to the pause between two polls (a minute), or
   * by a night without polls; never too short.
   */
  readonly ms: number;
}

/** Estimates how long batches take. */
export interface Estimator {
  /** In ms, at least 0; `null` when nothing is known about that kind and size. More records never take less time. */
  estimate(kind: Kind, records: number): number | null;
}

/** No estimate for a batch this many times larger or smaller than any before. */
const FAR = 10;
/** Two samples give a slope if their sizes differ by this factor; of nearly the same size it would be chance. */
const MIN_RATIO = 2;
/** Latest samples used of each kind: servers change. */
const SAMPLES = 60;

/** @param samples the latest first */
export function estimatorOf(samples: readonly Sample[]): Estimator {
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
 * A Theil–Sen line, which a few outliers do not bend: the median slope over all pairs of samples that differ enough in
 * size, then the median of the rest. Months are often of one size; without such pairs, time grows in proportion. Of two
 * middle values the lower one is taken, because samples are only ever too long. Both parts are at least 0.
 */
function lineThrough(samples: readonly Sample[]): Line | null {
  const known = samples.filter(({ records, ms }) => records >= 1 && ms >= 0);
  if (known.length === 0) return null;
  const slopes = known.flatMap((small) =>
    known
      .filter((large) => large.records >= small.records * MIN_RATIO)
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

/** An estimator from every batch of earlier loads submitted here and seen final. Pure. @param loads the latest first */
export function estimatorFrom(loads: readonly LoadState[], names: StatusNames): Estimator {
  return estimatorOf(
    loads.flatMap((load) => [...load.batches.values()].flatMap((batch) => sampleOf(load, batch, names))),
  );
}

/** A failed batch gives no sample: it may have ended early. */
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
 * Records of a batch with its items; `null` when those of a file are unknown. An init counts as one: it carries forward
 * everything there is.
 */
export function recordsOf(state: LoadState, batch: BatchState): number | null {
  if (batch.kind === 'init') return 1;
  const all = [batch, ...itemsOf(state, batch)].map(({ file }) => file?.records ?? null);
  return all.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}
