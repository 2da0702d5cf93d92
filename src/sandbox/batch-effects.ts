import { ApiError } from './answer.ts';
import { CARRY_FORWARDS } from './documents.ts';
import type { FaultAction } from './faults.ts';
import type { Settings } from './options.ts';
import type { BatchReference, CreateRequest, InitRequest } from './requests.ts';
import {
  childrenOf,
  openLoadedInvoices,
  type StoredBatch,
  type StoredObject,
  type StoredState,
  takeId,
  type Work,
} from './state.ts';

// How each changing call changes the state. Each function changes all of it or throws ApiError; none is asynchronous, so no
// other request sees half of a change.

/** Carries open documents forward. An init is not repeated, unless by `repeats`: it rewrites every open invoice. */
export function init(state: StoredState, settings: Settings, request: InitRequest): StoredBatch {
  if (settings.repeats === 'refuse') refuseKnownJobId(state, request.jobId);
  const now = settings.now();
  const parent = newBatch(state, now, {
    jobId: request.jobId,
    kind: 'init',
    operation: '',
    subOperation: '',
  });
  const loaded = request.carryForwardInvoices ? openLoadedInvoices(state, settings) : [];
  const loadedCount = loaded.reduce((sum, batch) => sum + (batch.work?.succeeded ?? 0), 0);
  const counts = {
    carryForwardInvoice: request.carryForwardInvoices ? state.open.invoices + loadedCount : 0,
    carryForwardCreditMemo: request.carryForwardCreditMemos ? state.open.creditMemos : 0,
    carryForwardDebitMemo: request.carryForwardDebitMemos ? state.open.debitMemos : 0,
  };
  for (const { kind, subOperation } of CARRY_FORWARDS) {
    if (counts[kind] === 0) continue;
    const operation = 'CarryForward';
    const part = newBatch(state, now, { jobId: '', kind, operation, subOperation, parentId: parent.id });
    part.queuedAt = now;
    part.work = { succeeded: counts[kind], failed: 0, errorMessage: '', resultKey: null };
  }
  for (const batch of loaded) batch.carried = true;
  if (request.carryForwardInvoices) state.open.invoices = 0;
  if (request.carryForwardCreditMemos) state.open.creditMemos = 0;
  if (request.carryForwardDebitMemos) state.open.debitMemos = 0;
  state.initCount += 1;
  if (request.zeroOutCustomerBalance) state.zeroedCustomerBalances += 1;
  return parent;
}

/** Makes a Draft batch; with `duplicates: reissue` it returns an existing one. */
export function create(state: StoredState, settings: Settings, request: CreateRequest): StoredBatch {
  const parent = request.parent ? openInvoiceBatch(state, request.parent) : null;
  // As at the vendor, the key has no batch id: one file name is one object (api rule 26).
  const objectKey = `${settings.org}/in/${request.inputFilename}`;
  const known = findBatch(state, { id: null, jobId: request.jobId });
  if (known && settings.duplicates === 'reissue') {
    const same =
      known.kind === request.kind && known.queuedAt === null && known.parentId === (parent?.id ?? null);
    if (same) {
      known.createCount += 1;
      known.inputFilename = request.inputFilename;
      known.objectKey = objectKey;
      return known;
    }
  }
  if (settings.duplicates !== 'another')
    refuseKnownJobId(state, request.jobId, settings.duplicates === 'conflict' ? 409 : 400);
  const { jobId, kind, operation, subOperation, inputFilename } = request;
  const parentId = parent?.id ?? null;
  const now = settings.now();
  return newBatch(state, now, { jobId, kind, operation, subOperation, parentId, inputFilename, objectKey });
}

/**
 * Queues a batch for processing, an invoice batch with all its item batches, with their objects as they are now. By
 * `missingFiles` it is refused while one of them has no object, or that batch fails.
 */
export function finalize(
  state: StoredState,
  settings: Settings,
  reference: BatchReference,
  objectOf: (key: string) => StoredObject | null,
): StoredBatch {
  const batch = requireBatch(state, reference);
  batch.finalizeAttempts += 1;
  if (batch.kind === 'items') {
    throw new ApiError(400, `Batch ${batch.id} is finalized with its invoice batch ${batch.parentId}`);
  }
  if (batch.objectKey === null) throw new ApiError(400, `Batch ${batch.id} has no file to finalize`);
  if (batch.queuedAt !== null && settings.repeats === 'refuse')
    throw new ApiError(400, `Batch ${batch.id} is already finalized`);
  const all = [batch, ...childrenOf(state, batch)];
  const sources = all.map((each) => {
    const source = objectOf(each.objectKey ?? '');
    if (!source && settings.missingFiles === 'refuse')
      throw new ApiError(400, `No file is uploaded for batch ${each.id} (${each.inputFilename})`);
    return { each, source };
  });
  const now = settings.now();
  for (const { each, source } of sources) {
    each.source = source;
    each.queuedAt = now;
    each.work = source ? null : NO_FILE;
    each.finalizeCount += 1;
  }
  return batch;
}

const NO_FILE: Work = { succeeded: 0, failed: 0, errorMessage: 'Input file not found', resultKey: null };

function openInvoiceBatch(state: StoredState, reference: BatchReference): StoredBatch {
  const parent = requireBatch(state, reference);
  if (parent.kind !== 'invoice') throw new ApiError(400, `Batch ${parent.id} is not an invoice batch`);
  if (parent.queuedAt !== null) throw new ApiError(400, `Invoice batch ${parent.id} is already finalized`);
  return parent;
}

function refuseKnownJobId(state: StoredState, jobId: string, status = 400): void {
  if (findBatch(state, { id: null, jobId })) throw new ApiError(status, `jobId already exists: ${jobId}`);
}

type NewBatch = Pick<StoredBatch, 'jobId' | 'kind' | 'operation' | 'subOperation'> & Partial<StoredBatch>;

function newBatch(state: StoredState, createdAt: number, parts: NewBatch): StoredBatch {
  const batch: StoredBatch = {
    id: takeId(state),
    parentId: null,
    inputFilename: null,
    objectKey: null,
    createdAt,
    createCount: 1,
    finalizeCount: 0,
    finalizeAttempts: 0,
    queuedAt: null,
    source: null,
    work: null,
    carried: false,
    ...parts,
  };
  state.batches.push(batch);
  return batch;
}

/** The effect of a fault on a batch, beyond the answer to this request. */
export function mark(state: StoredState, batch: StoredBatch, fault: FaultAction | null, now: number): void {
  switch (fault?.type) {
    case 'lose-records':
      batch.loses = fault.records;
      break;
    case 'hidden':
      for (const each of [batch, ...childrenOf(state, batch)]) {
        if (each.queuedAt === null || batch.kind === 'init') each.hiddenUntil = now + fault.ms;
        else each.draftUntil = now + fault.ms;
      }
      break;
    case 'forget':
      for (const each of [batch, ...childrenOf(state, batch)]) each.forgotten = true;
      break;
    case 'fail-part': {
      const part = childrenOf(state, batch)[0];
      if (part?.work) {
        const { succeeded } = part.work;
        part.work = { ...part.work, succeeded: 0, failed: succeeded, errorMessage: 'The part failed' };
      }
      break;
    }
  }
}

/** Id and job id, when both are given, must name the same batch. Zeros before an id mean nothing. */
export function findBatch(state: StoredState, { id, jobId }: BatchReference): StoredBatch | null {
  const find = (is: (batch: StoredBatch) => boolean) =>
    state.batches.find((batch) => !batch.forgotten && is(batch)) ?? null;
  // Carry-forwards have an empty job id, which names no batch.
  const byId = id === null ? null : find((batch) => batch.id === id.replace(/^0+(?=\d)/, ''));
  if (id !== null && jobId !== null) return byId?.jobId === jobId ? byId : null;
  return jobId === null ? byId : find((batch) => batch.jobId === jobId);
}

/**
 * @param now leaves out what a status question does not find yet
 * @throws ApiError 404 when there is none, 400 when id and job id name different batches
 */
export function requireBatch(state: StoredState, reference: BatchReference, now = Infinity): StoredBatch {
  const batch = findBatch(state, reference);
  if (batch && now >= (batch.hiddenUntil ?? 0)) return batch;
  const { id, jobId } = reference;
  if (
    id !== null &&
    jobId !== null &&
    findBatch(state, { id, jobId: null }) &&
    findBatch(state, { id: null, jobId })
  ) {
    throw new ApiError(400, `id ${id} and jobId ${jobId} are different batches`);
  }
  const names = [...(id === null ? [] : [`id ${id}`]), ...(jobId === null ? [] : [`jobId ${jobId}`])];
  throw new ApiError(404, `No batch process with ${names.join(' and ')}`);
}
