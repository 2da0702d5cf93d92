import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { Context } from '../../system/context.ts';
import type { Connection } from '../connection.ts';
import { assertReachable, isApiHost } from '../transfer-url.ts';
import { guardedLookup } from './guarded-lookup.ts';
import { type ProxyChoice, proxyChoice } from './proxy-choice.ts';
import type { Secured, TlsOptions } from './tls.ts';

/** ms for a connection to stand, its tunnel and its handshake each (cli.md, "Network"). */
export const CONNECT_TIMEOUT_MS = 10_000;

type Build = typeof buildConnector;
type Connector = ReturnType<Build>;
type Options = Parameters<Connector>[0];
type Callback = Parameters<Connector>[1];

export interface ConnectorParts {
  readonly context: Pick<Context, 'env' | 'lookup'>;
  readonly connection: Connection;
  /** Asked for when a secure connection is wanted: plain http to this machine needs none of it. */
  readonly tls: () => Promise<TlsOptions>;
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
  const plain = build({ lookup: guarded(true), timeout: CONNECT_TIMEOUT_MS });
  const secured = (options: Secured): Connector =>
    build({ ...options, lookup: guarded(false), timeout: CONNECT_TIMEOUT_MS });
  // Two, for a connector keeps TLS sessions, and one that was begun with our certificate stays with our host.
  let both: Promise<{ readonly own: Connector; readonly others: Connector }> | undefined;
  const secure = () =>
    (both ??= tls().then(({ own, others }) => ({ own: secured(own), others: secured(others) })));

  async function ready(options: Options): Promise<(done: Callback) => void> {
    const { protocol, hostname } = options;
    assertReachable(hostname, connection.baseUrl);
    const proxy = proxyChoice(
      new URL(`${protocol}//${options.host ?? hostname}`),
      connection.proxy,
      context.env,
    );
    const side = isApiHost(hostname, connection.baseUrl) ? 'own' : 'others';
    const straight = protocol === 'https:' ? (await secure())[side] : plain;
    if (proxy === null) return (done) => straight(options, done);
    // Last, so that nobody waits while nobody listens for the errors of this socket.
    const httpSocket = await throughProxy(proxy, options, parts);
    if (protocol !== 'https:') return (done) => done(null, httpSocket);
    return (done) => straight({ ...options, httpSocket }, done);
  }

  return (options, callback) => {
    ready(options).then(
      (start) => start(withLateErrors(callback)),
      (error: Error) => callback(error, null),
    );
  };
}

/** Of an alert after the handshake undici would only say that the other side closed. */
function withLateErrors(callback: Callback): Callback {
  return (...result) => {
    const [error, socket] = result;
    if (error === null) socket.prependListener('error', (late) => socket.destroy(late));
    callback(...result);
  };
}

async function throughProxy(
  proxy: ProxyChoice,
  { protocol, hostname, port }: Options,
  { context, tls, closed }: ConnectorParts,
): Promise<Socket> {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  const to = `${host}:${port || (protocol === 'https:' ? '443' : '80')}`;
  const signal = AbortSignal.any([closed, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
  // Only who has a proxy needs this, and Node's own http client with it.
  const { tunnelTo } = await import('./tunnel.ts');
  return (await tunnelTo(to, proxy, { tls, lookup: context.lookup }, signal)).setNoDelay(true);
}
