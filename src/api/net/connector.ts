import type { LookupFunction, Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { EbillError } from '../../errors.ts';
import type { Context } from '../../system/context.ts';
import { visible } from '../../system/escaping.ts';
import type { Connection } from '../connection.ts';
import { assertReachable } from '../transfer-url.ts';
import { addressKind, forbiddenReason, isApiHost } from './addresses.ts';
import { chooseProxy, type ProxyChoice } from './proxy.ts';
import type { TlsOptions, TlsSettings } from './tls.ts';

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
  const secured = (options: TlsSettings): Connector =>
    build({ ...options, lookup: guarded(false), timeout: CONNECT_TIMEOUT_MS });
  // Two, for a connector keeps TLS sessions, and one that was begun with our certificate stays with our host.
  let both: Promise<{ readonly own: Connector; readonly others: Connector }> | undefined;
  const secure = () =>
    (both ??= tls().then(({ own, others }) => ({ own: secured(own), others: secured(others) })));

  async function ready(options: Options): Promise<(done: Callback) => void> {
    const { protocol, hostname } = options;
    assertReachable(hostname, connection.baseUrl);
    const proxy = chooseProxy(
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
  const { openTunnel } = await import('./tunnel.ts');
  return (await openTunnel(to, proxy, { tls, lookup: context.lookup }, signal)).setNoDelay(true);
}

/**
 * Name look-ups that hold a name to what its URL is held to (`transfer-url.ts`). The addresses judged are those the
 * connection is made to: between the two nothing is looked up again, so a name cannot mean one place when it is checked
 * and another when it is used.
 * @returns a look-up for connections over plain http (`plain`) or TLS; it fails with EbillError REJECTED
 */
export function guardedLookup(
  lookup: LookupFunction,
  { baseUrl, allowInsecure }: Pick<Connection, 'baseUrl' | 'allowInsecure'>,
): (plain: boolean) => LookupFunction {
  const ofApi = new Set<string>();
  return (plain) => (hostname, options, callback) => {
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) {
        callback(error, found, family);
        return;
      }
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      if (isApiHost(hostname, baseUrl)) for (const address of addresses) ofApi.add(address);
      const why = firstReason(addresses, plain && !allowInsecure, ofApi);
      callback(why === null ? null : refusedName(hostname, why), found, family);
    });
  };
}

/** @param onlyHere plain http is for this machine: the URL's name said so, the look-up has to say so too */
function firstReason(
  addresses: readonly string[],
  onlyHere: boolean,
  ofApi: ReadonlySet<string>,
): string | null {
  for (const address of addresses) {
    if (onlyHere && addressKind(address) !== 'loopback') return `${address}, which is not this machine`;
    const why = forbiddenReason(address);
    // One bad address among good ones is enough: which of them is tried first is not ours to say.
    if (why !== null && !ofApi.has(address)) return `${address}: ${why}`;
  }
  return null;
}

function refusedName(hostname: string, why: string): EbillError {
  return new EbillError('REJECTED', `The name ${visible(hostname)} is looked up to ${visible(why)}.`, {
    hint: 'Nothing was sent there. Check the name and the name server, or show this to whoever runs the eBill server.',
  });
}
