import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { bareHost } from './addresses.ts';
import { type ProxyChoice, ProxyError, proxyAuthorization } from './proxy.ts';
import { withPlainHeads } from './response-heads.ts';
import type { TlsOptions, TlsSettings } from './tls.ts';

/**
 * Opens a connection through a proxy with CONNECT.
 * @param target `host:port`, IPv6 in brackets
 * @param tls called for an https proxy
 * @throws ProxyError, also when the signal times out; the signal's reason when it is aborted otherwise
 */
export async function openTunnel(
  target: string,
  proxy: ProxyChoice,
  { tls, lookup }: { readonly tls: () => Promise<TlsOptions>; readonly lookup: LookupFunction },
  signal: AbortSignal,
): Promise<Socket> {
  const url = new URL(proxy.url);
  const settings = url.protocol === 'https:' ? (await tls()).others : null;
  return connect(target, url, settings, lookup, signal);
}

function connect(
  target: string,
  proxy: URL,
  tls: TlsSettings | null,
  lookup: LookupFunction,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const authorization = proxyAuthorization(proxy);
    const host = bareHost(proxy.hostname);
    const options = {
      host,
      port: Number(proxy.port || (tls === null ? 80 : 443)),
      method: 'CONNECT',
      path: target,
      headers: {
        host: target,
        ...(authorization === null ? {} : { 'proxy-authorization': authorization }),
      },
      lookup,
      agent: false as const,
    };
    // An IP address is not a server name (RFC 6066, 3).
    const request =
      tls === null
        ? httpRequest(options)
        : httpsRequest({ ...options, ...tls, servername: isIP(host) === 0 ? host : '' });
    const refused = (status: number | undefined): ProxyError =>
      new ProxyError(status ?? 0, `the proxy answered ${status}`);
    request.on('socket', withPlainHeads);
    request.on('connect', ({ statusCode }, socket, head) => {
      signal.removeEventListener('abort', onAbort);
      if (statusCode !== undefined && statusCode >= 200 && statusCode < 300) {
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
      const timedOut = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
      reject(timedOut ? new ProxyError(null, 'no tunnel within 10 s') : signal.reason);
      request.destroy();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    request.end();
  });
}
