import { basename, dirname, join } from 'node:path';
import { openOutsideCorrections } from '../../batch/account.ts';
import { flatten, flattenPlaced } from '../../batch/tree.ts';
import type { BatchView, FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { type MatchedBy, type Rejects as WrittenRejects, writeRejects } from '../../files/rejects.ts';
import { messagesName, rejectsName } from '../../load/file-names.ts';
import type { Run } from '../../load/run.ts';
import { counted } from '../../output/format.ts';
import type { Context } from '../../system/context.ts';
import { quoted, type Terminal, visible } from '../../system/escaping.ts';
import { shownPath } from '../../system/shown-path.ts';
import type { App } from './command.ts';
import type { FetchedResult } from './results-flow.ts';

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
