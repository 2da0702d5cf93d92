import type { LookupFunction } from 'node:net';
import type { buildConnector } from 'undici';
import type { Context } from '../context.ts';
import type { Connection } from './connection.ts';
import { guardedLookup } from './guarded-lookup.ts';
import { type ProxyChoice, proxyChoice } from './proxy-choice.ts';
import type { TlsOptions } from './tls.ts';
import { assertReachable, isApiHost } from './transfer-url.ts';

/** ms for a connection to stand, its tunnel and its handshake each (cli.md, "Network"). */
export const CONNECT_TIMEOUT_MS = 10_000;

type Build = typeof buildConnector;
type Connector = ReturnType<Build>;

export interface ConnectorParts {
  readonly context: Pick<Context, 'env' | 'lookup'>;
  readonly connection: Connection;
  readonly tls: TlsOptions;
  /** Ends tunnels that are being opened when the transport is closed. */
  readonly closed: AbortSignal;
}

/**
 * How every connection of a run is made, to the API and to storages: straight or through a proxy, by the rules of names
 * and addresses, with the client certificate only where the API is.
 */
export function connectorOf(build: Build, parts: ConnectorParts): Connector {
  const { context, connection, tls } = parts;
  const guarded = guardedLookup(context.lookup, connection);
  const make = (own: boolean, lookup: LookupFunction): Connector =>
    build({ ...(own ? tls.own : tls.others), lookup, timeout: CONNECT_TIMEOUT_MS });
  const [plain, secure] = [guarded(true), guarded(false)];
  // One for each kind, for a connector keeps TLS sessions, and one that was begun with our certificate stays with our host.
  const kinds = {
    own: { 'http:': make(true, plain), 'https:': make(true, secure) },
    others: { 'http:': make(false, plain), 'https:': make(false, secure) },
  };
  return (options, callback) => {
    const protocol = options.protocol === 'https:' ? 'https:' : 'http:';
    const straight = kinds[isApiHost(options.hostname, connection.baseUrl) ? 'own' : 'others'][protocol];
    const done: typeof callback = (...result) => {
      const [error, socket] = result;
      // Of an alert after the handshake undici would only say that the other side closed.
      if (error === null) socket.prependListener('error', (late) => socket.destroy(late));
      callback(...result);
    };
    let proxy: ProxyChoice | null;
    try {
      assertReachable(options.hostname, connection.baseUrl);
      proxy = proxyChoice(
        new URL(`${protocol}//${options.host ?? options.hostname}`),
        connection.proxy,
        context.env,
      );
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    if (proxy === null) straight(options, done);
    else throughProxy(proxy, { ...options, protocol }, straight, parts, done);
  };
}

function throughProxy(
  proxy: ProxyChoice,
  options: Parameters<Connector>[0],
  straight: Connector,
  { context, tls, closed }: ConnectorParts,
  done: Parameters<Connector>[1],
): void {
  const { protocol, hostname } = options;
  const port = options.port || (protocol === 'https:' ? '443' : '80');
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  const signal = AbortSignal.any([closed, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
  // Only who has a proxy needs this, and Node's own http client with it.
  import('./tunnel.ts')
    .then(({ tunnelTo }) =>
      tunnelTo(`${host}:${port}`, proxy, { tls: tls.others, lookup: context.lookup }, signal),
    )
    .then(
      (httpSocket) => {
        if (protocol === 'https:') straight({ ...options, httpSocket }, done);
        else done(null, httpSocket.setNoDelay(true));
      },
      (error: Error) => done(error, null),
    );
}
