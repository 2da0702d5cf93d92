import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { SourceFile } from './entries.ts';

const named = (jobId: string, batch: Batch): string =>
  `${jobId} (batch ${batch.id ?? 'without an id'}, ${batch.status ?? 'no status'})`;

/** The job id exists on the server and this machine knows nothing of it (batch-api.md, "Batches this machine has no record of"). */
export function jobIdTaken(jobId: string, batch: Batch): EbillError {
  return new EbillError(
    'CONFLICT',
    `The server already has ${named(jobId, batch)}, and this machine has no record of which file it holds.`,
    {
      hint: 'If it is this load, begun elsewhere: the same command with --adopt. If it is something else: with --next, to take the next free number.',
    },
  );
}

/** The batch went on without the file of ours having arrived. */
export function beyondDraft(jobId: string, file: SourceFile, batch: Batch): EbillError {
  return new EbillError(
    'CONFLICT',
    `${named(jobId, batch)} was handed to processing before the upload of ${file.name} is on record as complete.`,
    {
      hint: `Look at what it processed (ebill status --job-id ${jobId}); if ${file.name} is not in it, upload it with --again.`,
    },
  );
}

/**
 * Two drafts for one item file: both would be finalized with their parent (batch-api.md, row Create upload).
 * @param withItems it is about items, or an invoice batch that has some; else about a job id given with `--job-id`
 */
export function twoDrafts(
  jobId: string,
  knownId: string | null,
  otherId: string | null,
  withItems: boolean,
): EbillError {
  const drafts =
    otherId === null
      ? `as batch ${knownId ?? 'unknown'}, and gives no new upload address for it`
      : `as batch ${knownId} and now as batch ${otherId}`;
  return new EbillError('CONFLICT', `The server has ${jobId} ${drafts}.`, {
    hint: withItems
      ? 'An unused draft cannot be taken back, and item batches are finalized with their invoice batch: start that over with --restart-invoice.'
      : 'Run the same command without --job-id: the file goes into a batch of the next free number, and the unused draft is left behind.',
  });
}

/** Another batch, not final yet, would lose its file (batch-api.md, what bites 14). */
export function sameObject(
  jobId: string,
  file: SourceFile,
  other: string,
  otherJob: string,
  otherFile: SourceFile,
): EbillError {
  return new EbillError(
    'CONFLICT',
    `Uploading ${file.name} (${jobId}) would replace the file of ${other} (${otherFile.path}, load ${otherJob}), which is not processed yet: the server keeps one object for both.`,
    { hint: `Wait until ${other} is final (ebill watch --job ${otherJob}), or give this file another name.` },
  );
}

/** A server that knows a batch of any name would be asked for the next one for ever. @param why a sentence without its full stop */
export function endlessNames(why: string): EbillError {
  return new EbillError(
    'REJECTED',
    `The server's answers about this load cannot be right: ${visible(why)}.`,
    {
      hint: 'Check the base URL (ebill profile show); ask whoever runs the eBill server what it knows of this load.',
    },
  );
}
