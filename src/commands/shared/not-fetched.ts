import { EbillError } from '../../errors.ts';
import type { NotFetched } from '../../load/final-batches.ts';
import { counted } from '../../output/format.ts';
import type { App } from './command.ts';

/** Results that are named one by one. */
const MOST_NAMED = 5;

/** Warnings about results that can no longer be had, each with how it is put in place by hand. */
export function goneWarnings(gone: readonly NotFetched[]): readonly string[] {
  const more = gone.slice(MOST_NAMED);
  return [
    ...gone.slice(0, MOST_NAMED).map(({ error }) => `${error.message} ${error.hint}`),
    ...(more.length === 0
      ? []
      : [
          `The results of ${counted(more.length, 'more batch', 'more batches')} can no longer be fetched either: ${more.map(({ jobId }) => jobId).join(', ')}`,
        ]),
  ];
}

/** Several problems as one error, with all messages and the first one's code and hint. */
export function combined(problems: readonly EbillError[]): EbillError | null {
  const [first] = problems;
  if (first === undefined || problems.length === 1) return first ?? null;
  const shown = problems.slice(0, 10).map(({ message }) => message);
  const more = problems.length > 10 ? [`And ${problems.length - 10} more.`] : [];
  return new EbillError(first.code, [...shown, ...more].join('\n'), { hint: first.hint });
}

export const notFetched = (failed: readonly NotFetched[]): EbillError | null =>
  combined(failed.map(({ error }) => error));

/**
 * The error of a command whose results could not all be fetched: run again, it may fetch them. Only what is worse than that
 * comes first; the other one becomes a warning.
 */
export function withFailures(
  { ui }: App,
  verdict: EbillError | null,
  failed: readonly NotFetched[],
): EbillError | null {
  const failure = notFetched(failed);
  if (failure === null || verdict === null) return failure ?? verdict;
  const isWorse = verdict.code === 'BATCH_FAILED' || verdict.code === 'UNACCOUNTED';
  ui.warn((isWorse ? failure : verdict).message);
  return isWorse ? verdict : failure;
}
