import { resolve } from 'node:path';
import { parentOf } from '../batch/tree.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { Run } from './run.ts';
import type { BatchState, LoadState } from './state.ts';

/**
 * The batches that `--leave-out` names, by file or job id: files on record that will not come (api rule 28). Pure.
 * @throws EbillError USAGE for a name that is not on record, CONFLICT for a file that is submitted, or would be with its invoice
 */
export function leftOutBy(state: LoadState, names: readonly string[], cwd: string): readonly BatchState[] {
  const known = [...state.batches.values()].filter(({ file }) => file !== null);
  const own = known.filter(({ abandoned }) => !abandoned);
  return names.flatMap((name) => {
    const named = own.filter((batch) => isNamed(batch, name, cwd));
    // It was left behind with its invoice batch: nothing of it is expected.
    if (named.length === 0 && known.some((batch) => isNamed(batch, name, cwd))) return [];
    const open = named.filter((batch) => !hasArrived(batch));
    const [batch, second] = open.length > 0 ? open : named;
    if (batch === undefined) throw unknownFile(state, name, own);
    if (second !== undefined)
      throw new EbillError(
        'USAGE',
        `${visible(name)} is on record as ${batch.jobId} and as ${second.jobId}.`,
        {
          hint: 'Give --leave-out the job id of the one that will not come.',
        },
      );
    if (batch.finalized !== 'no')
      throw new EbillError('CONFLICT', `${batch.jobId} is submitted for processing already.`, {
        hint: 'It cannot be left out any more. Watch it: ebill watch',
      });
    if (batch.kind === 'items' && batch.uploaded === 'yes')
      throw new EbillError(
        'CONFLICT',
        `${batch.file?.name} (${batch.jobId}) has arrived: it is finalized with its invoice batch and cannot be left out.`,
        {
          hint: 'To load the invoice file without it, upload the invoice file with its other item files again, with --restart-invoice.',
        },
      );
    return batch;
  });
}

/** Whether `--leave-out NAME` is about it. */
export const isNamed = ({ jobId, file }: BatchState, name: string, cwd: string): boolean =>
  jobId === name || file?.name === name || file?.path === resolve(cwd, name);

const hasArrived = ({ uploaded }: BatchState): boolean => uploaded === 'yes';

function unknownFile(state: LoadState, name: string, own: readonly BatchState[]): EbillError {
  const open = own.filter((batch) => !hasArrived(batch) && batch.finalized !== 'yes');
  const list = open.map(({ jobId, file }) => `${file?.name} (${jobId})`).join(', ');
  return new EbillError(
    'USAGE',
    `--leave-out ${visible(name)}: ${state.header.job} has no such file on record.`,
    {
      hint: open.length === 0 ? 'Every file on record has arrived.' : `What may be left out: ${list}.`,
    },
  );
}

/** Records that files will not come. */
export async function leaveOut(run: Run, names: readonly string[]): Promise<void> {
  for (const batch of leftOutBy(run.journal.state, names, run.context.cwd)) {
    const { jobId, kind, file, created, uploaded, leftOut } = batch;
    if (leftOut) continue;
    await run.journal.append({ type: 'left-out', jobId });
    run.emit({
      event: 'step',
      jobId,
      message: `${file?.name} (${jobId}) is left out: it will not be loaded`,
    });
    if (kind !== 'items' || created === 'no') continue;
    const invoice = parentOf(run.journal.state.batches, batch)?.jobId ?? 'its invoice batch';
    const content =
      uploaded === 'unknown' ? ' It is not known whether its content arrived; if it did, it is loaded.' : '';
    run.emit({
      event: 'warning',
      jobId,
      message: `${jobId} exists on the server as a draft. This API cannot delete it, and finalizing ${invoice} takes it along: the server reports it as failed, or refuses the invoice batch. Then upload the invoice file without it, with --restart-invoice.${content}`,
    });
  }
}
