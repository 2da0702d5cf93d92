import type { ParentRef } from '../api/request.ts';
import type { Batch } from '../batch/types.ts';
import type { Redacted } from '../redact/redactor.ts';
import { addressOf } from '../redact/shapes.ts';
import type { Entry } from './entries.ts';

/** Hides secrets in a text. */
export type Clean = (text: string) => Redacted;

/**
 * An entry as a journal may keep it (cli.md, promise 4): URLs without their query, and nothing secret in what a server
 * said, for some repeat all they are told. What is this machine's own (files, job ids, requests) is kept as it is: a load
 * is gone on with by it.
 */
export function keptEntry(entry: Entry, clean: Clean): Redacted<Entry> {
  return cleaned(entry, clean) as Redacted<Entry>;
}

function cleaned(entry: Entry, clean: Clean): Entry {
  switch (entry.type) {
    case 'intent':
      if (entry.call === 'put') return { ...entry, object: keptObject(entry.object, clean) };
      if (entry.call === 'finalize') return { ...entry, id: keptId(entry.id, clean) };
      return entry.call === 'create' ? { ...entry, parent: keptParent(entry.parent, clean) } : entry;
    case 'answer': {
      const { message, batch, upload, etag } = entry;
      return {
        ...entry,
        ...(message === undefined ? {} : { message: clean(message) }),
        ...(batch === undefined ? {} : { batch: keptBatch(batch, clean) }),
        ...(upload === undefined ? {} : { upload: { ...upload, object: keptObject(upload.object, clean) } }),
        ...(etag === undefined ? {} : { etag: text(etag, clean) }),
      };
    }
    case 'seen':
      return { ...entry, batch: entry.batch === null ? null : keptBatch(entry.batch, clean) };
    case 'found':
      return { ...entry, parent: keptParent(entry.parent, clean), batch: keptBatch(entry.batch, clean) };
    case 'discovered':
      return {
        ...entry,
        batches: entry.batches.map((one) => ({
          ...one,
          parent: keptParent(one.parent, clean),
          batch: keptBatch(one.batch, clean),
        })),
      };
    case 'settled':
      return { ...entry, batch: keptBatch(entry.batch, clean) };
    case 'abandoned':
      return { ...entry, id: keptId(entry.id, clean), reason: clean(entry.reason) };
    case 'adopted':
      return entry;
  }
}

/** Where an upload goes, as it is kept, and as another is to be compared with it (batch-api.md, what bites 14). */
export function keptObject(url: string, clean: Clean): string {
  return clean(addressOf(url));
}

function keptBatch(batch: Batch, clean: Clean): Batch {
  return {
    element: batch.element,
    id: keptId(batch.id, clean),
    jobId: text(batch.jobId, clean),
    status: text(batch.status, clean),
    operation: text(batch.operation, clean),
    subOperation: text(batch.subOperation, clean),
    successCount: batch.successCount,
    successMessage: text(batch.successMessage, clean),
    errorMessage: text(batch.errorMessage, clean),
    failCount: batch.failCount,
    uploadUrl: batch.uploadUrl === null ? null : keptObject(batch.uploadUrl, clean),
    downloadUrl: batch.downloadUrl === null ? null : keptObject(batch.downloadUrl, clean),
    children: batch.children.map((child) => keptBatch(child, clean)),
  };
}

/** An id with a secret in it is not kept: half an id is none, and the job id names the batch as well (batch-api.md, "Calls"). */
function keptId(id: string | null, clean: Clean): string | null {
  return id === null || clean(id) !== id ? null : id;
}

function keptParent(parent: ParentRef | null, clean: Clean): ParentRef | null {
  return parent === null ? null : { ...parent, id: keptId(parent.id, clean) };
}

function text(value: string | null, clean: Clean): string | null {
  return value === null ? null : clean(value);
}
