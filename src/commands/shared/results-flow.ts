import { basename, dirname, join, relative } from 'node:path';
import { withResults } from '../../batch/account.ts';
import type { RecordStatusMap } from '../../batch/record-status.ts';
import { flatten, parentJobId } from '../../batch/tree.ts';
import type { BatchView, FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { type MatchedBy, writeRejects } from '../../files/rejects.ts';
import {
  type ColumnChoice,
  type ResultReading,
  type ResultTally,
  resultProblem,
  sentHeader,
  tallyResult,
  USUAL_READING,
} from '../../files/result-file.ts';
import type { SourceFile } from '../../load/entries.ts';
import { messagesName, rejectsName } from '../../load/file-names.ts';
import type { Answers } from '../../load/refresh.ts';
import { type Downloaded, downloadResults } from '../../load/results.ts';
import type { Run } from '../../load/run.ts';
import type { LoadState } from '../../load/state.ts';
import { counted } from '../../output/format.ts';
import type { ShownResult } from '../../output/json.ts';
import type { Context } from '../../system/context.ts';
import { quoted, type Terminal, visible } from '../../system/escaping.ts';
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

/**
 * Downloads and reads the result files of final batches. A file that cannot be read is returned with its problem.
 * @throws EbillError UNAVAILABLE, REJECTED, AUTH, USAGE (a file cannot be written)
 */
export async function fetchResults(
  app: App,
  run: Run,
  jobIds: readonly string[],
  { folder, force = false, columns = USUAL_READING.columns, recordStatus = {}, answers }: FetchOptions,
): Promise<Fetched> {
  const { ui, context } = app;
  const sources = new Map<string, Promise<Source>>();
  /** Each file that was sent is read once. */
  const sourceOf = (jobId: string): Promise<Source> => {
    const source = sources.get(jobId) ?? readSource(run.journal.state.batches.get(jobId)?.file ?? null);
    sources.set(jobId, source);
    return source;
  };
  const { files: downloads, without } = await withWait(run.emit, 'downloading result files', () =>
    downloadResults(run, jobIds, folder, {
      force,
      problemOf: async (jobId, path) => resultProblem(path, (await sourceOf(jobId)).header),
      ...(answers === undefined ? {} : { answers }),
    }),
  );
  const files: FetchedResult[] = [];
  const views = viewsOf(run, jobIds);
  const declared = { ...run.recordStatus, ...recordStatus };
  await withWait(run.emit, 'reading result files', async () => {
    for (const jobId of without) ui.warn(`${jobId} is final, but the server has no result file for it`);
    for (const download of downloads) {
      context.signal.throwIfAborted();
      const successCount = flatten(views).find(({ jobId }) => jobId === download.jobId)?.successCount ?? null;
      files.push(
        await readResult(run, download, await sourceOf(download.jobId), {
          columns,
          recordStatus: declared,
          successCount,
        }),
      );
    }
  });
  const tallies = new Map(
    files.flatMap(({ jobId, tally }) => (tally === null ? [] : [[jobId, tally] as const])),
  );
  return { files, batches: withResults(views, tallies) };
}

async function readResult(
  run: Run,
  download: Downloaded,
  source: Source,
  reading: ResultReading,
): Promise<FetchedResult> {
  const known = run.journal.state.batches.get(download.jobId);
  // A batch without a record here was listed as a child of an invoice batch.
  const kind = known?.kind === 'customer' || known?.kind === 'invoice' ? known.kind : 'items';
  try {
    const tally = await tallyResult(download.path, source.header, reading);
    return { ...download, kind, source, tally, problem: null };
  } catch (error) {
    if (!(error instanceof EbillError)) throw error;
    return { ...download, kind, source, tally: null, problem: error };
  }
}

async function readSource(file: SourceFile | null): Promise<Source> {
  if (file === null) return { file, header: null, problem: null };
  try {
    return { file, header: await sentHeader(file), problem: null };
  } catch (error) {
    if (!(error instanceof EbillError)) throw error;
    return { file, header: null, problem: error };
  }
}

/** A result as the JSON document shows it. @param rejects `null`: rejects were not asked for */
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

/** Writes the rejected records of every batch next to its result file. */
export async function writeAllRejects(
  app: App,
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
      const { file, unplaced } = await writeRejectsOf(app, result, options);
      files.push(file);
      if (unplaced !== null) problems.push(unplaced);
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      problems.push(error);
    }
  }
  return { files, problems };
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
    { hint: 'Load none of its records again. What does not agree: ebill results' },
  );
}

async function writeRejectsOf(
  app: App,
  { jobId, kind, source, tally, path: resultPath }: FetchedResult,
  { force, keyColumns, onKept = (kept) => warnKept(app, kept) }: RejectsOptions,
): Promise<{ readonly file: RejectsFile; readonly unplaced: EbillError | null }> {
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
  return { file: { jobId, kind, path, messagesPath }, unplaced: unplacedError(jobId, written.by) };
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

/** The commands that load corrected rejects again; '' when there are none. */
export function reloadAdvice(
  files: readonly RejectsFile[],
  job: string | null,
  context: Terminal & Pick<Context, 'cwd'>,
  { batches }: LoadState,
): string {
  if (files.length === 0) return '';
  const shown = ({ path }: RejectsFile): string => quoted(relative(context.cwd, path) || path, context);
  const options = `${job === null ? '' : ` --job ${quoted(job, context)}`} --next --wait`;
  const ofKind = (kind: FileKind) => files.filter((file) => file.kind === kind);
  const customers = ofKind('customer');
  const lines: string[] = [];
  let withItems = false;
  if (customers.length > 0) lines.push(`ebill upload customer ${customers.map(shown).join(' ')}${options}`);
  const items = new Set(ofKind('items'));
  for (const invoice of ofKind('invoice')) {
    const own = [...items].filter(({ jobId }) => {
      const batch = batches.get(jobId);
      return batch !== undefined && parentJobId(batches, batch) === invoice.jobId;
    });
    for (const item of own) items.delete(item);
    withItems ||= own.length > 0;
    const list = own.length === 0 ? '' : ` --items ${own.map(shown).join(' ')}`;
    lines.push(`ebill upload invoice ${shown(invoice)}${list}${options}`);
  }
  if (lines.length > 0) lines.unshift('Next: correct the rejects, then load them again:');
  if (withItems) lines.push(ITEMS_ADVICE);
  return [...lines, ...itemsWithoutInvoice([...items].map(shown))].join('\n');
}

const ITEMS_ADVICE =
  'Items must belong to an invoice in the same call: remove the items of invoices that were loaded before; nothing can be added to a finalized invoice batch.';

/** Items are added to an invoice batch before it is finalized, and the one of these is: no command can undo that. */
function itemsWithoutInvoice(items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const first = items.slice(0, 3);
  const more = items.length > 3 ? ` and ${items.length - 3} more` : '';
  return [
    `The items in ${first.join(', ')}${more} belong to invoice batches that are finalized; nothing can be added to those.`,
    'Correct these items in eBill: loading their invoices again would bill them a second time.',
  ];
}
