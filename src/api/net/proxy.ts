import { BlockList, isIP } from 'node:net';
import { EbillError } from '../../errors.ts';
import { redactShapes } from '../../redact/shapes.ts';
import type { Context } from '../../system/context.ts';
import { visible } from '../../system/escaping.ts';
import { isUrl } from '../../system/url.ts';
import { bareHost, isLoopback } from './addresses.ts';

/** The proxy a request goes through, and where it was configured. */
export interface ProxyChoice {
  /** http or https; may hold credentials. */
  readonly url: string;
  readonly source: 'the profile' | 'HTTPS_PROXY' | 'HTTP_PROXY';
}

/** The proxy opened no tunnel: it could not be reached (`status` is `null`), or it refused with this HTTP status. */
export class ProxyError extends Error {
  readonly status: number | null;
  constructor(status: number | null, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/**
 * The proxy for a URL: the profile's, else the environment's; `null` for a direct connection. Without HTTPS_PROXY,
 * HTTP_PROXY is used for https too. A proxy on another machine is never asked for loopback: it would connect to itself,
 * and data meant to stay here would leave.
 * @throws EbillError USAGE when the proxy is not an http or https URL
 */
export function chooseProxy(url: URL, profileProxy: string | null, env: Context['env']): ProxyChoice | null {
  const choice = configuredProxy(url, profileProxy, env);
  if (choice === null) return null;
  const proxy = checked(choice);
  return isLoopback(url) && !isLoopback(new URL(proxy.url)) ? null : proxy;
}

function configuredProxy(url: URL, profileProxy: string | null, env: Context['env']): ProxyChoice | null {
  if (profileProxy !== null) return { url: profileProxy, source: 'the profile' };
  const variable = (name: string): string => (env[name] || env[name.toLowerCase()] || '').trim();
  if (bypassesProxy(url, variable('NO_PROXY'))) return null;
  if (url.protocol === 'https:' && variable('HTTPS_PROXY') !== '')
    return { url: variable('HTTPS_PROXY'), source: 'HTTPS_PROXY' };
  return variable('HTTP_PROXY') === '' ? null : { url: variable('HTTP_PROXY'), source: 'HTTP_PROXY' };
}

/** A missing scheme means http, as for curl. */
function checked({ url, source }: ProxyChoice): ProxyChoice {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`;
  if (/^https?:\/\/[^/]/i.test(withScheme) && isUrl(withScheme)) return { url: withScheme, source };
  throw new EbillError(
    'USAGE',
    `The proxy ${displayProxy(withScheme.slice(0, 200))} (${source}) is not an http or https URL.`,
    { hint: 'Write it like http://proxy.example.com:3128, with USER:PASSWORD@ before the host if needed.' },
  );
}

/** A proxy's URL for messages, without its credentials. */
export function displayProxy(proxy: string): string {
  const bare = proxy.includes('@') ? proxy.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/iu, '$1***@') : proxy;
  return visible(redactShapes(bare));
}

/** The Proxy-Authorization value for the credentials in a proxy's URL; `null` when it has none. */
export function proxyAuthorization({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

/** Passwords are often pasted as they are: a lone `%` is a literal `%`. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Is the host excluded by NO_PROXY? It lists, separated by commas or blanks: names, which include all names below them
 * (`.x` and `*.x` mean `x`), addresses, and subnets (`10.0.0.0/8`, `fd00::/8`), each optionally with a port; `*` is all.
 */
function bypassesProxy({ protocol, hostname, port }: URL, noProxy: string): boolean {
  const hostPort = port || (protocol === 'https:' ? '443' : '80');
  const host = bareHost(hostname).replace(/\.$/, '');
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, bracketed, name = bracketed ?? entry, entryPort = hostPort] =
        /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
      return entryPort === hostPort && (name === '*' || isSameOrBelow(host, name) || isInSubnet(host, name));
    });
}

function isSameOrBelow(host: string, name: string): boolean {
  const bare = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
}

function isInSubnet(host: string, subnet: string): boolean {
  const [address = '', bits = isIP(address) === 6 ? '128' : '32'] = subnet.split('/');
  const version = isIP(address);
  const maxBits = version === 6 ? 128 : 32;
  if (version === 0 || isIP(host) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > maxBits) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), version === 6 ? 'ipv6' : 'ipv4');
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
