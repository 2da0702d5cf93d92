import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withResults } from '../../batch/account.ts';
import type { RecordStatusMap } from '../../batch/record-status.ts';
import { flatten } from '../../batch/tree.ts';
import type { Batch, BatchView, FileKind, ResultCounts } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import type { ColumnChoice } from '../../files/result-columns.ts';
import {
  countRows,
  type ResultReading,
  type ResultTally,
  resultProblem,
  sentHeader,
  tallyResult,
  USUAL_READING,
} from '../../files/result-file.ts';
import type { SourceFile } from '../../load/entries.ts';
import type { NotFetched } from '../../load/final-batches.ts';
import type { Answers } from '../../load/refresh.ts';
import { type Downloaded, downloadResults, type ResultProblem } from '../../load/results.ts';
import type { Run } from '../../load/run.ts';
import { lastAnswer } from '../../load/state.ts';
import type { ShownResult } from '../../output/json.ts';
import { redactShapes } from '../../redact/shapes.ts';
import { viewsOf } from './batch-result.ts';
import type { App } from './command.ts';
import { withWait } from './session.ts';

/** A downloaded result file and what it says. */
export interface FetchedResult extends Downloaded {
  readonly kind: FileKind;
  readonly source: Source;
  /** `null` when it could not be read; `problem` says why. */
  readonly tally: ResultTally | null;
  readonly problem: EbillError | null;
  /** Its records, where neither it nor the server says what became of them. */
  readonly unread: ResultCounts | null;
}

/** The file a result is about. */
interface Source {
  /** `null` when this machine did not send it. */
  readonly file: SourceFile | null;
  /** `null` when the file is gone or changed; `problem` says why. */
  readonly header: readonly string[] | null;
  readonly problem: EbillError | null;
}

export interface Fetched {
  readonly files: readonly FetchedResult[];
  /** The batches, with the counts of their result files. */
  readonly batches: readonly BatchView[];
  /** Results that can no longer be had: a warning each; the counts of the server stand. */
  readonly gone: readonly NotFetched[];
  /** Results that could not be fetched this time. */
  readonly failed: readonly NotFetched[];
}

interface FetchOptions {
  /** Absolute. */
  readonly folder: string;
  /** Replace files that exist. */
  readonly force?: boolean;
  readonly columns?: ColumnChoice;
  /** Over the profile's. */
  readonly recordStatus?: RecordStatusMap;
  /** Answers of a moment ago. */
  readonly answers?: Answers;
}

/** Reads each file that was sent once. */
function sourceReader(run: Run): (jobId: string) => Promise<Source> {
  const sources = new Map<string, Promise<Source>>();
  return (jobId) => {
    const file = run.journal.state.batches.get(jobId)?.file ?? null;
    const source = sources.get(jobId) ?? readSource(file, run.context.cwd);
    sources.set(jobId, source);
    return source;
  };
}

/** Whether a file has the columns that were sent (api rule 21). */
export function resultProblemOf(run: Run, sourceOf = sourceReader(run)): ResultProblem {
  return async (jobId, path) => {
    const problem = await resultProblem(path, (await sourceOf(jobId)).header);
    // It quotes the file.
    return problem === null ? null : redactShapes(problem);
  };
}

/**
 * Downloads and reads the result files of final batches. What cannot be fetched or read is returned with its problem, and
 * stops no other one.
 * @throws EbillError UNAVAILABLE when the server does not answer; AUTH, USAGE (a file cannot be written)
 */
export async function fetchResults(
  app: App,
  run: Run,
  jobIds: readonly string[],
  { folder, force = false, columns = USUAL_READING.columns, recordStatus = {}, answers }: FetchOptions,
): Promise<Fetched> {
  const { ui, context } = app;
  const sourceOf = sourceReader(run);
  const {
    files: downloads,
    without,
    gone,
    failed,
  } = await withWait(run.emit, 'downloading result files', () =>
    downloadResults(run, jobIds, folder, {
      force,
      problemOf: resultProblemOf(run, sourceOf),
      ...(answers === undefined ? {} : { answers }),
    }),
  );
  const files: FetchedResult[] = [];
  const declared = { ...run.recordStatus, ...recordStatus };
  await withWait(run.emit, 'reading result files', async () => {
    for (const jobId of without) ui.warn(`${jobId} is final, but the server has no result file for it`);
    const views = flatten(viewsOf(run, jobIds));
    for (const download of downloads) {
      context.signal.throwIfAborted();
      const { jobId } = download;
      const known = run.journal.state.batches.get(jobId);
      const answer = known === undefined ? undefined : lastAnswer(run.journal.state, known);
      const reported = answer ?? views.find((one) => one.jobId === jobId);
      const isCounted = reported?.successCount != null && reported.failCount != null;
      const reading = { columns, recordStatus: declared, successCount: reported?.successCount ?? null };
      const file = await readResult(app, run, download, await sourceOf(jobId), reading, isCounted);
      files.push(file);
      await recordCounts(run, file, reported);
    }
  });
  const counts = new Map(
    files.flatMap(({ jobId, tally, unread }) => {
      const counted = tally ?? unread;
      return counted === null ? [] : [[jobId, counted] as const];
    }),
  );
  return { files, batches: withResults(viewsOf(run, jobIds), counts), gone, failed };
}

/** What settles counts that the server left empty, or contradicts them, stays known to every command (commands rule 3). */
async function recordCounts(
  run: Run,
  { jobId, tally, source }: FetchedResult,
  reported: Pick<Batch, 'successCount' | 'failCount'> | undefined,
): Promise<void> {
  const known = run.journal.state.batches.get(jobId);
  if (known === undefined || tally === null || tally.unknown !== undefined || source.header === null) return;
  const { rows, failed } = tally;
  const agrees = reported?.failCount === failed && reported.successCount === rows - failed;
  if (agrees && known.counted === undefined) return;
  if (known.counted?.rows === rows && known.counted.failed === failed) return;
  await run.journal.append({ type: 'counted', jobId, rows, failed });
}

async function readResult(
  { redactor }: App,
  run: Run,
  download: Downloaded,
  source: Source,
  reading: ResultReading,
  isCounted: boolean,
): Promise<FetchedResult> {
  const known = run.journal.state.batches.get(download.jobId);
  // A batch without a record here was listed as a child of an invoice batch.
  const kind = known?.kind === 'customer' || known?.kind === 'invoice' ? known.kind : 'items';
  try {
    const tally = await tallyResult(download.path, source.header, reading);
    return { ...download, kind, source, tally: cleaned(tally, redactor), problem: null, unread: null };
  } catch (error) {
    if (!(error instanceof EbillError)) throw error;
    const rows =
      isCounted || known?.counted !== undefined ? null : await countRows(download.path).catch(() => null);
    const unread = rows === null ? null : { rows, failed: 0, unknown: { records: rows, values: [] } };
    return { ...download, kind, source, tally: null, problem: error, unread };
  }
}

/** @param cwd where a file of another machine is looked for; its SHA-256 tells whether it is the one */
async function readSource(sent: SourceFile | null, cwd: string): Promise<Source> {
  if (sent === null) return { file: sent, header: null, problem: null };
  const near = join(cwd, basename(sent.name));
  const file = !(await isFile(sent.path)) && (await isFile(near)) ? { ...sent, path: near } : sent;
  try {
    return { file, header: await sentHeader(file), problem: null };
  } catch (error) {
    if (!(error instanceof EbillError)) throw error;
    return { file, header: null, problem: error };
  }
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** What the server's file says of records, without what may be its secrets. */
function cleaned(tally: ResultTally, redactor: App['redactor']): ResultTally {
  const { reasons, unknown } = tally;
  const text = (value: string): string => redactor.clean(value);
  return {
    ...tally,
    reasons: reasons.map((one) => ({
      ...one,
      reason: text(one.reason),
      message: text(one.message),
      examples: one.examples.map(text),
    })),
    ...(unknown === undefined
      ? {}
      : {
          unknown: { ...unknown, values: unknown.values.map((one) => ({ ...one, value: text(one.value) })) },
        }),
  };
}

/** Where the rejects of each batch were written. */
interface RejectsWritten {
  readonly files: readonly { readonly jobId: string; readonly path: string }[];
}

/** A result as the JSON document shows it. @param rejects `null`: rejects were not asked for */
export function shownResult(
  { jobId, path, tally }: FetchedResult,
  rejects: RejectsWritten | null,
): ShownResult {
  const written = rejects?.files.find((file) => file.jobId === jobId)?.path;
  return { jobId, path, rows: tally?.rows ?? null, rejects: written ?? tally?.failed ?? null };
}
