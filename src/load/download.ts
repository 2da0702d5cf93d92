import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadFile } from '../api/download.ts';
import { unavailable } from '../api/result.ts';
import type { RetryNotice } from '../api/retry.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { downloadProgress } from './download-progress.ts';
import { inParallel } from './parallel.ts';
import { resultName } from './results-names.ts';
import { finalBatches, type Wanted } from './results-wanted.ts';
import type { Run } from './run.ts';

/** A result file: the state of each uploaded record. */
export interface Downloaded {
  readonly jobId: string;
  readonly path: string;
  /** It was there already and was left as it is. */
  readonly kept: boolean;
}

export interface Downloads {
  readonly files: readonly Downloaded[];
  /** Job ids of final batches the server gives no result file of. */
  readonly without: readonly string[];
}

/** At most this many downloads are under way at once. */
const AT_ONCE = 4;
/** So often a URL that ran out on the way is asked for anew. */
const RENEWALS = 3;

/**
 * Fetches the result CSV of every final batch of those named, and of their item batches, into a folder, under names of
 * our own, never one the server chose. A file that is there already is kept: somebody may be working on it.
 * @param force writes over it
 * @throws EbillError UNAVAILABLE, REJECTED, AUTH, USAGE
 */
export async function downloadResults(
  run: Run,
  jobIds: readonly string[],
  folder: string,
  force: boolean,
): Promise<Downloads> {
  const wanted = await finalBatches(run, jobIds);
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
  { jobId, batch }: Wanted,
  path: string,
  force: boolean,
  onBytes: (bytes: number, total: number | null) => void,
): Promise<Downloaded> {
  if (!force && (await isThere(path))) {
    onBytes(0, 0);
    return { jobId, path, kept: true };
  }
  const what = `Downloading the result of ${jobId}`;
  let url = batch.downloadUrl;
  for (let attempt = 0; ; attempt += 1) {
    if (url === null) throw unavailable(what, 'the server gives no download URL for it any more');
    run.assertSafeUrl(url);
    const onRetry = (notice: RetryNotice): void => run.emit({ event: 'retry', jobId, ...notice });
    const result = await downloadFile(run.storage, url, path, onRetry, onBytes);
    if (result.outcome === 'saved') return { jobId, path, kept: false };
    if (result.outcome === 'refused') {
      throw new EbillError(
        'REJECTED',
        `${what}: the storage refused it (HTTP ${result.status}, ${result.message}).`,
        { hint: 'Run the same command again to get a new download URL.' },
      );
    }
    if (result.outcome === 'unavailable') throw unavailable(what, result.message, result.hint);
    if (attempt >= RENEWALS) throw unavailable(what, result.message);
    url = await renewed(run, jobId, batch);
  }
}

async function renewed(run: Run, jobId: string, batch: Batch): Promise<string | null> {
  const again = await run.client.status(batch.id === null ? { jobId } : { id: batch.id });
  return again?.downloadUrl ?? null;
}

/** @throws EbillError USAGE when something else than a file has its name */
async function isThere(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.isFile()) return found !== null;
  throw new EbillError('USAGE', `${path} is there and is no file.`, {
    hint: 'Move it away, or choose another folder.',
  });
}
