import type { Settings } from './options.ts';
import {
  type Kind,
  openLoadedInvoices,
  phaseOf,
  type StoredBatch,
  type StoredState,
  statusName,
} from './state.ts';

/** The sandbox's state as plain data, for assertions. */
export interface SandboxSnapshot {
  /** Oldest first; carry-forwards too. */
  readonly batches: readonly BatchSnapshot[];
  readonly objects: readonly ObjectSnapshot[];
  /** Inits that had an effect. */
  readonly initCount: number;
  /** Inits that also zeroed customer balances. */
  readonly zeroedCustomerBalances: number;
  /** What the next init would carry forward. */
  readonly open: { readonly invoices: number; readonly creditMemos: number; readonly debitMemos: number };
}

export interface BatchSnapshot {
  readonly id: string;
  readonly jobId: string;
  readonly kind: Kind;
  /** As the server would answer now; empty for an init. */
  readonly status: string;
  readonly parentId: string | null;
  readonly inputFilename: string | null;
  readonly objectKey: string | null;
  /** Of the object under its key, once finalized as of then. `null`: nothing was uploaded. */
  readonly sha256: string | null;
  readonly bytes: number | null;
  /** Creates that had an effect: 1, and one more for each reissue. */
  readonly createCount: number;
  /** Finalizes that had an effect. */
  readonly finalizeCount: number;
  /** When the last of them was, in milliseconds since 1970. */
  readonly finalizedAt: number | null;
  /** All finalizes, refused ones too. */
  readonly finalizeAttempts: number;
  /** `null` until final. */
  readonly successCount: number | null;
  readonly failCount: number | null;
  readonly resultKey: string | null;
}

export interface ObjectSnapshot {
  readonly key: string;
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
  /** How often it was written. */
  readonly puts: number;
}

export function snapshotOf(state: StoredState, settings: Settings): SandboxSnapshot {
  const loaded = openLoadedInvoices(state, settings).reduce(
    (sum, batch) => sum + (batch.work?.succeeded ?? 0),
    0,
  );
  return {
    batches: state.batches.map((batch) => batchSnapshot(state, batch, settings)),
    objects: Object.entries(state.objects).map(([key, { bytes, md5, sha256, puts }]) => ({
      key,
      bytes,
      md5,
      sha256,
      puts,
    })),
    initCount: state.initCount,
    zeroedCustomerBalances: state.zeroedCustomerBalances,
    open: { ...state.open, invoices: state.open.invoices + loaded },
  };
}

function batchSnapshot(state: StoredState, batch: StoredBatch, settings: Settings): BatchSnapshot {
  const phase = phaseOf(batch, settings);
  const final = phase === 'succeeded' || phase === 'failed';
  const object = batch.source ?? (batch.objectKey === null ? null : state.objects[batch.objectKey]) ?? null;
  return {
    id: batch.id,
    jobId: batch.jobId,
    kind: batch.kind,
    status: batch.kind === 'init' ? '' : batch.objectKey === null ? 'Success' : statusName(phase, settings),
    parentId: batch.parentId,
    inputFilename: batch.inputFilename,
    objectKey: batch.objectKey,
    sha256: object?.sha256 ?? null,
    bytes: object?.bytes ?? null,
    createCount: batch.createCount,
    finalizeCount: batch.finalizeCount,
    finalizedAt: batch.queuedAt,
    finalizeAttempts: batch.finalizeAttempts,
    successCount: final ? (batch.work?.succeeded ?? null) : null,
    failCount: final ? (batch.work?.failed ?? null) : null,
    resultKey: final ? (batch.work?.resultKey ?? null) : null,
  };
}
