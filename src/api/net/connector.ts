import type { LookupFunction, Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { EbillError } from '../../errors.ts';
import type { Context } from '../../system/context.ts';
import { visible } from '../../system/escaping.ts';
import type { Connection } from '../connection.ts';
import { assertReachable } from '../transfer-url.ts';
import { addressKind, bareHost, forbiddenReason, isApiHost } from './addresses.ts';
import { readBeforeReset } from './early-answer.ts';
import { chooseProxy, type ProxyChoice, ProxyError } from './proxy.ts';
import { withPlainHeads } from './response-heads.ts';
import type { TlsOptions, TlsSettings } from './tls.ts';

/** ms for connecting; the tunnel and the TLS handshake get as much each (commands rule 29). */
export const CONNECT_TIMEOUT_MS = 10_000;

const PATIENCE = {
  timeout: CONNECT_TIMEOUT_MS,
  autoSelectFamily: true,
  // ms for an address while others are left. Node's 250 ms is less than the round trip to a server far away.
  autoSelectFamilyAttemptTimeout: 2_000,
} as const;

type Build = typeof buildConnector;
type Connector = ReturnType<Build>;
type Options = Parameters<Connector>[0];
type Callback = Parameters<Connector>[1];

export interface ConnectorParts {
  readonly context: Pick<Context, 'env' | 'lookup'>;
  readonly connection: Connection;
  /** Loaded on the first TLS connection: plain http to this machine needs none of it. */
  readonly tls: () => Promise<TlsOptions>;
  /** Aborts tunnels that are being opened when the transport is closed. */
  readonly closed: AbortSignal;
}

/**
 * Makes every connection of a run, to the API and to storages: direct or through a proxy, only to addresses that are
 * allowed, and with the client certificate only to the API's host.
 */
export function connectorOf(build: Build, parts: ConnectorParts): Connector {
  const { context, connection, tls } = parts;
  const lookupFor = guardedLookup(context.lookup, connection);
  const plain = build({ lookup: lookupFor(true), ...PATIENCE });
  const overTls = (settings: TlsSettings): Connector =>
    build({ ...settings, lookup: lookupFor(false), ...PATIENCE });
  // Two connectors: each caches TLS sessions, and a session opened with our certificate must stay with the API's host.
  let both: Promise<{ readonly api: Connector; readonly others: Connector }> | undefined;
  const secure = () =>
    (both ??= tls().then(({ api, others }) => ({ api: overTls(api), others: overTls(others) })));

  async function prepare(options: Options): Promise<(done: Callback) => void> {
    const { protocol, hostname } = options;
    assertReachable(hostname, connection.baseUrl);
    const proxy = chooseProxy(
      new URL(`${protocol}//${options.host ?? hostname}`),
      connection.proxy,
      context.env,
    );
    if (protocol !== 'https:') {
      if (proxy === null) return (done) => plain(options, done);
      // Plain http is a request to the proxy itself (RFC 9112, 3.2.2): many open tunnels to port 443 only.
      const toProxy = await proxyConnector(proxy);
      return (done) => toProxy(done);
    }
    const side = isApiHost(hostname, connection.baseUrl) ? 'api' : 'others';
    const direct = (await secure())[side];
    if (proxy === null) return (done) => direct(options, done);
    // Last: the socket must not be left without an error listener while something else is awaited.
    const httpSocket = await throughProxy(proxy, options, parts);
    return (done) => direct({ ...options, httpSocket }, done);
  }

  async function proxyConnector({ url }: ProxyChoice): Promise<(done: Callback) => void> {
    const { protocol, hostname, host, port } = new URL(url);
    const settings = protocol === 'https:' ? (await tls()).others : {};
    const connect = build({ ...settings, lookup: context.lookup, ...PATIENCE });
    return (done) =>
      connect({ protocol, hostname: bareHost(hostname), host, port }, (...result) => {
        const [error] = result;
        if (error === null) done(...result);
        else done(new ProxyError(null, error.message, error), null);
      });
  }

  return (options, callback) => {
    prepare(options).then(
      (start) => start(prepared(callback)),
      (error: Error) => callback(error, null),
    );
  };
}

function prepared(callback: Callback): Callback {
  return (...result) => {
    const [error, socket] = result;
    if (error === null) {
      // Without this, undici reports a TLS alert after the handshake only as "other side closed".
      socket.prependListener('error', (late) => socket.destroy(late));
      readBeforeReset(socket);
      withPlainHeads(socket);
    }
    callback(...result);
  };
}

async function throughProxy(
  proxy: ProxyChoice,
  { hostname, port }: Options,
  { context, tls, closed }: ConnectorParts,
): Promise<Socket> {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  const target = `${host}:${port || '443'}`;
  const signal = AbortSignal.any([closed, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
  // Loads Node's http client, which only a proxy needs.
  const { openTunnel } = await import('./tunnel.ts');
  return (await openTunnel(target, proxy, { tls, lookup: context.lookup }, signal)).setNoDelay(true);
}

/**
 * Applies the rules for transfer URLs (transfer-url.ts) to the addresses a name resolves to. The addresses checked are
 * those the connection is made to, with no second look-up in between: a name cannot change its meaning after the check.
 * @returns a lookup for plain http (`true`) or TLS (`false`); it fails with EbillError REJECTED
 */
export function guardedLookup(
  lookup: LookupFunction,
  { baseUrl, allowInsecure }: Pick<Connection, 'baseUrl' | 'allowInsecure'>,
): (plainHttp: boolean) => LookupFunction {
  const apiAddresses = new Set<string>();
  return (plainHttp) => (hostname, options, callback) => {
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) {
        callback(error, found, family);
        return;
      }
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      if (isApiHost(hostname, baseUrl)) for (const address of addresses) apiAddresses.add(address);
      const reason = refusalReason(addresses, plainHttp && !allowInsecure, apiAddresses);
      callback(reason === null ? null : refusedName(hostname, reason), found, family);
    });
  };
}

/** @param loopbackOnly over plain http the URL named this machine, so the name has to resolve to it */
function refusalReason(
  addresses: readonly string[],
  loopbackOnly: boolean,
  apiAddresses: ReadonlySet<string>,
): string | null {
  for (const address of addresses) {
    if (loopbackOnly && addressKind(address) !== 'loopback') return `${address}, which is not this machine`;
    const reason = forbiddenReason(address);
    // One forbidden address is enough: which one Node tries first is not under our control.
    if (reason !== null && !apiAddresses.has(address)) return `${address}: ${reason}`;
  }
  return null;
}

function refusedName(hostname: string, reason: string): EbillError {
  return new EbillError('REJECTED', `The name ${visible(hostname)} resolves to ${visible(reason)}.`, {
    hint: 'Nothing was sent there. Check the name and your DNS, or show this to the operators of the eBill server.',
  });
}
