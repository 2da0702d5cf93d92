import { accountOf, netPhase, openOf } from '../batch/account.ts';
import { flatten, parentOf } from '../batch/tree.ts';
import type { BatchView, Phase } from '../batch/types.ts';
import { INIT_FAILED, missingText, NO_RESULT, verdictOf } from '../batch/verdict.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import { commandFor } from './calls.ts';
import { initOptions, nextMonthText } from './closed.ts';
import type { BatchState, LoadState } from './state.ts';

/** The next command for a load, as it is typed, and why. */
export interface NextStep {
  readonly command: string;
  readonly why: string;
}

/**
 * The one command that continues a load, from its last known state. Pure.
 * @param batches the same load as it is shown
 * @param terminal where the command is typed
 * @param shown a file's path as it is typed there
 */
export function nextStep(
  load: LoadState,
  batches: readonly BatchView[],
  terminal: Terminal,
  shown: (path: string) => string = (path) => path,
): NextStep {
  const job = ` --job ${quoted(load.header.job, terminal)}`;
  const all = flatten(batches).filter(({ kind }) => FILES.has(kind));
  const own = [...load.batches.values()].filter(({ abandoned }) => !abandoned);
  const has = (where: readonly BatchView[], ...phases: readonly Phase[]): boolean =>
    where.some(({ phase }) => phases.includes(phase));
  const open = own.filter((batch) => isOpen(load, batch));
  const interrupted = open.filter(({ uploaded }) => uploaded !== 'yes');
  const init = own.find(({ kind, created }) => kind === 'init' && created === 'unknown');
  const run = open.find(({ call }) => WAITS.has(call?.command ?? '')) ?? runUnderWay(own, all);
  if (run !== undefined)
    return {
      command: commandFor(load, run, terminal, shown),
      why: `the ${run.call?.command === 'run' ? 'run of this plan' : 'correction'} is not finished: the same command resumes it`,
    };
  if (init !== undefined)
    return {
      command: `ebill init${job}${initOptions(init.init)}`,
      why: 'it is unknown whether the init happened: this asks the server and continues',
    };
  if (interrupted[0] !== undefined)
    return {
      command: commandFor(load, interrupted[0], terminal, shown),
      why: `${interrupted.length === 1 ? 'a file of this command has' : `${interrupted.length} files have`} not arrived yet: the same command resumes`,
    };
  const initFailure = verdictOf(
    batches.filter(({ kind }) => kind === 'init'),
    load.header.job,
    terminal,
  )?.message;
  if (all.length === 0) {
    if (batches.length === 0) return { command: `ebill init${job}`, why: 'nothing is on record yet' };
    return initFailure === undefined
      ? { command: `ebill upload customer FILE…${job}`, why: 'the load is started, but nothing is uploaded' }
      : { command: `ebill status${job}`, why: `${initFailure} ${INIT_FAILED}` };
  }
  const missing = flatten(batches).filter(({ phase }) => phase === 'missing');
  // What depends on them is for the operator to judge.
  if (missing.length > 0 && !has(all, 'queued', 'running'))
    return {
      command: `ebill status${job}`,
      why: `${missingText(missing)} Ask the server's owner before loading any of it again`,
    };
  const customers = all.filter(({ kind }) => kind === 'customer');
  // Invoices need their customers, so they wait for those being processed.
  if (has(all, 'uploaded', 'draft') && !has(customers, 'queued', 'running'))
    return { command: `ebill finalize${job}`, why: 'uploaded batches are not yet submitted for processing' };
  if (has(all, 'queued', 'running'))
    return { command: `ebill watch${job}`, why: 'batches are being processed' };
  const stranded = own.find((batch) => isExpected(batch) && batch.uploaded !== 'yes' && !isOpen(load, batch));
  if (stranded !== undefined)
    return {
      command: `ebill finalize${job} --leave-out ${quoted(stranded.jobId, terminal)}`,
      why: `${stranded.file?.name} did not arrive before its invoice batch was submitted, and cannot be added any more: this records it`,
    };
  const bad = all.filter((batch) => accountOf(batch).state === 'mismatch' || NOT_LOADED.has(netPhase(batch)));
  if (bad.length > 0 && bad.every((batch) => batch.phase === 'failed' && batch.noResult))
    return {
      command: `ebill status${job}`,
      why: `${bad.map(({ jobId }) => jobId).join(', ')} failed. ${NO_RESULT}`,
    };
  if (all.some((batch) => accountOf(batch).state === 'mismatch'))
    return {
      command: `ebill results${job}`,
      why: 'records are unaccounted for: the result files show which',
    };
  const settled = bad.length > 0 && bad.every((batch) => openOf(batch) !== null && hasRejects(load, batch));
  if (settled && bad.every((batch) => isItemAlone(load, batch, bad)))
    return {
      command: `ebill correct${job}${bad.map(({ jobId }) => ` --waive ${quoted(jobId ?? '', terminal)}`).join('')} --reason TEXT`,
      why: 'items were rejected whose invoices are loaded, and cannot be added any more: correct them in eBill, then this settles them',
    };
  if (settled)
    return {
      command: `ebill correct${job}`,
      why: 'records were rejected: this loads them once the rejects files are corrected',
    };
  if (bad.length > 0)
    return {
      command: `ebill results${job} --rejects`,
      why: 'records were rejected: this shows why, and writes them to files',
    };
  if (customers.length === all.length)
    return {
      command: `ebill upload invoice FILE… --items FILE…${job}`,
      why: 'all customers are loaded, but no invoices are uploaded yet',
    };
  if (initFailure !== undefined)
    return {
      command: `ebill report${job}`,
      why: `every file is loaded: this writes the report. But ${initFailure} ${INIT_FAILED}`,
    };
  return {
    command: `ebill report${job}`,
    why: `everything is loaded: this writes the report. ${nextMonthText(load, terminal)}`,
  };
}

/** Commands that upload, finalize and wait in one go. */
const WAITS: ReadonlySet<string> = new Set(['run', 'correct']);

const NOT_LOADED: ReadonlySet<Phase> = new Set(['failed', 'partial']);

/** Its rejected records were written to a file, ready to correct. `correct` writes those of a correction. */
const hasRejects = ({ batches }: LoadState, { jobId, corrects }: BatchView): boolean =>
  corrects !== undefined || (jobId !== null && batches.get(jobId)?.rejects !== undefined);

/** Items whose invoices have nothing to correct: they cannot be sent again with them. */
const isItemAlone = (
  { batches }: LoadState,
  { jobId, kind }: BatchView,
  bad: readonly BatchView[],
): boolean => {
  const batch = batches.get(jobId ?? '');
  const invoice = batch === undefined ? null : parentOf(batches, batch);
  return kind === 'items' && invoice !== null && !bad.some((one) => one.jobId === invoice.jobId);
};

const FILES: ReadonlySet<string> = new Set(['customer', 'invoice', 'items']);

/** Its file is given here and is to be loaded. */
const isExpected = ({ kind, file, foundElsewhere, leftOut, abandoned, missing }: BatchState): boolean =>
  kind !== 'init' && file !== null && !foundElsewhere && !leftOut && !abandoned && !missing;

/** It is expected, and neither it nor its invoice batch is known to be submitted: resuming its upload asks the server. */
const isOpen = ({ batches }: LoadState, batch: BatchState): boolean =>
  isExpected(batch) && batch.finalized === 'no' && parentOf(batches, batch)?.finalized !== 'yes';

/** A batch of a run or a correction that is being processed: the command waits for it, and goes on. */
function runUnderWay(own: readonly BatchState[], views: readonly BatchView[]): BatchState | undefined {
  const waiting = new Set(
    views.filter(({ phase }) => phase === 'queued' || phase === 'running').map(({ jobId }) => jobId),
  );
  return own.find(({ call, jobId }) => WAITS.has(call?.command ?? '') && waiting.has(jobId));
}
