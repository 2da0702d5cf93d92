import type { Context } from '../system/context.ts';
import { errorMessageFrom, s3Error } from './error-message.ts';
import type { HttpResponse, Transport } from './net/transport.ts';
import { messageAndHint, TransportError, tryAgain } from './net/transport-error.ts';
import { readBody } from './response-body.ts';
import { type Attempt, isRetryable, type RetryNotice, retryAfterMs, withRetries } from './retry.ts';
import { type ExpectedFile, returnBuffers, takeBuffers, uploadBody } from './upload-body.ts';

/** How the PUT of a file ended. Putting the same bytes again is safe, so nothing here is ambiguous. */
export type PutResult =
  /** S3 said 2xx. `verified`: its ETag is our MD5; false when the ETag is no MD5, which proves nothing (what bites 8). */
  | { readonly outcome: 'stored'; readonly etag: string | null; readonly verified: boolean }
  /** The URL is past its life: a new one is needed. */
  | { readonly outcome: 'expired'; readonly message: string }
  | { readonly outcome: 'refused'; readonly status: number; readonly message: string }
  /** Nothing came through, after every retry. */
  | { readonly outcome: 'unavailable'; readonly message: string; readonly hint?: string };

export interface StorageOptions {
  readonly context: Context;
  readonly transport: Transport;
  readonly retries: number;
  readonly userAgent: string;
  /**
   * Throws for an address customers' data must not come from. A GET is redirected only where this can be asked.
   */
  readonly assertSafeUrl?: (url: string) => void;
}

interface PutOptions {
  /** Bytes handed to the connection so far; starts from 0 again with each try. */
  readonly onBytes: (bytes: number) => void;
  readonly onRetry: (notice: RetryNotice) => void;
}

/**
 * Puts a file at a presigned URL, byte for byte as the URL was given, from the first byte on at each try.
 * Sees no profile and adds no credentials: the URL is the credential (architecture.md).
 * @throws EbillError CONFLICT when the file is not what was checked any more
 */
export async function putFile(
  storage: StorageOptions,
  url: string,
  file: ExpectedFile,
  options: PutOptions,
): Promise<PutResult> {
  const { context, transport, retries } = storage;
  return withRetries<PutResult>(context, retries, options.onRetry, async () => {
    const blocks = takeBuffers();
    let given = 0;
    const onBytes = (bytes: number): void => {
      given = bytes;
      options.onBytes(bytes);
    };
    try {
      const answer = await transport.send({
        method: 'PUT',
        url,
        // S3 takes no chunked encoding; only `host` is signed, so the type is free to say what it is (what bites 7).
        headers: {
          'content-length': String(file.bytes),
          'content-type': 'text/csv',
          'user-agent': storage.userAgent,
        },
        body: uploadBody(file, blocks, onBytes, () => context.now()),
        signal: context.signal,
      });
      const judged = judgePut(answer, await readBody(answer), file, context.now());
      // Only now is it certain that no connection holds a piece of them: all was given, and the other side has it.
      if (
        'done' in judged &&
        judged.done.outcome === 'stored' &&
        judged.done.verified &&
        given === file.bytes
      )
        returnBuffers(blocks);
      return judged;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return tryAgain(error, { outcome: 'unavailable', ...messageAndHint(error) });
    }
  });
}

function judgePut(answer: HttpResponse, body: string, file: ExpectedFile, now: number): Attempt<PutResult> {
  const { status, headers } = answer;
  const waitMs = retryAfterMs(headers['retry-after'], now);
  const again = (message: string): Attempt<PutResult> => ({
    again: { outcome: 'unavailable', message },
    message,
    retryAfterMs: waitMs,
  });
  if (status >= 200 && status < 300) {
    const etag = headers['etag'] ?? null;
    const md5 = /^"?([0-9a-f]{32})"?$/i.exec(etag ?? '')?.[1]?.toLowerCase();
    if (md5 === undefined) return { done: { outcome: 'stored', etag, verified: false } };
    if (md5 === file.md5) return { done: { outcome: 'stored', etag, verified: true } };
    return again(`the storage received other bytes than were sent (its MD5 ${md5}, ours ${file.md5})`);
  }
  const error = s3Error(body);
  const message = error
    ? `${error.code}: ${error.message}`
    : `HTTP ${status} ${errorMessageFrom(body)}`.trim();
  if (isExpiry(status, error?.code, message)) return { done: { outcome: 'expired', message } };
  if (isRetryable(status) || isPassing(error?.code)) return again(message);
  return { done: { outcome: 'refused', status, message: explained(error?.code, message) } };
}

/** What S3's code means for the person who has to act. */
function explained(code: string | undefined, message: string): string {
  if (code === 'SignatureDoesNotMatch')
    return `${message} (the upload URL was changed on its way, by the server or a proxy, or was signed for another method)`;
  if (code === 'AccessDenied') return `${message} (the upload URL does not allow this)`;
  return message;
}

/** S3's own names for "try again", whatever status they come with (cli.md, "Network"). */
const PASSING = new Set([
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'IncompleteBody',
  'OperationAborted',
]);

export const isPassing = (code: string | undefined): boolean => code !== undefined && PASSING.has(code);

/** A presigned URL past its life: 403 `AccessDenied`, "Request has expired", or an expired session behind it. */
export const isExpiry = (status: number, code: string | undefined, message: string): boolean =>
  code === 'ExpiredToken' || (status === 403 && /expired/i.test(message));
