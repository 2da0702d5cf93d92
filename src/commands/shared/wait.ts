import { basename, relative, resolve } from 'node:path';
import { isSettled } from '../../batch/outcome.ts';
import { parentOf } from '../../batch/tree.ts';
import type { BatchView } from '../../batch/types.ts';
import { uncounted, verdictOf } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import { learn, recordsOf } from '../../load/estimate.ts';
import type { TimesOf } from '../../load/events.ts';
import { recentLoads } from '../../load/loads.ts';
import type { Run } from '../../load/run.ts';
import { type WatchEnd, watch } from '../../load/watch.ts';
import type { ShownResult } from '../../output/document.ts';
import { counted } from '../../output/format.ts';
import { quoted, type Terminal } from '../../system/quoting.ts';
import type { App } from './command.ts';
import { viewsOf } from './views.ts';
import type { WaitOptions } from './watch-options.ts';

export interface Waited {
  readonly error: EbillError | null;
  /** Present when result files were asked for: the batches with what those say. */
  readonly batches?: readonly BatchView[];
  readonly results?: readonly ShownResult[];
}

/**
 * Watches batches until they are final, downloads result files, and returns the outcome.
 * @param estimates look up how long earlier loads took; not needed in a run, whose plan has them
 */
export async function waitFor(
  app: App,
  run: Run,
  jobIds: readonly string[],
  options: WaitOptions,
  estimates = true,
): Promise<Waited> {
  const { context, ui } = app;
  let end: WatchEnd;
  // Only a terminal shows estimates.
  run.emit({
    event: 'watch.start',
    times: estimates && ui.progress === 'tty' ? await batchTimes(run) : null,
  });
  try {
    end = await watch(run, jobIds, options);
  } finally {
    run.emit({ event: 'watch.end' });
  }
  const { job } = run.journal.state.header;
  if (options.download === null) return { error: errorOf(app, viewsOf(run, jobIds), job, end, false) };
  const folder = resolve(context.cwd, options.download);
  const columns = { status: null, message: null };
  // Read only when asked for: a watch that fetches nothing starts without the code that reads files.
  const { fetchResults } = await import('./results-flow.ts');
  const { files, batches } = await fetchResults(app, run, jobIds, { folder, force: false, columns });
  for (const { path, kept, problem } of files) {
    if (kept) ui.note(`${basename(path)} is there already and was left as it is`);
    // Watching answers for the batches; a file of unusual columns is a matter for `results`.
    if (problem !== null) ui.warn(`${problem.message} ${problem.hint} (ebill results)`);
  }
  if (files.length > 0) {
    ui.note(
      `What became of each record is in ${relative(context.cwd, folder) || '.'}, a file for each of ${counted(files.length, 'batch', 'batches')}`,
    );
  }
  const results = files.map(({ jobId, path, tally }) => ({
    jobId,
    path,
    rows: tally?.rows ?? null,
    rejects: tally?.failed ?? null,
  }));
  return { error: errorOf(app, batches, job, end, true), batches, results };
}

function errorOf(
  app: App,
  batches: readonly BatchView[],
  job: string,
  end: WatchEnd,
  downloaded: boolean,
): EbillError | null {
  for (const warning of uncounted(batches)) app.ui.warn(warning);
  if (end === 'settled') return verdictOf(batches, job, app.context, downloaded);
  return stillRunning(batches, job, end === 'idle', app.context);
}

/** Not final: 7, with what to do (cli.md, exit codes). */
export function stillRunning(
  batches: readonly BatchView[],
  job: string,
  idle: boolean,
  terminal: Terminal,
): EbillError {
  const open = batches.filter((batch) => !isSettled(batch));
  const list = open
    .slice(0, 5)
    .map((batch) => `${batch.jobId} is ${batch.phase}`)
    .join(', ');
  const more = open.length > 5 ? ` and ${open.length - 5} more` : '';
  const option = job === '' ? '' : ` --job ${quoted(job, terminal)}`;
  return idle
    ? new EbillError('STILL_RUNNING', `Nothing is being processed: ${list}${more}.`, {
        hint: `Hand it over with: ebill finalize${option} (after ebill upload, if files are missing), then watch again.`,
      })
    : new EbillError('STILL_RUNNING', `Not final yet: ${list}${more}.`, {
        hint: `Watch again: ebill watch${option}`,
      });
}

/** When a load's batches were handed over, and how long they will take by what earlier loads here took. */
export async function batchTimes(run: Run): Promise<TimesOf> {
  const { header } = run.journal.state;
  const pace = learn(await recentLoads(run.context.paths.state, header, header.job), run.statusNames);
  return (jobId) => {
    const { state } = run.journal;
    const batch = state.batches.get(jobId);
    if (batch === undefined) return { since: null, estimateMs: null };
    // Items are handed over with their invoice batch.
    const at = batch.finalizedAt ?? parentOf(state.batches, batch)?.finalizedAt;
    const records = recordsOf(state, batch);
    return {
      since: at ? Date.parse(at) : null,
      // Of items nothing is learnt: they go with their invoice batch.
      estimateMs: records === null ? null : pace.estimate(batch.kind, records),
    };
  };
}
