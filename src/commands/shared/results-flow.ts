import type { BatchView, FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import type { ColumnChoice } from '../../files/result-columns.ts';
import { sentHeader } from '../../files/result-source.ts';
import { type ResultTally, tallyResult } from '../../files/result-tally.ts';
import { type Downloaded, downloadResults } from '../../load/download.ts';
import type { SourceFile } from '../../load/entries.ts';
import { withResults } from '../../load/results.ts';
import type { Run } from '../../load/run.ts';
import type { App } from './command.ts';
import { viewsOf } from './views.ts';
import { waitingFor } from './waiting-for.ts';

export interface FetchOptions {
  /** Absolute. */
  readonly folder: string;
  readonly force: boolean;
  readonly columns: ColumnChoice;
}

/** The file a result answers for, if this machine sent it. */
export interface Source {
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
