import { isIP } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Context } from '../../system/context.ts';
import type { Connection } from '../connection.ts';
import { bareHost } from './addresses.ts';
import type { ProxyChoice } from './proxy.ts';
import { tlsOptions } from './tls.ts';
import { openTunnel } from './tunnel.ts';

/** A server's certificate as it was shown. */
export interface ServerCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly validTo: number;
  /** The code of why it is not accepted (`CERT_HAS_EXPIRED` …); `null` when it is. */
  readonly refused: string | null;
}

/**
 * Looks at a server's certificate, accepted or not; nothing is sent over the connection.
 * @param proxy to go through; `null`: straight
 * @throws EbillError USAGE when a certificate file is of no use; ProxyError, the system's or OpenSSL's error when there is
 * no handshake; the signal's reason when it is aborted
 */
export async function fetchCertificate(
  connection: Connection,
  { env, lookup }: Pick<Context, 'env' | 'lookup'>,
  url: URL,
  proxy: ProxyChoice | null,
  signal: AbortSignal,
): Promise<ServerCertificate> {
  const tls = await tlsOptions(connection, env);
  const host = bareHost(url.hostname);
  const port = Number(url.port || 443);
  const tunnel =
    proxy === null
      ? null
      : await openTunnel(`${url.hostname}:${port}`, proxy, { tls: async () => tls, lookup }, signal);
  return handshake(
    {
      ...tls.own,
      host,
      port,
      lookup,
      ...(tunnel === null ? {} : { socket: tunnel }),
      // An address is no server name (RFC 6066, 3).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // It is looked at, not trusted: nothing follows.
      rejectUnauthorized: false,
    },
    signal,
  );
}

function handshake(options: ConnectionOptions, signal: AbortSignal): Promise<ServerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect(options, () => {
      const { subject, issuer, valid_to } = socket.getPeerCertificate();
      const text = (value: string | string[] | undefined): string => [value ?? '?'].flat().join(', ');
      resolve({
        subject: text(subject?.CN),
        issuer: text(issuer?.O ?? issuer?.CN),
        validTo: Date.parse(valid_to),
        refused: socket.authorized ? null : String(socket.authorizationError),
      });
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    breakOff(socket, signal, reject);
  });
}

/** Ends what is under way when the signal comes. */
function breakOff(
  what: { destroy(): unknown },
  signal: AbortSignal,
  reject: (reason: unknown) => void,
): void {
  const onAbort = (): void => {
    reject(signal.reason);
    what.destroy();
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
}
