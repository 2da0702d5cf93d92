import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBody } from '../../src/api/response-body.ts';

const XML = '<batchProcess><jobId>AOÛT_2020 – 日€😀</jobId></batchProcess>';
const LATIN = '<batchProcess><jobId>AOÛT_2020</jobId></batchProcess>';
const declared = (encoding: string, text: string): string =>
  `<?xml version="1.0" encoding="${encoding}"?>${text}`;
const big = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const utf8 = (text: string): Buffer => Buffer.from(text);

describe('an answer in one encoding', () => {
  test.each<[what: string, bytes: Buffer, contentType: string, text: string]>([
    ['UTF-8, and nothing says so', utf8(XML), '', XML],
    ['UTF-8, as the header says', utf8(XML), 'application/xml; charset=UTF-8', XML],
    ['UTF-8, in quotes', utf8(XML), 'application/xml;charset="utf-8"', XML],
    [
      'UTF-8 with a mark, whatever the header says',
      utf8(`\ufeff${XML}`),
      'text/xml; charset=iso-8859-1',
      XML,
    ],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${XML}`, 'utf16le'), 'text/xml; charset=utf-8', XML],
    ['UTF-16, the other way round', big(`\ufeff${XML}`), '', XML],
    [
      'UTF-16 without a mark, as the header says',
      Buffer.from(XML, 'utf16le'),
      'text/xml; charset=UTF-16LE',
      XML,
    ],
    ['UTF-16 without a mark, and nothing says so', Buffer.from(LATIN, 'utf16le'), 'text/xml', LATIN],
    ['the same the other way round', big(LATIN), '', LATIN],
    ['Latin-1, as the header says', Buffer.from(LATIN, 'latin1'), 'text/xml; charset=ISO-8859-1', LATIN],
    [
      'Latin-1, as the declaration says',
      Buffer.from(declared('iso-8859-1', LATIN), 'latin1'),
      '',
      declared('iso-8859-1', LATIN),
    ],
    [
      'the header wins',
      utf8(declared('iso-8859-1', XML)),
      'text/xml; charset=utf-8',
      declared('iso-8859-1', XML),
    ],
  ])('%s', (_what, bytes, contentType, text) => {
    expect(decodeBody(bytes, contentType)).toBe(text);
  });

  test.each<[what: string, bytes: Buffer, contentType: string, text: string]>([
    ['UTF-8 it is not', Buffer.from(LATIN, 'latin1'), 'text/xml; charset=utf-8', LATIN],
    ['nothing, and UTF-8 it is not', Buffer.from(LATIN, 'latin1'), '', LATIN],
    ['ASCII it is not', utf8(XML), 'text/xml; charset=x-unknown', XML],
    ['UTF-16, in a declaration of plain bytes', utf8(declared('utf-16', XML)), '', declared('utf-16', XML)],
    ['UTF-16 in the header', utf8(XML), 'text/xml; charset=utf-16', XML],
    ['an encoding nobody knows', utf8(XML), 'text/xml; charset=klingon', XML],
    [
      'an encoding nobody knows, and UTF-8 it is not',
      Buffer.from(LATIN, 'latin1'),
      'text/xml; charset=klingon',
      LATIN,
    ],
  ])('that says %s', (_what, bytes, contentType, text) => {
    expect(decodeBody(bytes, contentType)).toBe(text);
  });

  test('a word in another part of the header is no encoding', () => {
    expect(decodeBody(utf8(XML), 'multipart/x; boundary=charset=iso-8859-1')).toBe(XML);
  });

  test('never fails, and never loses a byte that UTF-8 has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.string({ maxLength: 40 }), (bytes, header) => {
        expect(typeof decodeBody(bytes, `text/xml; charset=${header}`)).toBe('string');
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeBody(utf8(`<a>${text}`), 'text/xml; charset=utf-8')).toBe(`<a>${text}`);
      }),
    );
  });
});
