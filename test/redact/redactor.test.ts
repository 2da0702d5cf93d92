import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Redactor } from '../../src/redact/redactor.ts';
import { addressOf, redactShapes } from '../../src/redact/shapes.ts';
import { GRAPHEME } from '../helpers/unicode.ts';

const PRESIGNED =
  'https://b.s3.amazonaws.com/acme/in/cus.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20210921T071553Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3599&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20210921%2Fus-east-2%2Fs3%2Faws4_request&X-Amz-Security-Token=FwoGZXIvYXdz&X-Amz-Signature=0123abcdef';

describe('the shape of a secret', () => {
  test.each([
    ['a presigned URL', PRESIGNED, ['AKIAIOSFODNN7EXAMPLE', 'FwoGZXIvYXdz', '0123abcdef']],
    ['in XML', PRESIGNED.replaceAll('&', '&amp;'), ['AKIAIOSFODNN7EXAMPLE', 'FwoGZXIvYXdz', '0123abcdef']],
    ['in small letters', PRESIGNED.toLowerCase(), ['akiaiosfodnn7example', 'fwogzxivyxdz', '0123abcdef']],
    [
      'an old presigned URL',
      'https://h/o?AWSAccessKeyId=AKIAOLD&Expires=1&Signature=sig%2Fold',
      ['AKIAOLD', 'sig%2Fold'],
    ],
    ['a header', 'Authorization: Bearer abc.def-ghi', ['abc.def-ghi']],
    ['a header in JSON', '{"authorization":"Basic dXNlcjpwYXNz"}', ['dXNlcjpwYXNz']],
    ['a header in an object', "{ authorization: 'Bearer abc' }", ['abc']],
    ['a proxy’s', 'Proxy-Authorization: Basic dXNlcjpwYXNz', ['dXNlcjpwYXNz']],
    ['a bare scheme', 'sent bearer abcdefgh12345 there', ['abcdefgh12345']],
    ['an unknown scheme', 'Authorization: Digest abc123', ['abc123']],
    ['userinfo', 'via http://user:pa55@proxy:8080/', ['user', 'pa55']],
    ['userinfo without a name', 'via http://:pa55@proxy:8080/', ['pa55']],
  ])('is hidden: %s', (_what, text, secrets) => {
    const clean = redactShapes(text);
    for (const secret of secrets) expect(clean).not.toContain(secret);
    expect(clean).toContain('***');
  });

  test('is all that is hidden of a text', () => {
    expect(redactShapes(PRESIGNED)).toBe(
      'https://b.s3.amazonaws.com/acme/in/cus.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20210921T071553Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3599&X-Amz-Credential=***&X-Amz-Security-Token=***&X-Amz-Signature=***',
    );
    for (const text of [
      'Uploaded cus.csv (AUG_2020_CUS) in 3 s',
      'https://ebill.example.com:8443/acme/rest/batchProcess?jobId=A%40B',
      'basic checks passed',
      'the SignatureDoesNotMatch error',
      'mail ops@example.com',
      '',
    ])
      expect(redactShapes(text)).toBe(text);
  });

  test('is hidden once for all: a second pass changes nothing', () => {
    fc.assert(
      fc.property(fc.string(), (noise) => {
        const once = redactShapes(`${noise} ${PRESIGNED} http://u:p@h/ Authorization: Basic abcd1234=`);
        expect(redactShapes(once)).toBe(once);
      }),
    );
  });

  test('is looked for in linear time, in hostile texts too', () => {
    // What is not linear takes longer than a test may.
    for (const unit of [
      'a',
      'a:',
      'http://',
      'a://a',
      'bearer ',
      'authorization:',
      'X-Amz-Signature=',
      '://',
      'a+',
      'http://a:',
      'authorization: ',
      'authorization:"',
      ' ',
      'bearer\n',
      '@',
    ])
      redactShapes(unit.repeat(200_000 / unit.length));
    expect(redactShapes(`authorization:${' '.repeat(200_000)}`)).toMatch(/^authorization:/);
  });
});

describe('a known value', () => {
  const secret = fc
    .string({ unit: GRAPHEME, minLength: 4, maxLength: 40 })
    .filter((text) => !/[*\s]/.test(text));

  test('is never in a clean text, plain or percent-encoded', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (known, before, after) => {
        const redactor = new Redactor();
        redactor.add(known);
        for (const text of [
          known,
          before + known + after,
          known + known,
          `?k=${encodeURIComponent(known)}&x`,
        ])
          expect(redactor.clean(text)).not.toContain(known);
        expect(redactor.clean(`x${encodeURIComponent(known)}x`)).not.toContain(encodeURIComponent(known));
      }),
    );
  });

  test('is hidden whole when it contains another, in any order of adding', () => {
    fc.assert(
      fc.property(secret, secret, fc.boolean(), (inner, rest, innerFirst) => {
        const outer = inner + rest;
        const redactor = new Redactor();
        for (const each of innerFirst ? [inner, outer] : [outer, inner]) redactor.add(each);
        const clean = redactor.clean(`a ${outer} b ${inner} c`);
        expect(clean).not.toContain(outer);
        expect(clean).not.toContain(inner);
        // What is left of a longer one is a secret, too.
        expect(clean).toBe('a *** b *** c');
      }),
    );
  });

  test.each(['p&ss"word', "it's <b>", 'a\\b/c', 'tab\there', 'zoë pass'])(
    'is hidden as JSON and XML write it: %j',
    (known) => {
      const redactor = new Redactor();
      redactor.add(known);
      const json = JSON.stringify({ token: known });
      expect(JSON.parse(redactor.clean(json))).toEqual({ token: '***' });
      const xml = known.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
      expect(redactor.clean(`<a>${xml}</a>`)).toBe('<a>***</a>');
    },
  );

  test('is hidden without its scheme when it is basic credentials', () => {
    const redactor = new Redactor();
    redactor.add(Buffer.from('user:pass').toString('base64'));
    expect(redactor.clean('value dXNlcjpwYXNz here')).toBe('value *** here');
  });

  test('of fewer than four characters is hidden only by its shape', () => {
    const redactor = new Redactor();
    redactor.add('abc');
    redactor.add('');
    expect(redactor.clean('abc def')).toBe('abc def');
    expect(redactor.clean('Authorization: Bearer abc')).not.toContain('abc');
  });

  test('may contain a lone surrogate', () => {
    const redactor = new Redactor();
    redactor.add('abcd\ud800');
    expect(redactor.clean('x abcd\ud800 y')).toBe('x *** y');
  });
});

describe('the address of a URL', () => {
  test.each([
    [PRESIGNED, 'https://b.s3.amazonaws.com/acme/in/cus.csv'],
    ['https://h/o#X-Amz-Signature=abc', 'https://h/o'],
    ['https://user:pa55@h/o?x', 'https://***@h/o'],
    ['', ''],
  ])('of %s is %s', (url, address) => {
    expect(addressOf(url)).toBe(address);
  });
});
