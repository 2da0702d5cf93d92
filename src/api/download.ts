import { createHash, type Hash } from 'node:crypto';
import { dirname } from 'node:path';
import { AtomicFile, cannotWrite, makeFolders } from '../system/atomic-file.ts';
import { errorDocument, errorMessageFrom } from './error-message.ts';
import { codingsOf, decoded } from './net/content-coding.ts';
import { followRedirects, type HttpResponse } from './net/transport.ts';
import { brokenResponse, TransportError } from './net/transport-error.ts';
import { decodeBody, readBody } from './response-body.ts';
import { type Attempt, afterTransportError, type RetryNotice, withRetries } from './retry.ts';
import { failedAttempt, objectMd5, type StorageFailure, type StorageOptions } from './storage.ts';

export type DownloadResult =
  | { readonly outcome: 'saved'; readonly bytes: number; readonly sha256: string }
  | StorageFailure;

interface DownloadOptions {
  /** Gets the bytes so far, from 0 again with each try. @param total `null` when the storage does not say */
  readonly onBytes?: (bytes: number, total: number | null) => void;
  /** Why a whole file is not what was asked for; `null`: it is. It has not got its name yet. */
  readonly problemOf?: (path: string) => Promise<string | null>;
  /** Called before the file gets its name. */
  readonly beforeCommit?: (sha256: string) => Promise<void>;
}

/**
 * Downloads a presigned URL into a file, which appears complete or not at all.
 * @throws EbillError USAGE when the file cannot be written
 */
export async function downloadFile(
  storage: StorageOptions,
  url: string,
  path: string,
  onRetry: (notice: RetryNotice) => void,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  const { context, transport, retries, assertSafeUrl, clean } = storage;
  // Before the request: a folder that cannot be created needs no download.
  await makeFolders(dirname(path)).catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
  const send = (to: string) =>
    transport.send({ method: 'GET', url: to, headers: {}, signal: context.signal });
  return withRetries(context, retries, onRetry, async (): Promise<Attempt<DownloadResult>> => {
    try {
      const response = await followRedirects(url, send, assertSafeUrl);
      if (response.status === 200) return { done: await save(response, path, clean, options) };
      // Another success is no result: not all of it, or something else (api rule 21).
      if (response.status < 300) throw notWhole(response.status);
      return failedAttempt(response, clean(await readBody(response)), url, context.now());
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return afterTransportError(error, { outcome: 'unavailable', ...error.messageAndHint() });
    }
  });
}

const notWhole = (status: number): TransportError =>
  new TransportError('lost', `HTTP ${status} is not a complete result`, undefined);

async function save(
  response: HttpResponse,
  path: string,
  clean: Clean,
  { onBytes = () => undefined, problemOf, beforeCommit }: DownloadOptions,
): Promise<DownloadResult> {
  const file = await AtomicFile.open(path);
  try {
    const received = await receive(response, file, clean, onBytes);
    const problem = problemOf === undefined ? null : await file.inspect(problemOf);
    if (problem !== null)
      throw new TransportError('lost', `the file is not a result: ${problem}`, undefined, {
        hint: NOT_A_RESULT,
      });
    await beforeCommit?.(received.sha256);
    await file.commit();
    return { outcome: 'saved', ...received };
  } finally {
    await file.abort();
  }
}

const NOT_A_RESULT =
  "Run the same command again later. If the same file comes again, ask the server's owner for one that has the columns sent under the names they were sent with: without them no record can be told from another. The counts of the server stand.";

type Clean = StorageOptions['clean'];

/** Bytes of the start of a file that show that it is no CSV, and what it is. */
const HEAD_BYTES = 20_000;

/**
 * Writes the body, without its content codings.
 * @throws TransportError when it is not a whole result (api rule 21)
 */
async function receive(
  { body, headers }: HttpResponse,
  file: AtomicFile,
  clean: Clean,
  onBytes: (bytes: number, total: number | null) => void,
): Promise<{ bytes: number; sha256: string }> {
  const coding = headers['content-encoding'];
  const length = headers['content-length'];
  const total = length === undefined || codingsOf(coding).length > 0 ? null : Number(length);
  const md5 = objectMd5(headers);
  const object = createHash('md5');
  const sha256 = createHash('sha256');
  let head = Buffer.alloc(0);
  let bytes = 0;
  onBytes(bytes, total);
  const failed = (why: string, cause?: unknown) => new TransportError('lost', why, cause);
  const parts = decoded(md5 === null ? body : hashedWith(object, body), coding)[Symbol.asyncIterator]();
  for (;;) {
    // Only this is caught: a broken connection is worth another try, a full disk is not.
    const step = await parts.next().catch((cause: unknown) => {
      throw brokenResponse(`the download broke off after ${bytes} bytes`, cause);
    });
    if (step.done === true) break;
    await file.write(step.value);
    sha256.update(step.value);
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, step.value.subarray(0, HEAD_BYTES)]);
    bytes += step.value.length;
    onBytes(bytes, total);
  }
  if (total !== null && total !== bytes) throw failed(`the download has ${bytes} of ${length} bytes`);
  const received = md5 === null ? null : object.digest('hex');
  if (received !== md5)
    throw failed(`the storage sent other bytes than it has (MD5 ${received}, its ETag ${md5})`);
  const other = documentInstead(head, headers['content-type'] ?? '', clean);
  if (other !== null) throw failed(`instead of the result, the storage sent ${other}`);
  return { bytes, sha256: sha256.digest('hex') };
}

async function* hashedWith(hash: Hash, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of body) {
    hash.update(part);
    yield part;
  }
}

/** What the start of a file is that no CSV starts with; `null` when it may be one. */
function documentInstead(head: Buffer, contentType: string, clean: Clean): string | null {
  if (head.length === 0) return 'an empty file';
  // The redactor knows the start of a secret before a `…`.
  const text = clean(decodeBody(head, contentType) + (head.length < HEAD_BYTES ? '' : '…'));
  const error = errorDocument(text);
  if (error !== null) return error;
  if (/^\s*(?:<[a-z!?]|[{[]\s*["{])/i.test(text)) return `a document (${errorMessageFrom(text)})`;
  return null;
}
