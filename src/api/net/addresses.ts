import { BlockList, isIP } from 'node:net';
import { isUrl } from '../../system/url.ts';

/** `private` is an organisation's own network; `public` is everything that is none of the others. */
export type AddressKind = 'loopback' | 'metadata' | 'link-local' | 'unspecified' | 'private' | 'public';

/** How an IPv4 address is written inside an IPv6 one (RFC 4291 2.5.5, RFC 6052, RFC 2765, RFC 3056). */
const IPV4_IN_IPV6: readonly { readonly prefix: string; readonly bits: number; readonly suffix: string }[] = [
  { prefix: '::ffff:', bits: 96, suffix: '' },
  { prefix: '::', bits: 96, suffix: '' },
  { prefix: '::ffff:0:', bits: 96, suffix: '' },
  { prefix: '64:ff9b::', bits: 96, suffix: '' },
  { prefix: '64:ff9b:1::', bits: 96, suffix: '' },
  { prefix: '2002:', bits: 16, suffix: '::' },
];

/**
 * @param subnets like `10.0.0.0/8`; an IPv4 subnet also matches its IPv6 spellings
 * @returns the list, built on first use: building all of them takes longer than starting the program
 */
function lazyBlockList(subnets: readonly string[]): () => BlockList {
  let list: BlockList | null = null;
  return () => {
    list ??= blockList(subnets);
    return list;
  };
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', bits = ''] = subnet.split('/');
    if (net.includes(':')) {
      list.addSubnet(net, Number(bits), 'ipv6');
      continue;
    }
    list.addSubnet(net, Number(bits), 'ipv4');
    const [a = 0, b = 0, c = 0, d = 0] = net.split('.').map(Number);
    const words = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
    for (const { prefix, bits: lead, suffix } of IPV4_IN_IPV6)
      list.addSubnet(`${prefix}${words}${suffix}`, lead + Number(bits), 'ipv6');
  }
  return list;
}

/** The first match counts: some ranges lie within others. */
const KINDS: readonly (readonly [AddressKind, () => BlockList])[] = [
  ['loopback', lazyBlockList(['127.0.0.0/8', '::1/128'])],
  [
    // These give any local process the machine's own credentials: AWS, Google, Azure, Oracle (.254, fd00:ec2::254,
    // fd20:ce::254), AWS for containers and pods (170.2, 170.23, fd00:ec2::23), Alibaba, Azure's agent, Oracle's older
    // one, Scaleway.
    'metadata',
    lazyBlockList([
      ...['169.254.169.254/32', '169.254.170.2/32', '169.254.170.23/32', '169.254.42.42/32'],
      ...['100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'],
      ...['fd00:ec2::254/128', 'fd00:ec2::23/128', 'fd20:ce::254/128', 'fd00:42::42/128'],
    ]),
  ],
  ['link-local', lazyBlockList(['169.254.0.0/16', 'fe80::/10'])],
  ['unspecified', lazyBlockList(['0.0.0.0/32', '::/128'])],
  ['private', lazyBlockList(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'])],
];

/** A host name as sockets take it: IPv6 without brackets. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/**
 * @param host an address from a name look-up, or a `URL.hostname`, which has already turned the other spellings of an
 * IPv4 address (octal, hex, one number, digits of other scripts) into four decimal numbers
 * @returns `null` when it is not an address
 */
export function addressKind(host: string): AddressKind | null {
  const address = bareHost(host).replace(/%.*$/s, '');
  const version = isIP(address);
  if (version === 0) return null;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return KINDS.find(([, list]) => list().check(address, family))?.[0] ?? 'public';
}

/** `localhost` and the names below it (RFC 6761, 6.3). */
function isLocalName(hostname: string): boolean {
  return /^(?:[^.]+\.)*localhost\.?$/i.test(hostname);
}

/** Does this host name this machine? Where such a name resolves to is checked when connecting (connector.ts). */
export function isLoopback({ hostname }: Pick<URL, 'hostname'>): boolean {
  // The common case, without building a block list.
  if (hostname === '127.0.0.1') return true;
  return isLocalName(hostname) || addressKind(hostname) === 'loopback';
}

/** Names of cloud metadata services. Behind a proxy this program cannot see what they resolve to. */
const METADATA_NAME =
  /^(?:metadata\.google\.internal|metadata\.goog|metadata\.azure\.internal|instance-data\.ec2\.internal|metadata|instance-data)\.?$/i;

/** Why customers' data never goes to, or comes from, an address of this kind. */
const FORBIDDEN: Partial<Readonly<Record<AddressKind, string>>> = {
  metadata: "a cloud metadata service, which hands out this machine's own credentials",
  'link-local': 'a link-local address, which only machines on the same network segment have',
  unspecified: 'not the address of a machine',
};

/** Why no transfer may use this address or name; `null` when it may. */
export function forbiddenReason(host: string): string | null {
  if (METADATA_NAME.test(host)) return FORBIDDEN.metadata ?? null;
  const kind = addressKind(host);
  return kind === null ? null : (FORBIDDEN[kind] ?? null);
}

/** Is this the API's host, on any port? */
export function isApiHost(host: string, baseUrl: string): boolean {
  return isUrl(baseUrl) && bareHost(new URL(baseUrl).hostname) === bareHost(host);
}
