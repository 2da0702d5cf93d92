import { batchJobId, initJobId } from '../batch/job-ids.ts';
import type { Batch, Kind } from '../batch/types.ts';
import { endlessNames } from './conflicts.ts';
import type { Found } from './entries.ts';
import type { Run } from './run.ts';

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
