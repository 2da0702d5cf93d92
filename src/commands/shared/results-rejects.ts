import { basename, dirname, join } from 'node:path';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { writeRejects } from '../../files/rejects.ts';
import { messagesName, rejectsName } from '../../load/results-names.ts';
import type { App } from './command.ts';
import type { FetchedResult } from './results-flow.ts';

export interface RejectsOptions {
  readonly force: boolean;
  readonly keyColumn: string | null;
  /** Told of each file that was there already and was left as it was; by default a warning. */
  readonly onKept?: (path: string) => void;
}

/** The rejects of one batch. */
export interface WrittenRejects {
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
