import { parentOf } from '../../batch/tree.ts';
import type { Assignment, Month } from '../../load/plan.ts';
import type { BatchState, LoadState } from '../../load/state.ts';

// A question is worth asking only when a yes sends something: what is left of a command's work, by the journal alone. Pure.

const arrived = ({ action }: Assignment): boolean => action === 'done' || action === 'twin';

const handedOver = (batch: BatchState | null): boolean => batch?.finalized === 'yes';

/** @param finalize are the batches to be handed to processing too? */
export function uploadSends(state: LoadState, files: readonly Assignment[], finalize: boolean): boolean {
  if (!files.every(arrived)) return true;
  return finalize && !files.every(({ jobId }) => handedOver(headOf(state, jobId)));
}

/** @param init the job id of the plan's init; `null`: there is none */
export function monthSends(state: LoadState, init: string | null, { customers, invoices }: Month): boolean {
  if (init !== null && state.batches.get(init)?.created !== 'yes') return true;
  return [customers, ...invoices.map(({ invoice, items }) => [invoice, ...items])].some((files) =>
    uploadSends(state, files, true),
  );
}

/** The batch that is handed over: an item batch goes with its invoice batch. */
function headOf({ batches }: LoadState, jobId: string): BatchState | null {
  const batch = batches.get(jobId);
  if (batch?.kind !== 'items') return batch ?? null;
  return parentOf(batches, batch);
}
