import type { ParentRef } from '../api/request.ts';
import { batchJobId, initJobId } from '../batch/job-ids.ts';
import { phaseOf } from '../batch/phase.ts';
import type { Batch, Kind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { Found } from './entries.ts';
import { askFor, isDraft, type Run } from './run.ts';
import type { BatchState } from './state.ts';

/** Batches of one load; asking for so many takes a minute. */
const MOST = 5_000;

/**
 * Rebuilds a load without a record here from the server, by its job ids: the init, customers and invoices in order up to
 * the first free number, items from the children of their invoice batch (api rules 24 and 29). The batches are recorded
 * together at the end: after an interruption, a part of them would pass for the whole load.
 * @returns the job ids found, without those of items
 * @throws EbillError REJECTED when the server reports batches without end
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
      if (kind === 'invoice') found.push(...listedItems(run, jobId, batch));
    }
  }
  if (found.length > 0) await run.journal.append({ type: 'discovered', batches: found });
  return found.filter(({ parent }) => parent === null).map(({ jobId }) => jobId);
}

/** The items batches that the server lists under an invoice batch. */
function listedItems(run: Run, parentJobId: string, parent: Batch): readonly Found[] {
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
 * The job id of the invoice batch to add item files to: the one named, else the load's only open one. The server is asked
 * whether it is still open.
 * @throws EbillError USAGE when several are open, CONFLICT when it is finalized, REJECTED when there is none
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
  if (!isDraft(run, name, batch)) throw finalized(run, name, batch);
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
        hint: 'Name the one the items belong to: --parent-job-id ID',
      },
    );
  }
  return open[0] ?? invoices[0];
}

function noInvoice(named: ParentRef, jobId: string | null): EbillError {
  return new EbillError('REJECTED', `The server has no invoice batch ${jobId ?? named.id ?? ''}.`, {
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
      hint: 'Check the base URL (ebill profile show); ask the operator of the eBill server what it has of this load.',
    },
  );
}
