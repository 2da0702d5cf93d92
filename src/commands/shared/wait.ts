import { basename, relative, resolve } from 'node:path';
import { parentOf } from '../../batch/tree.ts';
import type { BatchView } from '../../batch/types.ts';
import type { EbillError } from '../../errors.ts';
import { estimatorFrom, recordsOf } from '../../load/estimate.ts';
import type { TimesOf } from '../../load/events.ts';
import { recentLoads } from '../../load/loads.ts';
import type { Run } from '../../load/run.ts';
import { Waiting } from '../../load/waiting.ts';
import { type Watched, watch } from '../../load/watch.ts';
import { counted } from '../../output/format.ts';
import type { ShownResult } from '../../output/json.ts';
import { outcomeError, viewsOf } from './batch-result.ts';
import type { App } from './command.ts';
import type { LookedUp } from './targets.ts';
import type { WaitOptions } from './upload-options.ts';

export interface Waited {
  readonly error: EbillError | null;
  /** With `--download`: the batches, with the counts of their result files. */
  readonly batches?: readonly BatchView[];
  readonly results?: readonly ShownResult[];
}

/**
 * Watches batches until they are final, and downloads result files if asked to.
 * @param estimates look up how long earlier loads took; not needed in a run, whose plan has them
 * @param lookedUp where batches were looked up before: the watch began with that
 */
export async function waitFor(
  app: App,
  run: Run,
  jobIds: readonly string[],
  options: WaitOptions,
  estimates = true,
  lookedUp: LookedUp = {},
): Promise<Waited> {
  const { context, ui } = app;
  let watched: Watched;
  // Only a terminal shows estimates.
  const times = estimates && ui.progress === 'tty' ? await batchTimes(run) : null;
  run.emit({ event: 'watch.start', times });
  try {
    const { waiting = new Waiting(run, options), given } = lookedUp;
    watched = await watch(run, jobIds, waiting, given);
  } finally {
    run.emit({ event: 'watch.end' });
  }
  const { end, found } = watched;
  const { job } = run.journal.state.header;
  const ended = { settled: end === 'settled' || end === 'missing', idle: end === 'idle' };
  if (options.download === null) return { error: outcomeError(app, viewsOf(run, jobIds), job, ended) };
  const folder = resolve(context.cwd, options.download);
  // Imported late: a watch that downloads nothing needs no code that reads files.
  const { fetchResults, shownResult } = await import('./results-flow.ts');
  const { files, batches } = await fetchResults(app, run, jobIds, {
    folder,
    answers: found,
    recordStatus: options.recordStatus,
  });
  for (const { path, kept, problem } of files) {
    if (kept) ui.note(`${basename(path)} exists already and was not replaced`);
    // Unusual columns are no failure of a watch; `ebill results` takes options for them.
    if (problem !== null) ui.warn(`${problem.message} ${problem.hint} (ebill results)`);
  }
  if (files.length > 0) {
    const where = relative(context.cwd, folder) || '.';
    ui.note(`Downloaded the result files of ${counted(files.length, 'batch', 'batches')} to ${where}`);
  }
  const error = outcomeError(app, batches, job, { ...ended, downloaded: true });
  return { error, batches, results: files.map((file) => shownResult(file, null)) };
}

/** When each batch of a load was finalized, and how long it will take, estimated from recent loads on this machine. */
export async function batchTimes(run: Run): Promise<TimesOf> {
  const { header } = run.journal.state;
  const estimator = estimatorFrom(
    await recentLoads(run.context.paths.state, header, header.job),
    run.statusNames,
  );
  return (jobId) => {
    const { state } = run.journal;
    const batch = state.batches.get(jobId);
    if (batch === undefined) return { since: null, estimateMs: null };
    // Items are finalized with their invoice batch.
    const at = batch.finalizedAt ?? parentOf(state.batches, batch)?.finalizedAt;
    const records = recordsOf(state, batch);
    return {
      since: at ? Date.parse(at) : null,
      // None for items: they are processed with their invoice batch.
      estimateMs: records === null ? null : estimator.estimate(batch.kind, records),
    };
  };
}
