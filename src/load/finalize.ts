import { refusal } from '../api/result.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { type Asked, decideFinalize } from './recover.ts';
import { askFor, isDraft, pauseAfterDoubt, type Run } from './run.ts';
import type { BatchState, LoadState } from './state.ts';

/** `sent`: by this call. `done`: finalized before, here or elsewhere. */
export type FinalizeOutcome = 'sent' | 'done';

/** The batches of a load to finalize, customers before invoices; items are finalized with their invoice batch. */
export function finalizable(state: LoadState): readonly BatchState[] {
  const live = [...state.batches.values()].filter(
    (batch) => !batch.abandoned && !batch.leftOut && (batch.created !== 'no' || batch.file !== null),
  );
  return [
    ...live.filter((batch) => batch.kind === 'customer'),
    ...live.filter((batch) => batch.kind === 'invoice'),
  ];
}

/**
 * Submits one batch for processing, once (api rule 20).
 * @throws EbillError REJECTED, AUTH, UNAVAILABLE
 */
export async function finalizeBatch(run: Run, jobId: string): Promise<FinalizeOutcome> {
  const what = `Finalizing ${jobId}`;
  let asked: Asked;
  let sent = false;
  let refused: Error | null = null;
  for (let attempt = 1; ; ) {
    const known = run.journal.state.batches.get(jobId);
    if (known === undefined) throw gone(what, jobId);
    const step = decideFinalize(known, asked, (batch) => isDraft(run, jobId, batch));
    if (step.do === 'gone') throw gone(what, jobId);
    if (step.do === 'done') {
      if (known.finalized !== 'yes')
        await run.journal.append({ type: 'settled', jobId, call: 'finalize', batch: asked as Batch });
      return sent ? 'sent' : 'done';
    }
    if (step.do === 'ask') {
      asked = await askFor(run, jobId, known.id === null ? { jobId } : { id: known.id });
      continue;
    }
    if (refused !== null) throw refused;
    const n = await run.journal.intent({ call: 'finalize', jobId, id: known.id });
    const result = await run.client.finalize({ id: known.id, jobId });
    if (result.outcome === 'answered') {
      sent = true;
      await run.journal.answer(n, { outcome: 'answered', batch: result.value });
    } else if (result.outcome === 'refused') {
      await run.journal.answer(n, { outcome: 'refused', message: result.message });
      refused = refusal(what, result.status, result.message, result.hint);
      if (result.status === null || result.status === 401 || result.status === 403) throw refused;
    } else {
      sent = true;
      await run.journal.answer(n, { outcome: 'ambiguous', message: result.message });
      await pauseAfterDoubt(run, what, jobId, attempt, result.message, result.retryAfterMs);
      attempt += 1;
    }
    asked = undefined;
  }
}

function gone(what: string, jobId: string): EbillError {
  return new EbillError('REJECTED', `${what}: the server has no batch of that name.`, {
    hint: `Check the profile and the base URL. If the server lost it, upload the file of ${jobId} with --again.`,
  });
}
