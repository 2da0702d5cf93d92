import { isIP } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Context } from '../../system/context.ts';
import type { Connection } from '../connection.ts';
import { bareHost } from './addresses.ts';
import type { ProxyChoice } from './proxy.ts';
import { tlsOptions } from './tls.ts';
import { openTunnel } from './tunnel.ts';

export interface ServerCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** ms since 1970. */
  readonly validTo: number;
  /** Why it is not trusted, such as `CERT_HAS_EXPIRED`; `null` when it is. */
  readonly errorCode: string | null;
}

/**
 * Fetches a server's certificate, trusted or not. Sends nothing over the connection.
 * @param proxy `null` for a direct connection
 * @throws EbillError USAGE when a certificate file cannot be used; ProxyError, or the error of Node or OpenSSL, when there
 * is no handshake; the signal's reason when it is aborted
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
      ...tls.api,
      host,
      port,
      lookup,
      ...(tunnel === null ? {} : { socket: tunnel }),
      // An IP address is not a server name (RFC 6066, 3).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // Safe: the connection is closed without sending anything.
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
        errorCode: socket.authorized ? null : String(socket.authorizationError),
      });
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    const onAbort = (): void => {
      reject(signal.reason);
      socket.destroy();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
