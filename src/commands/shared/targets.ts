import type { BatchRef, StatusRef } from '../../api/request.ts';
import { batchJobId, initJobId } from '../../batch/job-ids.ts';
import { itemsUnder, parentOf } from '../../batch/tree.ts';
import { type Batch, KINDS, type Kind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { apply } from '../../load/apply-entry.ts';
import { discover } from '../../load/discover.ts';
import { loadNames, readLoads } from '../../load/loads.ts';
import type { Answers } from '../../load/refresh.ts';
import type { Run } from '../../load/run.ts';
import { type BatchState, emptyState, type LoadState } from '../../load/state.ts';
import { Waiting, type WatchOptions } from '../../load/waiting.ts';
import { unknownBatch } from '../../load/watch.ts';
import { requestsText } from '../../output/print-result.ts';
import { quoted, visible } from '../../system/escaping.ts';
import { viewsOf } from './batch-result.ts';
import { type App, type CommandResult, EMPTY_RESULT } from './command.ts';
import { serverText } from './load-filter.ts';
import { isBatch, type SelectionOptions, select } from './selection.ts';
import {
  closeLoad,
  endLoad,
  headerFor,
  openForReading,
  openInMemory,
  readLoad,
  type Session,
  withSession,
} from './session.ts';

/** The batches a command reads, and the load, or part of a load, they belong to. */
export interface Targets {
  readonly session: Session;
  readonly run: Run;
  /** Top-level batches only: an invoice batch answers for its items. */
  readonly jobIds: readonly string[];
  readonly lookedUp: LookedUp;
}

/** What was asked to find batches that are not on record here. */
export interface LookedUp {
  /** The answers: the same is not asked again. */
  readonly given?: Answers;
  /** The watch that began with the look-up. */
  readonly waiting?: Waiting;
}

/**
 * Runs `work` with the batches that the options select, opened for reading, and closes load and session.
 * @param watching a watch, whose first polls look up what is not on record (api rule 29)
 * @throws EbillError REJECTED when the server knows none of them
 */
export function withTargets<T>(
  app: App,
  options: SelectionOptions,
  work: (targets: Targets) => Promise<T>,
  watching?: WatchOptions,
): Promise<T> {
  return withPreparedTargets(app, options, async () => undefined, work, watching);
}

/**
 * As `withTargets`, after what can be checked before the server is asked: exit code 2 means that nothing was sent.
 * @param prepare gets the name of the load; '' when the batches belong to none, or to several
 */
export function withPreparedTargets<Prepared, T>(
  app: App,
  options: SelectionOptions,
  prepare: (session: Session, job: string) => Promise<Prepared>,
  work: (targets: Targets, prepared: Prepared) => Promise<T>,
  watching?: WatchOptions,
): Promise<T> {
  return withSession(app, async (session) => {
    const selection = await select(session, options);
    const found = selection.type === 'load' ? null : await recordedBatches(session, selection.refs);
    const job = selection.type === 'load' ? selection.job : (found?.job ?? '');
    if (selection.type === 'load') app.soFar(() => ({ job }));
    const prepared = await prepare(session, job);
    const asking = askerOf(session, watching);
    const { run, jobIds, given } =
      found === null ? await loadTargets(session, job, asking) : await batchTargets(session, found, asking);
    const { waiting } = asking;
    try {
      app.soFar(() => ({ batches: viewsOf(run, jobIds) }));
      const lookedUp = { given, ...(waiting === undefined ? {} : { waiting }) };
      return await work({ session, run, jobIds, lookedUp }, prepared);
    } finally {
      await endLoad(session, run);
    }
  });
}

/**
 * A command that only asks, under `--dry-run`: its questions, and the results that it would download, from the journals alone.
 * @param also what else it would do, as a line of text
 */
export function plannedQuestions(
  app: App,
  options: SelectionOptions,
  {
    downloads = false,
    also = async () => '',
  }: {
    readonly downloads?: boolean;
    readonly also?: (session: Session, job: string) => Promise<string>;
  } = {},
): Promise<CommandResult> {
  return withSession(app, async (session) => {
    const { calls } = session.client;
    const selection = await select(session, options);
    const job = selection.type === 'load' ? selection.job : null;
    const state = job === null ? null : await readLoad(session, job);
    const batches = state?.batches ?? new Map<string, BatchState>();
    const known = state === null ? [] : topLevelBatches(state);
    const names =
      known.length > 0 || job === null
        ? known
        : [initJobId(job), batchJobId(job, 'customer', 1), batchJobId(job, 'invoice', 1)];
    const refs: readonly StatusRef[] =
      selection.type === 'batches'
        ? selection.refs
        : names.map((jobId) => {
            const id = batches.get(jobId)?.id ?? null;
            return id === null ? { jobId } : { id };
          });
    const files = [...batches.values()].filter(
      (batch) => downloads && batch.file !== null && !batch.abandoned,
    );
    const requests = [
      ...refs.map((ref) => calls.status(ref)),
      ...files.map(({ jobId }) => ({ method: 'GET', url: `{download URL of ${jobId}}`, body: null })),
    ];
    const line = await also(session, job ?? '');
    return {
      ...EMPTY_RESULT,
      profile: session.connection.profile,
      job,
      requests,
      text: [requestsText(requests, app.ui), line].filter((part) => part !== '').join('\n\n'),
    };
  });
}

interface Found extends Pick<Targets, 'run' | 'jobIds'> {
  readonly given: Answers;
}

/** How batches that are not on record are asked for. */
interface Asker {
  readonly ask: (ref: BatchRef) => Promise<Batch | null>;
  readonly waiting?: Waiting;
}

function askerOf({ app, client, emit }: Session, watching?: WatchOptions): Asker {
  if (watching === undefined) return { ask: (ref) => client.status(ref, { pageIsAbsence: true }) };
  const waiting = new Waiting({ context: app.context, client, emit }, watching);
  const ask = (ref: BatchRef): Promise<Batch | null> =>
    waiting.answer((question) => client.status(ref, { ...question, pageIsAbsence: true }));
  return { ask, waiting };
}

/** All batches of a load; one that has no record on this machine is looked up on the server. */
async function loadTargets(session: Session, job: string, { ask }: Asker): Promise<Found> {
  const { ui, context } = session.app;
  const run = await openForReading(session, job);
  const given = new Map<string, Batch>();
  if (run.journal.state.batches.size === 0) {
    ui.note(`No record of ${quoted(job, context)} on this machine: looking it up on the server`);
    try {
      for (const { jobId, batch } of await discover(run, ask)) given.set(jobId, batch);
      if (given.size === 0) throw await unknownLoad(session, job);
    } catch (error) {
      await closeLoad(run);
      throw error;
    }
  }
  return { run, jobIds: topLevelBatches(run.journal.state), given };
}

/** Job ids of a load's batches, in the order of kinds, without the items of its invoice batches. */
export function topLevelBatches(state: LoadState): readonly string[] {
  const order: readonly Kind[] = KINDS;
  const live = [...state.batches.values()].filter(
    ({ created, foundElsewhere, leftOut }) => created !== 'no' || foundElsewhere || leftOut,
  );
  const alive = new Map(live.map((batch) => [batch.jobId, batch]));
  return live
    .filter((batch) => parentOf(alive, batch) === null)
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map((batch) => batch.jobId);
}

/** A load that neither this machine's journals of the server nor the server itself knows. */
export async function unknownLoad({ app, connection }: Session, job: string): Promise<EbillError> {
  const { context } = app;
  const known = await loadNames(context.paths.state, null);
  const here = serverText(connection);
  const servers = new Set(known.filter((header) => header.job === job).map(serverText));
  // A journal without a batch.
  servers.delete(here);
  // A load of another server must not be started here by mistake: an init cannot be undone.
  if (servers.size > 0)
    return new EbillError(
      'REJECTED',
      `There is no load ${job} on ${visible(here)}: this machine has it on ${visible([...servers].join(', '))}.`,
      { hint: 'Name that server with --profile or --base-url.' },
    );
  return new EbillError('REJECTED', `There is no load ${job}, on this machine or on the server.`, {
    hint: `Check the name and the profile. To start a new load: ebill init --job ${quoted(job, context)}`,
  });
}

/** Single batches and the loads that record them. */
interface RecordedBatches {
  /** By job id, an invoice batch with its items. */
  readonly batches: ReadonlyMap<string, BatchState>;
  /** Of those that were asked for. */
  readonly jobIds: readonly string[];
  /** Those that are on record in no load. */
  readonly unknown: readonly BatchRef[];
  /** The load of all of them; '' when there are several, or none. */
  readonly job: string;
}

async function recordedBatches(session: Session, refs: readonly BatchRef[]): Promise<RecordedBatches> {
  const loads = await readLoads(session.app.context.paths.state, session.owner);
  const batches = new Map<string, BatchState>();
  const jobIds: string[] = [];
  const jobs = new Set<string>();
  const unknown: BatchRef[] = [];
  for (const ref of refs) {
    const recorded = findRecorded(loads, ref);
    if (recorded === null) {
      unknown.push(ref);
      continue;
    }
    const { load, batch } = recorded;
    jobs.add(load.header.job);
    jobIds.push(batch.jobId);
    for (const one of [batch, ...itemsUnder(load.batches, batch)]) batches.set(one.jobId, one);
  }
  const job = jobs.size === 1 && unknown.length === 0 ? ([...jobs][0] ?? '') : '';
  return { batches, jobIds, unknown, job };
}

/** The server is asked about batches that are on record in no load. */
async function batchTargets(session: Session, recorded: RecordedBatches, { ask }: Asker): Promise<Found> {
  const { context } = session.app;
  const { batches, unknown, job } = recorded;
  const jobIds = [...recorded.jobIds];
  const given = new Map<string, Batch>();
  let state: LoadState = { ...emptyState(headerFor(session.app, session.owner, job)), batches };
  for (const ref of unknown) {
    const batch = await ask(ref);
    if (batch === null) throw unknownBatch(['id' in ref ? `with the id ${ref.id}` : ref.jobId]);
    const jobId = batch.jobId ?? ('jobId' in ref ? ref.jobId : ref.id);
    const at = new Date(context.now()).toISOString();
    state = apply(state, { at, type: 'found', jobId, kind: guessKind(batch), parent: null, batch });
    jobIds.push(jobId);
    given.set(jobId, batch);
  }
  return { run: openInMemory(session, state), jobIds, given };
}

function findRecorded(
  loads: readonly LoadState[],
  ref: BatchRef,
): { readonly load: LoadState; readonly batch: BatchState } | null {
  for (const load of loads)
    for (const batch of load.batches.values())
      if (!batch.abandoned && isBatch(batch, ref)) return { load, batch };
  return null;
}

/** For output only. The job id is a better guess than the fields of the answer (api rule 4). */
function guessKind(batch: Batch): Kind {
  if (batch.children.some((child) => child.element !== 'batchProcess') || /_INIT$/.test(batch.jobId ?? ''))
    return 'init';
  const stem = /_(CUS|INV|ITM)(?:_\d+)?$/.exec(batch.jobId ?? '')?.[1];
  if (stem === 'ITM' || batch.subOperation === 'Invoice Line Item') return 'items';
  return stem === 'INV' ||
    batch.children.length > 0 ||
    (stem === undefined && batch.subOperation === 'Invoice')
    ? 'invoice'
    : 'customer';
}
