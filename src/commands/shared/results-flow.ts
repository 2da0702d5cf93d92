import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openOutsideCorrections, withResults } from '../../batch/account.ts';
import type { RecordStatusMap } from '../../batch/record-status.ts';
import { flatten, flattenPlaced } from '../../batch/tree.ts';
import type { Batch, BatchView, FileKind, ResultCounts } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { type MatchedBy, type Rejects as WrittenRejects, writeRejects } from '../../files/rejects.ts';
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
import { messagesName, rejectsName } from '../../load/file-names.ts';
import type { NotFetched } from '../../load/final-batches.ts';
import type { Answers } from '../../load/refresh.ts';
import { type Downloaded, downloadResults, type ResultProblem } from '../../load/results.ts';
import type { Run } from '../../load/run.ts';
import { lastAnswer } from '../../load/state.ts';
import { counted } from '../../output/format.ts';
import type { ShownResult } from '../../output/json.ts';
import { redactShapes } from '../../redact/shapes.ts';
import type { Context } from '../../system/context.ts';
import { quoted, type Terminal, visible } from '../../system/escaping.ts';
import { shownPath } from '../../system/shown-path.ts';
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

/** A result as the JSON document shows it. @param rejects `null`: rejects were not asked for */
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

export function shownResult({ jobId, path, tally }: FetchedResult, rejects: Rejects | null): ShownResult {
  const written = rejects?.files.find((file) => file.jobId === jobId)?.path;
  return { jobId, path, rows: tally?.rows ?? null, rejects: written ?? tally?.failed ?? null };
}

interface RejectsOptions {
  readonly force: boolean;
  readonly keyColumns: readonly string[];
  /** Called for each file that exists and was not replaced; by default a warning. */
  readonly onKept?: (path: string) => void;
}

interface RejectsFile {
  readonly jobId: string;
  readonly kind: FileKind;
  readonly path: string;
  /** The file with the line and message of each record. */
  readonly messagesPath: string;
}

export interface Rejects {
  readonly files: readonly RejectsFile[];
  /** Why the rejects of some batches could not be written. */
  readonly problems: readonly EbillError[];
}

/** Writes the rejected records of every batch next to its result file, and records where they are: `correct` finds them there. */
export async function writeAllRejects(
  app: App,
  run: Run,
  results: readonly FetchedResult[],
  batches: readonly BatchView[],
  options: RejectsOptions,
): Promise<Rejects> {
  const files: RejectsFile[] = [];
  const problems: EbillError[] = [];
  for (const result of results) {
    if (result.tally === null || (result.tally.failed === 0 && result.tally.unknown === undefined)) continue;
    app.context.signal.throwIfAborted();
    try {
      assertCertain(result.jobId, batches);
      const { file, unplaced, written } = await writeRejectsOf(app, result, options);
      files.push(file);
      await recordRejects(run, file, written);
      if (unplaced !== null) problems.push(unplaced);
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      problems.push(error);
    }
  }
  return { files, problems };
}

/** The record says what was rejected, also where the file of that name was kept: it may be corrected already. */
async function recordRejects(
  run: Run,
  { jobId, path }: RejectsFile,
  { bytes, sha256, records }: WrittenRejects,
): Promise<void> {
  const known = run.journal.state.batches.get(jobId);
  if (known === undefined || (known.rejects?.path === path && known.rejects.sha256 === sha256)) return;
  await run.journal.append({ type: 'rejects', jobId, path, bytes, sha256, records });
}

/** Records that may be loaded are no rejects: they would be loaded twice (api rule 23). @throws EbillError UNACCOUNTED */
function assertCertain(jobId: string, batches: readonly BatchView[]): void {
  const batch = flatten(batches).find((one) => one.jobId === jobId);
  const { result, failCount } = batch ?? {};
  if (
    result === undefined ||
    (result.unknown === undefined && (failCount ?? result.failed) === result.failed)
  )
    return;
  throw new EbillError(
    'UNACCOUNTED',
    `No rejects of ${jobId} were written: its result file and its counts do not say for certain which records were rejected.`,
    { hint: 'Do not load any of its records again. To see what does not agree: ebill results' },
  );
}

async function writeRejectsOf(
  app: App,
  { jobId, kind, source, tally, path: resultPath }: FetchedResult,
  { force, keyColumns, onKept = (kept) => warnKept(app, kept) }: RejectsOptions,
): Promise<{
  readonly file: RejectsFile;
  readonly unplaced: EbillError | null;
  readonly written: WrittenRejects;
}> {
  if (source.problem !== null) throw source.problem;
  if (source.file === null || source.header === null || tally === null)
    throw new EbillError(
      'CONFLICT',
      `The rejects of ${jobId} cannot be written: this machine did not upload its file.`,
      { hint: 'Run the command on the machine that uploaded it: its journal names the file.' },
    );
  const path = join(dirname(resultPath), rejectsName(jobId));
  const messagesPath = join(dirname(resultPath), messagesName(jobId));
  const written = await writeRejects({
    kind,
    sent: source.file,
    header: source.header,
    resultPath,
    result: tally,
    keyColumns,
    path,
    messagesPath,
    force,
  });
  for (const kept of written.kept) onKept(kept);
  const how = matchedText(written.by);
  if (how !== null) app.ui.note(`${jobId}: ${how}`);
  return { file: { jobId, kind, path, messagesPath }, unplaced: unplacedError(jobId, written.by), written };
}

/** `null` for the usual way. */
function matchedText({ way, columns }: MatchedBy): string | null {
  if (way === 'position') return null;
  const by = way === 'row' ? 'all columns' : columns.map((name) => `"${visible(name)}"`).join(', ');
  return `the result is in another order, or changed values: rows are matched with the records sent by ${by}`;
}

function unplacedError(jobId: string, { unplaced, unplacedLine }: MatchedBy): EbillError | null {
  if (unplaced === 0) return null;
  return new EbillError(
    'UNACCOUNTED',
    `${counted(unplaced, 'rejected record', 'rejected records')} of ${jobId} cannot be told apart from loaded ones (line ${unplacedLine} of the result file is the first): not in the rejects file.`,
    {
      hint: 'Look these rows up in eBill, or name columns that tell them apart with --key-column (repeat it for several).',
    },
  );
}

const warnKept = (app: App, path: string): void =>
  app.ui.warn(`${basename(path)} exists already and was not replaced (--force replaces it)`);

/** The command that writes the rejected records, where some are open and `results` did not write them; otherwise ''. */
export function rejectsAdvice(
  files: readonly Pick<FetchedResult, 'jobId' | 'tally'>[],
  batches: readonly BatchView[],
  job: string,
  context: Terminal,
): string {
  const views = flatten(batches);
  const failed = new Set(files.filter(({ tally }) => (tally?.failed ?? 0) > 0).map(({ jobId }) => jobId));
  const open = views.some(
    (batch) => batch.jobId !== null && failed.has(batch.jobId) && openOutsideCorrections(batch, views) !== 0,
  );
  if (!open || job === '') return '';
  return `Next: write the rejected records to files, to correct them:\nebill results --rejects --job ${quoted(job, context)}`;
}

/** What to correct, and the command that loads it (commands rule 21); '' where nothing of these batches is open. */
export function correctAdvice(
  files: readonly RejectsFile[],
  batches: readonly BatchView[],
  job: string | null,
  context: Terminal & Pick<Context, 'cwd'>,
): string {
  const all = flattenPlaced(batches);
  const placed = new Map(all.map((one) => [one.batch.jobId, one] as const));
  const views = all.map(({ batch }) => batch);
  const isOpen = ({ jobId }: Pick<RejectsFile, 'jobId'>): boolean => {
    const batch = placed.get(jobId)?.batch;
    return batch !== undefined && openOutsideCorrections(batch, views) !== 0;
  };
  const open = files.filter(isOpen);
  if (open.length === 0 || job === null) return '';
  const command = `ebill correct --job ${quoted(job, context)}`;
  // Items are loaded with a corrected invoice; nothing can be added to one that is submitted.
  const alone = open.filter(({ kind, jobId }) => {
    const invoice = placed.get(jobId)?.parent?.jobId;
    return kind === 'items' && !(invoice && open.some((one) => one.jobId === invoice));
  });
  if (alone.length === open.length)
    return [
      `The items in ${alone
        .slice(0, 3)
        .map(({ path }) => basename(path))
        .join(
          ', ',
        )}${alone.length > 3 ? ` and ${alone.length - 3} more` : ''} belong to invoices that are submitted; nothing can be added to those.`,
      'Correct them in eBill, then settle them (--waive), with the reason:',
      `${command} ${alone.map(({ jobId }) => `--waive ${quoted(jobId, context)}`).join(' ')} --reason TEXT`,
    ].join('\n');
  const shown = open.slice(0, 5).map(({ path }) => shownPath(context.cwd, path));
  const more = open.length > 5 ? ` and ${open.length - 5} more` : '';
  return `Next: correct the records in ${shown.join(', ')}${more}, then load them:\n${command}`;
}
