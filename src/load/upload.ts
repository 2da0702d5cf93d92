import type { Client } from '../api/client.ts';
import type { ParentRef } from '../api/request.ts';
import { refusal, unavailable } from '../api/result.ts';
import { isExpired, type PresignedFacts, presignedFacts } from '../api/transfer-url.ts';
import { nextJobId } from '../batch/job-ids.ts';
import type { Batch, FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { beyondDraft, endlessNames, jobIdTaken, twoDrafts } from './conflicts.ts';
import type { SourceFile } from './entries.ts';
import type { Journal } from './journal.ts';
import type { Assignment } from './plan.ts';
import { putToUrl } from './put.ts';
import { type Asked, decideUpload, judgeCreate } from './recover.ts';
import { askFor, isDraft, pauseAfterDoubt, type Run } from './run.ts';
import { itemsOf, startedHere } from './state.ts';

/** Names passed over for one file: a load has a few batches of a kind. */
const MOST_PASSED = 1000;

interface UploadPolicy {
  readonly adopt: boolean;
  readonly next: boolean;
}

/** A presigned URL in hand: the address and its life, and the secret itself, which never leaves memory. */
interface LiveUrl extends PresignedFacts {
  readonly url: string;
}

/** `uploaded`: now. `on-record`: before. `elsewhere`: another machine handed it to processing. */
export interface Uploaded {
  readonly jobId: string;
  readonly outcome: 'uploaded' | 'on-record' | 'elsewhere';
}

/**
 * Brings one file into its batch, from wherever it was left: creates the batch, puts the file, or finds that it is done
 * (batch-api.md, "Ambiguous answers", row Create upload).
 * @param parent the invoice batch, for items
 * @throws EbillError CONFLICT, REJECTED, AUTH, UNAVAILABLE
 */
export async function uploadFile(
  run: Run,
  assignment: Assignment,
  parent: ParentRef | null,
  policy: UploadPolicy,
): Promise<Uploaded> {
  const { kind, file } = assignment;
  let { jobId } = assignment;
  let asked: Asked;
  let live: LiveUrl | null = null;
  let worked = false;
  let attempt = 1;
  // Planned before the first file was sent: one of those before may have had to take this id since.
  if (!claim(run.journal, jobId, file)) jobId = claimNext(run.journal, kind, file);

  let passed = 0;
  const takeNext = async (reason: string): Promise<void> => {
    passed += 1;
    if (passed > MOST_PASSED) throw endlessNames(`each of ${MOST_PASSED} names for ${file.name} is taken`);
    const known = run.journal.state.batches.get(jobId);
    const next = claimNext(run.journal, kind, file);
    if (known !== undefined) await run.journal.append({ type: 'abandoned', jobId, id: known.id, reason });
    run.emit({
      event: 'step',
      jobId,
      message: `${jobId} is left as an unused draft (${reason}); ${file.name} goes into ${next}`,
    });
    jobId = next;
    asked = undefined;
    live = null;
  };

  for (;;) {
    const known = run.journal.state.batches.get(jobId);
    const step = decideUpload({
      kind,
      known,
      asked,
      hasUrl: live !== null,
      startedHere: startedHere(run.journal.state),
      ...policy,
      isDraft: isDraft(run),
    });
    switch (step.do) {
      case 'done':
        return { jobId, outcome: worked ? 'uploaded' : 'on-record' };
      case 'left-alone':
        return { jobId, outcome: 'elsewhere' };
      case 'ask':
        asked = await askFor(run, jobId);
        break;
      case 'adopt':
        await run.journal.append({ type: 'found', jobId, kind, parent, batch: step.batch });
        await run.journal.append({ type: 'adopted', jobId, file });
        run.emit({
          event: 'step',
          jobId,
          message: `${jobId} was begun elsewhere (batch ${step.batch.id}); ${file.name} is taken as its file`,
        });
        break;
      case 'next':
        await takeNext(step.reason);
        break;
      case 'conflict':
        throw step.reason === 'taken' ? jobIdTaken(jobId, step.batch) : beyondDraft(jobId, file, step.batch);
      case 'create': {
        const outcome = await create(run, { ...assignment, jobId }, parent, asked, attempt);
        worked = true;
        if (outcome.do === 'next') await takeNext(outcome.reason);
        else if (outcome.do === 'put') live = outcome.live;
        else {
          asked = outcome.asked;
          attempt = outcome.attempt;
        }
        break;
      }
      case 'put': {
        worked = true;
        const url = live as LiveUrl | null;
        if (
          url !== null &&
          !isExpired(url, run.context.now()) &&
          (await putToUrl(run, jobId, file, url)) === 'stored'
        )
          break;
        // The URL is past its life: the rules for a lost URL hold.
        if (attempt > run.retries)
          throw unavailable(
            `Uploading ${file.name} (${jobId})`,
            'every upload URL the server gave was already expired; compare the clocks',
          );
        attempt += 1;
        run.emit({
          event: 'step',
          jobId,
          message: `the upload URL of ${jobId} has expired, asking for a new one`,
        });
        live = null;
        asked = undefined;
        break;
      }
    }
  }
}

type Created =
  | { readonly do: 'put'; readonly live: LiveUrl }
  | { readonly do: 'next'; readonly reason: string }
  /** `asked`: what the server said when it was asked at once. */
  | { readonly do: 'ask'; readonly attempt: number; readonly asked: Asked };

async function create(
  run: Run,
  to: Assignment,
  parent: ParentRef | null,
  asked: Asked,
  attempt: number,
): Promise<Created> {
  const { jobId, kind, file } = to;
  const what = `Creating ${jobId} for ${file.name}`;
  const known = run.journal.state.batches.get(jobId);
  const knownId = known?.id ?? asked?.id ?? null;
  // An invoice batch that has items cannot be left behind without them.
  const exact = to.exact || (known?.kind === 'invoice' && itemsOf(run.journal.state, known).length > 0);
  const n = await run.journal.intent({ call: 'create', jobId, kind, file, parent });
  const result = await run.client.create({ kind, jobId, inputFilename: file.name, parent });
  if (result.outcome === 'answered') run.urls?.note(result.value);
  const live = liveUrl(result);
  const step = judgeCreate({ kind, knownId, asked, exact, result: reduced(result, live) });
  const usable = step.do === 'put' || (step.do === 'ask' && result.outcome === 'answered');
  if (result.outcome === 'answered' && usable) {
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
      throw twoDrafts(jobId, knownId, step.otherId, kind === 'items' || !to.exact);
    case 'fail':
      throw refusal(
        what,
        result.outcome === 'refused' ? result.status : null,
        result.outcome === 'refused' ? result.message : '',
        result.outcome === 'refused' ? result.hint : null,
      );
    case 'ask': {
      if (result.outcome === 'refused') {
        // Only an existing batch makes the refusal one of the job id; it is judged like any other found one.
        const found = await askFor(run, jobId);
        if (found === null) throw refusal(what, result.status, result.message, result.hint);
        return { do: 'ask', attempt: attempt + 1, asked: found };
      }
      const message = result.outcome === 'ambiguous' ? result.message : 'the answer has no upload URL';
      await pauseAfterDoubt(
        run,
        what,
        jobId,
        attempt,
        message,
        result.outcome === 'ambiguous' ? result.retryAfterMs : null,
      );
      return { do: 'ask', attempt: attempt + 1, asked: undefined };
    }
  }
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

/** Job ids the files of this run are using: of those that only just begin, the journal does not know yet. */
const claims = new WeakMap<Journal, Map<string, SourceFile>>();

function claimsOf(journal: Journal): Map<string, SourceFile> {
  const known = claims.get(journal);
  if (known !== undefined) return known;
  const fresh = new Map<string, SourceFile>();
  claims.set(journal, fresh);
  return fresh;
}

/** Takes a job id for a file, there and then. `false`: another file has gone into it since it was planned. */
export function claim(journal: Journal, jobId: string, file: SourceFile): boolean {
  const taken = claimsOf(journal);
  const onRecord = journal.state.batches.get(jobId)?.file ?? null;
  if ((taken.get(jobId) ?? file) !== file || (onRecord !== null && onRecord.sha256 !== file.sha256))
    return false;
  taken.set(jobId, file);
  return true;
}

/** Takes the next job id that is neither on record nor taken. */
function claimNext(journal: Journal, kind: FileKind, file: SourceFile): string {
  const taken = claimsOf(journal);
  const { header, batches } = journal.state;
  const jobId = nextJobId(header.job, kind, new Set([...batches.keys(), ...taken.keys()]));
  taken.set(jobId, file);
  return jobId;
}

/**
 * Leaves an invoice file's batch behind, with its item batches, so that it is begun anew under the next job id: the way
 * out when an item batch has two drafts or no upload address any more (batch-api.md, row Create upload).
 * @throws EbillError CONFLICT when the server has gone on with it: then it cannot be left behind
 */
export async function restartInvoice(run: Run, file: SourceFile): Promise<void> {
  const { state } = run.journal;
  const old = [...state.batches.values()].find(
    (batch) =>
      batch.kind === 'invoice' &&
      !batch.abandoned &&
      (batch.file?.sha256 === file.sha256 || batch.file?.name === file.name),
  );
  if (old === undefined) return;
  const seen = await askFor(run, old.jobId, old.id === null ? { jobId: old.jobId } : { id: old.id });
  if (old.finalized === 'yes' || (seen !== null && !isDraft(run)(seen))) {
    throw new EbillError(
      'CONFLICT',
      `${old.jobId} is handed to processing already (${seen?.status ?? 'no status'}): it cannot be started over.`,
      {
        hint: `Look at what becomes of it: ebill watch --job-id ${old.jobId}`,
      },
    );
  }
  // The invoice batch first: its items are left behind with it, wherever this is broken off.
  for (const batch of [old, ...itemsOf(state, old)]) {
    await run.journal.append({
      type: 'abandoned',
      jobId: batch.jobId,
      id: batch.id,
      reason: 'the invoice batch is started over',
    });
  }
  run.emit({
    event: 'step',
    jobId: old.jobId,
    message: `${old.jobId} is left behind with its items: never finalize it`,
  });
}
