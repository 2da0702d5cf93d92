import { learn, recordsOf } from '../../load/pace.ts';
import { recentLoads } from '../../load/recent.ts';
import type { Run } from '../../load/run.ts';
import type { BatchState, LoadState } from '../../load/state.ts';
import type { BatchTimes } from '../../output/watch-info.ts';

/** When a load's batches were handed over, and how long they will take by what earlier loads here took. */
export async function batchTimes(run: Run): Promise<(jobId: string) => BatchTimes> {
  const { header } = run.journal.state;
  const pace = learn(await recentLoads(run.context.paths.state, header, header.job), run.statusNames);
  return (jobId) => {
    const { state } = run.journal;
    const batch = state.batches.get(jobId);
    if (batch === undefined) return { since: null, estimateMs: null };
    const at = batch.finalizedAt ?? invoiceOf(state, batch)?.finalizedAt;
    const records = recordsOf(state, batch);
    return {
      since: at ? Date.parse(at) : null,
      // Of items nothing is learnt: they go with their invoice batch.
      estimateMs: records === null ? null : pace.estimate(batch.kind, records),
    };
  };
}

/** Items are handed over with their invoice batch. */
function invoiceOf({ batches }: LoadState, { kind, parent }: BatchState): BatchState | undefined {
  if (kind !== 'items' || parent === null) return undefined;
  const named = parent.jobId === null ? undefined : batches.get(parent.jobId);
  return named ?? [...batches.values()].find(({ id }) => id !== null && id === parent.id);
}
