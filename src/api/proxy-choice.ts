import type { Context } from '../context.ts';

/** The proxy an exchange goes through, and what named it. */
export interface ProxyChoice {
  readonly url: string;
  readonly source: 'the profile' | 'HTTPS_PROXY' | 'HTTP_PROXY';
}

/**
 * Which proxy leads to a URL: the profile's own, else the environment's; `null`: none. By the rules of undici's
 * EnvHttpProxyAgent, which the transport uses: without HTTPS_PROXY, HTTP_PROXY serves https too; an entry of NO_PROXY may
 * name a port.
 */
export function proxyChoice(url: URL, own: string | null, env: Context['env']): ProxyChoice | null {
  if (own !== null) return { url: own, source: 'the profile' };
  const of = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  if (isSpared(url, of('NO_PROXY'))) return null;
  if (url.protocol === 'https:' && of('HTTPS_PROXY') !== '')
    return { url: of('HTTPS_PROXY'), source: 'HTTPS_PROXY' };
  return of('HTTP_PROXY') === '' ? null : { url: of('HTTP_PROXY'), source: 'HTTP_PROXY' };
}

/** Hosts, with their subdomains and perhaps a port, parted by commas or blanks; `*` alone means all. */
function isSpared({ protocol, hostname, port }: URL, noProxy: string): boolean {
  if (noProxy === '*') return true;
  const at = port || (protocol === 'https:' ? '443' : '80');
  return noProxy
    .toLowerCase()
    .split(/[,\s]/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, host = entry, only = at] = /^(.+):(\d+)$/.exec(entry) ?? [];
      const bare = host.replace(/^\*?\./, '');
      return only === at && (hostname === bare || hostname.endsWith(`.${bare}`));
    });
}
