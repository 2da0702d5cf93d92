import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBody } from '../../src/api/response-body.ts';
import { GRAPHEME } from '../helpers/unicode.ts';

const XML = '<batchProcess><jobId>AOÛT_2020 – 日€😀</jobId></batchProcess>';
const LATIN = '<batchProcess><jobId>AOÛT_2020</jobId></batchProcess>';
const declared = (encoding: string, text: string): string =>
  `<?xml version="1.0" encoding="${encoding}"?>${text}`;
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const utf8 = (text: string): Buffer => Buffer.from(text);

describe('the encoding of a response', () => {
  test.each<[what: string, bytes: Buffer, contentType: string, text: string]>([
    ['UTF-8, not declared', utf8(XML), '', XML],
    ['UTF-8, by the header', utf8(XML), 'application/xml; charset=UTF-8', XML],
    ['UTF-8, in quotes', utf8(XML), 'application/xml;charset="utf-8"', XML],
    ['UTF-8 with a BOM, against the header', utf8(`\ufeff${XML}`), 'text/xml; charset=iso-8859-1', XML],
    ['UTF-16 with a BOM', Buffer.from(`\ufeff${XML}`, 'utf16le'), 'text/xml; charset=utf-8', XML],
    ['UTF-16BE with a BOM', utf16be(`\ufeff${XML}`), '', XML],
    ['UTF-16 without a BOM, by the header', Buffer.from(XML, 'utf16le'), 'text/xml; charset=UTF-16LE', XML],
    ['UTF-16 without a BOM, not declared', Buffer.from(LATIN, 'utf16le'), 'text/xml', LATIN],
    ['UTF-16BE without a BOM, not declared', utf16be(LATIN), '', LATIN],
    ['Latin-1, by the header', Buffer.from(LATIN, 'latin1'), 'text/xml; charset=ISO-8859-1', LATIN],
    [
      'Latin-1, by the declaration',
      Buffer.from(declared('iso-8859-1', LATIN), 'latin1'),
      '',
      declared('iso-8859-1', LATIN),
    ],
    [
      'the header before the declaration',
      utf8(declared('iso-8859-1', XML)),
      'text/xml; charset=utf-8',
      declared('iso-8859-1', XML),
    ],
    [
      'Shift_JIS, by the page itself',
      Buffer.concat([
        utf8('<html><meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><title>'),
        Buffer.from([0x83, 0x8d, 0x83, 0x4f]),
      ]),
      'text/html',
      '<html><meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><title>ログ',
    ],
  ])('is detected: %s', (_what, bytes, contentType, text) => {
    expect(decodeBody(bytes, contentType)).toBe(text);
  });

  test.each<[what: string, bytes: Buffer, contentType: string, text: string]>([
    ['UTF-8 for Latin-1', Buffer.from(LATIN, 'latin1'), 'text/xml; charset=utf-8', LATIN],
    ['nothing for Latin-1', Buffer.from(LATIN, 'latin1'), '', LATIN],
    ['an unknown encoding for UTF-8', utf8(XML), 'text/xml; charset=x-unknown', XML],
    ['UTF-16 in a declaration that is not', utf8(declared('utf-16', XML)), '', declared('utf-16', XML)],
    ['UTF-16 in the header', utf8(XML), 'text/xml; charset=utf-16', XML],
    ['another unknown encoding for UTF-8', utf8(XML), 'text/xml; charset=klingon', XML],
    ['an unknown encoding for Latin-1', Buffer.from(LATIN, 'latin1'), 'text/xml; charset=klingon', LATIN],
  ])('is found although it declares %s', (_what, bytes, contentType, text) => {
    expect(decodeBody(bytes, contentType)).toBe(text);
  });

  test('is not taken from other parameters of the header', () => {
    expect(decodeBody(utf8(XML), 'multipart/x; boundary=charset=iso-8859-1')).toBe(XML);
  });

  test('never makes decoding fail or lose UTF-8 characters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.string({ maxLength: 40 }), (bytes, header) => {
        expect(typeof decodeBody(bytes, `text/xml; charset=${header}`)).toBe('string');
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: GRAPHEME }), (text) => {
        expect(decodeBody(utf8(`<a>${text}`), 'text/xml; charset=utf-8')).toBe(`<a>${text}`);
      }),
    );
  });
});
