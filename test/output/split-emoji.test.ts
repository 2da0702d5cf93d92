import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { splitEmoji } from '../../src/output/text-layout.ts';
import { runs } from '../helpers/runs.ts';

/** As a terminal measures that joins nothing: code point by code point. */
const unjoined = (text: string): number => [...text].reduce((sum, char) => sum + stringWidth(char), 0);

describe('splitEmoji', () => {
  it('splits joined emoji, and leaves other text as it is', () => {
    expect(splitEmoji('👩‍👩‍👧‍👦.csv')).toBe('👩👩👧👦.csv');
    expect(splitEmoji('👍🏽')).toBe('👍\u200b🏽');
    expect(splitEmoji('❤️‍🔥')).toBe('❤🔥');
    for (const text of ['inv.csv', '日本.csv', 'cafe\u0301', 'می\u200cخواهم', 'क्\u200dष', '🇩🇪'])
      expect(splitEmoji(text)).toBe(text);
  });

  it('makes emoji as wide on a terminal that joins them as on one that does not', () => {
    const parts = [
      '👩',
      '👧',
      '🔥',
      '❤',
      '🏽',
      '🏿',
      '\u200d',
      '\ufe0f',
      'a',
      '日',
      '1',
      '⌛',
      '✈',
      '🏳',
      '🌈',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (chars) => {
        const text = splitEmoji(chars.join(''));
        expect(unjoined(text)).toBe(stringWidth(text));
      }),
      { numRuns: runs(300, 2000) },
    );
  });
});
