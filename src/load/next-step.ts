import { accountOf } from '../batch/account.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView, Phase } from '../batch/types.ts';
import { missingText } from '../batch/verdict.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
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
  const interrupted = own.filter(isInterrupted);
  const [first] = interrupted;
  if (own.some(({ kind, created }) => kind === 'init' && created === 'unknown'))
    return {
      command: `ebill init${job}`,
      why: 'it is unknown whether the init happened: this asks the server and continues',
    };
  if (first !== undefined)
    return {
      command: `${uploadOf(first, terminal, shown)}${job}`,
      why: `${interrupted.length === 1 ? 'its upload was' : `${interrupted.length} uploads were`} interrupted; this command, or the original one, resumes`,
    };
  if (all.length === 0)
    return batches.length === 0
      ? { command: `ebill init${job}`, why: 'nothing is on record yet' }
      : { command: `ebill upload customer FILE…${job}`, why: 'the load is started, but nothing is uploaded' };
  const missing = flatten(batches).filter(({ phase }) => phase === 'missing');
  // What depends on them is for the operator to judge.
  if (missing.length > 0 && !has(all, 'queued', 'running'))
    return {
      command: `ebill status${job}`,
      why: `${missingText(missing)} Ask the server's owner before anything of it is loaded again`,
    };
  const customers = all.filter(({ kind }) => kind === 'customer');
  // Invoices need their customers, so they wait for those being processed.
  if (has(all, 'uploaded', 'draft') && !has(customers, 'queued', 'running'))
    return { command: `ebill finalize${job}`, why: 'uploaded batches are not yet submitted for processing' };
  if (has(all, 'queued', 'running'))
    return { command: `ebill watch${job}`, why: 'batches are being processed' };
  if (all.some((batch) => accountOf(batch).state === 'mismatch'))
    return {
      command: `ebill results${job}`,
      why: 'records are unaccounted for: the result files show which',
    };
  if (all.some(({ outcome }) => outcome === 'failed' || outcome === 'partial'))
    return {
      command: `ebill results${job} --rejects`,
      why: 'records were rejected: this shows why, and writes them to files',
    };
  if (customers.length === all.length)
    return {
      command: `ebill upload invoice FILE… --items FILE…${job}`,
      why: 'all customers are loaded, but no invoices are uploaded yet',
    };
  return { command: `ebill report${job}`, why: 'everything is loaded: this writes the report' };
}

const FILES: ReadonlySet<string> = new Set(['customer', 'invoice', 'items']);

/** Started here, and its file is not known to have arrived. */
const isInterrupted = (batch: BatchState): boolean =>
  batch.kind !== 'init' &&
  batch.file !== null &&
  !batch.foundElsewhere &&
  batch.created !== 'no' &&
  batch.uploaded !== 'yes' &&
  !batch.missing &&
  batch.finalized === 'no';

function uploadOf(
  { kind, file, parent }: BatchState,
  terminal: Terminal,
  shown: (path: string) => string,
): string {
  const under =
    kind === 'items' && parent !== null && parent.jobId !== null
      ? ` --parent-job-id ${quoted(parent.jobId, terminal)}`
      : '';
  return `ebill upload ${kind} ${quoted(shown(file?.path ?? ''), terminal)}${under}`;
}
