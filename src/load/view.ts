import { accountedOutcome, accountOf, settled as settledByResult } from '../batch/account.ts';
import { findSame } from '../batch/identity.ts';
import { type NetBatch, settledOf } from '../batch/net.ts';
import { isFinal, outcomeOf } from '../batch/outcome.ts';
import { phaseOf, type StatusNames } from '../batch/phase.ts';
import { itemsUnder } from '../batch/tree.ts';
import type { Batch, BatchView, Kind, Phase } from '../batch/types.ts';
import { type BatchState, itemsOf, type LoadState, lastAnswer, phaseOnRecord } from './state.ts';

/** Every batch of a load as it is shown: init, customers, invoices with their items. */
export function viewLoad(state: LoadState, names: StatusNames): readonly BatchView[] {
  const live = [...state.batches.values()].filter(wasStarted);
  const order: readonly Kind[] = ['init', 'customer', 'invoice'];
  const top = order.flatMap((kind) => live.filter((batch) => batch.kind === kind));
  // Items whose invoice batch is not on record are at the top level.
  const claimed = new Set(top.flatMap((batch) => itemsUnder(state.batches, batch).map(({ jobId }) => jobId)));
  const orphans = live.filter((batch) => batch.kind === 'items' && !claimed.has(batch.jobId));
  return [...top, ...orphans].map((batch) => viewBatch(state, batch, names));
}

/** A request was sent, or may have been; or it was decided that none will be. */
const wasStarted = (batch: BatchState): boolean =>
  batch.created !== 'no' || batch.uploaded !== 'no' || batch.leftOut;

/** One batch with its children: those the server lists, and those on record that it does not list yet. */
export function viewBatch(state: LoadState, batch: BatchState, names: StatusNames): BatchView {
  if (batch.abandoned) return leftBehind(viewOwn(state, batch, batch.seen, [], names));
  const items = batch.kind === 'invoice' ? itemsOf(state, batch).filter(wasStarted) : [];
  const listed = batch.seen?.children ?? [];
  const isAbandoned = ({ jobId }: Batch): boolean => state.batches.get(jobId ?? '')?.abandoned === true;
  const children =
    batch.kind === 'init'
      ? listed.map((child) => viewServer(child, kindOfElement(child), names))
      : [
          ...items.map((item) => viewOwn(state, item, lastAnswer(state, item), [], names)),
          ...listed
            .filter((child) => findSame(items, child) === undefined && !isAbandoned(child))
            .map((child) => viewServer(child, 'items', names)),
        ];
  return viewOwn(state, batch, batch.seen, batch.missing ? children.map(lostWithParent) : children, names);
}

/** A draft that is never finalized; an invoice batch represents its items. Nothing is expected of its records. */
const leftBehind = (view: BatchView): BatchView => ({
  ...withOutcome({ ...view, phase: 'not-run', recordsSent: null, successCount: null, failCount: null }),
  leftBehind: true,
});

/** The server reports the batches under a missing one only through it. What was final is. */
const lostWithParent = (child: BatchView): BatchView =>
  isFinal(child.phase) ? child : withOutcome({ ...child, phase: 'missing' });

/** A batch that is not on record here. */
function viewServer(batch: Batch, kind: Kind, names: StatusNames): BatchView {
  const { phase } = phaseOf(batch, names);
  const children = batch.children.map((child) =>
    viewServer(child, kind === 'init' ? kindOfElement(child) : 'items', names),
  );
  return assemble(batch, {
    kind,
    file: null,
    recordsSent: null,
    phase,
    children,
    id: batch.id,
    jobId: batch.jobId,
  });
}

function viewOwn(
  load: LoadState,
  state: BatchState,
  seen: Batch | null,
  children: readonly BatchView[],
  names: StatusNames,
): BatchView {
  const reported = seen === null ? 'draft' : phaseOnRecord(load, state, seen, names).phase;
  // The server calls it Draft until it is finalized; only the journal knows that the file has arrived.
  const phase = isMissing(state, seen)
    ? 'missing'
    : state.kind === 'init'
      ? // It may have run, and may not: only an answer says which.
        state.created === 'unknown' && seen === null
        ? 'draft'
        : initPhase(children)
      : reported === 'draft' && state.uploaded === 'yes'
        ? 'uploaded'
        : reported;
  const { kind, id, jobId, file } = state;
  // The server processed it all the same: then its records count.
  const leftOut = state.leftOut && !((seen?.successCount ?? 0) > 0 || (seen?.failCount ?? 0) > 0);
  const view = assemble(seen, {
    kind,
    file: file?.name ?? null,
    recordsSent: leftOut || wasNotSent(state, phase) ? null : (file?.records ?? null),
    phase: leftOut ? 'not-run' : phase,
    children,
    id,
    jobId,
  });
  if (leftOut) return { ...view, leftOut: true };
  const { corrects } = state;
  const settled = hasCorrections(state) ? settledOf(netBatch(load, state, names)) : undefined;
  const counted = withCounted(state, view);
  return corrects === undefined && settled === undefined && counted === view
    ? view
    : withOutcome({
        ...counted,
        ...(corrects === undefined ? {} : { corrects }),
        ...(settled === undefined ? {} : { settled }),
      });
}

const hasCorrections = ({ corrections = [], waived = [] }: BatchState): boolean =>
  corrections.length + waived.length > 0;

/** A batch with its corrections, as the last answers describe them. */
function netBatch(load: LoadState, state: BatchState, names: StatusNames): NetBatch {
  const seen = lastAnswer(load, state);
  const counted = withCounted(state, {
    phase: seen === null || state.missing ? 'missing' : phaseOnRecord(load, state, seen, names).phase,
    recordsSent: state.file?.records ?? null,
    successCount: seen?.successCount ?? null,
    failCount: seen?.failCount ?? null,
  });
  return {
    accounted: accountOf(counted).state === 'accounted',
    failCount: counted.failCount,
    replaces: state.corrects?.replaces ?? 0,
    waived: (state.waived ?? []).reduce((sum, { records }) => sum + records, 0),
    corrections: (state.corrections ?? [])
      .flatMap((jobId) => load.batches.get(jobId) ?? [])
      .filter(({ abandoned, leftOut }) => !abandoned && !leftOut)
      .map((correction) => netBatch(load, correction, names)),
  };
}

/** With the counts of its result file, which settle those that the server left empty and may contradict others (commands rule 3). */
function withCounted<B extends Pick<BatchView, 'phase' | 'recordsSent' | 'successCount' | 'failCount'>>(
  { counted }: BatchState,
  batch: B,
): B {
  return counted !== undefined && isFinal(batch.phase) ? settledByResult(batch, counted) : batch;
}

/** Nothing of its file is at the storage: no PUT was sent, or the storage refused it. */
const wasNotSent = ({ uploaded }: BatchState, phase: Phase): boolean =>
  phase === 'draft' && uploaded === 'no';

/** @param seen its last answer: of an items batch that is not found, its invoice batch may list it again */
const isMissing = (state: BatchState, seen: Batch | null): boolean => state.missing && seen === state.seen;

const initPhase = (children: readonly BatchView[]): Phase =>
  outcomeOf(
    'not-run',
    children.map((child) => child.phase),
  );

interface Known {
  readonly kind: Kind;
  readonly id: string | null;
  readonly jobId: string | null;
  readonly file: string | null;
  readonly recordsSent: number | null;
  readonly phase: Phase;
  readonly children: readonly BatchView[];
}

function assemble(seen: Batch | null, known: Known): BatchView {
  const view = {
    id: known.id,
    jobId: known.jobId,
    kind: known.kind,
    file: known.file,
    status: seen?.status ?? null,
    phase: known.phase,
    operation: seen?.operation ?? null,
    subOperation: seen?.subOperation ?? null,
    recordsSent: known.recordsSent,
    successCount: seen?.successCount ?? null,
    failCount: seen?.failCount ?? null,
    successMessage: seen?.successMessage ?? null,
    errorMessage: seen?.errorMessage ?? null,
    ...(isFinal(known.phase) && seen?.downloadUrl === null ? { noResult: true as const } : {}),
    ...(isFinal(known.phase) && seen?.resultExpiresAt ? { resultExpiresAt: seen.resultExpiresAt } : {}),
    children: known.children,
  };
  return withOutcome(view);
}

const withOutcome = (view: Omit<BatchView, 'outcome'>): BatchView => ({
  ...view,
  outcome: accountedOutcome(view),
});

const KIND_OF: Readonly<Record<string, Kind>> = {
  carryForwardInvoice: 'carryForwardInvoice',
  carryForwardCreditMemo: 'carryForwardCreditMemo',
  carryForwardDebitMemo: 'carryForwardDebitMemo',
};

function kindOfElement(batch: Batch): Kind {
  return KIND_OF[batch.element.replace(/s$/, '')] ?? 'carryForwardInvoice';
}

interface Urls {
  readonly uploadUrl: string | null;
  readonly downloadUrl: string | null;
}

/** The last presigned URLs from the server, in memory only: for `--show-urls` (commands rule 4). */
export class PresignedUrls {
  readonly #urls = new Map<string, Urls>();

  /** Notes the URLs of a batch and its children. An answer without a URL does not remove an earlier one. */
  note(batch: Batch): void {
    const before = batch.id === null ? undefined : this.#urls.get(batch.id);
    if (batch.id !== null) {
      this.#urls.set(batch.id, {
        uploadUrl: batch.uploadUrl ?? before?.uploadUrl ?? null,
        downloadUrl: batch.downloadUrl ?? before?.downloadUrl ?? null,
      });
    }
    for (const child of batch.children) this.note(child);
  }

  /** The view with its URLs, children included. */
  add(view: BatchView): BatchView {
    const known = view.id === null ? undefined : this.#urls.get(view.id);
    return {
      ...view,
      uploadUrl: known?.uploadUrl ?? null,
      downloadUrl: known?.downloadUrl ?? null,
      children: view.children.map((child) => this.add(child)),
    };
  }
}
