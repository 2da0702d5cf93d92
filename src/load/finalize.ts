import { refusal, turnedAway, unavailable } from '../api/result.ts';
import { idsText } from '../batch/identity.ts';
import { phaseOf, type StatusNames } from '../batch/phase.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { askForEvidence, finalizeDecision, pauseAfterDoubt, standingOf } from './ask.ts';
import type { Answer, Asked, FinalizeStep } from './recover.ts';
import type { Run } from './run.ts';
import { type BatchState, itemsOf, type LoadState, phaseOnRecord } from './state.ts';

/** `sent`: by this call. `done`: finalized before, here or elsewhere. `missing`: the server no longer knows the batch. */
export type FinalizeOutcome = 'sent' | 'done' | 'missing';

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
 * Checks that no draft of which this machine knows only from the server is one that another batch replaced (api rule 29). A
 * replaced draft has the file name, and so the object, of the batch that replaced it (api rule 26); and a draft beside a
 * batch of its kind that was finalized elsewhere may be left over from it. Pure.
 * @throws EbillError CONFLICT naming the drafts that cannot be told apart
 */
export function assertMeant(state: LoadState, targets: readonly BatchState[], names: StatusNames): void {
  const isDraft = (batch: BatchState): boolean => {
    if (batch.finalized === 'yes' || batch.seen === null) return false;
    const { phase, recognised } = phaseOnRecord(state, batch, batch.seen, names);
    return phase === 'draft' || !recognised;
  };
  const all = [...state.batches.values()].filter(
    ({ kind, created, abandoned, leftOut }) => kind !== 'init' && created !== 'no' && !abandoned && !leftOut,
  );
  const found = targets
    .flatMap((target) => [target, ...itemsOf(state, target)])
    .filter((batch) => batch.foundElsewhere && batch.file === null && isDraft(batch));
  for (const batch of found) {
    const others = all.filter((other) => other.jobId !== batch.jobId);
    const same = others.find(({ object }) => object !== null && object === batch.object);
    if (same !== undefined)
      throw notMeant(
        state,
        `${idsText(batch)} and ${idsText(same)} are the same file on the server, ${batch.object}: finalizing both would load it twice`,
      );
    const rivals = others.filter(({ kind }) => kind === batch.kind && kind !== 'items');
    const submitted = rivals.filter((one) => !isDraft(one) && one.finalizedAt === null);
    if (submitted.length > 0)
      throw notMeant(
        state,
        `${submitted.map(idsText).join(', ')} was finalized elsewhere: it is unknown whether ${idsText(batch)} still has to be finalized or was replaced by it`,
      );
  }
}

function notMeant(state: LoadState, why: string): EbillError {
  return new EbillError(
    'CONFLICT',
    `Not finalized: this machine has no record of who uploaded what to ${state.header.job}, and ${why}.`,
    {
      hint: 'Finalize on the machine that started the load: its journal knows which drafts are left behind. Without it, ask the person who uploaded the files which batches hold them, and finalize each of those by its name with --job-id.',
    },
  );
}

/**
 * Submits one batch for processing, once (api rule 20).
 * @throws EbillError CONFLICT, REJECTED, AUTH, UNAVAILABLE
 */
export async function finalizeBatch(run: Run, jobId: string): Promise<FinalizeOutcome> {
  const what = `Finalizing ${jobId}`;
  let asked: Asked;
  let sends = 0;
  /** Sends that were answered while the batch stayed a draft. */
  let ignored = 0;
  let latest = run.context.now();
  let last = '';
  let refused: Error | null = null;
  const recorded = (): BatchState => {
    const known = run.journal.state.batches.get(jobId);
    if (known === undefined) throw new Error(`${jobId} is not on record`);
    return known;
  };
  const decide = (answer: Asked): FinalizeStep => finalizeDecision(run, recorded(), latest, answer);
  for (;;) {
    const step = decide(asked);
    switch (step.do) {
      case 'done':
        if (recorded().finalized !== 'yes')
          await run.journal.append({
            type: 'settled',
            jobId,
            call: 'finalize',
            batch: (asked as Answer).batch as Batch,
          });
        return sends > 0 ? 'sent' : 'done';
      case 'missing':
        return 'missing';
      case 'unclear':
        throw unclearStatus(what, jobId, step.batch);
      case 'ask':
      case 'wait': {
        const calls = ['create', 'finalize'] as const;
        asked = await askForEvidence(run, jobId, { what, calls, latest }, decide);
        break;
      }
      case 'send': {
        if (refused !== null) throw refused;
        if (ignored > 1) throw staysDraft(what, jobId, (asked as Answer).batch);
        if (sends > run.retries) throw unavailable(what, last);
        const { id } = recorded();
        const n = await run.journal.intent({
          call: 'finalize',
          jobId,
          id,
          waitMs: run.client.longestCallMs(),
        });
        sends += 1;
        const result = await run.client.finalize({ id, jobId });
        latest = run.context.now();
        asked = undefined;
        if (result.outcome === 'refused') {
          sends -= 1;
          await run.journal.answer(n, { outcome: 'refused', message: result.message });
          refused = refusal(what, result.status, result.message, result.hint);
          // The refusal may mean that it is finalized already: ask once before giving up.
          if (result.status === null || result.status === 401 || result.status === 403) throw refused;
        } else if (result.outcome === 'ambiguous') {
          await run.journal.answer(n, { outcome: 'ambiguous', message: result.message });
          if (result.turnedAway !== undefined) throw turnedAway(what, result.turnedAway, result.message);
          last = result.message;
          await pauseAfterDoubt(run, what, jobId, sends, result);
        } else if (!showsChange(run, jobId, result.value)) {
          ignored += 1;
          const { status } = result.value;
          const message =
            status === null
              ? 'the answer has no status'
              : phaseOf(result.value).phase === 'failed'
                ? `answered with the status ${status}, which may mean that it was not done`
                : `answered, but the batch is still ${status}`;
          await run.journal.answer(n, { outcome: 'ambiguous', message });
          await pauseAfterDoubt(run, what, jobId, sends, { message, retryAfterMs: null });
        } else await run.journal.answer(n, { outcome: 'answered', batch: result.value });
      }
    }
  }
}

/**
 * Whether the answer to a finalize shows that it happened: no status, like that of a draft, is no evidence. Neither is that of
 * a failure before anything was processed: what failed may be the call (api rule 20).
 */
function showsChange(run: Run, jobId: string, answer: Batch): boolean {
  const standing = standingOf(run, jobId, answer);
  if (standing === 'unclear') return answer.status !== null;
  const { phase } = phaseOf(answer, run.statusNames);
  const processed = answer.downloadUrl !== null || (answer.successCount ?? 0) + (answer.failCount ?? 0) > 0;
  return standing === 'further' && (phase !== 'failed' || processed);
}

/** Batches that the server knew once and no longer knows: they are not submitted, and nothing else waits for them. */
export function missingBatches(batches: readonly BatchState[]): EbillError {
  const list = batches.map(
    (batch) =>
      `${idsText(batch)}${batch.file === null ? '' : ` of ${batch.file.name}`}, last seen as ${batch.seen?.status ?? 'no status'}`,
  );
  return new EbillError('REJECTED', `Not finalized: the server no longer knows ${list.join('; ')}.`, {
    hint: `Check the profile and the base URL (ebill profile show). If they are right, confirm with the operator of the eBill server what happened to ${batches.length === 1 ? 'this batch' : 'these batches'} before you do anything else with ${batches.length === 1 ? 'it' : 'them'}.`,
  });
}

/** The server accepts the call, twice, and nothing comes of it. */
function staysDraft(what: string, jobId: string, batch: Batch | null): EbillError {
  return new EbillError(
    'UNAVAILABLE',
    `${what}: the server answered twice as if it was done, but the batch is still ${batch?.status ?? 'a draft'}.`,
    {
      hint: `Ask the operator of the eBill server why ${jobId} does not start; then run the same command again.`,
    },
  );
}

function unclearStatus(what: string, jobId: string, { status }: Batch): EbillError {
  const name = visible(status ?? '');
  return new EbillError(
    'CONFLICT',
    status === null
      ? `${what}: the server gives ${jobId} no status.`
      : `${what}: the server calls the status of ${jobId} "${name}", which may mean that it is waiting to be finalized, or that it is finalized.`,
    {
      hint:
        status === null
          ? `It is unknown whether it is finalized, and an empty status cannot be mapped. Ask the operator of the eBill server for the state of ${visible(jobId)}, and why the server returns no status: a query parameter may be missing, such as format=xml (ebill profile set NAME --query format=xml). Once it returns one, run the same command again; if the operator finalizes the batch, watch shows its progress.`
          : 'Ask the operator of the eBill server which it is, and map the status name to draft, queued or running in the profile: ebill profile set NAME --status-name STATUS=PHASE',
    },
  );
}
