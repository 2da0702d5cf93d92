import { join } from 'node:path';
import type { InitRequest } from '../../api/request.ts';
import { accountOf, openOf } from '../../batch/account.ts';
import { type BatchView, batchName } from '../../batch/types.ts';
import { type Acceptance, acceptanceOf, verdictOf } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import type { Stage } from '../../load/events.ts';
import { rejectsName } from '../../load/file-names.ts';
import { initTimeout, runInit } from '../../load/init.ts';
import type { Month } from '../../load/plan.ts';
import type { Run } from '../../load/run.ts';
import { itemsParent } from '../../load/upload.ts';
import { counted } from '../../output/format.ts';
import { quoted, type Terminal } from '../../system/escaping.ts';
import { viewsOf } from '../shared/batch-result.ts';
import type { App } from '../shared/command.ts';
import { finalizeAll, parentRef, uploadAll, uploadEach } from '../shared/load-steps.ts';
import type { WaitOptions } from '../shared/upload-options.ts';
import { waitFor } from '../shared/wait.ts';

/** A plan's init, and the batch of each file. */
export interface PlannedMonth extends Month {
  /** `null`: the plan has none. */
  readonly init: InitRequest | null;
  /** How many failed records a step may have before the next one starts. */
  readonly accepted: number;
}

export interface StepOptions {
  readonly concurrency: number;
  readonly adopt: boolean;
  readonly next: boolean;
  readonly watch: WaitOptions;
  /** ms; `null`: the default. */
  readonly initTimeoutMs: number | null;
}

/** How far a run came. */
export interface MonthEnd {
  /** The batches of the plan that were started, in the order of steps. */
  readonly jobIds: readonly string[];
  /** Why a step was not started; `null` when all were. Says nothing about failed records of the last step. */
  readonly stopped: EbillError | null;
}

interface MonthTools {
  readonly app: App;
  readonly run: Run;
  readonly options: StepOptions;
  /** The folder of the rejects, as shown to people. */
  readonly folder: string;
  /** The same, absolute: each result is fetched as soon as its batch is final. */
  readonly fetchTo: string;
  /** Batches with the counts of their result files, for counts that the server left empty. */
  readonly readCounts: (jobIds: readonly string[]) => Promise<readonly BatchView[]>;
}

/** A step after which the run may stop. */
export type GatedStep = 'init' | 'customers';

/**
 * Runs the steps: init, customers, invoices with their items. Each is finalized, waited for and judged before the next one
 * starts, and each resumes from what the journal records.
 * @throws EbillError CONFLICT, REJECTED, AUTH, UNAVAILABLE
 */
export async function runMonth(tools: MonthTools, month: PlannedMonth): Promise<MonthEnd> {
  const { app, run, options } = tools;
  const { init, customers, invoices, accepted } = month;
  const budget = new WaitBudget(options.watch.maxWaitMs);
  const jobIds: string[] = [];
  /** Of the step under way, which may not have begun yet. */
  let underWay: readonly string[] = init === null ? [] : [init.jobId];
  app.soFar(() => ({ batches: viewsOf(run, [...new Set([...jobIds, ...underWay])]) }));

  if (init === null) skip(run, 'init', 'not in the plan');
  else {
    start(run, 'init');
    await startLoad(run, init, initTimeout(options.initTimeoutMs, app.globals.timeoutMs));
    jobIds.push(init.jobId);
    const stopped = await finish(tools, 'init', [init.jobId], budget, accepted);
    if (stopped !== null) return { jobIds, stopped };
  }

  if (customers.length === 0) skip(run, 'customers', 'none in the plan');
  else {
    start(run, 'customers');
    underWay = customers.map(({ jobId }) => jobId);
    const uploaded = [...new Set(await uploadAll(run, customers, null, options))];
    jobIds.push(...uploaded);
    await finalizeAll(run, uploaded);
    const stopped = await finish(
      tools,
      'customers',
      uploaded,
      budget,
      invoices.length > 0 ? accepted : null,
      init?.jobId,
    );
    if (stopped !== null) return { jobIds, stopped };
  }

  if (invoices.length === 0) skip(run, 'invoices', 'none in the plan');
  else {
    start(run, 'invoices');
    underWay = invoices.map(({ invoice }) => invoice.jobId);
    const uploaded = await uploadInvoices(run, month, options);
    jobIds.push(...uploaded);
    await finalizeAll(run, uploaded);
    // Nothing is changed from here on: other commands may work on the load.
    await run.lock?.release();
    const stopped = await finish(tools, 'invoices', uploaded, budget, null, init?.jobId);
    if (stopped !== null) return { jobIds, stopped };
  }
  return { jobIds, stopped: null };
}

/** All invoice files first, then all item files together, so that one large invoice does not delay the others. */
async function uploadInvoices(
  run: Run,
  { invoices }: Month,
  options: StepOptions,
): Promise<readonly string[]> {
  const heads = await uploadAll(
    run,
    invoices.map(({ invoice }) => invoice),
    null,
    options,
  );
  const items = invoices.flatMap((invoice, i) => {
    const parent = itemsParent(run, parentRef(run, heads[i] ?? ''));
    return invoice.items.map((assignment) => ({ assignment, parent }));
  });
  await uploadEach(run, items, options);
  return [...new Set(heads)];
}

async function startLoad(run: Run, request: InitRequest, timeoutMs: number): Promise<void> {
  const { jobId } = request;
  const message = {
    sent: `${jobId} is done: open invoices and memos are carried forward as asked`,
    'on-record': `${jobId} is already done: nothing sent`,
    found: `${jobId} was done on another machine: nothing sent`,
  }[await runInit(run, request, timeoutMs)];
  run.emit({ event: 'step', jobId, message });
}

/**
 * Waits for the batches of a step, and decides whether the next one may start.
 * @param accepted failed records it may start with; `null`: there is no next step
 * @param init watched too: parts of it that were empty can still run (api rule 3)
 * @returns why it must not start
 */
async function finish(
  { app, run, options, folder, fetchTo, readCounts }: MonthTools,
  step: GatedStep | 'invoices',
  jobIds: readonly string[],
  budget: WaitBudget,
  accepted: number | null,
  init?: string,
): Promise<EbillError | null> {
  const { job } = run.journal.state.header;
  const watch = { ...options.watch, maxWaitMs: budget.leftMs, download: null };
  const startedAt = app.context.now();
  const watched = init === undefined ? jobIds : [init, ...jobIds];
  const { error } = await waitFor(app, run, watched, watch, { estimates: false, fetchTo });
  budget.spend(app.context.now() - startedAt);
  if (error?.code === 'STILL_RUNNING') {
    end(run, step, 'stopped', 'not final yet');
    return new EbillError('STILL_RUNNING', error.message, {
      hint: 'Run the same command again: it resumes where it stopped.',
    });
  }
  if (accepted === null || step === 'invoices') {
    end(run, step, 'done', null);
    return null;
  }
  let batches = viewsOf(run, jobIds);
  let gate = acceptanceOf(batches, accepted);
  if (!gate.go && gate.why === 'unknown') {
    batches = await readCounts(jobIds);
    gate = acceptanceOf(batches, accepted);
  }
  if (!gate.go) {
    const reason = stopError(step, gate, batches, job, accepted, folder, app.context);
    run.emit({ event: 'stage.end', stage: step, outcome: 'stopped', message: null, reason });
    return reason;
  }
  const failed = counted(gate.failed, 'failed record', 'failed records');
  end(run, step, 'done', gate.failed === 0 ? null : `${failed}, which the plan accepts`);
  return null;
}

/** Why a run stops after a step, and what to do. Pure. @param folder where the rejects are, as shown to people */
function stopError(
  step: GatedStep,
  gate: Exclude<Acceptance, { go: true }>,
  batches: readonly BatchView[],
  job: string,
  accepted: number,
  folder: string,
  terminal: Terminal,
): EbillError {
  if (gate.why === 'too-many') {
    const rejects = batches.flatMap((batch) =>
      batch.jobId !== null && openOf(batch) ? [quoted(join(folder, rejectsName(batch.jobId)), terminal)] : [],
    );
    const correct =
      step === 'customers'
        ? `Correct the records in ${rejects.join(', ')}, then load them: ebill correct --job ${quoted(job, terminal)}. Then run the plan again. To continue without them, set`
        : 'Set';
    const again = step === 'customers' ? '' : ', and run it again';
    return new EbillError(
      'PARTIAL',
      `Stopped after ${step}: ${counted(gate.failed, 'record', 'records')} failed, and the plan accepts ${accepted} (accept.failedRecords).`,
      {
        hint: `No later step was started. ${correct} accept.failedRecords to ${gate.failed} in the plan${again}.`,
      },
    );
  }
  const verdict = verdictOf(batches, job, terminal, true);
  const message = verdict?.message ?? 'The server gives no counts, and no result file that has them.';
  return new EbillError(verdict?.code ?? 'UNACCOUNTED', `Stopped after ${step}: ${message}`, {
    hint: `No later step was started. ${correction(step, batches)}, or remove ${step} from the plan to continue regardless.`,
  });
}

/** What to do about failed batches. Only counts that account for every record prove that none is loaded. */
function correction(step: GatedStep, batches: readonly BatchView[]): string {
  const failed = batches.filter(({ phase }) => phase === 'failed');
  if (step !== 'customers' || failed.some((batch) => accountOf(batch).state !== 'accounted'))
    return 'Find out on the server what happened to the records';
  const loaded = failed.reduce((sum, { successCount }) => sum + (successCount ?? 0), 0);
  return failed.length > 0 && loaded === 0
    ? `None of the records in ${failed.map(batchName).join(', ')} is loaded: correct the file and run the plan again with --next`
    : `${counted(loaded, 'record is', 'records are')} loaded and must not be loaded again: correct only those that were rejected`;
}

/** `--max-wait` limits the waiting of all steps together; uploads do not count. */
class WaitBudget {
  #leftMs: number | null;

  constructor(maxWaitMs: number | null) {
    this.#leftMs = maxWaitMs;
  }

  get leftMs(): number | null {
    return this.#leftMs;
  }

  spend(ms: number): void {
    if (this.#leftMs !== null) this.#leftMs = Math.max(0, this.#leftMs - ms);
  }
}

function start(run: Run, stage: Stage): void {
  run.emit({ event: 'stage.start', stage });
}

function end(run: Run, stage: Stage, outcome: 'done' | 'skipped' | 'stopped', message: string | null): void {
  run.emit({ event: 'stage.end', stage, outcome, message });
}

const skip = (run: Run, stage: Stage, message: string): void => end(run, stage, 'skipped', message);
