import type { InitRequest } from '../api/request.ts';
import { refusal, turnedAway, unavailable } from '../api/result.ts';
import { EbillError } from '../errors.ts';
import { askForEvidence, pauseAfterDoubt } from './ask.ts';
import {
  type Asked,
  decideInit,
  INIT_TIMEOUT_MS,
  type InitDifference,
  type InitStep,
  initDifferences,
} from './recover.ts';
import type { Run } from './run.ts';
import { type BatchState, initOnRecord, type LoadState } from './state.ts';

/** `sent`: by this run. `on-record`: done before. `found`: done by another machine. */
export type InitOutcome = 'sent' | 'on-record' | 'found';

/**
 * How long an init waits until its answer starts, ms.
 * @param given `--init-timeout`
 * @param timeoutMs `--timeout`, which does not shorten it
 */
export const initTimeout = (given: number | null, timeoutMs: number): number =>
  given ?? Math.max(INIT_TIMEOUT_MS, timeoutMs);

/**
 * Starts a load, once (commands rule 1, api rule 17).
 * @param timeoutMs until the answer to the init starts
 * @throws EbillError CONFLICT for an init on record with other options, REJECTED, AUTH, UNAVAILABLE
 */
export async function runInit(run: Run, request: InitRequest, timeoutMs: number): Promise<InitOutcome> {
  const { jobId } = request;
  const what = `Init ${jobId}`;
  let asked: Asked;
  let sends = 0;
  let latest = run.context.now();
  let last = '';
  let refused: Error | null = null;
  const known = (): BatchState | undefined => run.journal.state.batches.get(jobId);
  assertSameInit(run.journal.state, request);
  const decide = (answer: Asked): InitStep =>
    decideInit({ known: known(), request, asked: answer, settle: run.settle, latest });
  for (;;) {
    const doubted = known()?.created === 'unknown';
    const step = decide(asked);
    switch (step.do) {
      case 'done':
        return sends > 0 ? 'sent' : 'on-record';
      case 'conflict':
        throw otherOptions(jobId, step.differences, request);
      case 'ask':
      case 'wait':
        asked = await askForEvidence(run, jobId, { what, calls: ['init'], latest }, decide);
        break;
      case 'found':
        await run.journal.append({ type: 'found', jobId, kind: 'init', parent: null, batch: step.batch });
        if (doubted) {
          const message = `${jobId} had succeeded; only its answer was lost`;
          run.emit({ event: 'step', jobId, message });
        }
        return doubted ? 'sent' : 'found';
      case 'send': {
        if (refused !== null) throw refused;
        if (sends > run.retries) throw unavailable(what, last);
        const n = await run.journal.intent({
          call: 'init',
          jobId,
          request,
          waitMs: run.client.longestCallMs(timeoutMs),
        });
        sends += 1;
        const result = await run.client.init(request, timeoutMs);
        latest = run.context.now();
        asked = undefined;
        if (result.outcome === 'answered') {
          await run.journal.answer(n, { outcome: 'answered', batch: result.value });
        } else if (result.outcome === 'refused') {
          await run.journal.answer(n, { outcome: 'refused', message: result.message });
          refused = refusal(what, result.status, result.message, result.hint);
          // The refusal may mean that it exists: ask once before giving up.
          if (result.status === null || result.status === 401 || result.status === 403) throw refused;
        } else {
          await run.journal.answer(n, { outcome: 'ambiguous', message: result.message });
          if (result.turnedAway !== undefined) throw turnedAway(what, result.turnedAway, result.message);
          last = result.message;
          await pauseAfterDoubt(run, what, jobId, sends, result);
        }
      }
    }
  }
}

/**
 * A load has one init, whatever its job id (commands rule 1).
 * @throws EbillError CONFLICT when another init is on record, or this one with other options than asked for now
 */
export function assertSameInit(state: LoadState | null, request: InitRequest): void {
  const known = initOnRecord(state);
  if (known === undefined) return;
  if (known.jobId !== request.jobId) throw anotherInit(state as LoadState, known, request);
  const differences = known.created === 'yes' ? initDifferences(known, request) : [];
  if (differences.length > 0) throw otherOptions(request.jobId, differences, request);
}

function anotherInit({ header: { job } }: LoadState, known: BatchState, request: InitRequest): EbillError {
  const what = known.created === 'yes' ? 'was started' : 'may have been started';
  return new EbillError(
    'CONFLICT',
    `The load ${job} ${what} with the init ${known.jobId}, not ${request.jobId}.`,
    {
      hint: 'Nothing was sent: a second init would change every balance again. Run the command without --job-id to use the init on record.',
    },
  );
}

const OPTION: Readonly<Record<InitDifference, string>> = {
  carryForwardInvoices: 'carry forward invoices',
  carryForwardCreditMemos: 'carry forward credit memos',
  carryForwardDebitMemos: 'carry forward debit memos',
  zeroOutCustomerBalance: "set customers' balances to zero",
};

/** An init cannot be undone, and is not sent a second time: what it did stays (api rule 17). */
function otherOptions(
  jobId: string,
  differences: readonly InitDifference[],
  request: InitRequest,
): EbillError {
  const word = (yes: boolean): string => (yes ? 'yes' : 'no');
  const list = differences.map(
    (option) => `${OPTION[option]}: ${word(!request[option])}, now asked for: ${word(request[option])}`,
  );
  return new EbillError('CONFLICT', `${jobId} was sent with other options (${list.join('; ')}).`, {
    hint: 'An init cannot be undone or sent again. Run the command with the options the init was sent with; correct balances that are wrong because of it in eBill.',
  });
}
