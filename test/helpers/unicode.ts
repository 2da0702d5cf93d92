import fc from 'fast-check';

/*
 * Units for `fc.string({ unit })`. fast-check's own `binary` and `grapheme` list all of Unicode once in each process, which
 * takes a second and a hundred megabytes.
 */
const codePoint = (min: number, max: number): fc.Arbitrary<string> =>
  fc
    .integer({ min, max })
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code));

/** Any code point but surrogates. */
export const CODE_POINT = fc.oneof(
  { weight: 2, arbitrary: codePoint(0, 0x7f) },
  { weight: 1, arbitrary: codePoint(0x80, 0x7ff) },
  { weight: 2, arbitrary: codePoint(0x800, 0xffff) },
  { weight: 1, arbitrary: codePoint(0x10000, 0x10ffff) },
);

/** What a reader takes for one character: letters of many scripts, and sequences of several code points. */
export const GRAPHEME = fc.oneof(
  { weight: 3, arbitrary: codePoint(0x20, 0x7e) },
  { weight: 1, arbitrary: codePoint(0xa1, 0x24f).filter((text) => text !== '\u00ad') },
  {
    weight: 1,
    arbitrary: fc.oneof(codePoint(0x391, 0x3a1), codePoint(0x410, 0x44f), codePoint(0x5d0, 0x5ea)),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(codePoint(0x3041, 0x3096), codePoint(0x4e00, 0x9fff), codePoint(0xac00, 0xd7a3)),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      codePoint(0x1f600, 0x1f64f),
      codePoint(0x20000, 0x2a6d6),
      codePoint(0x1d400, 0x1d454),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'e\u0301',
      'a\u0308\u0323',
      'क्षि',
      'ก็',
      'ｶﾞ',
      '👨‍👩‍👧',
      '🇩🇪',
      '👍🏽',
      '❤️',
      '1️⃣',
      '\u1112\u1161\u11ab',
    ),
  },
);
