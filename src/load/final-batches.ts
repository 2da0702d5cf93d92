import { isFinal } from '../batch/outcome.ts';
import { phaseOf } from '../batch/phase.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { recordAnswer, statusOf } from './ask.ts';
import { type Answers, notFoundYet } from './refresh.ts';
import { inParallel, type Run } from './run.ts';
import { type BatchState, itemsOf } from './state.ts';

/** A final batch as the server describes it now, with its download URL. */
export interface FinalBatch {
  readonly jobId: string;
  readonly batch: Batch;
}

/** A batch whose result could not be fetched, and why. */
export interface NotFetched {
  readonly jobId: string;
  readonly error: EbillError;
}

/** Failures of one batch alone. */
export const isOfOne = (error: unknown): error is EbillError =>
  error instanceof EbillError && ['UNAVAILABLE', 'REJECTED', 'CONFLICT'].includes(error.code);

/** Questions at a time. */
const AT_ONCE = 4;

/**
 * Every final batch named and every final items batch under it, asked for again: download URLs expire and are not stored.
 * @throws EbillError UNAVAILABLE when the server does not answer; AUTH
 */
export async function finalBatches(
  run: Run,
  jobIds: readonly string[],
  answers?: Answers,
): Promise<{ readonly wanted: readonly FinalBatch[]; readonly failed: readonly NotFetched[] }> {
  const { state } = run.journal;
  const failed: NotFetched[] = [];
  let answered = 0;
  /** The batch, with those under it. */
  const ask = async (jobId: string): Promise<readonly FinalBatch[]> => {
    const at = run.context.now();
    const given = answers?.get(jobId);
    try {
      const id = state.batches.get(jobId)?.id ?? null;
      const batch = given === undefined ? await statusOf(run, { id, jobId }) : given;
      answered += 1;
      // Its counts may be newer than those on record (api rule 22).
      await recordAnswer(run, jobId, { at, batch });
      const known = run.journal.state.batches.get(jobId);
      if (batch === null && known !== undefined && known.seen !== null && !known.missing)
        throw notFoundYet(jobId);
      return batch === null ? [] : withItems(run, jobId, batch);
    } catch (error) {
      // Where nothing answers, the others would only take time.
      if (!isOfOne(error) || (answered === 0 && error.code === 'UNAVAILABLE')) throw error;
      failed.push({ jobId, error });
      return [];
    }
  };
  const files = [...new Set(jobIds)].filter((jobId) => {
    const known = state.batches.get(jobId);
    return known?.kind !== 'init' && !known?.abandoned;
  });
  const found = await inParallel(AT_ONCE, files, ask);
  const told = new Set(found.flat().map(({ jobId }) => jobId));
  // Items on record that their invoice batch does not list.
  const unlisted = files
    .flatMap((jobId) => state.batches.get(jobId) ?? [])
    .flatMap((batch) => (batch.kind === 'invoice' ? itemsOf(state, batch) : []))
    .filter(({ jobId, created, foundElsewhere }) => !told.has(jobId) && (created !== 'no' || foundElsewhere));
  const more = await inParallel(AT_ONCE, unlisted, ({ jobId }) => ask(jobId));
  const all = new Map([...found, ...more].flat().map((one) => [one.jobId, one] as const));
  return { wanted: [...all.values()].filter((one) => hasResult(run, one)), failed };
}

/** A batch in an answer, and the items batches under it. */
export const withItems = (run: Run, jobId: string, batch: Batch): readonly FinalBatch[] => [
  { jobId, batch },
  ...batch.children.flatMap((child) => named(run, child)),
];

/**
 * Whether it is final. A file left out never came: what the server makes of its draft is no result, unless it loaded
 * something all the same.
 */
export function hasResult({ journal, statusNames }: Run, { jobId, batch }: FinalBatch): boolean {
  const isEmpty = journal.state.batches.get(jobId)?.leftOut === true && (batch.successCount ?? 0) === 0;
  return isFinal(phaseOf(batch, statusNames).phase) && !isEmpty;
}

/** An items batch is identified by its id; the job id in the answer may be another (api rule 4). */
function named(run: Run, child: Batch): FinalBatch[] {
  const known = [...run.journal.state.batches.values()].find(
    (batch: BatchState) => child.id !== null && batch.id === child.id,
  );
  if (known?.abandoned) return [];
  const jobId = known?.jobId ?? child.jobId;
  return jobId === null ? [] : [{ jobId, batch: child }];
}
