import type { BatchView } from '../../batch/types.ts';
import type { Run } from '../../load/run.ts';
import { viewBatch } from '../../load/view.ts';

/** Batches of a load by job id, as they are shown; with their URLs under `--show-urls`. */
export function viewsOf(run: Run, jobIds: readonly string[]): readonly BatchView[] {
  const { state } = run.journal;
  return jobIds.flatMap((jobId) => {
    const known = state.batches.get(jobId);
    if (known === undefined) return [];
    const view = viewBatch(state, known, run.statusNames);
    return [run.urls?.add(view) ?? view];
  });
}
