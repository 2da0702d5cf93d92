import { BlockList, isIP } from 'node:net';
import { EbillError } from '../../errors.ts';
import { redactShapes } from '../../redact/shapes.ts';
import type { Context } from '../../system/context.ts';
import { visible } from '../../system/escaping.ts';
import { bareHost, isLoopback } from './addresses.ts';

/** The proxy an exchange goes through, and what named it. */
export interface ProxyChoice {
  /** http or https; may hold credentials. */
  readonly url: string;
  readonly source: 'the profile' | 'HTTPS_PROXY' | 'HTTP_PROXY';
}

/**
 * Which proxy leads to a URL: the profile's own, else the environment's; `null`: none. Without HTTPS_PROXY, HTTP_PROXY
 * serves https too. This machine is never asked of a proxy on another one: it would take itself for it, and what was meant
 * to stay here would travel.
 * @throws EbillError USAGE when what is named is no http or https proxy
 */
export function chooseProxy(url: URL, own: string | null, env: Context['env']): ProxyChoice | null {
  const choice = named(url, own, env);
  if (choice === null) return null;
  const proxy = checked(choice);
  return isLoopback(url) && !isLoopback(new URL(proxy.url)) ? null : proxy;
}

function named(url: URL, own: string | null, env: Context['env']): ProxyChoice | null {
  if (own !== null) return { url: own, source: 'the profile' };
  const of = (name: string): string => (env[name] || env[name.toLowerCase()] || '').trim();
  if (isSpared(url, of('NO_PROXY'))) return null;
  if (url.protocol === 'https:' && of('HTTPS_PROXY') !== '')
    return { url: of('HTTPS_PROXY'), source: 'HTTPS_PROXY' };
  return of('HTTP_PROXY') === '' ? null : { url: of('HTTP_PROXY'), source: 'HTTP_PROXY' };
}

/** `proxy:3128` is what curl takes, too. */
function checked({ url, source }: ProxyChoice): ProxyChoice {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`;
  if (/^https?:\/\/[^/]/i.test(whole) && URL.canParse(whole)) return { url: whole, source };
  throw new EbillError(
    'USAGE',
    `The proxy ${displayProxy(whole.slice(0, 200))} (${source}) is no http or https URL.`,
    {
      hint: 'A proxy looks like http://proxy.example.com:3128; USER:PASSWORD@ may stand before its host.',
    },
  );
}

/** A proxy's URL as it may be shown. */
export function displayProxy(proxy: string): string {
  const bare = proxy.includes('@') ? proxy.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/iu, '$1***@') : proxy;
  return visible(redactShapes(bare));
}

/** A proxy's credentials as it wants them; `null` when its URL has none. */
export function proxyAuthorization({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

/** A lone `%` stands for itself: passwords are pasted as they are. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Is the host reached without the environment's proxies? NO_PROXY lists, parted by commas or blanks: names, with all below
 * them (`.x` and `*.x` mean `x`), addresses, subnets (`10.0.0.0/8`, `fd00::/8`), each perhaps with a port; `*` is all.
 */
function isSpared({ protocol, hostname, port }: URL, noProxy: string): boolean {
  const at = port || (protocol === 'https:' ? '443' : '80');
  const host = bareHost(hostname).replace(/\.$/, '');
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, bracketed, name = bracketed ?? entry, only = at] =
        /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
      return only === at && (name === '*' || isBelow(host, name) || isWithin(host, name));
    });
}

function isBelow(host: string, name: string): boolean {
  const bare = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
}

function isWithin(host: string, net: string): boolean {
  const [address = '', bits = isIP(address) === 6 ? '128' : '32'] = net.split('/');
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  if (family === 0 || isIP(host) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** The proxy opened no tunnel: it is not there, or (`status`) it said no. */
export class ProxyError extends Error {
  readonly status: number | null;
  constructor(status: number | null, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}
