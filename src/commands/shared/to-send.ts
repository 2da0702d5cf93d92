import type { Month } from '../../load/month.ts';
import type { Assignment } from '../../load/plan.ts';
import type { BatchState, LoadState } from '../../load/state.ts';

// A question is worth asking only when a yes sends something: what is left of a command's work, by the journal alone. Pure.

const arrived = ({ action }: Assignment): boolean => action === 'done' || action === 'twin';

const handedOver = (batch: BatchState | undefined): boolean => batch?.finalized === 'yes';

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
function headOf(state: LoadState, jobId: string): BatchState | undefined {
  const batch = state.batches.get(jobId);
  if (batch?.kind !== 'items') return batch;
  const { parent } = batch;
  if (parent?.jobId != null) return state.batches.get(parent.jobId);
  return [...state.batches.values()].find(({ id }) => id !== null && id === parent?.id);
}
