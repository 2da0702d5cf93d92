import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadFile } from '../api/download.ts';
import { unavailable } from '../api/result.ts';
import type { RetryNotice } from '../api/retry.ts';
import { refusalText } from '../api/storage.ts';
import { isFinal } from '../batch/outcome.ts';
import { phaseOf } from '../batch/phase.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { recordAnswer, statusOf } from './ask.ts';
import { resultName } from './file-names.ts';
import { type Answers, notFoundYet } from './refresh.ts';
import { inParallel, type Run } from './run.ts';
import { type BatchState, itemsOf } from './state.ts';

/** A result file: the state of each uploaded record. */
export interface Downloaded {
  readonly jobId: string;
  readonly path: string;
  /** It existed and was not overwritten. */
  readonly kept: boolean;
}

export interface Downloads {
  readonly files: readonly Downloaded[];
  /** Job ids of final batches without a result file. */
  readonly without: readonly string[];
}

/** Downloads and questions at a time. */
const AT_ONCE = 4;
/** New URLs requested for one download when they expire on the way. */
const RENEWALS = 3;

/**
 * Fetches the result CSV of every final batch named, and of its items batches, into a folder. The names are ours, never
 * chosen by the server. A file that exists is kept: the operator may be editing it.
 * @param force overwrites it
 * @param answers of a moment ago: only about other batches the server is asked
 * @throws EbillError UNAVAILABLE, REJECTED, AUTH, USAGE
 */
export async function downloadResults(
  run: Run,
  jobIds: readonly string[],
  folder: string,
  force: boolean,
  answers?: Answers,
): Promise<Downloads> {
  const wanted = await finalBatches(run, jobIds, answers);
  const progress = downloadProgress(run, wanted.filter(({ batch }) => batch.downloadUrl !== null).length);
  const files = await inParallel(AT_ONCE, wanted, (one) =>
    one.batch.downloadUrl === null
      ? Promise.resolve(null)
      : downloadOne(run, one, join(folder, resultName(one.jobId)), force, progress(one.jobId)),
  );
  return {
    files: files.filter((file) => file !== null),
    without: wanted.filter(({ batch }) => batch.downloadUrl === null).map(({ jobId }) => jobId),
  };
}

async function downloadOne(
  run: Run,
  { jobId, batch }: FinalBatch,
  path: string,
  force: boolean,
  onBytes: (bytes: number, total: number | null) => void,
): Promise<Downloaded> {
  if (!force && (await fileExists(path))) {
    onBytes(0, 0);
    return { jobId, path, kept: true };
  }
  const what = `Downloading the result of ${jobId}`;
  let url = batch.downloadUrl;
  for (let attempt = 0; ; attempt += 1) {
    if (url === null) throw unavailable(what, 'the server has no download URL for it any more');
    run.assertSafeUrl(url);
    const onRetry = (notice: RetryNotice): void => run.emit({ event: 'retry', jobId, ...notice });
    const result = await downloadFile(run.storage, url, path, onRetry, onBytes);
    if (result.outcome === 'saved') return { jobId, path, kept: false };
    if (result.outcome === 'refused') {
      throw new EbillError('REJECTED', `${what}: the storage refused it (${refusalText(result)}).`, {
        hint: 'Run the same command again to get a new download URL.',
      });
    }
    if (result.outcome === 'unavailable') throw unavailable(what, result.message, result.hint);
    if (attempt >= RENEWALS) throw unavailable(what, result.message);
    url = await renewed(run, jobId, batch);
  }
}

async function renewed(run: Run, jobId: string, batch: Batch): Promise<string | null> {
  return (await statusOf(run, { id: batch.id, jobId }))?.downloadUrl ?? null;
}

/** @throws EbillError USAGE when it is not a file */
async function fileExists(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.isFile()) return found !== null;
  throw new EbillError('USAGE', `${path} exists and is not a file.`, {
    hint: 'Move it away, or choose another folder.',
  });
}

/** ms between two progress events. */
const PROGRESS_EVERY_MS = 100;

/**
 * Reports the progress of several downloads as one; the total is known once all of them have started.
 * @returns the listener for one download, by job id
 */
export function downloadProgress(
  run: Pick<Run, 'context' | 'emit'>,
  files: number,
): (jobId: string) => (bytes: number, total: number | null) => void {
  const known = new Map<string, { readonly bytes: number; readonly total: number | null }>();
  let reported = run.context.now();
  return (jobId) => (bytes, total) => {
    known.set(jobId, { bytes, total });
    const now = run.context.now();
    if (now - reported < PROGRESS_EVERY_MS) return;
    reported = now;
    const all = [...known.values()];
    const sum = all.reduce<number | null>(
      (so, one) => (so === null || one.total === null ? null : so + one.total),
      0,
    );
    run.emit({
      event: 'wait.progress',
      bytes: all.reduce((so, one) => so + one.bytes, 0),
      total: all.length < files ? null : sum,
    });
  };
}

/** A final batch as the server describes it now, with a fresh download URL. */
interface FinalBatch {
  readonly jobId: string;
  readonly batch: Batch;
}

/**
 * Every final batch named and every final items batch under it, asked for again: download URLs expire and are not stored.
 * @throws EbillError UNAVAILABLE, AUTH, REJECTED
 */
async function finalBatches(
  run: Run,
  jobIds: readonly string[],
  answers?: Answers,
): Promise<readonly FinalBatch[]> {
  const { state } = run.journal;
  const ask = async (jobId: string): Promise<Batch | null> => {
    const id = state.batches.get(jobId)?.id ?? null;
    const at = run.context.now();
    const answered = answers?.get(jobId);
    const batch = answered === undefined ? await statusOf(run, { id, jobId }) : answered;
    // Its counts may be newer than those on record (api rule 22).
    await recordAnswer(run, jobId, { at, batch });
    const known = run.journal.state.batches.get(jobId);
    if (batch === null && known !== undefined && known.seen !== null && !known.missing)
      throw notFoundYet(jobId);
    return batch;
  };
  const files = [...new Set(jobIds)].filter((jobId) => {
    const known = state.batches.get(jobId);
    return known?.kind !== 'init' && !known?.abandoned;
  });
  const found = await inParallel(AT_ONCE, files, async (jobId) => {
    const batch = await ask(jobId);
    return batch === null ? [] : [{ jobId, batch }, ...batch.children.flatMap((child) => named(run, child))];
  });
  const told = new Set(found.flat().map(({ jobId }) => jobId));
  // Items on record that their invoice batch does not list.
  const unlisted = files
    .flatMap((jobId) => state.batches.get(jobId) ?? [])
    .flatMap((batch) => (batch.kind === 'invoice' ? itemsOf(state, batch) : []))
    .filter(({ jobId, created, foundElsewhere }) => !told.has(jobId) && (created !== 'no' || foundElsewhere));
  const more = await inParallel(AT_ONCE, unlisted, async ({ jobId }) => {
    const batch = await ask(jobId);
    return batch === null ? [] : [{ jobId, batch }];
  });
  const all = new Map([...found, ...more].flat().map((one) => [one.jobId, one] as const));
  return [...all.values()].filter(({ batch }) => isFinal(phaseOf(batch, run.statusNames).phase));
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
