import { join } from 'node:path';
import type { BatchView } from '../batch/types.ts';
import { verdictOf } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import { rejectsName } from '../load/file-names.ts';
import type { Gate } from '../load/gate.ts';
import { counted } from '../output/format.ts';
import { quoted, type Terminal } from '../system/quoting.ts';

/** A step that has a gate behind it. */
export type GatedStep = 'init' | 'customers';

/** Why a plan stops after a step, and the ways on. Pure. @param folder where the rejects are, as it is shown */
export function stopError(
  step: GatedStep,
  gate: Exclude<Gate, { go: true }>,
  batches: readonly BatchView[],
  job: string,
  accepted: number,
  folder: string,
  terminal: Terminal,
): EbillError {
  const regardless = `to go on regardless, take ${step} out of the plan`;
  if (gate.why === 'too-many') {
    const rejects = batches
      .flatMap(({ jobId, failCount }) =>
        jobId !== null && failCount ? [quoted(join(folder, rejectsName(jobId)), terminal)] : [],
      )
      .join(' ');
    const upload = `ebill upload customer ${rejects} --job ${quoted(job, terminal)} --next --wait`;
    const correct =
      step === 'customers'
        ? `Correct the rejects and load them as a further batch (${upload}); then write`
        : 'Write';
    return new EbillError(
      'PARTIAL',
      `Stopped after ${step}: ${counted(gate.failed, 'record', 'records')} failed, and the plan accepts ${accepted} (accept.failedRecords).`,
      {
        hint: `Nothing after it was started. ${correct} failedRecords: ${gate.failed} under accept in the plan, and run it again.`,
      },
    );
  }
  const verdict = verdictOf(batches, job, terminal, true);
  const code = verdict?.code ?? 'UNACCOUNTED';
  const said = verdict?.message ?? 'The server gives no counts, nor a result file that would settle them.';
  const correct =
    step === 'customers' && gate.why === 'failed'
      ? 'Correct the file and run the plan again with --next (the file goes into another batch), or'
      : 'Find out on the server what became of the records;';
  return new EbillError(code, `Stopped after ${step}: ${said}`, {
    hint: `Nothing after it was started. ${correct} ${regardless}.`,
  });
}
