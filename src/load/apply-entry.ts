import { identityOf } from '../batch/identity.ts';
import { itemsUnder } from '../batch/tree.ts';
import type { Batch } from '../batch/types.ts';
import { type Call as Command, callElsewhere, type Entry, type Found, isDecision } from './entries.ts';
import type { BatchState, Call, Doubt, Happened, LoadState, OpenCall } from './state.ts';
import { VersionMap } from './version-map.ts';

/** What each call makes true of its batch. */
const FIELD = {
  init: 'created',
  create: 'created',
  put: 'uploaded',
  finalize: 'finalized',
} as const satisfies Record<Call, string>;

/** The state after one more entry. Pure. */
export function apply(state: LoadState, entry: Entry): LoadState {
  const decisions = state.decisions + (isDecision(entry) ? 1 : 0);
  const at = { ...state, updatedAt: entry.at, decisions };
  switch (entry.type) {
    case 'intent': {
      const { n, call, jobId } = entry;
      const known = state.batches.get(jobId);
      const before = known?.[FIELD[call]] ?? 'no';
      const doubt = call === 'put' ? undefined : known?.doubts[call];
      const open = VersionMap.of(state.open).with(n, { call, jobId, before, doubt });
      const intent = withBatch(at, entry.jobId, (known) => intended(known, entry));
      const corrects = entry.call === 'create' ? entry.corrects : undefined;
      return {
        // A call says how many records it replaces; it comes first.
        ...(corrects === undefined || known?.corrects !== undefined
          ? intent
          : withCorrection(intent, jobId, { jobId: corrects, replaces: 0 })),
        open,
        next: Math.max(state.next, entry.n + 1),
      };
    }
    case 'answer': {
      const intent = state.open.get(entry.n);
      if (intent === undefined) return at;
      const open = VersionMap.of(state.open).without(entry.n);
      return { ...withBatch(at, intent.jobId, (known) => answered(known, intent, entry)), open };
    }
    case 'seen':
      return withBatch(at, entry.jobId, (known) =>
        entry.batch === null ? withoutSight(known) : withSeen(resolved(known), entry.batch, entry.at),
      );
    case 'wrong-id':
      return withBatch(at, entry.jobId, (known) => (known.id === entry.id ? { ...known, id: null } : known));
    case 'found':
      return withFound(at, entry, entry.at);
    case 'discovered':
      return entry.batches.reduce((all, one) => withFound(all, one, entry.at), at);
    case 'settled':
      return withBatch(at, entry.jobId, (known) =>
        withSeen(submitted({ ...known, [FIELD[entry.call]]: 'yes' }, entry), entry.batch, entry.at),
      );
    case 'adopted':
      return withBatch(at, entry.jobId, (known) => ({ ...known, file: entry.file, unclaimed: false }));
    case 'abandoned':
      return withAbandoned(at, entry.jobId, entry.next);
    case 'call':
      return withCall(at, entry);
    case 'result':
      // Of a batch that is not on record it says nothing.
      return state.batches.has(entry.jobId)
        ? withBatch(at, entry.jobId, (known) => ({
            ...known,
            results: [...new Set([...known.results, entry.sha256])],
          }))
        : at;
    case 'counted': {
      const { jobId, rows, failed } = entry;
      return withBatch(at, jobId, (known) => ({ ...known, counted: { rows, failed } }));
    }
    case 'rejects': {
      const { path, bytes, sha256, records } = entry;
      return withBatch(at, entry.jobId, (known) => ({ ...known, rejects: { path, bytes, sha256, records } }));
    }
    case 'waived': {
      const { type: _type, jobId, ...waived } = entry;
      return withBatch(at, jobId, (known) => ({ ...known, waived: [...(known.waived ?? []), waived] }));
    }
    case 'approved': {
      const { sha256, by } = entry;
      return { ...at, approvals: [...(at.approvals ?? []), { at: entry.at, sha256, by }] };
    }
    case 'closed': {
      const { at: _at, type: _type, ...closed } = entry;
      return { ...at, closed };
    }
    case 'imported':
      return imported(at, Date.parse(entry.at) - Date.parse(entry.exportedAt));
    case 'left-out':
      return withLeftOut(at, entry.jobId);
    case 'next-refused':
      return withBatch(at, entry.jobId, (known) => ({
        ...known,
        nextRefused: [...(known.nextRefused ?? []), entry.sha256],
      }));
    case 'blocked':
      return withBatch(at, entry.jobId, (known) => ({ ...known, blocked: true }));
  }
}

/**
 * The load as the machine that imported it sees it. By its clock a call in doubt is as old as it was at the export, and not
 * older because two clocks differ: its settle time could seem to be over too early (api rule 16). Recorded commands have the
 * names of their files, without the folders of the other machine.
 * @param ms by how much its clock was ahead when it imported the load
 */
function imported(state: LoadState, ms: number): LoadState {
  const moved = (doubt: Doubt): Doubt => {
    const since = new Date(Date.parse(doubt.since) + ms);
    return Number.isNaN(since.getTime()) ? doubt : { ...doubt, since: since.toISOString() };
  };
  // The batches of one command have one.
  const calls = new Map<Command, Command>();
  const here = (call: Command): Command => {
    const known = calls.get(call) ?? callElsewhere(call);
    calls.set(call, known);
    return known;
  };
  const batches = [...state.batches].map(([jobId, batch]) => {
    const doubts = Object.entries(batch.doubts).map(([call, doubt]) => [call, moved(doubt)] as const);
    const call = batch.call === null ? null : here(batch.call);
    return [jobId, { ...batch, call, doubts: Object.fromEntries(doubts) }] as const;
  });
  const open = [...state.open].map(
    ([n, call]) => [n, { ...call, doubt: call.doubt && moved(call.doubt) }] as const,
  );
  return { ...state, batches: new Map(batches), open: new Map(open) };
}

function withBatch(state: LoadState, jobId: string, change: (known: BatchState) => BatchState): LoadState {
  const known = state.batches.get(jobId) ?? blank(jobId);
  return { ...state, batches: VersionMap.of(state.batches).with(jobId, change(known)) };
}

function withFound(state: LoadState, { jobId, kind, parent, batch }: Found, at: string): LoadState {
  return withBatch(state, jobId, (known) =>
    withSeen(
      {
        ...known,
        kind,
        parent: parent ?? known.parent,
        created: 'yes',
        foundElsewhere: true,
        unclaimed: known.foundElsewhere ? known.unclaimed : known.created === 'no',
        object: known.object ?? batch.uploadUrl,
      },
      batch,
      at,
    ),
  );
}

/** An invoice batch is abandoned with its items in one step: half of it would load items twice, or not at all. */
function withAbandoned(state: LoadState, jobId: string, next?: string): LoadState {
  const old = state.batches.get(jobId);
  const items = old?.kind === 'invoice' ? itemsUnder(state.batches, old) : [];
  let all = withBatch(state, jobId, (known) => ({ ...known, abandoned: true }));
  if (old !== undefined && next !== undefined) {
    all = withBatch(all, next, (known) => planned(known, old));
    if (old.corrects !== undefined) all = withCorrection(all, next, old.corrects);
  }
  for (const item of items) {
    const moves = next !== undefined && item.created === 'no' && !item.abandoned;
    all = withBatch(all, item.jobId, (known) =>
      moves ? { ...known, parent: { id: null, jobId: next } } : { ...known, abandoned: true },
    );
  }
  return all;
}

/** An invoice batch is left out with its items. */
function withLeftOut(state: LoadState, jobId: string): LoadState {
  const known = state.batches.get(jobId);
  const items = known?.kind === 'invoice' ? itemsUnder(state.batches, known) : [];
  return [jobId, ...items.map((item) => item.jobId)].reduce(
    (all, one) => withBatch(all, one, (batch) => ({ ...batch, leftOut: true })),
    state,
  );
}

/** Every file of a command is expected from now on, in the batch it will go into. */
function withCall(state: LoadState, call: Command): LoadState {
  const origin = {
    again: call.options.includes('--again'),
    restart: call.options.includes('--restart-invoice'),
  };
  const left = call.replaces.reduce((all, jobId) => withAbandoned(all, jobId), state);
  return call.files.reduce((all, { jobId, kind, parent, file, corrects }) => {
    const given = withBatch(all, jobId, (known) => ({
      ...(known.file === null ? planned(known, { kind, parent, file, origin }) : known),
      leftOut: false,
      call,
    }));
    return corrects === undefined ? given : withCorrection(given, jobId, corrects);
  }, left);
}

/** A batch corrects another: both know. */
function withCorrection(
  state: LoadState,
  jobId: string,
  corrects: NonNullable<BatchState['corrects']>,
): LoadState {
  const correction = withBatch(state, jobId, (known) => ({ ...known, corrects }));
  return withBatch(correction, corrects.jobId, (known) => ({
    ...known,
    corrections: [...new Set([...(known.corrections ?? []), jobId])],
  }));
}

/** A batch that a file is to go into, and that may exist on the server already. */
const planned = (
  known: BatchState,
  plan: Pick<BatchState, 'kind' | 'parent' | 'file' | 'origin'> & { readonly call?: Command | null },
): BatchState => ({
  ...known,
  kind: plan.kind,
  parent: plan.parent ?? known.parent,
  file: plan.file,
  origin: plan.origin,
  call: plan.call ?? known.call,
});

/** The server knows the batch, so a create in doubt happened. Inits are resolved by `decideInit`. */
const resolved = (known: BatchState): BatchState =>
  known.created === 'unknown' && known.kind !== 'init' ? { ...known, created: 'yes' } : known;

function blank(jobId: string): BatchState {
  return {
    jobId,
    kind: 'customer',
    id: null,
    file: null,
    parent: null,
    init: null,
    created: 'no',
    uploaded: 'no',
    finalized: 'no',
    doubts: {},
    createStatus: null,
    finalizedAt: null,
    foundElsewhere: false,
    unclaimed: false,
    object: null,
    seen: null,
    changedAt: null,
    abandoned: false,
    missing: false,
    leftOut: false,
    results: [],
    blocked: false,
    call: null,
    origin: { again: false, restart: false },
  };
}

/** After an intent alone, a call may have happened, unless it is known that it did. */
const attempted = (before: Happened): Happened => (before === 'yes' ? 'yes' : 'unknown');

const same = <T>(known: T, given: T): T =>
  known !== null && JSON.stringify(known) === JSON.stringify(given) ? known : given;

function intended(known: BatchState, entry: Extract<Entry, { type: 'intent' }>): BatchState {
  const { call } = entry;
  // It is sent only to the URL in the answer to the create, which may be in a damaged line.
  if (call === 'put')
    return { ...known, created: 'yes', object: entry.object, uploaded: attempted(known.uploaded) };
  const doubts = { ...known.doubts, [call]: { since: entry.at, waitMs: entry.waitMs ?? null } };
  switch (call) {
    case 'init':
      return { ...known, doubts, kind: 'init', init: entry.request, created: attempted(known.created) };
    case 'create':
      return {
        ...known,
        doubts,
        kind: entry.kind,
        // The same content is kept once: that of the command.
        file: same(known.file, entry.file),
        parent: same(known.parent, entry.parent),
        created: attempted(known.created),
        unclaimed: false,
      };
    case 'finalize':
      return { ...known, doubts, created: 'yes', finalized: attempted(known.finalized) };
  }
}

function answered(
  known: BatchState,
  { call, before, doubt }: OpenCall,
  entry: Extract<Entry, { type: 'answer' }>,
): BatchState {
  const field = FIELD[call];
  if (entry.outcome === 'refused') {
    const refused = known[field] === 'yes' ? known : { ...known, [field]: before };
    return withDoubt(refused, call, doubt);
  }
  const doubted = withDoubt(known, call, { since: entry.at, waitMs: 0 });
  if (entry.outcome === 'ambiguous') return doubted;
  const done = submitted({ ...doubted, [field]: 'yes' }, { call, at: entry.at });
  const status = call === 'create' ? (known.createStatus ?? entry.batch?.status ?? null) : known.createStatus;
  const object = entry.upload?.object ?? known.object;
  const listed = entry.batch?.uploadUrl ?? null;
  const next = { ...done, object: object === listed ? listed : object, createStatus: status };
  return entry.batch ? withSeen(next, entry.batch, entry.at) : next;
}

function withDoubt(known: BatchState, call: Call, doubt: Doubt | undefined): BatchState {
  if (call === 'put') return known;
  const { [call]: _last, ...others } = known.doubts;
  return { ...known, doubts: doubt === undefined ? others : { ...others, [call]: doubt } };
}

const submitted = (
  batch: BatchState,
  { call, at }: { readonly call: Call; readonly at: string },
): BatchState =>
  (call === 'finalize' || call === 'init') && batch.finalizedAt === null
    ? { ...batch, finalizedAt: at }
    : batch;

/** The first id of a batch is its id. An answer under the same job id with another id is not about it (api rule 14). */
function withSeen(known: BatchState, batch: Batch, at: string): BatchState {
  if (identityOf(known, { id: batch.id, jobId: null }) === 'other') return known;
  const changedAt = known.seen !== null && sameStatuses(known.seen, batch) ? known.changedAt : at;
  return { ...known, id: known.id ?? batch.id, seen: compact(batch), changedAt, missing: false };
}

/** Texts that thousands of answers have in common, each kept once. */
const texts = new Map<string, string>();
const MOST_TEXTS = 1000;

function shared<T extends string | null>(text: T): T {
  if (text === null || text.length > 100) return text;
  const known = texts.get(text);
  if (known !== undefined) return known as T;
  if (texts.size < MOST_TEXTS) texts.set(text, text);
  return text;
}

const compact = (batch: Batch): Batch => ({
  ...batch,
  element: shared(batch.element),
  status: shared(batch.status),
  operation: shared(batch.operation),
  subOperation: shared(batch.subOperation),
  successMessage: shared(batch.successMessage),
  children: batch.children.map(compact),
});

/** "Not found" about a batch that was never seen says only that it is not there yet (api rule 16). */
const withoutSight = (known: BatchState): BatchState =>
  known.seen === null ? known : { ...known, missing: true };

/** Its own status and those of the batches under it: an init has no status itself (api rule 7). */
function sameStatuses(before: Batch, now: Batch): boolean {
  if (before.status !== now.status || before.children.length !== now.children.length) return false;
  if (now.children.length === 0) return true;
  const statuses = ({ children }: Batch): string =>
    JSON.stringify(children.map(({ element, id, status }) => `${element} ${id} ${status}`).sort());
  return statuses(before) === statuses(now);
}
