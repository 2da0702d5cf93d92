import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Answer, type S3Error, s3ErrorAnswer } from './answer.ts';
import { REQUEST_TIMEOUT } from './fault-effects.ts';
import type { FaultAction } from './faults.ts';
import { keyInPath, rawPath, verify } from './presigned-url.ts';
import { type Received, receiveBody } from './receive-body.ts';
import {
  ClientDisconnected,
  handleRequest,
  type IdentifiedRequest,
  respondRaw,
  type ServerContext,
} from './request-handler.ts';
import { type OpenRecord, requestIdOf } from './request-log.ts';
import type { StoredBatch } from './state.ts';

const NO_BUCKET: S3Error = {
  status: 404,
  code: 'NoSuchBucket',
  message: 'The specified bucket does not exist',
};
const NOT_ALLOWED: S3Error = {
  status: 405,
  code: 'MethodNotAllowed',
  message: 'The specified method is not allowed against this resource.',
};

/** S3: presigned PUT and GET in one bucket, path style. A PUT is verified before its body is read. */
export function s3Listener(context: ServerContext): RequestListener {
  return (request, response) => {
    handleRequest(context, 's3', request, response, async (record) =>
      identify(context, request, response, record),
    );
  };
}

/** S3's answer to an incomplete or malformed request. */
export function s3ClientError(error: Error, socket: Socket): void {
  const cut = 'code' in error && error.code === 'HPE_INVALID_EOF_STATE';
  const parts = cut
    ? { code: 'IncompleteBody', message: 'The request body terminated unexpectedly' }
    : { code: 'BadRequest', message: 'An error occurred when parsing the HTTP request.' };
  respondRaw(socket, s3ErrorAnswer({ status: 400, ...parts }, '0000000000000000'));
}

function identify(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
  record: OpenRecord,
): IdentifiedRequest {
  const key = keyOf(context, request.url ?? '');
  const call = request.method === 'PUT' ? 'put' : request.method === 'GET' ? 'download' : 'other';
  const batch = batchOf(context, call, key);
  return {
    call,
    kind: batch?.kind ?? null,
    jobId: batch?.jobId ?? null,
    batchId: batch?.id ?? null,
    perform: async (fault) => {
      const refuse = (error: S3Error): Answer => s3ErrorAnswer(error, requestIdOf(record));
      const received = {
        method: request.method ?? '',
        rawUrl: request.url ?? '',
        host: request.headers.host,
        hasAuthorization: request.headers.authorization !== undefined,
        now: context.settings.now(),
      };
      const refusal = await verify(received, context.settings.s3Credentials);
      if (refusal) return refuse(refusal);
      if (key === null) return refuse(NO_BUCKET);
      const target = { key, record, fault, refuse };
      if (call === 'download') return getObject(context, target);
      if (call === 'put') return putObject(context, request, response, target);
      return refuse(NOT_ALLOWED);
    },
  };
}

/** `/bucket/a/b%20c` → `a/b c`; `null` outside of the bucket. */
function keyOf(context: ServerContext, rawUrl: string): string | null {
  const path = keyInPath(rawPath(rawUrl));
  const prefix = `/${context.settings.bucket}/`;
  return path?.startsWith(prefix) && path.length > prefix.length ? path.slice(prefix.length) : null;
}

/** Keys have no batch id, so a key belongs to the newest Draft batch with it, else to the newest batch. */
function batchOf(
  context: ServerContext,
  call: 'put' | 'download' | 'other',
  key: string | null,
): StoredBatch | null {
  if (key === null || call === 'other') return null;
  const batches = context.store.state.batches.filter((batch) =>
    call === 'put' ? batch.objectKey === key : batch.work?.resultKey === key,
  );
  return batches.findLast((batch) => batch.queuedAt === null) ?? batches.at(-1) ?? null;
}

const MISSING_LENGTH: S3Error = {
  status: 411,
  code: 'MissingContentLength',
  message: 'You must provide the Content-Length HTTP header.',
};
const NO_SUCH_KEY: S3Error = {
  status: 404,
  code: 'NoSuchKey',
  message: 'The specified key does not exist.',
};
const BAD_DIGEST: S3Error = {
  status: 400,
  code: 'BadDigest',
  message: 'The Content-MD5 you specified did not match what we received.',
};
/** The object of a request, and how it is refused. */
interface Target {
  readonly key: string;
  readonly record: OpenRecord;
  readonly fault: FaultAction | null;
  readonly refuse: (error: S3Error) => Answer;
}

/** Answers with an object, with the fault `drop-row` without the last row of the CSV. */
async function getObject(context: ServerContext, { key, record, fault, refuse }: Target): Promise<Answer> {
  const object = context.store.object(key);
  if (!object) return refuse({ ...NO_SUCH_KEY, details: { Key: key } });
  const shortened = fault?.type === 'drop-row';
  const headers = {
    'content-type': 'binary/octet-stream',
    // The MD5 of the whole object would give the missing row away.
    etag: shortened ? `"${object.md5}-1"` : `"${object.md5}"`,
    'last-modified': new Date(object.storedAt).toUTCString(),
    'x-amz-request-id': requestIdOf(record),
  };
  const path = context.store.pathOf(object.blob);
  const bytes = shortened ? await lastRowStart(path) : object.bytes;
  return { status: 200, headers, body: { path, bytes } };
}

/** Stores the whole body under its key, or nothing. */
export async function putObject(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
  { key, record, fault, refuse }: Target,
): Promise<Answer | 'reset'> {
  const length = request.headers['content-length'];
  // S3 does not support chunked encoding (api rule 10).
  if (length === undefined || request.headers['transfer-encoding'] !== undefined) {
    return refuse(MISSING_LENGTH);
  }
  // Not earlier: a client that waits for 100-continue does not send a body that is refused.
  if (request.headers.expect !== undefined) response.writeContinue();
  const blob = context.store.newBlob();
  let received: Received | null;
  try {
    received = await receiveBody(request, record, {
      path: context.store.pathOf(blob),
      bandwidth: context.settings.bandwidth,
      idleMs: context.settings.bodyIdleMs,
      onIdle: () => respondRaw(request.socket, refuse(REQUEST_TIMEOUT)),
      stopAfter: fault?.type === 'reset-during' ? Math.ceil(Number(length) / 2) : null,
      corrupt: fault?.type === 'corrupt',
      closing: context.closing,
    });
  } catch (error) {
    context.store.dropBlob(blob);
    throw error;
  }
  const digest = request.headers['content-md5'];
  const goodDigest =
    digest === undefined || digest === Buffer.from(received?.md5 ?? '', 'hex').toString('base64');
  if (!received || !goodDigest) {
    context.store.dropBlob(blob);
    return received ? refuse(BAD_DIGEST) : 'reset';
  }
  if (context.closing.aborted) throw new ClientDisconnected(null);
  context.store.putObject(key, { blob, ...received, storedAt: context.settings.now() });
  record.effect = true;
  if (fault?.type === 'no-etag') return { status: 200, headers: {}, body: Buffer.alloc(0) };
  const etag = etagOf(received.md5, fault);
  const headers = { etag: `"${etag}"`, 'x-amz-request-id': requestIdOf(record), 'x-amz-id-2': 'sandbox' };
  return { status: 200, headers, body: Buffer.alloc(0) };
}

function etagOf(md5: string, fault: FaultAction | null): string {
  // A wrong MD5, but always the same one for the same bytes, so that tests are repeatable.
  if (fault?.type === 'bad-etag') return createHash('md5').update(`not ${md5}`).digest('hex');
  // With KMS encryption the ETag is not an MD5 (api rule 19).
  if (fault?.type === 'kms-etag') return `${md5}-1`;
  return md5;
}

const LF = 10;
const QUOTE = 34;

/** @returns the offset of a CSV file's last row, whose rows all end with a line feed; the file's size with only a header */
async function lastRowStart(path: string): Promise<number> {
  let offset = 0;
  let quoted = false;
  // Offsets after the last two line feeds.
  const starts: number[] = [];
  for await (const block of createReadStream(path) as AsyncIterable<Buffer>) {
    for (const byte of block) {
      offset += 1;
      if (byte === QUOTE) quoted = !quoted;
      else if (byte === LF && !quoted) {
        starts.push(offset);
        if (starts.length > 2) starts.shift();
      }
    }
  }
  return starts.length < 2 ? offset : (starts[0] ?? offset);
}
