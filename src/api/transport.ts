import { readFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import type { Context } from '../context.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import type { Connection } from './connection.ts';

/** One HTTP exchange to make. `url` goes out byte for byte (batch-api.md, what bites 2 and 7). */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | AsyncIterable<Buffer>;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case; repeated ones joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer> & { dump(): Promise<void> };
}

/**
 * Why no answer came.
 * `unsent`: refused connection, failed name look-up or TLS handshake: it did not happen.
 * `lost`: anything later: it may have happened (batch-api.md, "Ambiguous answers").
 */
export class TransportError extends Error {
  readonly kind: 'unsent' | 'lost';
  constructor(kind: 'unsent' | 'lost', message: string, cause: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export interface Transport {
  /** @throws TransportError when no answer came; the signal's reason when it is aborted. */
  send(exchange: Exchange): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connections to everywhere this run talks to: kept alive, with the connection's TLS options and proxy.
 * @param timeoutMs for the headers of an answer, and for an idle body (cli.md, "Network")
 */
export async function openTransport(
  context: Context,
  connection: Connection,
  timeoutMs: number,
): Promise<Transport> {
  const undici = await import('./undici.ts');
  undici.compileParserOnce(context.nodeVersion);
  const tls = await tlsOptions(connection, context.env);
  const dispatcher = dispatcherFor(undici, context, connection, {
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...tls },
    requestTls: { timeout: CONNECT_TIMEOUT_MS, ...tls },
    // A proxy may stand behind the same private authority; a client certificate is for the server alone.
    proxyTls: { timeout: CONNECT_TIMEOUT_MS, ...(tls.ca ? { ca: tls.ca } : {}) },
  });
  return {
    send: async (exchange) => {
      const { origin, path } = splitUrl(exchange.url);
      const departure = { begun: false };
      try {
        const answer = await watched(dispatcher, departure).request({
          method: exchange.method as Dispatcher.HttpMethod,
          origin,
          path,
          headers: { ...exchange.headers },
          body: (exchange.body ?? null) as Dispatcher.DispatchOptions['body'] & null,
          ...(exchange.signal ? { signal: exchange.signal } : {}),
        });
        return { status: answer.statusCode, headers: flat(answer.headers), body: answer.body };
      } catch (error) {
        if (exchange.signal?.aborted) throw exchange.signal.reason;
        if (error instanceof EbillError) throw error;
        throw transportError(error, origin, departure.begun);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

/**
 * Notes when a request is about to be written to a connection that stands. Before that, whatever went wrong (name,
 * connection, proxy, TLS), nothing was sent; error codes alone cannot tell a handshake from a connection broken later.
 */
function watched(dispatcher: Dispatcher, departure: { begun: boolean }): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    const start = handler.onRequestStart;
    handler.onRequestStart = (...args) => {
      departure.begun = true;
      start?.apply(handler, args);
    };
    return dispatch(options, handler);
  });
}

type Undici = typeof import('./undici.ts');

function dispatcherFor(
  undici: Undici,
  context: Context,
  connection: Connection,
  options: {
    headersTimeout: number;
    bodyTimeout: number;
    connect: object;
    requestTls: object;
    proxyTls: object;
  },
): Dispatcher {
  if (connection.proxy !== null) return new undici.ProxyAgent({ uri: connection.proxy, ...options });
  const env = (name: string): string | undefined =>
    context.env[name] || context.env[name.toLowerCase()] || undefined;
  const httpProxy = env('HTTP_PROXY');
  const httpsProxy = env('HTTPS_PROXY');
  if (httpProxy === undefined && httpsProxy === undefined) return new undici.Agent(options);
  const noProxy = env('NO_PROXY');
  return new undici.EnvHttpProxyAgent({
    ...options,
    // Left out, undici would look into the process for itself.
    httpProxy: httpProxy ?? '',
    httpsProxy: httpsProxy ?? '',
    noProxy: noProxy ?? '',
  });
}

/**
 * What a connection's certificates ask for; empty when the platform's own list is all.
 * @throws EbillError USAGE for a file of the profile that cannot be read
 */
export async function tlsOptions(
  connection: Connection,
  env: Context['env'],
): Promise<{ ca?: string[]; cert?: Buffer; key?: Buffer }> {
  const { caFile, clientCert, clientKey } = connection;
  const options: { ca?: string[]; cert?: Buffer; key?: Buffer } = {};
  if (caFile !== null) {
    // A `ca` replaces the built-in list and what NODE_EXTRA_CA_CERTS added to it; a company's own authority is meant to
    // come on top of both.
    const { rootCertificates } = await import('node:tls');
    const own = (await readPem(caFile, 'CA file')).toString('utf8');
    options.ca = [...rootCertificates, ...(await extraAuthorities(env)), own];
  }
  if (clientCert !== null) options.cert = await readPem(clientCert, 'client certificate');
  if (clientKey !== null) options.key = await readPem(clientKey, 'client key');
  return options;
}

/** What Node has read as it started. As there, a file that cannot be read counts for nothing: Node has warned of it. */
async function extraAuthorities(env: Context['env']): Promise<readonly string[]> {
  const path = env['NODE_EXTRA_CA_CERTS'];
  if (!path) return [];
  return readFile(path, 'utf8').then(
    (text) => [text],
    () => [],
  );
}

async function readPem(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new EbillError('USAGE', `The ${what} ${path} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Correct the path in the profile: ebill profile set NAME --ca-file|--client-cert|--client-key FILE',
      cause,
    });
  }
}

/** A URL cut after its authority; nothing is decoded, re-ordered or normalised. */
export function splitUrl(url: string): { readonly origin: string; readonly path: string } {
  const cut = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)(.*)$/is.exec(url);
  const rest = cut?.[2] ?? '';
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  // What a request line cannot carry is written in the only way it can be sent; every other byte stays.
  return {
    origin: cut?.[1] ?? url,
    path: path.replace(/[^\u0021\u0022\u0024-\u007e]+/gu, (part) => encodeURIComponent(part)),
  };
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return out;
}

const TLS_CODE = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO)/;
/** With TLS 1.3 a server's no to our side of the handshake arrives when the request is on its way already: unread. */
const HANDSHAKE_REFUSED =
  /^ERR_SSL_\w*ALERT_(?:HANDSHAKE_FAILURE|(?:NO|BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/;

const MEANING: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'the host name is not known (DNS)',
  EAI_AGAIN: 'the host name could not be looked up (DNS)',
  ECONNRESET: 'the connection was reset before the answer was complete',
  EPIPE: 'the connection was closed while sending',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  UND_ERR_HEADERS_TIMEOUT: 'no answer within the time-out',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped half-way',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
};

/**
 * Names what went wrong and whether the request can have happened.
 * @param begun was the request being written?
 */
export function transportError(error: unknown, origin: string, begun: boolean): TransportError {
  // With several addresses tried, the errors come bundled; each says the same of its own address.
  const inner = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const code = errnoOf(inner) ?? errnoOf((inner as { cause?: unknown } | null)?.cause) ?? '';
  const refused = HANDSHAKE_REFUSED.test(code);
  return new TransportError(
    begun && !refused ? 'lost' : 'unsent',
    `${origin}: ${meaningOf(code, messageOf(inner), begun && !refused)}`,
    error,
  );
}

function meaningOf(code: string, message: string, begun: boolean): string {
  const tunnel = /^Proxy response \((\d+)\)/.exec(message)?.[1];
  if (tunnel === '407') return 'the proxy wants a username and a password (407)';
  if (tunnel !== undefined) return `the proxy did not let it through (it answered ${tunnel})`;
  if (TLS_CODE.test(code))
    return begun ? `the secure connection broke (${message})` : `no secure connection (${message})`;
  if (!begun && (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET'))
    return 'the connection was closed before the request could be sent';
  return MEANING[code] ?? message;
}
