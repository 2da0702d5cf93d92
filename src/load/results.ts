import { basename, join } from 'node:path';
import { type DownloadResult, downloadFile } from '../api/download.ts';
import { unavailable } from '../api/result.ts';
import type { RetryNotice } from '../api/retry.ts';
import { refusalText, type StorageOptions } from '../api/storage.ts';
import { EbillError } from '../errors.ts';
import { keepUnder } from '../system/atomic-file.ts';
import { visible } from '../system/escaping.ts';
import { sha256OfFile } from '../system/file-hash.ts';
import { recordAnswer, statusOf } from './ask.ts';
import { resultName } from './file-names.ts';
import { type FinalBatch, finalBatches, isOfOne, type NotFetched } from './final-batches.ts';
import type { Answers } from './refresh.ts';
import { inParallel, type Run } from './run.ts';

/** A result file: the state of each uploaded record. */
export interface Downloaded {
  readonly jobId: string;
  readonly path: string;
  /** It existed and is used as it is. */
  readonly kept: boolean;
}

/** A file as the journal records it. */
interface Saved {
  readonly bytes: number;
  readonly sha256: string;
}

/** Why a file cannot be the result of a batch, by its columns (api rule 21); `null`: it can. */
export type ResultProblem = (jobId: string, path: string) => Promise<string | null>;

export interface DownloadOptions {
  /** Overwrite files that exist. */
  readonly force?: boolean;
  /** Answers of a moment ago: only about other batches the server is asked. */
  readonly answers?: Answers;
  readonly problemOf?: ResultProblem;
}

/** The outcome of fetching each final batch's result: a failure does not stop the others. */
export interface Downloads {
  readonly files: readonly Downloaded[];
  /** Job ids of final batches for which the server names no result file. */
  readonly without: readonly string[];
  /** They can no longer be had: a warning each, for that batch alone (api rule 11). */
  readonly gone: readonly NotFetched[];
  /** Any other failure: fetched again, they may be had. */
  readonly failed: readonly NotFetched[];
}

/** Downloads at a time. */
export const AT_ONCE = 4;

/**
 * Fetches the result CSV of every final batch named, and of its items batches, into a folder. The names are ours, never
 * chosen by the server. A file that exists is used if the journal shows that it was downloaded for its batch; any other is
 * moved aside, and used only where the server no longer has the result (api rule 21).
 * @throws EbillError AUTH, USAGE; UNAVAILABLE when the server cannot be reached
 */
export async function downloadResults(
  run: Run,
  jobIds: readonly string[],
  folder: string,
  options: DownloadOptions = {},
): Promise<Downloads> {
  const { wanted, failed } = await finalBatches(run, jobIds, options.answers);
  const progress = downloadProgress(run, wanted.filter(({ batch }) => batch.downloadUrl !== null).length);
  const outcomes = new Map<string, Fetched>();
  let recorded = 0;
  /** In the order of the batches: each as soon as those before it are there. */
  const record = async (isEnd: boolean): Promise<void> => {
    while (recorded < wanted.length) {
      const one = outcomes.get(wanted[recorded]?.jobId ?? '');
      if (one === undefined && !isEnd) return;
      recorded += 1;
      if (one?.state === 'here') await recordResult(run, one);
    }
  };
  /** The last download found no storage: the others are tried once. */
  let isDown = false;
  await inParallel(AT_ONCE, wanted, async (one) => {
    const outcome = await fetchResult(run, one, join(folder, resultName(one.jobId)), {
      ...options,
      storage: isDown ? { ...run.storage, retries: 0 } : run.storage,
      takesByHand: true,
      onBytes: progress(one.jobId),
      onRetry: (notice) => run.emit({ event: 'retry', jobId: one.jobId, ...notice }),
    });
    if (outcome.state === 'failed') isDown = outcome.error.code === 'UNAVAILABLE';
    else if (outcome.state === 'here' && !outcome.file.kept) isDown = false;
    outcomes.set(one.jobId, outcome);
    await record(false);
  }).finally(() => record(true));
  const all = wanted.flatMap(({ jobId }) => outcomes.get(jobId) ?? []);
  return {
    files: all.flatMap((one) => (one.state === 'here' ? [one.file] : [])),
    without: wanted.flatMap(({ jobId }) => (outcomes.get(jobId)?.state === 'none' ? [jobId] : [])),
    gone: all.flatMap((one) => (one.state === 'gone' ? [one] : [])),
    failed: [...failed, ...all.flatMap((one) => (one.state === 'failed' ? [one] : []))],
  };
}

/** How fetching one result ended. */
type Fetched =
  /** `saved`: to be recorded. */
  | { readonly state: 'here'; readonly file: Downloaded; readonly saved: Saved | null }
  /** The server names no result file, and none is on the disk. */
  | { readonly state: 'none' }
  | ({ readonly state: 'gone' | 'failed' } & NotFetched);

interface FetchOptions extends Omit<DownloadOptions, 'answers'> {
  readonly storage: StorageOptions;
  /** A file under its name that was not downloaded from here is taken where the server no longer has the result. */
  readonly takesByHand: boolean;
  readonly onBytes: (bytes: number, total: number | null) => void;
  readonly onRetry: (notice: RetryNotice) => void;
}

/** Fetches one result. @throws EbillError AUTH, USAGE, and the signal's reason when interrupted */
export async function fetchResult(
  run: Run,
  final: FinalBatch,
  path: string,
  options: FetchOptions,
): Promise<Fetched> {
  const { jobId } = final;
  try {
    return await fetchOrTake(run, final, path, options);
  } catch (error) {
    if (!isOfOne(error)) throw error;
    return { state: 'failed', jobId, error };
  }
}

/** Of a batch that is not on record nothing is. */
export async function recordResult(
  run: Run,
  { file: { jobId }, saved }: Fetched & { state: 'here' },
): Promise<void> {
  const known = run.journal.state.batches.get(jobId);
  if (saved === null || known === undefined || known.results.includes(saved.sha256)) return;
  await run.journal.append({ type: 'result', jobId, ...saved });
}

async function fetchOrTake(
  run: Run,
  final: FinalBatch,
  path: string,
  options: FetchOptions,
): Promise<Fetched> {
  const { jobId, batch } = final;
  const { force = false, problemOf, takesByHand, onBytes } = options;
  const existing = force ? null : await sha256OfFile(path);
  const kept: Fetched = { state: 'here', file: { jobId, path, kept: true }, saved: null };
  if (existing !== null && run.journal.state.batches.get(jobId)?.results.includes(existing)) {
    onBytes(0, 0);
    return kept;
  }
  const lost = batch.downloadUrl === null ? null : await downloadOne(run, final, path, existing, options);
  if (lost !== null && !(lost instanceof EbillError))
    return { state: 'here', file: { jobId, path, kept: false }, saved: lost };
  if (existing === null || !takesByHand)
    return lost === null ? { state: 'none' } : { state: 'gone', jobId, error: lost };
  const problem = (await problemOf?.(jobId, path)) ?? null;
  if (problem !== null)
    throw new EbillError(
      'REJECTED',
      `${lost?.message ?? `The server has no result of ${jobId}.`} ${visible(path)} cannot be used either: ${problem}.`,
      { hint: 'Move that file away, or put the result of this batch in its place.' },
    );
  const message = `${visible(path)} was not downloaded for ${jobId} from this server. The server has no result of it (any more), so this file is used: check where it comes from`;
  run.emit({ event: 'warning', jobId, message });
  onBytes(0, 0);
  return kept;
}

/**
 * @param existing SHA-256 of a file that has the name; one with other content is moved aside
 * @returns the error where the result can no longer be had
 * @throws EbillError UNAVAILABLE where the storage could not be reached, REJECTED where it refused
 */
async function downloadOne(
  run: Run,
  { jobId, batch }: FinalBatch,
  path: string,
  existing: string | null,
  { problemOf, storage, onBytes, onRetry }: FetchOptions,
): Promise<Saved | EbillError> {
  const what = `Downloading the result of ${jobId}`;
  const get = (url: string): Promise<DownloadResult> => {
    run.assertSafeUrl(url);
    return downloadFile(storage, url, path, onRetry, {
      onBytes,
      ...(problemOf === undefined ? {} : { problemOf: (received) => problemOf(jobId, received) }),
      beforeCommit: async (sha256) => {
        if (existing !== null && existing !== sha256) await moveAside(run, jobId, path);
      },
    });
  };
  const first = batch.downloadUrl ?? '';
  let result = await get(first);
  let again = '';
  if (isOver(result)) {
    // Asked for anew once (api rule 11): a server that signs each answer has a URL that works.
    const at = run.context.now();
    const answer = await statusOf(run, { id: batch.id, jobId });
    if (answer !== null) await recordAnswer(run, jobId, { at, batch: answer });
    const url = answer?.downloadUrl ?? null;
    if (url === null) again = '; asked again, the server names no download URL';
    else {
      again = `; asked again, the server gave ${url === first ? 'the same URL' : 'another URL, which was refused too'}`;
      result = await get(url);
    }
  }
  if (result.outcome === 'saved') return { bytes: result.bytes, sha256: result.sha256 };
  const { message } = result;
  if (result.outcome === 'expired' || isOver(result)) return gone(jobId, path, `${message}${again}`);
  if (result.outcome === 'unavailable') throw unavailable(what, message, result.hint);
  throw new EbillError('REJECTED', `${what}: the storage refused it (${refusalText(result)}).`, {
    hint: 'Run the same command again to get a new download URL.',
  });
}

/** The URL has expired, or what it names has been removed. */
const isOver = (result: DownloadResult): boolean =>
  result.outcome === 'expired' ||
  (result.outcome === 'refused' && (result.status === 404 || result.status === 410));

const gone = (jobId: string, path: string, why: string): EbillError =>
  new EbillError('UNAVAILABLE', `The result of ${jobId} can no longer be fetched: ${why}.`, {
    hint: `The server's counts are used instead. Ask the server's owner for the file, put it at ${visible(path)}, and run the same command again: it checks the file and uses it.`,
  });

/** Gives a file that is no result of this batch another name, too: its own is about to be replaced. */
async function moveAside(run: Run, jobId: string, path: string): Promise<void> {
  for (let n = 1; ; n += 1) {
    const aside = path.replace(/(?:\.csv)?$/, `.other-${n}.csv`);
    if (!(await keepUnder(path, aside))) continue;
    const message = `${visible(path)} was not downloaded for ${jobId} from this server, or was changed since: it is now ${visible(basename(aside))}, and the result is downloaded again`;
    run.emit({ event: 'warning', jobId, message });
    return;
  }
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
