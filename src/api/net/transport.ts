import type { Dispatcher } from 'undici';
import { EbillError } from '../../errors.ts';
import type { Context } from '../../system/context.ts';
import type { Connection } from '../connection.ts';
import { connectorOf } from './connector.ts';
import { chooseProxy } from './proxy.ts';
import type { TlsOptions } from './tls.ts';
import { transportError } from './transport-error.ts';

/** One HTTP exchange to make. `url` goes out byte for byte (batch-api.md, what bites 2 and 7). */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | AsyncIterable<Buffer>;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; repeated ones joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer> & { dump(): Promise<void> };
}

export interface Transport {
  /** @throws TransportError when no answer came; the signal's reason when it is aborted. */
  send(exchange: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/**
 * Connections to everywhere this run talks to: kept alive, with the connection's TLS options and proxy.
 * @param timeoutMs for the headers of an answer, and for an idle body (cli.md, "Network")
 * @throws EbillError USAGE for a certificate file that is of no use
 */
export async function openTransport(
  context: Context,
  connection: Connection,
  timeoutMs: number,
): Promise<Transport> {
  const { Agent, buildConnector, compileParserOnce } = await import('./undici.ts');
  compileParserOnce(context.nodeVersion);
  let read: Promise<TlsOptions> | undefined;
  const tls = (): Promise<TlsOptions> =>
    (read ??= import('./tls.ts').then(({ tlsOptions }) => tlsOptions(connection, context.env)));
  // A file that is of no use is said at once, not by the first connection that wants it.
  if (connection.caFile !== null || connection.clientCert !== null) await tls();
  const closing = new AbortController();
  const dispatcher = new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: connectorOf(buildConnector, { context, connection, tls, closed: closing.signal }),
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
        const proxy = chooseProxy(new URL(origin), connection.proxy, context.env);
        throw transportError(error, origin, departure.begun, proxy);
      }
    },
    close: async () => {
      closing.abort();
      await dispatcher.destroy();
    },
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
