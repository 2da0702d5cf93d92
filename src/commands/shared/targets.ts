import { itemsUnder, parentOf } from '../../batch/tree.ts';
import { type Batch, KINDS, type Kind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { discover } from '../../load/discover.ts';
import { readLoads } from '../../load/loads.ts';
import type { Run } from '../../load/run.ts';
import { apply, type BatchState, emptyState, type LoadState } from '../../load/state.ts';
import { unknownBatch } from '../../load/watch.ts';
import { quoted, type Terminal } from '../../system/quoting.ts';
import type { Selection } from './selection.ts';
import { closeLoad, headerFor, openForReading, openInMemory, type Session } from './session.ts';

/** Batches to look at, and the load (or the part of one) they are looked at in. */
export interface Targets {
  readonly run: Run;
  /** Those that stand by themselves: an invoice batch answers for its items. */
  readonly jobIds: readonly string[];
}

/** Everything a selection names, ready to be asked about. @throws EbillError REJECTED when the server knows none of it */
export async function targetsToRead(session: Session, selection: Selection): Promise<Targets> {
  if (selection.type === 'batches') return batches(session, selection.ids, selection.jobIds);
  const run = await openForReading(session, selection.job);
  if (run.journal.state.batches.size === 0) {
    session.app.ui.note(
      `No record of ${quoted(selection.job, session.app.context)} on this machine: looking it up on the server`,
    );
    try {
      if ((await discover(run)).length === 0) throw unknownLoad(selection.job, session.app.context);
    } catch (error) {
      await closeLoad(run);
      throw error;
    }
  }
  return { run, jobIds: standingAlone(run.journal.state) };
}

/** The batches of a load that are asked for by themselves. */
export function standingAlone(state: LoadState): readonly string[] {
  const order: readonly Kind[] = KINDS;
  const live = [...state.batches.values()].filter(
    (batch) => !batch.abandoned && (batch.created !== 'no' || batch.foundElsewhere),
  );
  const alive = new Map(live.map((batch) => [batch.jobId, batch]));
  return live
    .filter((batch) => parentOf(alive, batch) === null)
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map((batch) => batch.jobId);
}

export function unknownLoad(job: string, terminal: Terminal): EbillError {
  return new EbillError('REJECTED', `The load ${job} is known neither here nor on the server.`, {
    hint: `Check the name and the profile. To start it: ebill init --job ${quoted(job, terminal)}`,
  });
}

/** Single batches, from whichever load they are on record in; one that is on record nowhere is asked for. */
async function batches(
  session: Session,
  ids: readonly string[],
  jobIds: readonly string[],
): Promise<Targets> {
  const loads = await readLoads(session.app.context.paths.state, session.owner);
  const wanted: string[] = [];
  const homes = new Set<string>();
  let state = emptyState(headerFor(session.app, session.owner, ''));
  const take = (load: LoadState, batch: BatchState): void => {
    homes.add(load.header.job);
    const related = [batch, ...itemsUnder(load.batches, batch)];
    state = {
      ...state,
      batches: new Map([...state.batches, ...related.map((one) => [one.jobId, one] as const)]),
    };
    wanted.push(batch.jobId);
  };
  const unknown: ({ id: string } | { jobId: string })[] = [];
  const onRecord = (match: (batch: BatchState) => boolean): boolean => {
    for (const load of loads) {
      const batch = [...load.batches.values()].find((one) => !one.abandoned && match(one));
      if (batch === undefined) continue;
      take(load, batch);
      return true;
    }
    return false;
  };
  for (const id of ids) if (!onRecord((batch) => batch.id === id)) unknown.push({ id });
  for (const jobId of jobIds) if (!onRecord((batch) => batch.jobId === jobId)) unknown.push({ jobId });
  for (const ref of unknown) {
    const batch = await session.client.status(ref);
    if (batch === null) throw unknownBatch(['id' in ref ? `with the id ${ref.id}` : ref.jobId]);
    const jobId = batch.jobId ?? ('jobId' in ref ? ref.jobId : ref.id);
    const at = new Date(session.app.context.now()).toISOString();
    state = apply(state, { at, type: 'found', jobId, kind: likelyKind(batch), parent: null, batch });
    wanted.push(jobId);
  }
  const job = homes.size === 1 && unknown.length === 0 ? ([...homes][0] ?? '') : '';
  return { run: openInMemory(session, { ...state, header: { ...state.header, job } }), jobIds: wanted };
}

/** Only for showing: what an unknown batch seems to be. Its job id says more than the echo, which lies (batch-api.md, what bites 4). */
function likelyKind(batch: Batch): Kind {
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
