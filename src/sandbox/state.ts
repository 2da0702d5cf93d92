import type { Settings } from './options.ts';

/** The two servers: the vendor's API, and S3. */
export type Side = 'api' | 's3';

/** The requests the sandbox knows; `other` is any other one. */
export type Call = 'init' | 'create' | 'put' | 'finalize' | 'status' | 'download' | 'other';

/** What a batch carries. The carry-forward kinds are the children of an init. */
export type Kind =
  | 'init'
  | 'carryForwardInvoice'
  | 'carryForwardCreditMemo'
  | 'carryForwardDebitMemo'
  | 'customer'
  | 'invoice'
  | 'items';

/** The kinds with a file. */
export type UploadKind = 'customer' | 'invoice' | 'items';

/** Everything the sandbox keeps, as one JSON document. The bytes of objects are in files of their own. */
export interface StoredState {
  readonly version: 1;
  nextId: number;
  /** Open documents that a fresh sandbox has, which no batch loaded. */
  open: { invoices: number; creditMemos: number; debitMemos: number };
  /** Inits that had an effect. */
  initCount: number;
  zeroedCustomerBalances: number;
  readonly batches: StoredBatch[];
  /** S3's content by key. A key is never used as a path, so nothing can be written outside the folder. */
  readonly objects: Record<string, StoredObject>;
}

export interface StoredObject {
  /** Name of the file with the bytes. It never changes once written, so a batch can keep what it was given. */
  readonly blob: string;
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  /** How often this key was written. */
  readonly puts: number;
}

export interface StoredBatch {
  readonly id: string;
  readonly jobId: string;
  readonly kind: Kind;
  readonly operation: string;
  readonly subOperation: string;
  readonly parentId: string | null;
  inputFilename: string | null;
  objectKey: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Creates of this job id that had an effect: 1, and one more for each reissue. */
  createCount: number;
  /** Finalizes that had an effect; more than 1 bills twice. */
  finalizeCount: number;
  /** All finalizes, refused ones too. */
  finalizeAttempts: number;
  /** When it was finalized, in milliseconds since 1970; `null` is Draft. */
  queuedAt: number | null;
  /** The object as of finalize: a later PUT to the same key changes nothing. */
  source: StoredObject | null;
  /** By a fault: this many records at the beginning of its file are neither processed nor counted. */
  loses?: number;
  /** By a fault: until then status questions do not find it, as in a replica that lags behind. Ms since 1970. */
  hiddenUntil?: number;
  /** By a fault: until then status questions show the Draft it was before its finalize. Ms since 1970. */
  draftUntil?: number;
  /** By a fault: no request finds it any more. What it loaded stays loaded. */
  forgotten?: boolean;
  /** The result, once all records are processed. */
  work: Work | null;
  /** A later init carried its invoices forward. */
  carried: boolean;
}

export interface Work {
  readonly succeeded: number;
  readonly failed: number;
  readonly errorMessage: string;
  /** Key of the result CSV. */
  readonly resultKey: string | null;
}

export function emptyState(open: StoredState['open']): StoredState {
  return { version: 1, nextId: 1, open, initCount: 0, zeroedCustomerBalances: 0, batches: [], objects: {} };
}

/** The next id: one sequence for all batches and carry-forwards, as in the vendor's examples. */
export function takeId(state: StoredState): string {
  const id = String(state.nextId);
  state.nextId += 1;
  return id;
}

/** Oldest first. */
export function childrenOf(state: StoredState, parent: StoredBatch): StoredBatch[] {
  return state.batches.filter((batch) => batch.parentId === parent.id);
}

export type Phase = 'draft' | 'queued' | 'running' | 'succeeded' | 'failed';

type Clock = Pick<Settings, 'now' | 'processingTimeMs'>;

/**
 * The phase follows from the time of the finalize and is never stored, so a crash cannot lose it: queued for a third of
 * the processing time, then running, and final when the time is over and the records are processed.
 */
export function phaseOf(batch: StoredBatch, { now, processingTimeMs }: Clock): Phase {
  if (batch.queuedAt === null) return 'draft';
  const elapsed = now() - batch.queuedAt;
  if (elapsed < processingTimeMs / 3) return 'queued';
  if (elapsed < processingTimeMs || !batch.work) return 'running';
  // The vendor's message shows `Success` with failed records, too.
  return batch.work.succeeded > 0 ? 'succeeded' : 'failed';
}

export function isFinal(phase: Phase): boolean {
  return phase === 'succeeded' || phase === 'failed';
}

/** The status name in answers. The vendor's text has Draft, Queued and Success only. */
export function statusName(
  phase: Phase,
  { draftName, runningName }: Pick<Settings, 'draftName' | 'runningName'>,
): string {
  const names = {
    draft: draftName,
    queued: 'Queued',
    running: runningName,
    succeeded: 'Success',
    failed: 'Failed',
  };
  return names[phase];
}

/** Final invoice batches whose invoices no init has carried forward yet. */
export function openLoadedInvoices(state: StoredState, clock: Clock): StoredBatch[] {
  return state.batches.filter(
    (batch) => batch.kind === 'invoice' && !batch.carried && isFinal(phaseOf(batch, clock)),
  );
}
