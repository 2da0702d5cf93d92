import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressKind, addressKind, isLoopback } from '../../../src/api/net/addresses.ts';

const kindOf = (host: string): AddressKind | null => addressKind(new URL(`http://${host}/`).hostname);

describe('the kind of an address', () => {
  test.each<[AddressKind, string]>([
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['loopback', '[::1]'],
    ['loopback', '127.1'],
    ['loopback', '2130706433'],
    ['loopback', '0x7f.1'],
    ['loopback', '0177.0.0.1'],
    ['loopback', '[::ffff:127.0.0.1]'],
    ['metadata', '169.254.169.254'],
    ['metadata', '169.254.169.254.'],
    ['metadata', '2852039166'],
    ['metadata', '0xa9fea9fe'],
    ['metadata', '0xA9.0xFE.0xA9.0xFE'],
    ['metadata', '0251.0376.0251.0376'],
    ['metadata', '169.254.43518'],
    ['metadata', '①⑥⑨.②⑤④.169.254'],
    ['metadata', '169。254。169。254'],
    ['metadata', '[::ffff:169.254.169.254]'],
    ['metadata', '[::ffff:a9fe:a9fe]'],
    ['metadata', '[0:0:0:0:0:FFFF:A9FE:A9FE]'],
    ['metadata', '[::169.254.169.254]'],
    ['metadata', '[::ffff:0:169.254.169.254]'],
    ['metadata', '[64:ff9b::169.254.169.254]'],
    ['metadata', '[64:ff9b:1::a9fe:a9fe]'],
    ['metadata', '[2002:a9fe:a9fe::]'],
    ['metadata', '169.254.170.2'],
    ['metadata', '100.100.100.200'],
    ['metadata', '168.63.129.16'],
    ['metadata', '[fd00:ec2::254]'],
    ['metadata', '[fd20:ce::254]'],
    ['link-local', '169.254.0.1'],
    ['link-local', '169.254.255.255'],
    ['link-local', '[fe80::1]'],
    ['link-local', '[febf::1]'],
    ['link-local', '[::ffff:169.254.1.2]'],
    ['link-local', '[64:ff9b::169.254.1.2]'],
    ['unspecified', '0.0.0.0'],
    ['unspecified', '0'],
    ['unspecified', '[::]'],
    ['unspecified', '[::ffff:0.0.0.0]'],
    ['private', '10.1.2.3'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['private', '100.64.0.1'],
    ['private', '[fd12:3456::1]'],
    ['public', '172.32.0.1'],
    ['public', '169.253.255.255'],
    ['public', '169.255.0.0'],
    ['public', '128.0.0.1'],
    ['public', '126.255.255.255'],
    ['public', '192.0.2.7'],
    ['public', '[fec0::1]'],
    ['public', '[::2]'],
    ['public', '[2001:db8::1]'],
    ['public', '[2002:0808:0808::1]'],
  ])('is %s for %s', (kind, host) => {
    expect(kindOf(host)).toBe(kind);
  });

  test.each(['fe80::1%eth0', 'FE80::1', '169.254.9.9'])(
    'is link-local for %s, as a look-up returns it',
    (address) => {
      expect(addressKind(address)).toBe('link-local');
    },
  );

  test.each(['localhost', 'ebill.test', '169.254.169.254.example.com', '', '[', 'a9fe:a9fe'])(
    'is null for %j',
    (host) => {
      expect(addressKind(host)).toBeNull();
    },
  );

  test('is the same for an IPv4 address written as IPv6', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const near = fc.constantFrom('127.0.0.1', '169.254.169.254', '169.254.3.4', '10.0.0.9', '0.0.0.0');
    const any = fc.tuple(octet, octet, octet, octet).map((four) => four.join('.'));
    fc.assert(
      fc.property(
        fc.oneof(any, near),
        fc.constantFrom('::ffff:', '::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'),
        (v4, before) => {
          // `::` and `::1` are addresses of IPv6 itself.
          fc.pre(!(before === '::' && /^0\.0\.0\.[01]$/.test(v4)));
          expect(addressKind(`${before}${v4}`)).toBe(addressKind(v4));
        },
      ),
    );
  });
});

test.each([
  ['http://127.0.0.1:1/x', true],
  ['http://127.9.9.9/', true],
  ['http://localhost/', true],
  ['http://localhost./', true],
  ['http://a.localhost/', true],
  ['http://[::1]:1/', true],
  ['http://[::ffff:127.0.0.1]/', true],
  ['http://localhost.evil.com/', false],
  ['http://127.0.0.1.evil.com/', false],
  ['http://evil.com/127.0.0.1', false],
  ['http://10.0.0.1/', false],
  ['http://0.0.0.0/', false],
  ['http://notlocalhost/', false],
  ['http://[::2]/', false],
])('%s is this machine: %s', (url, own) => {
  expect(isLoopback(new URL(url))).toBe(own);
});
