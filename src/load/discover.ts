import type { StatusRef } from '../api/request.ts';
import { batchJobId, initJobId } from '../batch/job-ids.ts';
import type { Batch, Kind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { Found } from './entries.ts';
import type { Run } from './run.ts';

/** Most batches of one load that are asked for: that takes a minute. */
const MOST = 5_000;

/**
 * Rebuilds a load without a record here from the server, by its job ids: the init, customers and invoices in order up to
 * the first free number, items from the children of their invoice batch (api rules 24 and 29). The batches are recorded
 * together at the end: after an interruption, a part of them would pass for the whole load.
 * @param ask a question; a watch repeats it until it is answered
 * @returns what was found, without items
 * @throws EbillError REJECTED when the server reports batches without end
 */
export async function discover(
  run: Run,
  ask = (ref: StatusRef): Promise<Batch | null> => run.client.status(ref, { pageIsAbsence: true }),
): Promise<readonly Found[]> {
  const { header, batches } = run.journal.state;
  const { job } = header;
  const found: Found[] = [];
  const byId = new Map<string | null, string>();
  const look = async (jobId: string, kind: Kind): Promise<Batch | null> => {
    if (batches.has(jobId)) return null;
    const batch = await ask({ jobId });
    if (batch === null) return null;
    const same = byId.get(batch.id);
    if (same !== undefined) throw endlessNames(`it gives ${same} and ${jobId} one id, ${batch.id}`);
    byId.set(batch.id, jobId);
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
  return found.filter(({ parent }) => parent === null);
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
 * The invoice batch of a batch that is only known to the server, when that is an items batch: by its answer, its job id, or
 * because an invoice batch of its load lists it (api rule 29). `''`: one of items whose invoice batch is unknown; `null`: not
 * of items.
 */
export async function parentOnServer(run: Run, jobId: string, batch: Batch): Promise<string | null> {
  if (batch.parent !== undefined) return batch.parent.jobId ?? `batch ${batch.parent.id}`;
  const named = /^(.+)_(CUS|INV|ITM)(?:_\d+)?$/.exec(jobId);
  const jobs = new Set([named?.[1] ?? run.journal.state.header.job, run.journal.state.header.job]);
  for (const job of jobs) {
    for (let n = 1; n <= MOST; n += 1) {
      const invoice = batchJobId(job, 'invoice', n);
      if (invoice === jobId) continue;
      const answer = await run.client.status({ jobId: invoice }, { pageIsAbsence: true });
      if (answer === null) break;
      if (answer.children.some((child) => child.id === batch.id || child.jobId === jobId)) return invoice;
    }
  }
  return named?.[2] === 'ITM' ? '' : null;
}

/** A server that has a batch of any name would be asked for ever. @param why a sentence without its full stop */
export function endlessNames(why: string): EbillError {
  return new EbillError(
    'REJECTED',
    `The server's answers about this load are not plausible: ${visible(why)}.`,
    {
      hint: 'Check the base URL (ebill profile show); ask the operator of the eBill server which batches of this load it has.',
    },
  );
}
