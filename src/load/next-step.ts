import { accountOf } from '../batch/account.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView, Phase } from '../batch/types.ts';
import { quoted, type Terminal } from '../system/quoting.ts';
import type { BatchState, LoadState } from './state.ts';

/** The next thing to do with a load, as it is typed, and why. */
export interface NextStep {
  readonly command: string;
  readonly why: string;
}

/**
 * From where a load stood when last heard of: the one command that brings it on. Pure.
 * @param batches the same load as it is shown
 * @param terminal where it is going to be typed
 * @param shown a file's path as it is typed here
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
  const broken = own.filter(isBrokenOff);
  const [first] = broken;
  if (own.some(({ kind, created }) => kind === 'init' && created === 'unknown'))
    return {
      command: `ebill init${job}`,
      why: 'whether the init happened is not known: this asks, and goes on',
    };
  if (first !== undefined)
    return {
      command: `${uploadOf(first, terminal, shown)}${job}`,
      why: `${broken.length === 1 ? 'its upload was' : `${broken.length} uploads were`} broken off; this, or the command that began it, goes on where it was`,
    };
  if (all.length === 0)
    return batches.length === 0
      ? { command: `ebill init${job}`, why: 'nothing of it is on record yet' }
      : { command: `ebill upload customer FILE…${job}`, why: 'the load is started, and nothing is uploaded' };
  const customers = all.filter(({ kind }) => kind === 'customer');
  // Invoices need their customers: what is uploaded waits for those under way.
  if (has(all, 'uploaded', 'draft') && !has(customers, 'queued', 'running'))
    return { command: `ebill finalize${job}`, why: 'what is uploaded waits to be handed to processing' };
  if (has(all, 'queued', 'running'))
    return { command: `ebill watch${job}`, why: 'batches are being processed' };
  if (all.some((batch) => accountOf(batch).state === 'mismatch'))
    return {
      command: `ebill results${job}`,
      why: 'records are unaccounted for: the result files tell which',
    };
  if (all.some(({ outcome }) => outcome === 'failed' || outcome === 'partial'))
    return {
      command: `ebill results${job} --rejects`,
      why: 'records were rejected: see why, and get them back',
    };
  if (customers.length === all.length)
    return {
      command: `ebill upload invoice FILE… --items FILE…${job}`,
      why: 'all customers are loaded, and no invoices are uploaded yet',
    };
  return { command: `ebill report${job}`, why: 'all of it is loaded: write the page to show for it' };
}

const FILES: ReadonlySet<string> = new Set(['customer', 'invoice', 'items']);

/** Begun here, and its file is not known to have arrived. */
const isBrokenOff = (batch: BatchState): boolean =>
  batch.kind !== 'init' &&
  batch.file !== null &&
  !batch.foundElsewhere &&
  batch.created !== 'no' &&
  batch.uploaded !== 'yes' &&
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
