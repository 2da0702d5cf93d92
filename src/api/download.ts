import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { messageOf } from '../errors.ts';
import { AtomicFile, cannotWrite, makeFolders } from '../system/atomic-file.ts';
import { errorMessageFrom, s3Error } from './error-message.ts';
import type { HttpResponse } from './net/transport.ts';
import { messageAndHint, TransportError, tryAgain } from './net/transport-error.ts';
import { readBody } from './response-body.ts';
import { type Attempt, isRetryable, type RetryNotice, retryAfterMs, withRetries } from './retry.ts';
import { isExpiry, isPassing, type StorageOptions } from './storage.ts';
import { MAX_REDIRECTS, redirectTarget } from './transfer-url.ts';

export type DownloadResult =
  | { readonly outcome: 'saved'; readonly bytes: number; readonly sha256: string }
  | { readonly outcome: 'expired'; readonly message: string }
  | { readonly outcome: 'refused'; readonly status: number; readonly message: string }
  | { readonly outcome: 'unavailable'; readonly message: string; readonly hint?: string };

/**
 * Gets a presigned URL's object into a file: streamed to a temporary name beside it, flushed, then renamed, so that the
 * name never stands for half a file.
 * @param onBytes told how far it is, and of how much (`null`: not known); from 0 again with each further try
 * @throws EbillError USAGE when the file cannot be written
 */
export async function downloadFile(
  storage: StorageOptions,
  url: string,
  path: string,
  onRetry: (notice: RetryNotice) => void,
  onBytes: OnBytes = () => undefined,
): Promise<DownloadResult> {
  const { context, retries } = storage;
  await makeFolders(dirname(path)).catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
  return withRetries<DownloadResult>(context, retries, onRetry, async () => {
    try {
      const answer = await get(storage, url);
      if (answer.status === 200) return { done: await save(answer, path, onBytes) };
      return judge(
        answer.status,
        await readBody(answer),
        retryAfterMs(answer.headers['retry-after'], context.now()),
      );
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return tryAgain(error, { outcome: 'unavailable', ...messageAndHint(error) });
    }
  });
}

/** A GET without credentials, redirects followed: the URL is all the credential there is. */
async function get(storage: StorageOptions, from: string): Promise<HttpResponse> {
  const { context, transport, assertSafeUrl, userAgent } = storage;
  let url = from;
  for (let hops = 0; ; hops += 1) {
    const answer = await transport.send({
      method: 'GET',
      url,
      headers: { 'user-agent': userAgent },
      signal: context.signal,
    });
    const next = hops < MAX_REDIRECTS ? redirectTarget(answer.status, answer.headers['location'], url) : null;
    if (next === null || assertSafeUrl === undefined) return answer;
    assertSafeUrl(next);
    await answer.body.dump();
    url = next;
  }
}

function judge(status: number, body: string, waitMs: number | null): Attempt<DownloadResult> {
  const error = s3Error(body);
  const message = error
    ? `${error.code}: ${error.message}`
    : `HTTP ${status} ${errorMessageFrom(body)}`.trim();
  if (isExpiry(status, error?.code, message)) return { done: { outcome: 'expired', message } };
  if (isRetryable(status) || isPassing(error?.code))
    return { again: { outcome: 'unavailable', message }, message, retryAfterMs: waitMs };
  return { done: { outcome: 'refused', status, message } };
}

type OnBytes = (bytes: number, total: number | null) => void;

async function save(answer: HttpResponse, path: string, onBytes: OnBytes): Promise<DownloadResult> {
  const file = await AtomicFile.open(path);
  try {
    const { bytes, sha256 } = await receive(answer, file, onBytes);
    await file.commit();
    return { outcome: 'saved', bytes, sha256 };
  } finally {
    await file.abort();
  }
}

async function receive(
  answer: HttpResponse,
  file: AtomicFile,
  onBytes: OnBytes,
): Promise<{ bytes: number; sha256: string }> {
  const sha256 = createHash('sha256');
  const iterator = answer.body[Symbol.asyncIterator]();
  const length = answer.headers['content-length'];
  const total = length === undefined ? null : Number(length);
  let bytes = 0;
  onBytes(bytes, total);
  for (;;) {
    // A broken connection is worth another try, a full disk is not: the two must not share a catch.
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
  if (length !== undefined && Number(length) !== bytes) {
    throw new TransportError('lost', `the download has ${bytes} of ${length} bytes`, undefined);
  }
  return { bytes, sha256: sha256.digest('hex') };
}
