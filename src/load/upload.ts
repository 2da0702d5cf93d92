import type { ParentRef } from '../api/request.ts';
import { unavailable } from '../api/result.ts';
import { nextJobId } from '../batch/job-ids.ts';
import type { Batch, FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import { askForEvidence, standingOf } from './ask.ts';
import { createBatch, type LiveUrl, wasCreatedHere } from './create.ts';
import { endlessNames } from './discover.ts';
import type { SourceFile } from './entries.ts';
import type { Journal } from './journal.ts';
import type { Assignment } from './plan.ts';
import { putToUrl } from './put.ts';
import { type Answer, type Asked, decideUpload, settledAt, type UploadStep } from './recover.ts';
import type { Run } from './run.ts';
import type { BatchState } from './state.ts';

/** Job ids skipped for one file; a load has a few batches of a kind. */
const MOST_SKIPPED = 1000;

/** ms. No upload URL expires earlier. */
const LONG_TURN_MS = 1000;

interface UploadPolicy {
  readonly adopt: boolean;
  readonly next: boolean;
}

/**
 * `uploaded`: by this call. `on-record`: before. `elsewhere`: another machine submitted it for processing. `missing`: before,
 * and the server does not know it any more.
 */
export interface Uploaded {
  readonly jobId: string;
  readonly outcome: 'uploaded' | 'on-record' | 'elsewhere' | 'missing';
}

/** The invoice batch that items go under. */
export interface ItemsParent {
  readonly ref: ParentRef;
  /** The batch of items that the server has of this job id. */
  readonly lookUp: (jobId: string) => Promise<Answer>;
}

/**
 * An invoice batch as the parent of items. Whether somebody else has used their job ids is asked once for all of them: the
 * server lists the items under an invoice batch (api rule 18).
 */
export function itemsParent(run: Run, ref: ParentRef & { readonly jobId: string }): ItemsParent {
  const { jobId } = ref;
  const latest = run.context.now();
  const calls = ['create'] as const;
  let asked: Promise<Answer> | undefined;
  const ask = (): Promise<Answer> =>
    askForEvidence(run, jobId, { what: `Creating ${jobId}`, calls, latest }, (answer) => {
      const until = settledAt(run.journal.state.batches.get(jobId), calls, run.settle, latest);
      return { do: answer?.batch === null && answer.at < until ? 'wait' : 'go on' };
    });
  return {
    ref,
    lookUp: async (item) => {
      if (wasCreatedHere(run.journal, jobId)) return { at: run.context.now(), batch: null };
      asked ??= ask();
      const { at, batch } = await asked;
      return { at, batch: batch?.children.find((child) => child.jobId === item) ?? null };
    },
  };
}

/**
 * Uploads one file into its batch, from wherever an earlier run stopped: each turn of the loop asks `decideUpload` for
 * the next step and takes it.
 * @param parent the invoice batch of items
 * @param turnToSend waits until the file may be sent; its batch exists by then
 * @throws EbillError CONFLICT, REJECTED, AUTH, UNAVAILABLE
 */
export async function uploadFile(
  run: Run,
  assignment: Assignment,
  parent: ItemsParent | null,
  policy: UploadPolicy,
  turnToSend: () => Promise<void> = async () => undefined,
): Promise<Uploaded> {
  const { kind, file } = assignment;
  let { jobId } = assignment;
  let asked: Asked;
  let live: LiveUrl | null = null;
  let worked = false;
  let attempt = 1;
  let latest = run.context.now();
  let last = '';
  // The plan was made before the first file was sent; an earlier file may have taken this job id since.
  if (!reserveJobId(run.journal, jobId, file)) jobId = reserveNextJobId(run.journal, kind, file);

  let skipped = 0;
  const takeNext = async (reason: string): Promise<void> => {
    skipped += 1;
    if (skipped > MOST_SKIPPED) throw endlessNames(`each of ${MOST_SKIPPED} names for ${file.name} is taken`);
    const known = run.journal.state.batches.get(jobId);
    const next = reserveNextJobId(run.journal, kind, file);
    if (known !== undefined)
      await run.journal.append({ type: 'abandoned', jobId, id: known.id, reason, next });
    const message =
      known === undefined || known.created === 'no'
        ? `The server already has another batch named ${jobId}; uploading ${file.name} as ${next}`
        : `${jobId} is left behind as an unused draft (${reason}); uploading ${file.name} as ${next}`;
    run.emit({ event: 'step', jobId, message });
    jobId = next;
    asked = undefined;
    live = null;
  };

  const recorded = (): BatchState | undefined => run.journal.state.batches.get(jobId);
  const decide = (answer: Asked): UploadStep =>
    decideUpload({
      kind,
      known: recorded(),
      asked: answer,
      hasUrl: live !== null,
      ...policy,
      settle: run.settle,
      latest,
      standing: (batch) => standingOf(run, jobId, batch),
    });
  for (;;) {
    const step = decide(asked);
    switch (step.do) {
      case 'done':
        return { jobId, outcome: worked ? 'uploaded' : 'on-record' };
      case 'missing':
        return { jobId, outcome: 'missing' };
      case 'left-alone':
        return { jobId, outcome: 'elsewhere' };
      case 'ask':
      case 'wait':
        // Most likely a create follows, on a connection of its own.
        if (recorded() === undefined && parent === null) run.client.openAhead();
        asked =
          parent !== null && (recorded()?.created ?? 'no') === 'no'
            ? await parent.lookUp(jobId)
            : await askForEvidence(
                run,
                jobId,
                { what: `Creating ${jobId}`, calls: ['create'], latest },
                decide,
              );
        break;
      case 'adopt':
        await run.journal.append({
          type: 'found',
          jobId,
          kind,
          parent: parent?.ref ?? null,
          batch: step.batch,
        });
        await run.journal.append({ type: 'adopted', jobId, file });
        run.emit({
          event: 'step',
          jobId,
          message: `${jobId} was created elsewhere (batch ${step.batch.id}); adopting it for ${file.name}`,
        });
        break;
      case 'next':
        await takeNext(step.reason);
        break;
      case 'conflict':
        throw step.reason === 'taken'
          ? jobIdTaken(jobId, file, step.batch)
          : beyondDraft(jobId, file, step.batch, run.context);
      case 'create': {
        if (attempt > run.retries + 1) throw unavailable(`Creating ${jobId} for ${file.name}`, last);
        const to = { ...assignment, jobId };
        const outcome = await createBatch(run, to, parent?.ref ?? null, asked, attempt);
        latest = run.context.now();
        worked = true;
        if (outcome.do === 'next') await takeNext(outcome.reason);
        else if (outcome.do === 'put') {
          live = outcome.live;
          openForFirst(run, live.url);
        } else {
          asked = outcome.asked;
          last = outcome.message;
          attempt += 1;
        }
        break;
      }
      case 'put': {
        const created = run.context.now();
        await turnToSend();
        // Its URL may have expired meanwhile, through no fault of the server.
        const waited = run.context.now() - created >= LONG_TURN_MS;
        worked = true;
        const url = live as LiveUrl | null;
        const expired = url === null ? 'its URL is lost' : await putToUrl(run, jobId, file, url);
        if (expired === null) break;
        // An expired URL is handled like a lost one.
        if (attempt > run.retries && !waited)
          throw unavailable(
            `Uploading ${file.name} (${jobId})`,
            `the storage says that every upload URL from the server has expired: ${expired}`,
          );
        if (!waited) attempt += 1;
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

const sending = new WeakSet<Journal>();

/** Opens a connection to the storage as soon as it is known; later files have those of the files before them. */
function openForFirst({ journal, storage, assertSafeUrl }: Run, url: string): void {
  if (sending.has(journal)) return;
  sending.add(journal);
  assertSafeUrl(url);
  storage.transport.openAhead(url, 1);
}

/** Opens connections for the first item files, to the storage that their invoice file was just sent to. */
export function openForItems(run: Run, invoice: string, count: number): void {
  const { journal, storage, assertSafeUrl } = run;
  const object = journal.state.batches.get(invoice)?.object ?? null;
  // The one connection of the invoice file is still there.
  if (object === null || count < 2 || !wasCreatedHere(journal, invoice)) return;
  assertSafeUrl(object);
  storage.transport.openAhead(object, count - 1);
}

/** Job ids reserved by files of this run; the journal knows only those whose batch was requested. */
const reserved = new WeakMap<Journal, Map<string, SourceFile>>();

function reservedIn(journal: Journal): Map<string, SourceFile> {
  const ids = reserved.get(journal) ?? new Map<string, SourceFile>();
  reserved.set(journal, ids);
  return ids;
}

/** Reserves a job id for a file. `false`: another file has it since the plan was made. */
function reserveJobId(journal: Journal, jobId: string, file: SourceFile): boolean {
  const ids = reservedIn(journal);
  const onRecord = journal.state.batches.get(jobId)?.file ?? null;
  if ((ids.get(jobId) ?? file) !== file || (onRecord !== null && onRecord.sha256 !== file.sha256))
    return false;
  ids.set(jobId, file);
  return true;
}

/** Reserves the next job id that is neither on record nor reserved. */
function reserveNextJobId(journal: Journal, kind: FileKind, file: SourceFile): string {
  const ids = reservedIn(journal);
  const { header, batches } = journal.state;
  const jobId = nextJobId(header.job, kind, { has: (one) => batches.has(one) || ids.has(one) });
  ids.set(jobId, file);
  return jobId;
}

const named = (jobId: string, batch: Batch): string =>
  `${jobId} (batch ${batch.id ?? 'without an id'}, ${batch.status ?? 'no status'})`;

/** The job id exists on the server and is not on record here (api rule 18). */
function jobIdTaken(jobId: string, { name }: SourceFile, batch: Batch): EbillError {
  return new EbillError(
    'CONFLICT',
    `The server already has ${named(jobId, batch)}, and this machine has no record of which file it holds.`,
    {
      hint: `Ask the person who created it which file it holds. If it is this ${name}, run the same command with --adopt: the batch then gets the file from here. If it is another file, run it with --next to take the next free number; if that file is called ${name} too, rename this one first, because the server stores one file per name.`,
      choices: [
        {
          option: '--adopt',
          label: `It holds this ${name}: take it over; each record is loaded once`,
        },
        {
          option: '--next',
          label: `It holds another file: leave it alone and load ${name} as a further batch; if both hold the same records, they are loaded twice`,
        },
      ],
    },
  );
}

/** The batch was submitted before our file had arrived. */
function beyondDraft(jobId: string, file: SourceFile, batch: Batch, terminal: Terminal): EbillError {
  return new EbillError(
    'CONFLICT',
    `${named(jobId, batch)} was submitted for processing before the upload of ${file.name} was complete.`,
    {
      hint: `See what it processed: ebill status --job-id ${quoted(jobId, terminal)}. Load ${file.name} in another way only when the operator of the eBill server has confirmed that none of it was processed.`,
    },
  );
}
