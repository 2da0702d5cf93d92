import type { Redacted } from '../redact/redactor.ts';
import type { Context } from '../system/context.ts';
import { errorDocument, errorMessageFrom, responseText, s3Error } from './error-message.ts';
import type { HttpResponse, Transport } from './net/transport.ts';
import { TransportError } from './net/transport-error.ts';
import { readBody } from './response-body.ts';
import {
  type Attempt,
  afterTransportError,
  isRetryable,
  lastingOutages,
  type RetryNotice,
  retryAfterMs,
  withRetries,
} from './retry.ts';
import { presignedFacts, signedHeaders } from './transfer-url.ts';
import { type ExpectedFile, returnBuffers, takeBuffers, uploadBody } from './upload-body.ts';

export interface StorageOptions {
  readonly context: Context;
  readonly transport: Transport;
  readonly retries: number;
  /** ms that a PUT is tried again for at least while the storage is not there. */
  readonly outageMs: number;
  /** Hides secrets. */
  readonly clean: (text: string) => Redacted;
  /** Checks where a GET is redirected; throws for an address customers' data must not come from. */
  readonly assertSafeUrl: (url: string) => void;
}

/** Neither a PUT nor a GET is ambiguous: repeating it is safe. */
export type StorageFailure =
  /** The presigned URL has expired: get a new one. */
  | { readonly outcome: 'expired'; readonly message: string }
  | { readonly outcome: 'refused'; readonly status: number; readonly message: string }
  /** No usable response, after every retry. */
  | { readonly outcome: 'unavailable'; readonly message: string; readonly hint?: string };

export type PutResult =
  | {
      /** There is evidence that the storage has the whole file (api rule 19). */
      readonly outcome: 'stored';
      readonly etag: string;
      /** The ETag is our MD5. False: it is no MD5, but the storage marked the answer as its own. */
      readonly verified: boolean;
    }
  | StorageFailure;

interface PutOptions {
  /** Bytes handed to the connection so far; from 0 again with each try. */
  readonly onBytes: (bytes: number) => void;
  readonly onRetry: (notice: RetryNotice) => void;
}

/**
 * Puts a file at a presigned URL, which is sent byte for byte as given; each try begins with the first byte. The URL is
 * the only credential.
 * @throws EbillError CONFLICT when the file has changed since it was checked
 */
export async function putFile(
  storage: StorageOptions,
  url: string,
  file: ExpectedFile,
  options: PutOptions,
): Promise<PutResult> {
  const { context, transport, retries, outageMs } = storage;
  const patience = lastingOutages(retries, outageMs, () => context.now());
  return withRetries<PutResult>(context, patience, options.onRetry, async () => {
    const buffers = takeBuffers();
    let sent = 0;
    const onBytes = (bytes: number): void => {
      sent = bytes;
      options.onBytes(bytes);
    };
    try {
      const response = await transport.send({
        method: 'PUT',
        url,
        // S3 takes no chunked encoding. Nothing is sent that is not signed (api rule 10): version 2 of the signature is
        // over a content type, too, and none was signed.
        headers: {
          'content-length': String(file.bytes),
          ...(signedHeaders(url).includes('content-type') ? { 'content-type': 'text/csv' } : {}),
        },
        body: uploadBody(file, buffers, onBytes, () => context.now()),
        signal: context.signal,
      });
      // Read now: an answer that came earlier than the last byte was sent is not about the file.
      const whole = sent === file.bytes;
      const isRefused = response.status < 200 || response.status >= 300;
      // After a refusal the rest of its words may be lost with the connection; the status is enough.
      const text = await readBody(response).catch((error: unknown) => {
        if (isRefused && error instanceof TransportError) return '';
        throw error;
      });
      const body = storage.clean(text);
      const attempt = isRefused
        ? failedAttempt(response, body, url, context.now())
        : putAttempt(response, body, file, whole, context.now());
      // Only now is it certain that the connection holds no part of the buffers: the storage has all bytes.
      if (
        'done' in attempt &&
        attempt.done.outcome === 'stored' &&
        attempt.done.verified &&
        sent === file.bytes
      )
        returnBuffers(buffers);
      return attempt;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return afterTransportError(error, { outcome: 'unavailable', ...error.messageAndHint() });
    }
  });
}

/** A 2xx (api rule 19). Sending the file again is always safe, so whatever is not evidence is worth another try. */
function putAttempt(
  { status, headers }: HttpResponse,
  body: Redacted,
  file: ExpectedFile,
  whole: boolean,
  now: number,
): Attempt<PutResult> {
  const waitMs = retryAfterMs(headers['retry-after'], now);
  const again = (why: string): Attempt<PutResult> => {
    const message = `HTTP ${status} does not prove that the storage has the file: ${why}`;
    return { retry: { outcome: 'unavailable', message }, message, retryAfterMs: waitMs };
  };
  if (!whole) return again('the answer came before the whole file was sent');
  const foreign = errorDocument(body);
  if (foreign !== null) return again(`the answer is ${foreign}`);
  const etag = headers['etag']?.trim() ?? '';
  if (etag === '') return again('the answer has no ETag');
  const md5 = md5OfEtag(etag);
  if (md5 === file.md5) return { done: { outcome: 'stored', etag, verified: true } };
  if (md5 !== null && !isEncrypted(headers))
    return again(`it received other bytes than were sent (its MD5 ${md5}, ours ${file.md5})`);
  if (body.trim() !== '') return again(`its ETag is no MD5, and it says ${errorMessageFrom(body)}`);
  if (Object.keys(headers).some((name) => STORAGE_MARK.test(name)))
    return { done: { outcome: 'stored', etag, verified: false } };
  return again('its ETag is no MD5, and no header shows that the storage itself answered');
}

/** Headers that S3, Google Cloud Storage and Azure add to their own answers; a gateway has no reason to. */
const STORAGE_MARK = /^x-(?:amz|goog|ms)-./;

const md5OfEtag = (etag: string): string | null =>
  /^"?([0-9a-f]{32})"?$/i.exec(etag.trim())?.[1]?.toLowerCase() ?? null;

/** Hex MD5 of the stored object, where its ETag is one; else `null`. */
export const objectMd5 = (headers: HttpResponse['headers']): string | null =>
  isEncrypted(headers) ? null : md5OfEtag(headers['etag'] ?? '');

/** With a key of KMS or of the customer, S3's ETag is no MD5, even where it looks like one. */
function isEncrypted(headers: HttpResponse['headers']): boolean {
  return (
    /^aws:kms/i.test(headers['x-amz-server-side-encryption'] ?? '') ||
    headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined
  );
}

/** S3 error codes that mean "try again", with any status (commands rule 29). */
const TRANSIENT = new Set([
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'IncompleteBody',
  'OperationAborted',
]);

/** What an answer without the object, or without having stored it, means. Past its life a URL gets a 403 of any kind. */
export function failedAttempt(
  { status, headers }: HttpResponse,
  body: Redacted,
  url: string,
  now: number,
): Attempt<StorageFailure> {
  const error = s3Error(body);
  const message =
    error === null
      ? responseText(status, body)
      : `${error.code}${error.message === '' ? '' : `: ${error.message}`}`;
  const theirs = Date.parse(headers['date'] ?? '');
  const { expiresAt } = presignedFacts(url);
  const isPast =
    error?.code !== 'SignatureDoesNotMatch' &&
    expiresAt !== null &&
    (Number.isNaN(theirs) ? now : theirs) > expiresAt;
  if (error?.code === 'ExpiredToken' || (status === 403 && (isPast || /expired/i.test(message))))
    return { done: { outcome: 'expired', message: `${message}${clocksText(theirs, now)}` } };
  if (isRetryable(status) || TRANSIENT.has(error?.code ?? ''))
    return {
      retry: { outcome: 'unavailable', message },
      message,
      retryAfterMs: retryAfterMs(headers['retry-after'], now),
      reason: 'outage',
    };
  return { done: { outcome: 'refused', status, message: explained(error?.code, message) } };
}

/** Clocks that differ by more, in ms, are named. */
const CLOCK_SKEW_MS = 60_000;

function clocksText(theirs: number, ours: number): string {
  if (Number.isNaN(theirs) || Math.abs(theirs - ours) < CLOCK_SKEW_MS) return '';
  const [storage, machine] = [theirs, ours].map((ms) => new Date(ms).toISOString());
  return ` (the storage's clock says ${storage}, this machine's ${machine})`;
}

/** A refusal in a few words: the status, and the code and message of the storage. */
export const refusalText = ({
  status,
  message,
}: Extract<StorageFailure, { readonly outcome: 'refused' }>): string =>
  message.startsWith('HTTP ') ? message : `HTTP ${status}, ${message}`;

function explained(code: string | undefined, message: string): string {
  if (code === 'SignatureDoesNotMatch')
    return `${message} (the presigned URL was changed on its way, by the server or a proxy, or was signed for another method)`;
  if (code === 'AccessDenied') return `${message} (the presigned URL does not allow this)`;
  return message;
}
