import type { Baseline, KindTotals } from '../batch/comparison.ts';
import { FILE_KINDS } from '../batch/comparison.ts';
import { sumAmounts } from '../batch/decimals.ts';
import type { StatusNames } from '../batch/phase.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView, FileKind } from '../batch/types.ts';
import { isClosed } from './closed.ts';
import type { BatchState, Closed, LoadState } from './state.ts';
import { viewLoad } from './view.ts';

// What a load came to, worked out of its journal. Pure; unknown is `null`, and never guessed.

/**
 * What a closed load came to; `null` while it is open. What is on record holds as long as nothing was added to the load: the
 * status names of a profile may change later.
 */
export function closedTotals(state: LoadState, names: StatusNames): Closed | null {
  const { closed } = state;
  const isClosedNow = isClosed(state, names, 'invoice');
  if (closed === undefined && !isClosedNow) return null;
  const now = totalsOf(state, names);
  if (closed !== undefined && sameFiles(closed, now)) return closed;
  return isClosedNow ? now : null;
}

const sameFiles = (a: Pick<Closed, 'files'>, b: Pick<Closed, 'files'>): boolean =>
  JSON.stringify(a.files) === JSON.stringify(b.files);

/** A load to compare with, open or closed. */
export function baselineOf(state: LoadState, names: StatusNames): Baseline {
  const closed = closedTotals(state, names);
  const { kinds, customersBilled, closedAt } = closed ?? totalsOf(state, names);
  return {
    job: state.header.job,
    closedAt: closed === null ? null : closedAt,
    kinds,
    customersBilled,
  };
}

/** What it has come to so far. */
export function totalsOf(state: LoadState, names: StatusNames): Closed {
  const views = flatten(viewLoad(state, names)).filter(
    ({ leftOut, leftBehind, phase }) => !leftOut && !leftBehind && phase !== 'not-run',
  );
  const all = [...state.batches.values()];
  const sent = views.flatMap((view) => {
    const batch = view.jobId === null ? undefined : state.batches.get(view.jobId);
    return isFileKind(view.kind) ? [{ view, kind: view.kind, file: batch?.file ?? null }] : [];
  });
  return {
    closedAt: closedAt(state, all),
    kinds: FILE_KINDS.flatMap((kind) => {
      const own = sent.filter((one) => one.kind === kind);
      return own.length === 0 ? [] : [kindTotals(kind, own)];
    }),
    customersBilled: customersBilled(
      all,
      sent.filter(({ kind, view }) => kind === 'invoice' && view.corrects === undefined),
    ),
    files: sent.flatMap(({ view: { jobId }, kind, file }) =>
      jobId === null || file === null ? [] : [{ jobId, kind, name: file.name, sha256: file.sha256 }],
    ),
  };
}

interface Sent {
  readonly view: BatchView;
  readonly kind: FileKind;
  /** `null`: it was not sent from here. */
  readonly file: BatchState['file'];
}

/** A record counts as sent once: a correction adds only those that replace none. */
function kindTotals(
  kind: FileKind,
  sent: readonly Sent[],
): KindTotals & { readonly rejected: number | null } {
  const first = sent.filter(({ view }) => view.corrects === undefined);
  const added = sum(
    sent
      .filter(({ view }) => view.corrects !== undefined)
      .map(({ view: { recordsSent, corrects } }) =>
        recordsSent === null ? null : recordsSent - (corrects?.replaces ?? 0),
      ),
  );
  const records = sum([...first.map(({ view }) => view.recordsSent), added]);
  return {
    kind,
    records,
    // Of the files as they were first sent: with records that came later it would be another sum.
    amount: added === 0 ? sumAmounts(first.map(({ file }) => file?.amount ?? null)) : null,
    rejected: sum(first.map(({ view }) => view.failCount)),
  };
}

/** Known only where one command gave all invoice files: another one may bill the same customers. */
function customersBilled(all: readonly BatchState[], invoices: readonly Sent[]): number | null {
  const jobIds = new Set(invoices.map(({ view }) => view.jobId));
  const calls = new Set(all.filter(({ jobId }) => jobIds.has(jobId)).map(({ call }) => call));
  const [call] = calls;
  if (call === undefined || call === null || calls.size > 1) return null;
  const given = call.files.filter(({ kind }) => kind === 'invoice').map(({ jobId }) => jobId);
  return given.every((jobId) => jobIds.has(jobId)) ? (call.billed ?? null) : null;
}

/** When the last of its batches was first seen as it is, or the last of its open records was waived. */
function closedAt({ header }: LoadState, all: readonly BatchState[]): string {
  const times = all.flatMap(({ changedAt, waived = [] }) => [
    ...(changedAt === null ? [] : [changedAt]),
    ...waived.map(({ at }) => at),
  ]);
  return times.reduce((last, time) => (time > last ? time : last), header.startedAt);
}

const sum = (values: readonly (number | null)[]): number | null =>
  values.reduce((so, value) => (so === null || value === null ? null : so + value), 0 as number | null);

const isFileKind = (kind: string): kind is FileKind => (FILE_KINDS as readonly string[]).includes(kind);
