import { basename, join } from 'node:path';
import { downloadFile } from '../api/download.ts';
import { unavailable } from '../api/result.ts';
import type { RetryNotice } from '../api/retry.ts';
import { refusalText } from '../api/storage.ts';
import { isFinal } from '../batch/outcome.ts';
import { phaseOf } from '../batch/phase.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { keepUnder } from '../system/atomic-file.ts';
import { visible } from '../system/escaping.ts';
import { sha256OfFile } from '../system/file-hash.ts';
import { recordAnswer, statusOf } from './ask.ts';
import { resultName } from './file-names.ts';
import { type Answers, notFoundYet } from './refresh.ts';
import { inParallel, type Run } from './run.ts';
import { type BatchState, itemsOf } from './state.ts';

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

export interface DownloadOptions {
  /** Overwrite files that exist. */
  readonly force?: boolean;
  /** Answers of a moment ago: only about other batches the server is asked. */
  readonly answers?: Answers;
  /** Why a file cannot be the result of a batch, by its columns (api rule 21); `null`: it can. */
  readonly problemOf?: (jobId: string, path: string) => Promise<string | null>;
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
 * chosen by the server. A file that exists is used if the journal shows that it was downloaded for its batch; any other is
 * moved aside, and used only where the server no longer has the result (api rule 21).
 * @throws EbillError UNAVAILABLE, REJECTED, AUTH, USAGE
 */
export async function downloadResults(
  run: Run,
  jobIds: readonly string[],
  folder: string,
  options: DownloadOptions = {},
): Promise<Downloads> {
  const wanted = await finalBatches(run, jobIds, options.answers);
  const progress = downloadProgress(run, wanted.filter(({ batch }) => batch.downloadUrl !== null).length);
  const saved = new Map<string, Saved>();
  const files = await inParallel(AT_ONCE, wanted, (one) =>
    resultOf(run, one, join(folder, resultName(one.jobId)), { ...options, saved }, progress(one.jobId)),
  ).finally(async () => {
    // Also of those before one that failed, and in their order.
    for (const { jobId } of wanted) {
      const file = saved.get(jobId);
      if (file !== undefined) await run.journal.append({ type: 'result', jobId, ...file });
    }
  });
  const got = files.filter((file) => file !== null);
  return {
    files: got,
    without: wanted.map(({ jobId }) => jobId).filter((jobId) => !got.some((file) => file.jobId === jobId)),
  };
}

/** @returns `null` when the server has none, and none is on the disk */
async function resultOf(
  run: Run,
  final: FinalBatch,
  path: string,
  { force = false, problemOf, saved }: DownloadOptions & { readonly saved: Map<string, Saved> },
  onBytes: (bytes: number, total: number | null) => void,
): Promise<Downloaded | null> {
  const { jobId, batch } = final;
  const existing = force ? null : await sha256OfFile(path);
  const recorded = run.journal.state.batches.get(jobId)?.results ?? [];
  const kept = { jobId, path, kept: true };
  if (existing !== null && recorded.includes(existing)) {
    onBytes(0, 0);
    return kept;
  }
  /** The file on the disk, where the server no longer has the result. */
  const byHand = async (lost: EbillError | null): Promise<Downloaded | null> => {
    if (existing === null) {
      if (lost !== null) throw lost;
      return null;
    }
    const problem = (await problemOf?.(jobId, path)) ?? null;
    if (problem !== null)
      throw new EbillError(
        'REJECTED',
        `${lost?.message ?? `The server has no result of ${jobId}.`} ${visible(path)} is not it either: ${problem}.`,
        { hint: 'Move that file away, or put the result of this batch in its place.' },
      );
    const message = `${visible(path)} was not downloaded for ${jobId} from this server. The server has no result of it (any more), so this file is taken for it: check where it comes from`;
    run.emit({ event: 'warning', jobId, message });
    onBytes(0, 0);
    return kept;
  };
  if (batch.downloadUrl === null) return byHand(null);
  const download = await downloadOne(run, final, path, existing, problemOf, onBytes);
  if (download instanceof EbillError) return byHand(download);
  // Of a batch that is not on record nothing is.
  if (run.journal.state.batches.has(jobId) && !recorded.includes(download.sha256)) saved.set(jobId, download);
  return { jobId, path, kept: false };
}

/**
 * @param existing SHA-256 of a file that has the name; one with other content is moved aside
 * @returns the error where the server cannot give the result any more
 * @throws EbillError UNAVAILABLE where it could not be reached
 */
async function downloadOne(
  run: Run,
  { jobId, batch }: FinalBatch,
  path: string,
  existing: string | null,
  problemOf: DownloadOptions['problemOf'],
  onBytes: (bytes: number, total: number | null) => void,
): Promise<Saved | EbillError> {
  const what = `Downloading the result of ${jobId}`;
  let url = batch.downloadUrl;
  for (let attempt = 0; ; attempt += 1) {
    if (url === null) return unavailable(what, 'the server has no download URL for it any more');
    run.assertSafeUrl(url);
    const onRetry = (notice: RetryNotice): void => run.emit({ event: 'retry', jobId, ...notice });
    const result = await downloadFile(run.storage, url, path, onRetry, {
      onBytes,
      ...(problemOf === undefined ? {} : { problemOf: (received) => problemOf(jobId, received) }),
      beforeCommit: async (sha256) => {
        if (existing !== null && existing !== sha256) await moveAside(run, jobId, path);
      },
    });
    if (result.outcome === 'saved') return { bytes: result.bytes, sha256: result.sha256 };
    if (result.outcome === 'refused') {
      return new EbillError('REJECTED', `${what}: the storage refused it (${refusalText(result)}).`, {
        hint: 'Run the same command again to get a new download URL.',
      });
    }
    if (result.outcome === 'unavailable') throw unavailable(what, result.message, result.hint);
    if (attempt >= RENEWALS) return unavailable(what, result.message);
    url = await renewed(run, jobId, batch);
  }
}

async function renewed(run: Run, jobId: string, batch: Batch): Promise<string | null> {
  return (await statusOf(run, { id: batch.id, jobId }))?.downloadUrl ?? null;
}

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
  // A file left out never came: what the server makes of its draft is no result. Unless it loaded something all the same.
  const isEmpty = ({ jobId, batch }: FinalBatch): boolean =>
    state.batches.get(jobId)?.leftOut === true && (batch.successCount ?? 0) === 0;
  return [...all.values()].filter(
    (one) => isFinal(phaseOf(one.batch, run.statusNames).phase) && !isEmpty(one),
  );
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
