import { EbillError } from '../errors.ts';
import { grouped } from '../system/quantities.ts';
import { quoted, type Terminal } from '../system/quoting.ts';
import { accountOf } from './account.ts';
import { worst } from './outcome.ts';
import { flatten } from './tree.ts';
import type { BatchView, Phase } from './types.ts';

/** The outcome of many batches; `null` when there are none. */
export const outcomeOfAll = (batches: readonly BatchView[]): Phase | null =>
  worst(batches.map((batch) => batch.outcome));

/**
 * Why a load that is final is no success: failed batches, records unaccounted for, failed records (exit codes 3 and 4),
 * in this order; `null` when it is one.
 * @param terminal where the command in the hint is typed
 * @param downloaded whether this run fetched the result files
 */
export function verdictOf(
  batches: readonly BatchView[],
  job: string | null,
  terminal: Terminal,
  downloaded = false,
): EbillError | null {
  const all = flatten(batches);
  const hint = downloaded
    ? 'The result files just fetched say why, record by record.'
    : resultsHint(job, terminal);
  const failed = all.filter((batch) => batch.phase === 'failed' && batch.kind !== 'init');
  if (failed.length > 0) {
    const first = failed[0]?.errorMessage;
    return new EbillError('BATCH_FAILED', `${names(failed)} failed${first ? `: ${first}` : '.'}`, { hint });
  }
  const lost = unaccounted(batches, hint);
  if (lost !== null) return lost;
  const partial = all.filter((batch) => batch.phase === 'partial' && batch.kind !== 'init');
  if (partial.length > 0) {
    const rejected = partial.reduce((sum, batch) => sum + (batch.failCount ?? 0), 0);
    return new EbillError(
      'PARTIAL',
      `${grouped(rejected)} ${rejected === 1 ? 'record was' : 'records were'} rejected in ${names(partial)}.`,
      { hint },
    );
  }
  return null;
}

/** The error for records that are not accounted for, with the counts of each batch; `null` when there are none. */
export function unaccounted(batches: readonly BatchView[], hint: string): EbillError | null {
  const lost = flatten(batches).flatMap((batch) => {
    return accountOf(batch).state === 'mismatch' ? [`${batch.jobId}: ${sentence(batch)}`] : [];
  });
  if (lost.length === 0) return null;
  return new EbillError('UNACCOUNTED', `Records are unaccounted for. ${lost.join('; ')}.`, {
    hint: `Compare the result file with what was sent before anything else is loaded. ${hint}`,
  });
}

/** `10 records sent, 9 accounted for (8 loaded, 1 rejected), 10 rows in the result file (2 of them failures)`. */
function sentence({
  recordsSent: sent,
  successCount: loaded,
  failCount: rejected,
  result,
}: BatchView): string {
  const said = (value: number | null, words: string): string =>
    `${value === null ? 'unknown' : grouped(value)} ${words}`;
  const told = loaded === null && rejected === null ? null : (loaded ?? 0) + (rejected ?? 0);
  const parts = [
    said(sent, 'records sent'),
    `${said(told, 'accounted for')} (${said(loaded, 'loaded')}, ${said(rejected, 'rejected')})`,
  ];
  if (result !== undefined)
    parts.push(
      `${said(result.rows, 'rows in the result file')} (${said(result.failed, 'of them failures')})`,
    );
  return parts.join(', ');
}

/** Warnings about final batches without full counts: unknown, not wrong (commands rule 3). */
export function uncounted(batches: readonly BatchView[]): readonly string[] {
  return flatten(batches)
    .filter((batch) => accountOf(batch).state === 'unknown')
    .map(
      (batch) =>
        `${batch.jobId}: the server gives no full counts, so its ${batch.recordsSent} records are not accounted for yet; its result file has them`,
    );
}

const names = (batches: readonly BatchView[]): string => {
  const shown = batches.slice(0, 5).map((batch) => batch.jobId ?? batch.kind);
  return `${shown.join(', ')}${batches.length > 5 ? ` and ${batches.length - 5} more` : ''}`;
};

const resultsHint = (job: string | null, terminal: Terminal): string =>
  `The result files say why, record by record: ebill results${job === null || job === '' ? '' : ` --job ${quoted(job, terminal)}`}`;

/** Whether the next step of a plan may start. Numbers are records. */
export type Acceptance =
  | { readonly go: true; readonly failed: number }
  | { readonly go: false; readonly why: 'failed' | 'unaccounted' | 'unknown' }
  | { readonly go: false; readonly why: 'too-many'; readonly failed: number };

/**
 * Whether a step whose batches are final has no more failed records than the plan accepts (`accept.failedRecords`). A
 * failed batch, records unaccounted for and missing counts stop the plan in any case: what they mean for the bills that
 * follow is unknown. Pure.
 */
export function acceptanceOf(batches: readonly BatchView[], accepted: number): Acceptance {
  const all = flatten(batches).filter(({ phase, kind }) => phase !== 'not-run' && kind !== 'init');
  if (all.some(({ phase }) => phase === 'failed')) return { go: false, why: 'failed' };
  const states = all.map((batch) => accountOf(batch).state);
  if (states.includes('mismatch')) return { go: false, why: 'unaccounted' };
  if (states.includes('unknown')) return { go: false, why: 'unknown' };
  const failed = all.reduce((sum, { failCount }) => sum + (failCount ?? 0), 0);
  return failed > accepted ? { go: false, why: 'too-many', failed } : { go: true, failed };
}
