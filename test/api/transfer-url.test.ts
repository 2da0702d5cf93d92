import { describe, expect, test } from 'vitest';
import { assertSafeTransferUrl, presignedFacts } from '../../src/api/transfer-url.ts';
import { connectionTo, golden, thrownBy } from './rig.ts';

const check = (url: string, allowInsecure = false, baseUrl = 'https://h') => {
  return () => assertSafeTransferUrl(url, connectionTo(baseUrl, { allowInsecure }));
};

describe('a transfer URL', () => {
  test.each<[string, boolean, boolean]>([
    ['https://s3/x', false, true],
    ['https://10.0.0.9/x', false, true],
    ['https://[fd12::1]:9000/x?X-Amz-Signature=%2f', false, true],
    ['https://s3/a b/"q"?x=<&y=\\', false, true],
    ['http://127.0.0.1:1/x', false, true],
    ['http://s3/x', false, false],
    ['http://s3/x', true, true],
    ['HTTP://S3/x', false, false],
    ['ftp://s3/x', true, false],
    ['file:///etc/passwd', true, false],
    ['file://s3/etc/passwd', true, false],
    ['javascript:alert(1)', true, false],
    ['data:text/csv,x', true, false],
    ['/relative', true, false],
    ['//s3/x', true, false],
    ['', true, false],
    // URL parsers disagree about the host.
    ['http://localhost@evil.com/x', false, false],
    ['https://s3@evil.com/x', true, false],
    ['https://user:pw@s3/x', true, false],
    ['https://@s3/x', true, false],
    ['https://s3\\@evil.com/x', true, false],
    ['https://s3\\x', true, false],
    ['https://s3 .evil.com/x', true, false],
    ['https://s3\n.evil.com/x', true, false],
    ['ht\ttps://s3/x', true, false],
    ['https:/s3/x', true, false],
    ['https:s3/x', true, false],
    [' https://s3/x', true, false],
    ['https://s3:99999/x', true, false],
  ])('%j is allowed, with plain http allowed (%s): %s', (url, allowInsecure, safe) => {
    if (safe) expect(check(url, allowInsecure)).not.toThrow();
    else expect(thrownBy(check(url, allowInsecure))).toMatchObject({ code: 'REJECTED', exitCode: 9 });
  });

  test.each([
    'https://169.254.169.254/latest/meta-data/',
    'https://169.254.1.2:8443/x',
    'https://2852039166/x',
    'https://0xa9.0xfe.0xa9.0xfe/x',
    'https://[::ffff:169.254.169.254]/x',
    'https://[64:ff9b::a9fe:a9fe]/x',
    'https://[fe80::1]/x',
    'https://[fd00:ec2::254]/x',
    'https://100.100.100.200/x',
    'https://metadata.google.internal/computeMetadata/v1/',
    'https://METADATA.google.internal./x',
    'https://0.0.0.0/x',
    'https://[::]/x',
  ])('%s is refused even if plain http is allowed', (url) => {
    for (const allowInsecure of [true, false]) {
      const error = thrownBy(check(url, allowInsecure));
      expect(error).toMatchObject({
        code: 'REJECTED',
        hint: expect.stringMatching(/^Nothing was sent there\. \w/),
      });
      expect(String(error)).toMatch(/metadata service|link-local|not the address/);
      expect(thrownBy(check(url.replace('https:', 'http:'), allowInsecure))).toMatchObject({
        code: 'REJECTED',
      });
    }
  });

  test.each([
    ['https://169.254.1.2:9000/x', 'https://169.254.1.2'],
    ['https://169.254.1.2/x', 'https://[::ffff:169.254.1.2]', false],
    ['https://[fe80::1]:9000/x', 'https://[fe80::1]/acme'],
    ['https://169.254.169.254/x', 'https://169.254.1.2', false],
    ['https://[fe80::2]/x', 'https://[fe80::1]', false],
  ])('%s is checked against the API at %s', (url, baseUrl, allowed = true) => {
    if (allowed) expect(check(url, false, baseUrl)).not.toThrow();
    else expect(check(url, false, baseUrl)).toThrow();
  });

  test.each([
    ['http://u:hunter22@s3/x?X-Amz-Signature=abcdef', 'http://s3'],
    ['http://s3:81/hunter22?X-Amz-Signature=abcdef#abcdef', 'http://s3:81'],
    ['https://169.254.1.1/hunter22?X-Amz-Signature=abcdef', '169.254.1.1'],
  ])('is shown only with scheme and host when refused: %s', (url, place) => {
    const error = thrownBy(check(url));
    expect(String(error)).toContain(place);
    expect(JSON.stringify(error) + String(error)).not.toMatch(/hunter22|abcdef/);
  });
});

describe('a presigned URL', () => {
  const uploadUrl = /<uploadUrl>(.*)<\/uploadUrl>/.exec(golden('create-customer-answer'))?.[1] ?? '';
  const end = Date.UTC(2021, 8, 21, 7, 15, 53) + 3599_000;

  test('of the vendor has an object and an expiry, and no signature is kept', () => {
    expect(presignedFacts(uploadUrl)).toEqual({
      object: 'https://batch-upload-dev.s3.us-east-2.amazonaws.com/acme/in/CUS_21ST_SEPT_1PM.csv',
      expiresAt: end,
    });
  });

  test.each<[string, string | null]>([
    ['X-Amz-Date=20200831T220000Z&X-Amz-Expires=25140', '2020-09-01T04:59:00.000Z'],
    ['x-amz-expires=60&x-amz-date=20200831T235959Z', '2020-09-01T00:00:59.000Z'],
    ['X-Amz-Date=20201331T220000Z&X-Amz-Expires=60', null],
    ['X-Amz-Date=20200831T220000Z', null],
    ['X-Amz-Date=20200831T220000Z&X-Amz-Expires=1e9', null],
    ['X-Amz-Date=99991231T235959Z&X-Amz-Expires=999999999', '+010031-09-09T01:46:38.000Z'],
    ['AWSAccessKeyId=A&Expires=1598936340&Signature=x', '2020-09-01T04:59:00.000Z'],
    ['Signature=x&Expires=-1', null],
    ['Signature=x&Expires=soon', null],
    // Nothing signs it.
    ['Expires=1598936340', null],
    ['X-Amz-Date=no&Signature=x&Expires=1598936340', null],
    ['', null],
  ])('%j expires at %s', (query, at) => {
    const { expiresAt } = presignedFacts(`https://s3/x?${query}`);
    expect(expiresAt === null ? null : new Date(expiresAt).toISOString()).toBe(at);
  });

  test('has the same object as another URL of that object', () => {
    const again = uploadUrl
      .replace('20210921T071553Z', '20210922T000000Z')
      .replace('EXAMPLE_SIGNATURE', 'OTHER');
    expect(presignedFacts(again).object).toBe(presignedFacts(uploadUrl).object);
  });

  test.each([
    ['https://h/o', null],
    ['https://h/o?X-Amz-Date=20210921T071553Z', null],
    ['https://h/o?X-Amz-Expires=3599', null],
    ['https://h/o?X-Amz-Date=2021-09-21&X-Amz-Expires=3599', null],
    ['https://h/o?X-Amz-Date=20210921T071553Z&X-Amz-Expires=-1', null],
    ['https://h/o?X-Amz-Date=20210921T071553Z&X-Amz-Expires=1e3', null],
    ['https://h/o?X-Amz-Expires=3599&x-amz-date=20210921T071553Z', end],
    ['https://h/o?a=1&X-Amz-Expires=3599&b&X-Amz-Date=20210921T071553Z#f', end],
    ['https://h/o?not-X-Amz-Expires=9&X-Amz-Expires=3599&X-Amz-Date=20210921T071553Z', end],
    ['', null],
  ])('%s expires at %s', (url, expiresAt) => {
    expect(presignedFacts(url).expiresAt).toBe(expiresAt);
  });

  test('loses its userinfo', () => {
    expect(presignedFacts('https://user:secret@h/o?x=1').object).not.toContain('secret');
  });
});
