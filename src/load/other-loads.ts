import { isFinal } from '../batch/outcome.ts';
import type { StatusNames } from '../batch/phase.ts';
import { having, parentOf } from '../batch/tree.ts';
import { EbillError } from '../errors.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import type { SourceFile } from './entries.ts';
import type { Assignment } from './plan.ts';
import { type BatchState, byObject, bySha256, type LoadState, lastAnswer, phaseOnRecord } from './state.ts';

/** What the loads of a server forbid each other. Pure. */

/** A PUT that is about to be sent. */
interface Put {
  readonly jobId: string;
  readonly file: SourceFile;
  /** Origin and path of its URL, as the journal stores it. */
  readonly object: string;
}

/**
 * Checks that a PUT replaces no file that is not processed yet (api rule 26). A batch whose own file was never sent loses
 * nothing: the check before its PUT finds this one.
 * @throws EbillError CONFLICT
 */
export function assertOwnObject(
  own: LoadState,
  others: readonly LoadState[],
  put: Put,
  names: StatusNames,
  terminal: Terminal,
): void {
  for (const load of [own, ...others]) {
    for (const batch of having(load.batches, byObject, put.object)) {
      if (load === own && batch.jobId === put.jobId) continue;
      if (holdsObject(load, batch, put, names)) throw sameObject(put, load.header.job, batch, terminal);
    }
  }
}

function holdsObject(load: LoadState, batch: BatchState, put: Put, names: StatusNames): boolean {
  const { file, uploaded, abandoned, leftOut, missing } = batch;
  if (file === null || file.sha256 === put.file.sha256) return false;
  if (uploaded === 'no' || abandoned || leftOut || missing) return false;
  // The server reports items through their invoice batch, and never again when that is missing.
  const answer = lastAnswer(load, batch);
  if (answer !== null && isFinal(phaseOnRecord(load, batch, answer, names).phase)) return false;
  return parentOf(load.batches, batch)?.missing !== true;
}

function sameObject(
  { jobId, file }: Put,
  otherJob: string,
  other: BatchState,
  terminal: Terminal,
): EbillError {
  return new EbillError(
    'CONFLICT',
    `Uploading ${file.name} (${jobId}) would replace the file of ${other.jobId} (${other.file?.path}, load ${otherJob}), which is not processed yet: the server stores both as one object.`,
    {
      hint: `Wait until ${other.jobId} is final, or give this file another name. To wait: ebill watch --job ${quoted(otherJob, terminal)}`,
    },
  );
}

/**
 * Checks that no file was processed in another load of the server: it would be billed twice, as last month's file by mistake
 * (api rule 27). Files on record in this load were checked when they came.
 * @param again `--again`: load them although they are; `null`: the command has no such option
 * @throws EbillError CONFLICT
 */
export function assertNotProcessed(
  others: readonly LoadState[],
  assignments: readonly Pick<Assignment, 'file' | 'action'>[],
  again: boolean | null,
  names: StatusNames,
): void {
  if (again === true) return;
  for (const { file, action } of assignments) {
    if (action !== 'new') continue;
    for (const load of others) {
      const batch = having(load.batches, bySha256, file.sha256).find((one) => isSubmitted(load, one, names));
      if (batch !== undefined) throw processedBefore(load, file, batch, again === false);
    }
  }
}

/** It, or its invoice batch, was submitted for processing, or may have been. */
function isSubmitted(load: LoadState, batch: BatchState, names: StatusNames): boolean {
  if (batch.abandoned || batch.leftOut) return false;
  const submitted = parentOf(load.batches, batch) ?? batch;
  if (submitted.finalized !== 'no') return true;
  const { seen } = submitted;
  return seen !== null && phaseOnRecord(load, submitted, seen, names).phase !== 'draft';
}

function processedBefore(
  load: LoadState,
  file: SourceFile,
  batch: BatchState,
  canRepeat: boolean,
): EbillError {
  const submitted = parentOf(load.batches, batch) ?? batch;
  const date = (submitted.finalizedAt ?? submitted.changedAt ?? load.updatedAt).slice(0, 10);
  return new EbillError(
    'CONFLICT',
    `${file.name} was loaded before: ${batch.jobId} of the load ${load.header.job}, submitted on ${date}, has the same content (as ${batch.file?.name}).`,
    {
      hint: `Nothing was sent. Check whether this is the file of another month. If the same records are to be loaded once more, ${canRepeat ? 'upload the file with the option --again.' : 'start the load with the same init as in the plan, upload this file to it with the option --again, then run the plan again: it continues with the other files.'}`,
      choices: [
        {
          option: '--again',
          label: `The records are to be billed once more: load ${file.name} again; if that is wrong, all of them are billed twice`,
        },
      ],
    },
  );
}
