import type { InitRequest } from '../api/request.ts';
import { refusal } from '../api/result.ts';
import { type Asked, decideInit } from './recover.ts';
import { askFor, pauseAfterDoubt, type Run } from './run.ts';

/** `sent`: by this run. `on-record`: done before. `found`: done by another machine. */
export type InitOutcome = 'sent' | 'on-record' | 'found';

/**
 * Starts a load, once (commands rule 1, api rule 17).
 * @throws EbillError REJECTED, AUTH, UNAVAILABLE
 */
export async function runInit(run: Run, request: InitRequest): Promise<InitOutcome> {
  const { jobId } = request;
  const what = `Init ${jobId}`;
  let asked: Asked;
  let sent = false;
  let refused: Error | null = null;
  for (let attempt = 1; ; ) {
    const known = run.journal.state.batches.get(jobId);
    const doubted = known?.created === 'unknown';
    const step = decideInit(known, asked);
    if (step.do === 'done') return sent ? 'sent' : 'on-record';
    if (step.do === 'ask') {
      asked = await askFor(run, jobId);
      continue;
    }
    if (step.do === 'found') {
      await run.journal.append({ type: 'found', jobId, kind: 'init', parent: null, batch: step.batch });
      if (doubted)
        run.emit({
          event: 'step',
          jobId,
          message: `${jobId} had succeeded; only its answer was lost`,
        });
      return sent || doubted ? 'sent' : 'found';
    }
    if (refused !== null) throw refused;
    const n = await run.journal.intent({ call: 'init', jobId, request });
    sent = true;
    const result = await run.client.init(request);
    if (result.outcome === 'answered') {
      await run.journal.answer(n, { outcome: 'answered', batch: result.value });
    } else if (result.outcome === 'refused') {
      await run.journal.answer(n, { outcome: 'refused', message: result.message });
      refused = refusal(what, result.status, result.message, result.hint);
      // The refusal may mean that it exists: ask once before giving up.
      if (result.status === null || result.status === 401 || result.status === 403) throw refused;
      sent = false;
      asked = undefined;
    } else {
      await run.journal.answer(n, { outcome: 'ambiguous', message: result.message });
      await pauseAfterDoubt(run, what, jobId, attempt, result.message, result.retryAfterMs);
      attempt += 1;
      asked = undefined;
    }
  }
}
