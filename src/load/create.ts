import type { Client } from '../api/client.ts';
import type { ParentRef } from '../api/request.ts';
import { refusal, turnedAway } from '../api/result.ts';
import { type PresignedFacts, presignedFacts } from '../api/transfer-url.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { shownPath } from '../system/shown-path.ts';
import { askFor, pauseAfterDoubt } from './ask.ts';
import { commandFor, givesWholeInvoice } from './calls.ts';
import { leaveOutText } from './complete.ts';
import type { Journal } from './journal.ts';
import type { Assignment } from './plan.ts';
import { type Asked, judgeCreate } from './recover.ts';
import type { Run } from './run.ts';
import { itemsOf } from './state.ts';

/** A presigned upload URL. Its query is a secret and stays in memory. */
export interface LiveUrl extends PresignedFacts {
  readonly url: string;
}

type Created =
  | { readonly do: 'put'; readonly live: LiveUrl }
  | { readonly do: 'next'; readonly reason: string }
  /** Decide again, and say `message` if there is no try left. `asked`: the server's answer when it was asked right away. */
  | { readonly do: 'ask'; readonly message: string; readonly asked: Asked };

/** Batches that this process created: no other client can have used their names or added items to them. */
const createdHere = new WeakMap<Journal, Set<string>>();

export const wasCreatedHere = (journal: Journal, jobId: string): boolean =>
  createdHere.get(journal)?.has(jobId) === true;

function noteCreated(journal: Journal, jobId: string): void {
  const ids = createdHere.get(journal) ?? new Set();
  createdHere.set(journal, ids.add(jobId));
}

/**
 * Creates a batch for a file, once, and judges the answer (api rule 18).
 * @param asked what the server said of the job id before
 * @throws EbillError CONFLICT, REJECTED, AUTH, UNAVAILABLE
 */
export async function createBatch(
  run: Run,
  to: Assignment,
  parent: ParentRef | null,
  asked: Asked,
  attempt: number,
): Promise<Created> {
  const { jobId, kind, file } = to;
  const what = `Creating ${jobId} for ${file.name}`;
  const known = run.journal.state.batches.get(jobId);
  const knownId = known?.id ?? asked?.batch?.id ?? null;
  // An invoice batch cannot be replaced without the items that exist under it.
  const hasItems =
    known?.kind === 'invoice' && itemsOf(run.journal.state, known).some(({ created }) => created !== 'no');
  const exact = to.exact || hasItems;
  const n = await run.journal.intent({
    call: 'create',
    jobId,
    kind,
    file,
    parent,
    ...(known?.corrects === undefined ? {} : { corrects: known.corrects.jobId }),
    waitMs: run.client.longestCallMs(),
  });
  const result = await run.client.create({ kind, jobId, inputFilename: file.name, parent });
  if (result.outcome === 'answered') run.urls?.note(result.value);
  const live = liveUrl(result);
  const step = judgeCreate({ kind, knownId, asked, exact, result: reduced(result, live) });
  const usable = step.do === 'put' || (step.do === 'ask' && result.outcome === 'answered');
  if (result.outcome === 'answered' && usable) {
    if (known === undefined || known.created === 'no') noteCreated(run.journal, jobId);
    await run.journal.answer(n, {
      outcome: 'answered',
      batch: result.value,
      ...(live ? { upload: { object: live.object, expiresAt: live.expiresAt } } : {}),
    });
  } else {
    const message = result.outcome === 'answered' ? `answered with batch ${result.value.id}` : result.message;
    await run.journal.answer(n, { outcome: result.outcome === 'refused' ? 'refused' : 'ambiguous', message });
  }
  switch (step.do) {
    case 'put':
      run.emit({
        event: 'step',
        jobId,
        message: `${jobId} created as batch ${run.journal.state.batches.get(jobId)?.id ?? '?'}`,
      });
      return { do: 'put', live: live as LiveUrl };
    case 'next':
      return step;
    case 'conflict':
      await run.journal.append({ type: 'blocked', jobId, reason: 'the server has another draft for it' });
      throw twoDrafts(run, jobId, knownId, step.otherId, kind === 'items' || !to.exact);
    case 'fail':
      if (result.outcome === 'refused') throw refused(run, what, to, result);
      throw refusal(what, null, '');
    case 'ask': {
      if (result.outcome === 'refused') {
        // The job id is the reason for the refusal only if a batch has it.
        const found = await askFor(run, jobId);
        if (found.batch === null) throw refused(run, what, to, result);
        return { do: 'ask', message: result.message, asked: found };
      }
      if (result.outcome === 'ambiguous' && result.turnedAway !== undefined)
        throw turnedAway(what, result.turnedAway, result.message);
      const doubt =
        result.outcome === 'ambiguous'
          ? result
          : { message: 'the answer has no upload URL', retryAfterMs: null };
      await pauseAfterDoubt(run, what, jobId, attempt, doubt);
      return { do: 'ask', message: doubt.message, asked: undefined };
    }
  }
}

/** An item file that is refused holds up its invoice batch: its error says what to do about it. */
function refused(
  { context }: Run,
  what: string,
  { jobId, kind }: Assignment,
  { status, message, hint }: Extract<Result, { outcome: 'refused' }>,
): EbillError {
  const error = refusal(what, status, message, hint);
  if (kind !== 'items' || error.code !== 'REJECTED') return error;
  return new EbillError(error.code, error.message, {
    hint: `${error.hint} Its invoice batch is not submitted without it. ${leaveOutText([jobId], context)}`,
  });
}

type Result = Awaited<ReturnType<Client['create']>>;

function liveUrl(result: Result): LiveUrl | null {
  const url = result.outcome === 'answered' ? result.value.uploadUrl : null;
  return url === null ? null : { url, ...presignedFacts(url) };
}

function reduced(result: Result, live: LiveUrl | null): Parameters<typeof judgeCreate>[0]['result'] {
  if (result.outcome === 'answered')
    return { outcome: 'answered', id: (result.value as Batch).id, hasUrl: live !== null };
  return result.outcome === 'refused'
    ? { outcome: 'refused', status: result.status }
    : { outcome: 'ambiguous' };
}

/**
 * Two drafts for one file: items would both be finalized with their invoice batch (api rule 18).
 * @param withItems whether it is a batch of items, or an invoice batch with items
 */
function twoDrafts(
  { context, journal: { state } }: Run,
  jobId: string,
  knownId: string | null,
  otherId: string | null,
  withItems: boolean,
): EbillError {
  const drafts =
    otherId === null
      ? `as batch ${knownId ?? 'unknown'}, and issues no new upload URL for it`
      : `as batch ${knownId} and now as batch ${otherId}`;
  const batch = state.batches.get(jobId);
  const shown = (path: string): string => shownPath(context.cwd, path);
  return new EbillError('CONFLICT', `The server has ${jobId} ${drafts}.`, {
    hint: withItems
      ? `An unused draft cannot be deleted, and items batches are finalized with their invoice batch: start the invoice batch again, with all of its item files.${batch === undefined ? '' : ` To do that: ${commandFor(state, batch, context, shown)}`}`
      : 'Run the same command without --job-id: the file goes into a batch with the next free number, and the unused draft is left behind.',
    choices:
      withItems && batch !== undefined && givesWholeInvoice(state, batch)
        ? [
            {
              option: '--restart-invoice',
              label:
                'Start the invoice batch over with all its item files; the old draft is left behind, and each record is loaded once',
            },
          ]
        : [],
  });
}
