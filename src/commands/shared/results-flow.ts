import { basename, dirname, join, relative } from 'node:path';
import { withResults } from '../../batch/account.ts';
import { parentJobId } from '../../batch/tree.ts';
import type { BatchView, FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { writeRejects } from '../../files/rejects.ts';
import type { ColumnChoice } from '../../files/result-columns.ts';
import { type ResultTally, sentHeader, tallyResult } from '../../files/result-file.ts';
import type { SourceFile } from '../../load/entries.ts';
import { messagesName, rejectsName } from '../../load/file-names.ts';
import { type Downloaded, downloadResults } from '../../load/results.ts';
import type { Run } from '../../load/run.ts';
import type { LoadState } from '../../load/state.ts';
import type { Context } from '../../system/context.ts';
import { quoted, type Terminal } from '../../system/quoting.ts';
import type { App } from './command.ts';
import { waitingFor } from './session.ts';
import { viewsOf } from './views.ts';

interface FetchOptions {
  /** Absolute. */
  readonly folder: string;
  readonly force: boolean;
  readonly columns: ColumnChoice;
}

/** The file a result answers for, if this machine sent it. */
interface Source {
  readonly file: SourceFile | null;
  /** `null` when the file is not at hand as it was sent; `problem` says why. */
  readonly header: readonly string[] | null;
  readonly problem: EbillError | null;
}

/** A result file that is here, and what it comes to. */
export interface FetchedResult extends Downloaded {
  readonly kind: FileKind;
  readonly source: Source;
  /** `null` when it could not be read; `problem` says why. */
  readonly tally: ResultTally | null;
  readonly problem: EbillError | null;
}

export interface Fetched {
  readonly files: readonly FetchedResult[];
  /** The batches, with what their result files say. */
  readonly batches: readonly BatchView[];
}

/**
 * Fetches the result files of what is final, reads them, and holds them against the batches. A file that cannot be read
 * is told of, not thrown: the others are worth having.
 * @throws EbillError UNAVAILABLE, REJECTED, AUTH, USAGE (a file cannot be written)
 */
export async function fetchResults(
  app: App,
  run: Run,
  jobIds: readonly string[],
  { folder, force, columns }: FetchOptions,
): Promise<Fetched> {
  const { ui, context } = app;
  const files: FetchedResult[] = [];
  const { files: downloads, without } = await waitingFor(run, 'fetching result files', () =>
    downloadResults(run, jobIds, folder, force),
  );
  await waitingFor(run, 'reading result files', async () => {
    for (const jobId of without) ui.warn(`${jobId} is final, and the server gives no result file for it`);
    for (const download of downloads) {
      context.signal.throwIfAborted();
      files.push(await readResult(run, download, columns));
    }
  });
  const counts = new Map(
    files.flatMap(({ jobId, tally }) => (tally === null ? [] : [[jobId, tally] as const])),
  );
  return { files, batches: withResults(viewsOf(run, jobIds), counts) };
}

async function readResult(run: Run, download: Downloaded, columns: ColumnChoice): Promise<FetchedResult> {
  const known = run.journal.state.batches.get(download.jobId);
  const source = await sourceOf(known?.file ?? null);
  // A batch on record nowhere here came as the child of an invoice batch.
  const kind =
    known === undefined
      ? 'items'
      : known.kind === 'customer' || known.kind === 'invoice'
        ? known.kind
        : 'items';
  const base = { ...download, kind, source } as const;
  try {
    return { ...base, tally: await tallyResult(download.path, source.header, columns), problem: null };
  } catch (error) {
    if (!(error instanceof EbillError)) throw error;
    return { ...base, tally: null, problem: error };
  }
}

async function sourceOf(file: SourceFile | null): Promise<Source> {
  if (file === null) return { file, header: null, problem: null };
  try {
    return { file, header: await sentHeader(file), problem: null };
  } catch (error) {
    if (!(error instanceof EbillError)) throw error;
    return { file, header: null, problem: error };
  }
}

interface RejectsOptions {
  readonly force: boolean;
  readonly keyColumn: string | null;
  /** Told of each file that was there already and was left as it was; by default a warning. */
  readonly onKept?: (path: string) => void;
}

/** The rejects of one batch. */
interface WrittenRejects {
  readonly jobId: string;
  readonly kind: FileKind;
  readonly path: string;
  /** Why each of them failed. */
  readonly messagesPath: string;
}

export interface AllRejects {
  readonly files: readonly WrittenRejects[];
  /** Batches whose rejects could not be written. */
  readonly problems: readonly EbillError[];
}

/** Writes the rejects of every batch with failures beside its result file; a batch it cannot be done for is told of. */
export async function writeAllRejects(
  app: App,
  results: readonly FetchedResult[],
  options: RejectsOptions,
): Promise<AllRejects> {
  const files: WrittenRejects[] = [];
  const problems: EbillError[] = [];
  for (const result of results) {
    if (result.tally === null || result.tally.failed === 0) continue;
    app.context.signal.throwIfAborted();
    try {
      files.push(await rejectsOf(app, result, options));
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      problems.push(error);
    }
  }
  return { files, problems };
}

async function rejectsOf(
  app: App,
  result: FetchedResult,
  { force, keyColumn, onKept = (kept) => tellKept(app, kept) }: RejectsOptions,
): Promise<WrittenRejects> {
  const { jobId, kind, source, tally } = result;
  if (source.problem !== null) throw source.problem;
  if (source.file === null || source.header === null || tally === null) throw notOurs(jobId);
  const path = join(dirname(result.path), rejectsName(jobId));
  const messagesPath = join(dirname(result.path), messagesName(jobId));
  const written = await writeRejects({
    kind,
    sent: source.file,
    header: source.header,
    resultPath: result.path,
    result: tally,
    keyColumn,
    path,
    messagesPath,
    force,
  });
  for (const kept of written.kept) onKept(kept);
  return { jobId, kind, path, messagesPath };
}

const tellKept = (app: App, path: string): void =>
  app.ui.warn(`${basename(path)} is there already and was left as it is (--force writes it anew)`);

function notOurs(jobId: string): EbillError {
  return new EbillError(
    'CONFLICT',
    `The rejects of ${jobId} cannot be written: this machine did not send its file.`,
    {
      hint: 'Run it on the machine that uploaded the file, where the journal tells which one it was.',
    },
  );
}

/**
 * How the fixed rejects are loaded again, as a person is told it; empty when there are none. `--next` means that another
 * batch is wanted, whatever name the file has.
 * @param load where the files were sent from
 */
export function reloadAdvice(
  files: readonly WrittenRejects[],
  job: string | null,
  context: Terminal & Pick<Context, 'cwd'>,
  { batches }: LoadState,
): string {
  if (files.length === 0) return '';
  const shown = ({ path }: WrittenRejects): string => quoted(relative(context.cwd, path) || path, context);
  const options = `${job === null ? '' : ` --job ${quoted(job, context)}`} --next --wait`;
  const of = (kind: WrittenRejects['kind']): readonly WrittenRejects[] =>
    files.filter((file) => file.kind === kind);
  const under = (jobId: string): string | null => {
    const batch = batches.get(jobId);
    return batch === undefined ? null : parentJobId(batches, batch);
  };
  const customers = of('customer');
  const lines: string[] = [];
  let mixed = false;
  if (customers.length > 0) lines.push(`ebill upload customer ${customers.map(shown).join(' ')}${options}`);
  const items = new Set(of('items'));
  for (const invoice of of('invoice')) {
    const own = [...items].filter(({ jobId }) => under(jobId) === invoice.jobId);
    for (const item of own) items.delete(item);
    mixed ||= own.length > 0;
    const list = own.length === 0 ? '' : ` --items ${own.map(shown).join(' ')}`;
    lines.push(`ebill upload invoice ${shown(invoice)}${list}${options}`);
  }
  if (mixed) lines.push(LEAVE_OUT);
  const told = lines.length === 0 ? [] : ['Next: correct the rejects, then load them again:', ...lines];
  return [...told, ...(items.size === 0 ? [] : withoutInvoice([...items].map(shown), options))].join('\n');
}

/** An items file is loaded under the invoice batch it comes with. */
const LEAVE_OUT =
  'Items are looked up in the invoice file they come with: take out those whose invoice was loaded before; to a finalized invoice batch nothing can be added.';

/** Items go into an invoice batch before it is finalized; theirs is (batch-api.md, "Calls"). No command can undo that. */
function withoutInvoice(items: readonly string[], options: string): string[] {
  const more = items.length > 3 ? ` and ${items.length - 3} more` : '';
  return [
    `The items in ${items.slice(0, 3).join(', ')}${more} belong to invoice batches that are finalized, and to those nothing can be added.`,
    'They need a new invoice batch with their invoices; whether the server takes an invoice it has loaded before is not documented, so ask there first:',
    `ebill upload invoice INVOICES.csv --items ${items.slice(0, 3).join(' ')}${more === '' ? '' : ' …'}${options}`,
  ];
}
