import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { type Answer, ApiError, apiErrorAnswer, xmlAnswer } from './answer.ts';
import { type ApiCall, failedCall, readCall } from './api-calls.ts';
import { challenge, isAuthorized } from './credentials.ts';
import { documentAsWritten } from './fault-effects.ts';
import type { FaultAction } from './faults.ts';
import { presign } from './presigned-url.ts';
import {
  ClientDisconnected,
  handleRequest,
  type IdentifiedRequest,
  type ServerContext,
} from './request-handler.ts';
import type { OpenRecord } from './request-log.ts';
import { writeXml } from './xml.ts';

/** The vendor's API, under any path that ends in `/rest/batchProcess` (api rule 13). */
export function apiListener(context: ServerContext): RequestListener {
  const cache: Cache = new Map();
  return (request, response) => {
    handleRequest(context, 'api', request, response, (record) => {
      if (request.headers.expect !== undefined) response.writeContinue();
      return identify(context, cache, request, record);
    });
  };
}

/** Answers to status questions by URL, as a proxy between keeps them. */
type Cache = Map<string, { readonly answer: Answer; readonly until: number }>;

async function identify(
  context: ServerContext,
  cache: Cache,
  request: IncomingMessage,
  record: OpenRecord,
): Promise<IdentifiedRequest> {
  let call: ApiCall;
  try {
    const body = await readApiBody(request, record);
    call = readCall(request.method ?? '', request.url ?? '', body, context.store.state);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    call = failedCall(error);
  }
  const { call: name, kind, jobId, batchId } = call;
  return { call: name, kind, jobId, batchId, perform: answer };

  async function answer(fault: FaultAction | null): Promise<Answer> {
    const { settings } = context;
    if (!isAuthorized(request.headers, settings.auth)) {
      return apiErrorAnswer(401, 'Not authorised', { 'www-authenticate': challenge(settings.auth) });
    }
    const cacheable = name === 'status' && !/no-cache|no-store/i.test(request.headers['cache-control'] ?? '');
    const cached = cacheable ? cache.get(request.url ?? '') : undefined;
    if (cached && settings.now() < cached.until) return cached.answer;
    try {
      const document = await call.perform(context, {
        changed: (batch) => {
          context.store.save();
          record.effect = true;
          record.batchId = batch.id;
        },
        fault,
        uploadUrl: (key) => {
          const life = settings.urlExpirySeconds;
          const age = fault?.type === 'expired' ? life + 60 : 0;
          return url(key, 'PUT', life, age);
        },
        downloadUrl: (key, endedAt) => {
          const age = settings.downloadUrls === 'fresh' ? 0 : (settings.now() - endedAt) / 1000;
          return url(key, 'GET', settings.downloadExpirySeconds, age);
        },
      });
      const written = documentAsWritten(document, settings, fault);
      const result = xmlAnswer(200, writeXml(written, settings.style));
      if (cacheable && settings.cacheMs > 0)
        cache.set(request.url ?? '', { answer: result, until: settings.now() + settings.cacheMs });
      return result;
    } catch (error) {
      if (error instanceof ApiError) return apiErrorAnswer(error.status, error.message);
      throw error;
    }
  }

  function url(
    key: string,
    method: 'PUT' | 'GET',
    expiresSeconds: number,
    ageSeconds: number,
  ): Promise<string> {
    const { bucket, s3Credentials, now } = context.settings;
    const signedAt = now() - ageSeconds * 1000;
    return presign(
      { method, origin: context.s3Origin(request), bucket, key, signedAt, expiresSeconds },
      s3Credentials,
    );
  }
}

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Reads a body and records it.
 * @throws ApiError 413 beyond 1 MiB
 * @throws ClientDisconnected when it is incomplete
 */
async function readApiBody(request: IncomingMessage, record: OpenRecord): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) continue;
      record.bodyBytes += chunk.length;
      if (record.bodyBytes > MAX_BODY_BYTES)
        throw new ApiError(413, `The request body is larger than ${MAX_BODY_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ClientDisconnected(null);
  }
  if (!request.complete) throw new ClientDisconnected(null);
  const body = Buffer.concat(chunks);
  record.requestBody = body.toString('utf8');
  record.bodySha256 = createHash('sha256').update(body).digest('hex');
  return body;
}
