import { estimate, recordsOf, samplesOf } from '../load/pace.ts';
import type { Run } from '../load/run.ts';
import type { BatchTimes } from '../output/watch-info.ts';

/** When a load's batches were handed over, and how long they will take by what earlier loads here took. */
export async function batchTimes(run: Run): Promise<(jobId: string) => BatchTimes> {
  // Only a guess hangs on them: journals that cannot be read are none to learn from.
  const samples = samplesOf(await run.otherLoads().catch(() => []), run.statusNames);
  return (jobId) => {
    const { state } = run.journal;
    const batch = state.batches.get(jobId);
    const records = batch === undefined ? null : recordsOf(state, batch);
    return {
      since: batch?.finalizedAt ? Date.parse(batch.finalizedAt) : null,
      estimateMs: batch === undefined || records === null ? null : estimate(samples, batch.kind, records),
    };
  };
}
