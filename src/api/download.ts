import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { messageOf } from '../errors.ts';
import { AtomicFile, cannotWrite, makeFolders } from '../system/atomic-file.ts';
import { followRedirects, type HttpResponse } from './net/transport.ts';
import { TransportError } from './net/transport-error.ts';
import { readBody } from './response-body.ts';
import { type Attempt, afterTransportError, type RetryNotice, retryAfterMs, withRetries } from './retry.ts';
import { failedAttempt, type StorageFailure, type StorageOptions } from './storage.ts';

export type DownloadResult =
  | { readonly outcome: 'saved'; readonly bytes: number; readonly sha256: string }
  | StorageFailure;

/** @param total `null` when the storage does not say */
type OnBytes = (bytes: number, total: number | null) => void;

/**
 * Downloads a presigned URL into a file, which appears complete or not at all.
 * @param onBytes called with the bytes so far; from 0 again with each try
 * @throws EbillError USAGE when the file cannot be written
 */
export async function downloadFile(
  storage: StorageOptions,
  url: string,
  path: string,
  onRetry: (notice: RetryNotice) => void,
  onBytes: OnBytes = () => undefined,
): Promise<DownloadResult> {
  const { context, transport, retries, userAgent, assertSafeUrl } = storage;
  // Before the request: a folder that cannot be created needs no download.
  await makeFolders(dirname(path)).catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
  const send = (to: string) =>
    transport.send({ method: 'GET', url: to, headers: { 'user-agent': userAgent }, signal: context.signal });
  return withRetries(context, retries, onRetry, async (): Promise<Attempt<DownloadResult>> => {
    try {
      const response = await followRedirects(url, send, assertSafeUrl);
      if (response.status === 200) return { done: await save(response, path, onBytes) };
      const waitMs = retryAfterMs(response.headers['retry-after'], context.now());
      return failedAttempt(response.status, await readBody(response), waitMs);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return afterTransportError(error, { outcome: 'unavailable', ...error.messageAndHint() });
    }
  });
}

async function save(response: HttpResponse, path: string, onBytes: OnBytes): Promise<DownloadResult> {
  const file = await AtomicFile.open(path);
  try {
    const { bytes, sha256 } = await receive(response, file, onBytes);
    await file.commit();
    return { outcome: 'saved', bytes, sha256 };
  } finally {
    await file.abort();
  }
}

async function receive(
  { body, headers }: HttpResponse,
  file: AtomicFile,
  onBytes: OnBytes,
): Promise<{ bytes: number; sha256: string }> {
  const sha256 = createHash('sha256');
  const iterator = body[Symbol.asyncIterator]();
  const length = headers['content-length'];
  const total = length === undefined ? null : Number(length);
  let bytes = 0;
  onBytes(bytes, total);
  for (;;) {
    // Only this is caught: a broken connection is worth another try, a full disk is not.
    const step = await iterator.next().catch((cause: unknown) => {
      throw new TransportError(
        'lost',
        `the download broke off after ${bytes} bytes: ${messageOf(cause)}`,
        cause,
      );
    });
    if (step.done === true) break;
    await file.write(step.value);
    sha256.update(step.value);
    bytes += step.value.length;
    onBytes(bytes, total);
  }
  if (total !== null && total !== bytes)
    throw new TransportError('lost', `the download has ${bytes} of ${length} bytes`, undefined);
  return { bytes, sha256: sha256.digest('hex') };
}
