import { isUrl } from '../system/url.ts';
import { ApiError } from './answer.ts';
import { create, finalize, findBatch, init, mark, requireBatch } from './batch-effects.ts';
import {
  batchDocument,
  carryForwardDocument,
  type DownloadUrl,
  draftDocument,
  initDocument,
} from './documents.ts';
import type { FaultAction } from './faults.ts';
import type { Settings } from './options.ts';
import type { Processor } from './processor.ts';
import { type BatchReference, createRequest, finalizeRequest, initRequest } from './requests.ts';
import type { Call, Kind, StoredBatch, StoredState } from './state.ts';
import type { Store } from './store.ts';
import { BadRequestXml, type Element, readRequest } from './xml.ts';

/** What a call needs while it executes. */
interface CallContext {
  /** Saves a change. Call it in the same synchronous block as the change. */
  changed(batch: StoredBatch): void;
  /** For the actions that change the execution itself. */
  readonly fault: FaultAction | null;
  uploadUrl(key: string): Promise<string>;
  downloadUrl: DownloadUrl;
}

/** What a call changes, and by which settings. */
export interface Effects {
  readonly settings: Settings;
  readonly store: Pick<Store, 'state' | 'object' | 'save'>;
  readonly processor: Pick<Processor, 'start'>;
}

/** A request of the API: the batch it names and its execution. */
export interface ApiCall {
  readonly call: Call;
  readonly kind: Kind | null;
  readonly jobId: string | null;
  readonly batchId: string | null;
  /** @returns the document to answer with. @throws ApiError */
  perform(context: Effects, call: CallContext): Promise<Element>;
}

/** The changing calls by mode. `read` throws `ApiError` or `BadRequestXml`. */
const API_CALLS: readonly {
  readonly mode: string;
  readonly method: string;
  readonly call: Call;
  read(body: Buffer, state: StoredState): ApiCall;
}[] = [
  { mode: 'BatchInit', method: 'POST', call: 'init', read: readInit },
  { mode: 'S3FileUpload', method: 'POST', call: 'create', read: readCreate },
  { mode: 'BatchFinalize', method: 'PUT', call: 'finalize', read: readFinalize },
];

/** The call of a request; one that cannot be read is a call that fails. */
export function readCall(method: string, rawUrl: string, body: Buffer, state: StoredState): ApiCall {
  const text = `http://sandbox${rawUrl.replace(/^https?:\/\/[^/]*/i, '')}`;
  if (!isUrl(text)) return failedCall(new ApiError(400, 'The URL cannot be read'));
  const url = new URL(text);
  if (!url.pathname.endsWith('/rest/batchProcess')) {
    return failedCall(new ApiError(404, `There is nothing at ${url.pathname}`));
  }
  if (method === 'GET') return getStatus(url.searchParams, state);
  const mode = url.searchParams.get('mode');
  const known = API_CALLS.find((each) => each.mode === mode);
  if (!known)
    return failedCall(new ApiError(400, mode === null ? 'mode is required' : `Unknown mode ${mode}`));
  if (method !== known.method) {
    return failedCall(new ApiError(405, `${known.mode} takes ${known.method}, not ${method}`));
  }
  try {
    return known.read(body, state);
  } catch (error) {
    // It still counts as this call, so that a fault for the call matches it.
    const failure = error instanceof BadRequestXml ? new ApiError(400, error.message) : error;
    if (failure instanceof ApiError) return { ...failedCall(failure), call: known.call };
    throw error;
  }
}

function readInit(body: Buffer): ApiCall {
  const request = initRequest(readRequest(body));
  return {
    call: 'init',
    kind: 'init',
    jobId: request.jobId,
    batchId: null,
    perform: async ({ store, settings }, call) => {
      const batch = init(store.state, settings, request);
      mark(store.state, batch, call.fault, settings.now());
      call.changed(batch);
      return initDocument(store.state, batch, settings);
    },
  };
}

function readCreate(body: Buffer): ApiCall {
  const request = createRequest(readRequest(body));
  return {
    call: 'create',
    kind: request.kind,
    jobId: request.jobId,
    batchId: null,
    perform: async ({ store, settings }, call) => {
      const batch = create(store.state, settings, request);
      mark(store.state, batch, call.fault, settings.now());
      call.changed(batch);
      return draftDocument(batch, await call.uploadUrl(batch.objectKey ?? ''), settings);
    },
  };
}

function readFinalize(body: Buffer, state: StoredState): ApiCall {
  const reference = finalizeRequest(readRequest(body));
  return {
    ...namedBatch(reference, state),
    call: 'finalize',
    perform: async ({ store, settings, processor }, call) => {
      if (call.fault?.type === 'ignored' || call.fault?.type === 'failed-status') {
        const batch = requireBatch(store.state, reference);
        batch.finalizeAttempts += 1;
        const shown = call.fault.type === 'ignored' ? undefined : 'failed';
        return batchDocument(store.state, batch, settings, call.downloadUrl, shown);
      }
      const batch = finalize(store.state, settings, reference, (key) => store.object(key));
      mark(store.state, batch, call.fault, settings.now());
      call.changed(batch);
      processor.start(batch);
      return batchDocument(store.state, batch, settings, call.downloadUrl, 'queued');
    },
  };
}

/** `GET ?id=` or `?jobId=`. */
function getStatus(query: URLSearchParams, state: StoredState): ApiCall {
  const reference = { id: query.get('id') || null, jobId: query.get('jobId') || null };
  return {
    ...namedBatch(reference, state),
    call: 'status',
    perform: async ({ store, settings }, call) => {
      if (reference.id === null && reference.jobId === null)
        throw new ApiError(400, 'id or jobId is required');
      const now = settings.now();
      const batch = requireBatch(store.state, reference, now);
      if (call.fault?.type === 'forget') {
        mark(store.state, batch, call.fault, now);
        store.save();
      }
      if (batch.kind === 'init') return initDocument(store.state, batch, settings);
      if (batch.objectKey === null) return carryForwardDocument(batch);
      const phase = now < (batch.draftUntil ?? 0) ? 'draft' : undefined;
      return batchDocument(store.state, batch, settings, call.downloadUrl, phase);
    },
  };
}

/** A request that was refused while it was read. */
export function failedCall(failure: ApiError): ApiCall {
  const perform = () => Promise.reject(failure);
  return { call: 'other', kind: null, jobId: null, batchId: null, perform };
}

function namedBatch(
  reference: BatchReference,
  state: StoredState,
): Pick<ApiCall, 'kind' | 'jobId' | 'batchId'> {
  const batch = findBatch(state, reference);
  return {
    kind: batch?.kind ?? null,
    jobId: batch?.jobId ?? reference.jobId,
    batchId: batch?.id ?? reference.id,
  };
}
