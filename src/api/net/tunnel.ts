import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { bareHost } from './addresses.ts';
import { type ProxyChoice, ProxyError, proxyAuthorization } from './proxy.ts';
import type { TlsOptions, TlsSettings } from './tls.ts';

/**
 * A connection through a proxy, opened with CONNECT: what goes through it is between the two ends.
 * @param to `host:port`, IPv6 in brackets
 * @param tls asked for a proxy that is itself behind TLS
 * @throws ProxyError, also when the signal's time is over; the signal's reason when it is aborted otherwise
 */
export async function openTunnel(
  to: string,
  proxy: ProxyChoice,
  { tls, lookup }: { readonly tls: () => Promise<TlsOptions>; readonly lookup: LookupFunction },
  signal: AbortSignal,
): Promise<Socket> {
  const url = new URL(proxy.url);
  const secured = url.protocol === 'https:' ? (await tls()).others : null;
  return opened(to, url, secured, lookup, signal);
}

function opened(
  to: string,
  url: URL,
  secured: TlsSettings | null,
  lookup: LookupFunction,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const login = proxyAuthorization(url);
    const host = bareHost(url.hostname);
    const options = {
      host,
      port: Number(url.port || (secured === null ? 80 : 443)),
      method: 'CONNECT',
      path: to,
      headers: { host: to, ...(login === null ? {} : { 'proxy-authorization': login }) },
      lookup,
      agent: false as const,
    };
    // An address is no server name (RFC 6066, 3).
    const request =
      secured === null
        ? httpRequest(options)
        : httpsRequest({ ...options, ...secured, servername: isIP(host) === 0 ? host : '' });
    const refused = (status: number | undefined): ProxyError =>
      new ProxyError(status ?? 0, `the proxy answered ${status}`);
    request.on('connect', ({ statusCode }, socket, head) => {
      signal.removeEventListener('abort', onAbort);
      if (statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refused(statusCode));
    });
    request.on('response', (response) => {
      response.destroy();
      reject(refused(response.statusCode));
    });
    request.on('error', (cause) => reject(new ProxyError(null, cause.message, cause)));
    const onAbort = (): void => {
      const late = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
      reject(late ? new ProxyError(null, 'no tunnel in time') : signal.reason);
      request.destroy();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    request.end();
  });
}
