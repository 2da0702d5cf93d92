import type { InitRequest, ParentRef } from '../api/request.ts';
import type { BatchView } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import type { Stage } from '../load/events.ts';
import { gateAfter } from '../load/gate.ts';
import { runInit } from '../load/init.ts';
import type { Month } from '../load/plan.ts';
import { inParallel, type Run } from '../load/run.ts';
import { counted } from '../output/format.ts';
import type { RunOptions } from './run-options.ts';
import { type GatedStep, stopError } from './run-stop.ts';
import type { App } from './shared/command.ts';
import { finalizeAll, parentRef, uploadOne } from './shared/upload-flow.ts';
import { viewsOf } from './shared/views.ts';
import { waitFor } from './shared/wait.ts';

/** What a plan comes to, checked and ready: init, and the batch of each file. */
export interface MonthToRun {
  /** `null`: the load is initialised already. */
  readonly init: InitRequest | null;
  readonly month: Month;
  /** Failed records a step may have before the next one starts. */
  readonly accepted: number;
}

/** How far the month came. */
export interface MonthEnd {
  /** The batches of the plan that were begun, customers before invoices. */
  readonly jobIds: readonly string[];
  /** Why it went no further; `null` when every step was taken. What became of the records is not in it. */
  readonly stopped: EbillError | null;
}

export interface MonthTools {
  readonly app: App;
  readonly run: Run;
  readonly options: RunOptions;
  /** Where rejects are brought, as it is shown to people. */
  readonly folder: string;
  /** Result files of batches whose counts the server left empty, read: they settle the counts. */
  settle(jobIds: readonly string[]): Promise<readonly BatchView[]>;
}

/**
 * The month, step after step (cli.md, "Plan file"): init, customers, invoices with their items; each finalized, waited for
 * and judged before the next one starts. Every step is taken from wherever the journal says it is.
 * @throws EbillError CONFLICT, REJECTED, AUTH, UNAVAILABLE
 */
export async function runMonth(tools: MonthTools, what: MonthToRun): Promise<MonthEnd> {
  const { run, options } = tools;
  const budget = new Budget(options.watch.maxWaitMs);
  const touched: string[] = [];
  tools.app.soFar(() => ({ batches: viewsOf(run, touched) }));

  if (what.init === null) skip(run, 'init', 'not in the plan');
  else {
    stage(run, 'init');
    await init(run, what.init);
    touched.push(what.init.jobId);
    const stopped = await finish(tools, 'init', [what.init.jobId], budget, what.accepted);
    if (stopped !== null) return { jobIds: touched, stopped };
  }

  const { customers, invoices } = what.month;
  if (customers.length === 0) skip(run, 'customers', 'none in the plan');
  else {
    stage(run, 'customers');
    const jobIds = await inParallel(options.concurrency, customers, (one) =>
      uploadOne(run, one, null, options),
    );
    touched.push(...new Set(jobIds));
    await finalizeAll(run, [...new Set(jobIds)]);
    const stopped = await finish(
      tools,
      'customers',
      [...new Set(jobIds)],
      budget,
      invoices.length > 0 ? what.accepted : null,
    );
    if (stopped !== null) return { jobIds: touched, stopped };
  }

  if (invoices.length === 0) skip(run, 'invoices', 'none in the plan');
  else {
    stage(run, 'invoices');
    const jobIds = await uploadInvoices(run, what.month, options);
    touched.push(...jobIds);
    await finalizeAll(run, jobIds);
    // From here on nothing is changed: others may go on with the load.
    await run.lock?.release();
    const stopped = await finish(tools, 'invoices', jobIds, budget, null);
    if (stopped !== null) return { jobIds: touched, stopped };
  }
  return { jobIds: touched, stopped: null };
}

/** All invoice files first, then all their items together: the slowest file holds nobody up. */
async function uploadInvoices(
  run: Run,
  { invoices }: Month,
  options: RunOptions,
): Promise<readonly string[]> {
  const heads = await inParallel(options.concurrency, invoices, ({ invoice }) =>
    uploadOne(run, invoice, null, options),
  );
  const items = invoices.flatMap(({ items }, i) => {
    const parent: ParentRef = parentRef(run, heads[i] ?? '');
    return items.map((item) => ({ item, parent }));
  });
  await inParallel(options.concurrency, items, ({ item, parent }) => uploadOne(run, item, parent, options));
  return [...new Set(heads)];
}

async function init(run: Run, request: InitRequest): Promise<void> {
  const outcome = await runInit(run, request);
  const { jobId } = request;
  const message =
    outcome === 'sent'
      ? `${jobId} is done: open invoices and memos are carried forward as asked`
      : outcome === 'on-record'
        ? `${jobId} was done before: nothing sent`
        : `${jobId} was done on another machine: nothing sent`;
  run.emit({ event: 'step', jobId, message });
}

/**
 * Waits for a step's batches, and judges them.
 * @param accepted failed records the next step may start with; `null`: there is no next one to keep from starting
 * @returns why the next step must not start
 */
async function finish(
  { app, run, options, folder, settle }: MonthTools,
  name: GatedStep | 'invoices',
  jobIds: readonly string[],
  budget: Budget,
  accepted: number | null,
): Promise<EbillError | null> {
  const { job } = run.journal.state.header;
  const watch = { ...options.watch, maxWaitMs: budget.leftMs, download: null };
  const began = app.context.now();
  const { error } = await waitFor(app, run, jobIds, watch, false);
  budget.spend(app.context.now() - began);
  if (error?.code === 'STILL_RUNNING') {
    end(run, name, 'stopped', 'not final yet');
    return new EbillError('STILL_RUNNING', error.message, {
      hint: 'Run the same command again: it goes on where it was.',
    });
  }
  if (accepted === null || name === 'invoices') {
    end(run, name, 'done', null);
    return null;
  }
  let batches = viewsOf(run, jobIds);
  let gate = gateAfter(batches, accepted);
  if (!gate.go && gate.why === 'unknown') {
    batches = await settle(jobIds);
    gate = gateAfter(batches, accepted);
  }
  if (gate.go) {
    end(
      run,
      name,
      'done',
      gate.failed === 0
        ? null
        : `${counted(gate.failed, 'failed record', 'failed records')}, which the plan accepts`,
    );
    return null;
  }
  end(run, name, 'stopped', null);
  return stopError(name, gate, batches, job, accepted, folder, app.context);
}

/** `--max-wait` holds for all the waiting of a run together; uploading is no waiting. */
class Budget {
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

function stage(run: Run, name: Stage): void {
  run.emit({ event: 'stage.start', stage: name });
}

function end(run: Run, name: Stage, outcome: 'done' | 'skipped' | 'stopped', message: string | null): void {
  run.emit({ event: 'stage.end', stage: name, outcome, message });
}

const skip = (run: Run, name: Stage, message: string): void => end(run, name, 'skipped', message);
