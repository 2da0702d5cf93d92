import { describe, expect, it } from 'vitest';
import { checkText } from './check-text.ts';

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : Buffer.of(part))),
  );

describe('the encoding check', () => {
  it.each([
    ['in the middle of a line', bytes('a,b\n1,2\n3,Caf', 0xe9, ' x\n'), 'not-utf8@3:2'],
    ['right before a line end', bytes('a,b\nCaf', 0xe9, '\n1,2\n'), 'not-utf8@2:1'],
    ['right after a line end in quotes', bytes('a,b\n1,"x\r\n', 0xe9, '"\n'), 'not-utf8@3:2'],
    ['at the very start', bytes(0xe9, 'a,b\n1,2\n'), 'not-utf8@1:1'],
    ['with a stray continuation byte', bytes('a,b\n1,', 0x80, '\n'), 'not-utf8@2:2'],
    ['with an overlong form', bytes('a,b\n1,', 0xc0, 0xaf, '\n'), 'not-utf8@2:2'],
    ['with a surrogate', bytes('a,b\n1,', 0xed, 0xa0, 0x80, '\n'), 'not-utf8@2:2'],
    ['with a code point beyond Unicode', bytes('a,b\n1,', 0xf4, 0x90, 0x80, 0x80, '\n'), 'not-utf8@2:2'],
    ['in an incomplete character at the end', bytes('a,b\n1,', 0xe2, 0x82), 'not-utf8@2:2'],
    ['once, for the first of many', bytes('a,b\n1,', 0xe9, 'x\n2,', 0xe8, 'x\n'), 'not-utf8@2:2'],
  ])('finds invalid UTF-8 %s, in blocks of any size', (_, content, expected) => {
    for (let size = 1; size <= content.length; size++) {
      const got = checkText(content, [size]);
      expect(got.found.filter((f) => f.startsWith('not-utf8'))).toEqual([expected]);
    }
  });

  it('finds invalid UTF-8 deep in a large block', () => {
    const good = 'x€,y😀\n'.repeat(50_000);
    const got = checkText(bytes('a,b\n', good, '1,', 0xff, '\n', good));
    expect(got.found).toEqual(['not-utf8@50002:2']);
    expect(got.records).toBe(100_001);
  });

  it('guesses Windows-1252, with a sample and the command to convert it', () => {
    const [finding] = checkText(bytes('a,b\n1,M', 0xfc, 'ller\n')).findings;
    expect(finding?.message).toContain('may be Windows-1252 or Windows-1250 ("Müller")');
    expect(finding?.hint).toContain('iconv -f WINDOWS-1252 -t UTF-8');
  });

  it('does not suggest a conversion when other text is UTF-8', () => {
    const [finding] = checkText(bytes('a,b\nMüller,M', 0xfc, 'ller\n')).findings;
    expect(finding?.message).toContain('two encodings');
    expect(finding?.hint).not.toContain('iconv');
  });

  it('shows no control characters', () => {
    const [finding] = checkText(bytes('a,b\n1,', 0x9b, '31m', 0x85, 0xad, '\n')).findings;
    expect(finding?.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u00ad]/);
  });
});

describe('a character of several bytes', () => {
  it('may be split between blocks', () => {
    const text = 'näme,€,😀\n"東京","ｆ","\u{10ffff}"\n';
    for (let size = 1; size < 20; size++) {
      const got = checkText(text, [size]);
      expect([got.found, got.records, got.header]).toEqual([[], 1, ['näme', '€', '😀']]);
    }
  });
});

describe('a file that is not UTF-8 text', () => {
  const text = 'Invoice,Amount\r\n1,2\r\n';
  const le = Buffer.from(text, 'utf16le');
  const be = Buffer.from(le).swap16();
  it.each([
    ['UTF-16LE', Buffer.concat([Buffer.of(0xff, 0xfe), le])],
    ['UTF-16BE', Buffer.concat([Buffer.of(0xfe, 0xff), be])],
    ['UTF-16LE', le],
    ['UTF-16BE', be],
  ])('is recognised as %s, once, with the command to convert it', (name, content) => {
    const got = checkText(content);
    expect(got.found).toEqual(['not-utf8@1:1']);
    expect(got.findings[0]?.hint).toContain(`iconv -f ${name} -t UTF-8`);
    expect(got.records).toBeNull();
  });

  it.each([
    ['Excel workbook', Buffer.of(0x50, 0x4b, 3, 4, 20, 0)],
    ['gzip', Buffer.of(0x1f, 0x8b, 8, 0)],
    ['PDF', Buffer.from('%PDF-1.7\n')],
  ])('is recognised as %s', (name, content) => {
    const got = checkText(content);
    expect(got.found).toEqual(['not-csv@-:-']);
    expect(got.findings[0]?.message).toContain(name);
  });

  it('is not UTF-16 only because of a few NULs', () => {
    expect(checkText('a,b\n1,\0\0\0\n').found).toEqual(['nul@2:2']);
  });
});
