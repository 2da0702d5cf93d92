import type { Dispatcher } from 'undici';
import { EbillError, messageOf } from '../../errors.ts';
import type { Context } from '../../system/context.ts';
import { isUrl } from '../../system/url.ts';
import type { Connection } from '../connection.ts';
import { type BodyLimits, watchBody } from './body-progress.ts';
import { connectionsAhead } from './connections-ahead.ts';
import { connectorOf } from './connector.ts';
import { chooseProxy, ProxyError, proxyAuthorization } from './proxy.ts';
import { MAX_HEAD_BYTES } from './response-heads.ts';
import type { TlsOptions } from './tls.ts';
import { TransportError, transportError } from './transport-error.ts';
import type { Uploads } from './upload.ts';

export interface HttpRequest {
  readonly method: string;
  /** Sent byte for byte (api rules 2 and 10). */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is not text is a file, and `headers` has its length. */
  readonly body?: string | AsyncIterable<Buffer>;
  readonly signal?: AbortSignal;
  /**
   * On a new connection: a server may have closed an idle one without notice, and whether it then read the request is
   * unknown.
   */
  readonly fresh?: boolean;
  /** ms until the response headers, for a request that takes longer than others. */
  readonly headersTimeoutMs?: number;
  /** ms from the headers to the end of the body, for a response of limited size. */
  readonly bodyTimeoutMs?: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; repeated ones joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer> & { dump(): Promise<void> };
}

export interface Transport {
  /** @throws TransportError when there is no response; the signal's reason when it is aborted */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Opens connections for changing calls or uploads to this URL, which are about to follow. No failure is reported. */
  openAhead(url: string, count: number): void;
  close(): Promise<void>;
}

/** Receives one line per request. URLs in it are whole: the listener has to redact them. */
export type TransportLog = (line: string) => void;

/**
 * Keep-alive connections to the API and the storages, with the connection's TLS options and proxy.
 * @param timeoutMs for the response headers, and for an idle response body
 * @throws EbillError USAGE for a certificate file that cannot be used
 */
export async function openTransport(
  context: Context,
  connection: Connection,
  timeoutMs: number,
  log?: TransportLog,
): Promise<Transport> {
  const { Agent, buildConnector, compileParserOnce } = await import('./undici.ts');
  compileParserOnce(context.nodeVersion);
  let loaded: Promise<TlsOptions> | undefined;
  const tls = (): Promise<TlsOptions> =>
    (loaded ??= import('./tls.ts').then(({ tlsOptions }) => tlsOptions(connection, context.env)));
  // Report an unusable file now, not with the first connection that needs it.
  if (connection.caFile !== null || connection.clientCert !== null) await tls();
  const closing = new AbortController();
  const make = connectorOf(buildConnector, { context, connection, tls, closed: closing.signal });
  const { connect, open } = connectionsAhead(make, closing.signal);
  const options = {
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxHeaderSize: MAX_HEAD_BYTES,
  };
  const kept = new Agent({ ...options, connect: make });
  const fresh = new Agent({ ...options, connect });
  // Loads Node's own HTTP client, which only uploads need.
  let opened: Promise<Uploads> | undefined;
  const uploads = (): Promise<Uploads> =>
    (opened ??= import('./upload.ts').then(({ openUploads }) => openUploads(connect, timeoutMs)));

  async function send(request: HttpRequest): Promise<HttpResponse> {
    const { method, signal, body } = request;
    const { origin, path } = splitUrl(request.url);
    const url = new URL(origin);
    const proxy = chooseProxy(url, connection.proxy, context.env);
    const isForwarded = proxy !== null && url.protocol === 'http:';
    const authorization = isForwarded ? proxyAuthorization(new URL(proxy.url)) : null;
    const message = {
      method,
      origin,
      path: isForwarded ? origin + path : path,
      headers: {
        ...request.headers,
        ...(authorization === null ? {} : { 'proxy-authorization': authorization }),
      },
    };
    const progress = { sending: false };
    try {
      const response =
        body === undefined || typeof body === 'string'
          ? await sendText(message, request, progress)
          : await (await uploads()).send({
              ...message,
              body,
              signal,
              onSending: () => {
                progress.sending = true;
                context.onRequest?.();
              },
            });
      const status = response.statusCode;
      const headers = joinedHeaders(response.headers);
      if (isForwarded && isRefusalOfProxy(status, headers)) {
        await response.body.dump();
        throw new ProxyError(status, `the proxy answered ${status}`);
      }
      return { status, headers, body: response.body };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof EbillError || error instanceof TransportError) throw error;
      throw transportError(error, origin, progress.sending, proxy);
    }
  }

  function sendText(
    message: Pick<Dispatcher.RequestOptions, 'origin' | 'path'> & {
      readonly method: string;
      readonly headers: Record<string, string>;
    },
    { body, fresh: isFresh = false, signal, headersTimeoutMs, bodyTimeoutMs }: HttpRequest,
    progress: { sending: boolean },
  ): Promise<Dispatcher.ResponseData> {
    const limits = { spanMs: timeoutMs, wholeMs: bodyTimeoutMs ?? null };
    return trackExchange(isFresh ? fresh : kept, progress, context, limits).request({
      ...message,
      method: message.method as Dispatcher.HttpMethod,
      // Closed after its response: the next request cannot get it.
      reset: isFresh,
      body: (body ?? null) as string | null,
      ...(signal ? { signal } : {}),
      ...(headersTimeoutMs === undefined ? {} : { headersTimeout: headersTimeoutMs }),
    });
  }

  return {
    send: log === undefined ? send : withLog(send, context, log),
    openAhead: (url, count) => open(splitUrl(url).origin, count),
    close: async () => {
      closing.abort();
      await Promise.all([kept.destroy(), fresh.destroy(), opened?.then((each) => each.close())]);
    },
  };
}

/**
 * Notes when a request is about to be written to an established connection. Whatever fails before that (name, connection,
 * proxy, TLS), nothing was sent. Error codes alone cannot tell a failed handshake from a connection that broke later.
 * And breaks off a response that drips.
 */
function trackExchange(
  dispatcher: Dispatcher,
  progress: { sending: boolean },
  { onRequest }: Pick<Context, 'onRequest'>,
  limits: BodyLimits,
): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    const start = handler.onRequestStart;
    handler.onRequestStart = (...args) => {
      progress.sending = true;
      onRequest?.();
      start?.apply(handler, args);
    };
    return dispatch(options, watchBody(handler, limits));
  });
}

/** Does the proxy itself refuse a request to forward? It has passed nothing on. Other errors may be the server's. */
const isRefusalOfProxy = (status: number, headers: HttpResponse['headers']): boolean =>
  status === 407 || (status === 403 && /^ERR_(?:CACHE_)?ACCESS_DENIED/.test(headers['x-squid-error'] ?? ''));

/** Headers by which servers and storages name a request in their own logs. */
const REQUEST_IDS = ['x-request-id', 'x-correlation-id', 'x-amz-request-id', 'request-id', 'x-trace-id'];

/** Logs method, URL, status, request id, and ms until the response headers. */
function withLog(
  send: Transport['send'],
  context: Pick<Context, 'now'>,
  log: TransportLog,
): Transport['send'] {
  return async (request) => {
    const start = context.now();
    const write = (result: string): void =>
      log(`${request.method} ${request.url} → ${result} (${Math.round(context.now() - start)} ms)`);
    try {
      const response = await send(request);
      const id = REQUEST_IDS.find((name) => response.headers[name] !== undefined);
      write(`${response.status}${id === undefined ? '' : `, ${id} ${response.headers[id]}`}`);
      return response;
    } catch (error) {
      write(messageOf(error));
      throw error;
    }
  };
}

const MAX_REDIRECTS = 5;

/**
 * Sends a GET and follows its redirects, at most 5.
 * @param send one GET, without following
 * @param assertAllowed throws for a URL that must not be followed
 * @returns the last response: a redirect when there were too many, or none can be followed
 */
export async function followRedirects(
  from: string,
  send: (url: string) => Promise<HttpResponse>,
  assertAllowed: (url: string) => void,
): Promise<HttpResponse> {
  let url = from;
  for (let hops = 0; ; hops += 1) {
    const response = await send(url);
    const next =
      hops < MAX_REDIRECTS ? redirectTarget(response.status, response.headers['location'], url) : null;
    if (next === null) return response;
    assertAllowed(next);
    await response.body.dump();
    url = next;
  }
}

/** The absolute URL a redirect points to, without its fragment; `null` when it is not a redirect. */
export function redirectTarget(status: number, location: string | undefined, from: string): string | null {
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return null;
  if (!isUrl(location, from)) return null;
  // An absolute URL passes unchanged: a presigned one must not be re-encoded (api rule 2).
  const target = /^https?:\/\//i.test(location) ? location : new URL(location, from).href;
  return target.replace(/#.*$/s, '');
}

/** Splits a URL after its authority, without decoding, reordering or normalising anything. */
export function splitUrl(url: string): { readonly origin: string; readonly path: string } {
  const cut = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)(.*)$/is.exec(url);
  const rest = cut?.[2] ?? '';
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  // Only what a request line cannot carry is percent-encoded.
  return {
    origin: cut?.[1] ?? url,
    path: path.replace(/[^\u0021\u0022\u0024-\u007e]+/gu, (part) => encodeURIComponent(part)),
  };
}

function joinedHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return out;
}
