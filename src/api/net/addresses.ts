import { BlockList, isIP } from 'node:net';

/** What kind of place an IP address is. `private` is an organisation's own network, `public` whatever is none of the others. */
export type AddressKind = 'loopback' | 'metadata' | 'link-local' | 'unspecified' | 'private' | 'public';

/** Ways to write an IPv4 address inside an IPv6 one (RFC 4291 2.5.5, RFC 6052, RFC 2765, RFC 3056), by what stands around it. */
const CARRIERS: readonly { readonly before: string; readonly bits: number; readonly after: string }[] = [
  { before: '::ffff:', bits: 96, after: '' },
  { before: '::', bits: 96, after: '' },
  { before: '::ffff:0:', bits: 96, after: '' },
  { before: '64:ff9b::', bits: 96, after: '' },
  { before: '64:ff9b:1::', bits: 96, after: '' },
  { before: '2002:', bits: 16, after: '::' },
];

/**
 * Subnets as `10.0.0.0/8`. An IPv4 one stands for all that carry it, too.
 * @returns the list, made when it is first asked for: all of them take longer than a whole start (performance.md, "Start-up")
 */
function listOf(subnets: readonly string[]): () => BlockList {
  let made: BlockList | null = null;
  return () => {
    made ??= newList(subnets);
    return made;
  };
}

function newList(subnets: readonly string[]): BlockList {
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
    for (const { before, bits: lead, after } of CARRIERS)
      list.addSubnet(`${before}${words}${after}`, lead + Number(bits), 'ipv6');
  }
  return list;
}

/** The first that holds an address says what it is: the order matters where one lies within another. */
const KINDS: readonly (readonly [AddressKind, () => BlockList])[] = [
  ['loopback', listOf(['127.0.0.0/8', '::1/128'])],
  [
    // Where clouds answer any process with the machine's own credentials: AWS, Google, Azure, Oracle (.254, fd00:ec2::254,
    // fd20:ce::254), AWS for containers and pods (170.2, 170.23, fd00:ec2::23), Alibaba, Azure's agent, Oracle's older
    // one, Scaleway.
    'metadata',
    listOf([
      ...['169.254.169.254/32', '169.254.170.2/32', '169.254.170.23/32', '169.254.42.42/32'],
      ...['100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'],
      ...['fd00:ec2::254/128', 'fd00:ec2::23/128', 'fd20:ce::254/128', 'fd00:42::42/128'],
    ]),
  ],
  ['link-local', listOf(['169.254.0.0/16', 'fe80::/10'])],
  ['unspecified', listOf(['0.0.0.0/32', '::/128'])],
  ['private', listOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'])],
];

/** A host name as sockets take it: IPv6 without its brackets. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/**
 * What kind of place an address is, in whatever form it comes; `null` for what is no address.
 * @param host an address as a look-up gives it, or a `URL.hostname`, which has made four numbers of every other way to
 * write an IPv4 address (octal, hex, one number, other scripts' digits)
 */
export function addressKind(host: string): AddressKind | null {
  const address = bareHost(host).replace(/%.*$/s, '');
  const version = isIP(address);
  if (version === 0) return null;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return KINDS.find(([, list]) => list().check(address, family))?.[0] ?? 'public';
}

/** `localhost` and the names under it are this machine's own (RFC 6761, 6.3). */
function isLocalName(hostname: string): boolean {
  return /^(?:[^.]+\.)*localhost\.?$/i.test(hostname);
}

/** Does this URL's host name this machine? What such a name is looked up to is held to it: `guarded-lookup.ts`. */
export function isLoopback({ hostname }: Pick<URL, 'hostname'>): boolean {
  // The usual one, without what it takes to tell all others.
  if (hostname === '127.0.0.1') return true;
  return isLocalName(hostname) || addressKind(hostname) === 'loopback';
}

/** Names clouds give their metadata service: behind a proxy nobody here sees what they are looked up to. */
const METADATA_NAME =
  /^(?:metadata\.google\.internal|metadata\.goog|metadata\.azure\.internal|instance-data\.ec2\.internal|metadata|instance-data)\.?$/i;

/** Why customers' data never goes to, or comes from, a place of this kind. */
const FORBIDDEN: Partial<Readonly<Record<AddressKind, string>>> = {
  metadata: "the metadata service of a cloud, which hands out this machine's own credentials",
  'link-local': 'a link-local address, which only machines on the same wire have',
  unspecified: 'no address of any machine',
};

/** Why no transfer may use this address or name; `null` when it may. */
export function forbiddenReason(host: string): string | null {
  if (METADATA_NAME.test(host)) return FORBIDDEN.metadata ?? null;
  const kind = addressKind(host);
  return kind === null ? null : (FORBIDDEN[kind] ?? null);
}

/** Is this the very host the API is at, on whatever port? */
export function isApiHost(host: string, baseUrl: string): boolean {
  return URL.canParse(baseUrl) && bareHost(new URL(baseUrl).hostname) === bareHost(host);
}
