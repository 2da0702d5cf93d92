import { basename, relative, resolve } from 'node:path';
import { flatten, parentOf } from '../../batch/tree.ts';
import type { BatchView } from '../../batch/types.ts';
import type { EbillError } from '../../errors.ts';
import type { EarlyResults } from '../../load/early-results.ts';
import { estimatorFrom, recordsOf } from '../../load/estimate.ts';
import type { TimesOf } from '../../load/events.ts';
import { recentLoads } from '../../load/loads.ts';
import type { Run } from '../../load/run.ts';
import { Waiting } from '../../load/waiting.ts';
import { type Watched, watch } from '../../load/watch.ts';
import { counted, untilText } from '../../output/format.ts';
import type { ShownResult } from '../../output/json.ts';
import { quoted } from '../../system/escaping.ts';
import { outcomeError, viewsOf } from './batch-result.ts';
import type { App } from './command.ts';
import type { LookedUp } from './targets.ts';
import type { WaitOptions } from './upload-options.ts';

export interface Waited {
  readonly error: EbillError | null;
  /** With `--download`: the batches, with the counts of their result files. */
  readonly batches?: readonly BatchView[];
  readonly results?: readonly ShownResult[];
  /** The next step, where all is well. */
  readonly next?: string;
}

interface WaitExtras {
  /** Look up how long earlier loads took; not needed in a run, whose plan has them. */
  readonly estimates?: boolean;
  /** Where batches were looked up before: the watch began with that. */
  readonly lookedUp?: LookedUp;
  /** Fetch each result as soon as its batch is final, into this folder (absolute); the caller judges what is there. */
  readonly fetchTo?: string;
}

/** Watches batches until they are final, and downloads result files if asked to. */
export async function waitFor(
  app: App,
  run: Run,
  jobIds: readonly string[],
  options: WaitOptions,
  { estimates = true, lookedUp = {}, fetchTo }: WaitExtras = {},
): Promise<Waited> {
  const { context, ui } = app;
  const folder = options.download === null ? null : resolve(context.cwd, options.download);
  const early = await earlyResults(run, fetchTo ?? folder);
  let watched: Watched;
  // Only a terminal shows estimates.
  const times = estimates && ui.progress === 'tty' ? await batchTimes(run) : null;
  run.emit({ event: 'watch.start', times });
  try {
    const { waiting = new Waiting(run, options), given } = lookedUp;
    watched = await watch(run, jobIds, waiting, { given, onPoll: (found) => early?.polled(jobIds, found) });
  } finally {
    run.emit({ event: 'watch.end' });
    await early?.end(jobIds);
  }
  const { end, found } = watched;
  const { job } = run.journal.state.header;
  const ended = { settled: end === 'settled' || end === 'missing', idle: end === 'idle' };
  if (folder === null) {
    const views = viewsOf(run, jobIds);
    const error = outcomeError(app, views, job, ended);
    return { error, ...(fetchTo === undefined ? resultsLeft(app, run, views) : {}) };
  }
  // Imported late: a watch that downloads nothing needs no code that reads files.
  const [{ fetchResults, shownResult }, { goneWarnings, withFailures }] = await Promise.all([
    import('./results-flow.ts'),
    import('./not-fetched.ts'),
  ]);
  const { files, batches, gone, failed } = await fetchResults(app, run, jobIds, {
    folder,
    answers: found,
    recordStatus: options.recordStatus,
  });
  for (const warning of goneWarnings(gone)) ui.warn(warning);
  for (const { jobId, path, kept, problem } of files) {
    if (kept && !early?.fetched.has(jobId)) ui.note(`${basename(path)} exists already and was not replaced`);
    // Unusual columns are no failure of a watch; `ebill results` takes options for them.
    if (problem !== null) ui.warn(problem.message, problem.hint);
  }
  if (files.length > 0) {
    const where = relative(context.cwd, folder) || '.';
    ui.note(`Downloaded the result files of ${counted(files.length, 'batch', 'batches')} to ${where}`);
  }
  const downloaded = gone.length + failed.length === 0;
  const error = withFailures(app, outcomeError(app, batches, job, { ...ended, downloaded }), failed);
  return { error, batches, results: files.map((file) => shownResult(file, null)) };
}

async function earlyResults(run: Run, folder: string | null): Promise<EarlyResults | null> {
  if (folder === null) return null;
  const [{ EarlyResults }, { resultProblemOf }] = await Promise.all([
    import('../../load/early-results.ts'),
    import('./results-flow.ts'),
  ]);
  return new EarlyResults(run, folder, resultProblemOf(run));
}

/** Job ids named in a line, and lines. */
const MOST_NAMED = 3;
const MOST_LINES = 5;

/** Notes until when each result that was not fetched can be (api rule 11). @returns the next step, where there are some */
function resultsLeft({ ui, context }: App, run: Run, views: readonly BatchView[]): Pick<Waited, 'next'> {
  const { batches, header } = run.journal.state;
  const left = flatten(views)
    .flatMap(({ jobId, resultExpiresAt: until }) =>
      jobId !== null && until !== undefined && batches.get(jobId)?.results.length === 0
        ? [{ jobId, until }]
        : [],
    )
    .sort((a, b) => a.until.localeCompare(b.until));
  // By this clock: the storage judges by its own (api rule 10).
  const isOver = (until: string): boolean => Date.parse(until) <= context.now();
  // A line for each minute, with its first second.
  const lines = new Map<string, { readonly until: string; readonly jobIds: string[] }>();
  for (const { jobId, until } of left) {
    const line = lines.get(until.slice(0, 16)) ?? { until, jobIds: [] };
    lines.set(until.slice(0, 16), line);
    line.jobIds.push(jobId);
  }
  for (const { jobIds, until } of [...lines.values()].slice(0, MOST_LINES)) {
    const more = jobIds.length > MOST_NAMED ? ` and ${jobIds.length - MOST_NAMED} more` : '';
    const names = `${jobIds.slice(0, MOST_NAMED).join(', ')}${more}`;
    const what = jobIds.length === 1 ? 'The result' : 'The results';
    const can = isOver(until) ? 'could' : 'can';
    ui.note(`${what} of ${names} ${can} be fetched until ${untilText(until, context.now(), ui)}`);
  }
  if (lines.size > MOST_LINES) ui.note('The others can be fetched for longer');
  if (left.length === 0 || header.job === '') return {};
  const when = left.every(({ until }) => isOver(until))
    ? 'fetch the results if they are still there'
    : 'fetch the results in time';
  return {
    next: `Next: ${when} (--download DIR fetches each as soon as its batch is final):\nebill results --job ${quoted(header.job, context)}`,
  };
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
