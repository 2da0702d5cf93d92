import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escaped, oneLine, visible } from '../../src/system/escaping.ts';
import { CODE_POINT } from '../helpers/unicode.ts';

describe('visible', () => {
  it('writes control characters as \\uXXXX', () => {
    expect(visible('\u001b[2J\u009b1m\r\n\t\u007f\u202e\u2066\ufeff')).toBe(
      '\\u001b[2J\\u009b1m\\u000d\\u000a\\t\\u007f\\u202e\\u2066\\ufeff',
    );
  });

  it('changes no other text, and passes no control or bidi character', () => {
    expect(visible('Müller, 日本, 👨‍👩‍👧 – ✔')).toBe('Müller, 日本, 👨‍👩‍👧 – ✔');
    fc.assert(
      fc.property(fc.string({ unit: CODE_POINT }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
        expect(JSON.parse(`"${visible(text.replace(/["\\]/g, ''))}"`)).toBe(text.replace(/["\\]/g, ''));
      }),
    );
  });

  it('escapes invisible characters, but not the joiners and selectors that scripts and emoji need', () => {
    const unseen = [
      '\u00ad',
      '\u034f',
      '\u180e',
      '\u200b',
      '\u2060',
      '\u2064',
      '\u3164',
      '\uffa0',
      '\u{e0041}',
    ];
    for (const one of unseen) expect(visible(`a${one}b`)).toBe(`a${escaped(one)}b`);
    expect(visible('a\u200db\u200c')).toBe('a\\u200db\\u200c');
    expect(visible('\ud800x')).toBe('\\ud800x');
    expect(escaped('\u{e0041}')).toBe('\\udb40\\udc41');
    // Persian and Hindi need joiners, an emoji a joiner and a selector, a Japanese name a selector.
    for (const text of ['می\u200cخواهم', 'क्\u200dष', '❤\ufe0f\u200d🔥', '👩🏽\u200d💻', '邊\u{e0100}'])
      expect(visible(text)).toBe(text);
    // Text hidden in selectors (one carries a byte) is not.
    expect(visible('a\u{e0100}\u{e0148}\u{e0165}')).toBe('a\u{e0100}\\udb40\\udd48\\udb40\\udd65');
  });

  it('oneLine turns line breaks into spaces', () => {
    expect(oneLine(' Row 12: bad \r\n\tRow 14: worse\n')).toBe('Row 12: bad Row 14: worse');
    expect(visible(oneLine('a\u2028b'))).toBe('a b');
    // A tab within a value is what is wrong with it.
    expect(visible(oneLine('\tAccount\tNumber is empty'))).toBe('Account\\tNumber is empty');
  });
});
