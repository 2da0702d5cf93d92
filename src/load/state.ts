import type { InitRequest, ParentRef } from '../api/request.ts';
import { findSame } from '../batch/identity.ts';
import { phaseOf, type StatusNames } from '../batch/phase.ts';
import { itemsUnder, parentOf } from '../batch/tree.ts';
import type { Batch, Kind, Phase } from '../batch/types.ts';
import type { Approved, Call as Command, Entry, Header, SourceFile } from './entries.ts';

/** Whether a call happened. `unknown`: an intent without a readable answer. */
export type Happened = 'no' | 'unknown' | 'yes';

/** One batch of a load as the journal records it. */
export interface BatchState {
  readonly jobId: string;
  readonly kind: Kind;
  readonly id: string | null;
  /** `null` for inits, and for batches created elsewhere. */
  readonly file: SourceFile | null;
  /** The invoice batch of an items batch. */
  readonly parent: ParentRef | null;
  readonly init: InitRequest | null;
  /** For an init: the init call. */
  readonly created: Happened;
  readonly uploaded: Happened;
  readonly finalized: Happened;
  /** The calls that may still take effect (api rule 16), each as it was last sent; none once it was refused. */
  readonly doubts: Readonly<Partial<Record<Changing, Doubt>>>;
  /** The status in the answer to its own create: what this server calls a draft (api rule 6). See `draftNameOf`. */
  readonly createStatus: string | null;
  /** When it was submitted for processing, an init by its call, ISO 8601; `null` if it was not, or not from here. */
  readonly finalizedAt: string | null;
  /** Created on another machine, found by its job id. */
  readonly foundElsewhere: boolean;
  /** Found before anything was sent for it from here, and not adopted: which file it holds is for the operator to say. */
  readonly unclaimed: boolean;
  /** Origin and path of its upload URL. */
  readonly object: string | null;
  /** The server's last answer, URLs without their query. */
  readonly seen: Batch | null;
  /** When its status and those of the batches under it were first seen as they are, ISO 8601. */
  readonly changedAt: string | null;
  readonly abandoned: boolean;
  /** The server knew it once and says now that it does not (api rule 16). */
  readonly missing: boolean;
  /** The operator said that its file will not come (api rule 28). */
  readonly leftOut: boolean;
  /** SHA-256 of the result files that were downloaded for it. */
  readonly results: readonly string[];
  /** What its result file says, where every record in it is loaded or rejected. */
  readonly counted?: { readonly rows: number; readonly failed: number };
  /** The batch whose rejected records it corrects. */
  readonly corrects?: { readonly jobId: string; readonly replaces: number };
  /** Job ids of the batches that correct its rejected records, those left behind included. */
  readonly corrections?: readonly string[];
  /** The file its rejected records were last written to, as they were sent. */
  readonly rejects?: Omit<Extract<Entry, { type: 'rejects' }>, 'at' | 'type' | 'jobId'>;
  /** Rejected records that will not be loaded. */
  readonly waived?: readonly Waived[];
  /** SHA-256 of files that `--next` was refused for, since this batch was found to be finalized. */
  readonly nextRefused?: readonly string[];
  /** Its upload cannot go on without `--restart-invoice`. */
  readonly blocked: boolean;
  /** The last command that gave its file; `null` in older journals, and when created elsewhere. */
  readonly call: Command | null;
  /** Options of the command that planned it, which repeating that command must not carry out again. */
  readonly origin: { readonly again: boolean; readonly restart: boolean };
}

/** Rejected records that were waived, when, by whom, and why. */
export type Waived = Omit<Extract<Entry, { type: 'waived' }>, 'type' | 'jobId'>;

/** A call that may still take effect: for the settle time after its process stopped waiting for it. */
export interface Doubt {
  /** When it was answered, or else its intent, ISO 8601. */
  readonly since: string;
  /** How long after `since` its process may have waited for the answer, ms: 0 after the answer, `null` in older journals. */
  readonly waitMs: number | null;
}

/** The calls whose effect is learnt by asking; that of a put is not. */
export type Changing = Exclude<Call, 'put'>;
export type Call = 'init' | 'create' | 'put' | 'finalize';

/** What a load came to. */
export type Closed = Omit<Extract<Entry, { type: 'closed' }>, 'at' | 'type'>;

/** A load: its journal, folded. */
export interface LoadState {
  readonly header: Header;
  readonly updatedAt: string;
  /** In the order they were started. */
  readonly batches: ReadonlyMap<string, BatchState>;
  /** The approvals that its runs were checked against, in their order. */
  readonly approvals?: readonly (Approved & { readonly at: string })[];
  /** Requests without an answer on record, by number. */
  readonly open: ReadonlyMap<number, OpenCall>;
  /** The next intent's number. */
  readonly next: number;
  /** How many entries are decisions (`isDecision`). */
  readonly decisions: number;
  /** What it came to when it was last closed. */
  readonly closed?: Closed;
}

export interface OpenCall {
  readonly call: Call;
  readonly jobId: string;
  /** Whether an earlier call of the same kind had happened, and may still: a refusal says nothing about that call. */
  readonly before: Happened;
  readonly doubt: Doubt | undefined;
}

export function emptyState(header: Header): LoadState {
  return { header, updatedAt: header.startedAt, batches: new Map(), open: new Map(), next: 1, decisions: 0 };
}

/** The init of a load that happened, or may have. Pure. */
export const initOnRecord = (state: LoadState | null): BatchState | undefined =>
  [...(state?.batches.values() ?? [])].find(({ kind, created }) => kind === 'init' && created !== 'no');

/** The items batches of an invoice batch, without those left behind. */
export function itemsOf(state: LoadState, invoice: BatchState): readonly BatchState[] {
  return itemsUnder(state.batches, invoice).filter(({ abandoned }) => !abandoned);
}

/** Finds the batches of some content, and of some object at the storage. */
export const bySha256 = ({ file }: BatchState): readonly string[] => (file === null ? [] : [file.sha256]);
export const byObject = ({ object }: BatchState): readonly string[] => (object === null ? [] : [object]);

/**
 * What the server calls a draft of this batch: the status that its own create was answered with, until it is known to be
 * finalized; `null` when that is unknown (api rule 6).
 */
export function draftNameOf(state: LoadState, batch: BatchState): string | null {
  const submitted = parentOf(state.batches, batch) ?? batch;
  return submitted.finalized === 'yes' ? null : batch.createStatus;
}

/** The last answer about a batch: of an items batch what its invoice batch lists, else the answer to its own question. */
export function lastAnswer(state: LoadState, batch: BatchState): Batch | null {
  const listed = parentOf(state.batches, batch)?.seen?.children ?? [];
  return findSame(listed, batch) ?? batch.seen;
}

/** The phase of a batch on record by an answer about it. The only place that decides whether it is a draft. */
export function phaseOnRecord(
  state: LoadState,
  batch: BatchState,
  answer: Batch,
  names: StatusNames,
): { readonly phase: Phase; readonly recognised: boolean } {
  const own = phaseOf(answer, names, draftNameOf(state, batch));
  // It is on record that it was submitted: an answer from before that is no reason to submit it again.
  return own.phase === 'draft' && wasSubmitted(state, batch) ? { ...own, phase: 'queued' } : own;
}

/** Items are submitted with their invoice batch, if they had arrived. */
function wasSubmitted({ batches }: LoadState, batch: BatchState): boolean {
  if (batch.kind !== 'items') return batch.finalized === 'yes';
  return batch.uploaded === 'yes' && parentOf(batches, batch)?.finalized === 'yes';
}
