import type { ParentRef } from '../api/request.ts';
import { batchJobId, initJobId } from '../batch/job-ids.ts';
import { phaseOf } from '../batch/phase.ts';
import type { Batch, Kind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { Found } from './entries.ts';
import { askFor, isDraft, type Run } from './run.ts';
import type { BatchState } from './state.ts';

/** Batches of one load; the questions for them take a minute. */
const MOST = 5_000;

/**
 * Rebuilds a load this machine has no record of from the server, by its job ids: the init, customers and invoices in
 * their numbering up to the first name that is free, items from their invoice's children (batch-api.md, "Job ids of one
 * month's load"). What is found goes into the run's journal as begun elsewhere, when all of it is known: broken off
 * half-way, a part must not pass for the load.
 * @returns the job ids found that stand by themselves
 * @throws EbillError REJECTED when the server knows batches without end
 */
export async function discover(run: Run): Promise<readonly string[]> {
  const { header, batches } = run.journal.state;
  const { job } = header;
  const found: Found[] = [];
  const look = async (jobId: string, kind: Kind): Promise<Batch | null> => {
    if (batches.has(jobId)) return null;
    const batch = await run.client.status({ jobId });
    if (batch === null) return null;
    const same = found.find((other) => other.parent === null && other.batch.id === batch.id);
    if (same !== undefined) throw endlessNames(`it gives ${same.jobId} and ${jobId} one id, ${batch.id}`);
    if (found.length >= MOST) throw endlessNames(`it knows more than ${MOST} batches of ${job}`);
    found.push({ jobId, kind, parent: null, batch });
    return batch;
  };
  await look(initJobId(job), 'init');
  for (const kind of ['customer', 'invoice'] as const) {
    for (let n = 1; ; n += 1) {
      const jobId = batchJobId(job, kind, n);
      const batch = await look(jobId, kind);
      if (batch === null) break;
      if (kind === 'invoice') found.push(...itemsUnder(run, jobId, batch));
    }
  }
  if (found.length > 0) await run.journal.append({ type: 'discovered', batches: found });
  return found.filter(({ parent }) => parent === null).map(({ jobId }) => jobId);
}

/** The item batches an invoice batch lists. */
function itemsUnder(run: Run, parentJobId: string, parent: Batch): readonly Found[] {
  return parent.children.flatMap((child) =>
    child.jobId === null || run.journal.state.batches.has(child.jobId)
      ? []
      : [
          {
            jobId: child.jobId,
            kind: 'items' as const,
            parent: { id: parent.id, jobId: parentJobId },
            batch: child,
          },
        ],
  );
}

/**
 * The job id of the invoice batch that item files go under: the one named, else the load's only open one. It is asked
 * for on the server when this machine has no record of it.
 * @throws EbillError USAGE when it is unclear which, CONFLICT when it is finalized, REJECTED when there is none
 */
export async function openInvoice(run: Run, named: ParentRef): Promise<string> {
  const known = onRecord(run, named);
  const jobId =
    known?.jobId ??
    named.jobId ??
    (named.id === null ? batchJobId(run.journal.state.header.job, 'invoice', 1) : null);
  const batch = await askFor(
    run,
    jobId ?? '',
    named.id !== null ? { id: named.id } : known?.id ? { id: known.id } : { jobId: jobId ?? '' },
  );
  if (batch === null) throw noInvoice(named, jobId);
  const name = jobId ?? batch.jobId ?? '';
  if (!isDraft(run)(batch)) throw finalized(run, name, batch);
  if (known === undefined)
    await run.journal.append({ type: 'found', jobId: name, kind: 'invoice', parent: null, batch });
  return name;
}

function onRecord(run: Run, named: ParentRef): BatchState | undefined {
  const invoices = [...run.journal.state.batches.values()].filter(
    (batch) => batch.kind === 'invoice' && !batch.abandoned,
  );
  if (named.id !== null || named.jobId !== null) {
    return invoices.find(
      (batch) =>
        (named.id === null || batch.id === named.id) && (named.jobId === null || batch.jobId === named.jobId),
    );
  }
  const open = invoices.filter((batch) => batch.finalized === 'no');
  if (open.length > 1) {
    throw new EbillError(
      'USAGE',
      `The load has ${open.length} invoice batches that are not finalized: ${open.map((batch) => batch.jobId).join(', ')}.`,
      {
        hint: 'Say which one the items belong to: --parent-job-id ID',
      },
    );
  }
  return open[0] ?? invoices[0];
}

function noInvoice(named: ParentRef, jobId: string | null): EbillError {
  return new EbillError('REJECTED', `The server knows no invoice batch ${jobId ?? named.id ?? ''}.`, {
    hint: 'Upload the invoice file first (ebill upload invoice FILE), or name its batch with --parent-id or --parent-job-id.',
  });
}

function finalized(run: Run, jobId: string, batch: Batch): EbillError {
  const { phase } = phaseOf(batch, run.statusNames);
  return new EbillError(
    'CONFLICT',
    `${jobId} is ${phase} already: items can only be added before it is finalized.`,
    {
      hint: 'Load the missing items with an invoice file of their own, or correct them in eBill.',
    },
  );
}

/** A server that has a batch of any name would be asked for ever. @param why a sentence without its full stop */
export function endlessNames(why: string): EbillError {
  return new EbillError(
    'REJECTED',
    `The server's answers about this load cannot be right: ${visible(why)}.`,
    {
      hint: 'Check the base URL (ebill profile show); ask whoever runs the eBill server what it knows of this load.',
    },
  );
}
