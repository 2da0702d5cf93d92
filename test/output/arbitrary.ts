import fc from 'fast-check';
import { type BatchView, KINDS, PHASES } from '../../src/batch/types.ts';
import { CODE_POINT, GRAPHEME } from '../helpers/unicode.ts';
import { batch } from './samples.ts';

const NASTY = [
  '\u001b[2J',
  '\u001b]0;x\u0007',
  '\r',
  '\n',
  '\u009b31m',
  '\u202e',
  '\u2066',
  '\u200d',
  '日本語',
  'क्षि',
  'ก็',
  '👨‍👩‍👧',
  '🇩🇪',
  'é',
  'é',
  '\u00ad',
  'ｶﾞ',
  '\ud800',
];

/** Any text: plain, wide, combining, hostile. */
export const anyText = fc.oneof(
  fc.string({ unit: CODE_POINT, maxLength: 60 }),
  fc.string({ unit: GRAPHEME, maxLength: 60 }),
  fc
    .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 8 })), { maxLength: 12 })
    .map((parts) => parts.join('')),
);

/** Text of scripts that old and new tables of widths do not agree about; each grapheme is well formed. */
export const anyScript = fc
  .array(
    fc.constantFrom(
      'a',
      'Z',
      '9',
      '_',
      ' ',
      '日',
      '語',
      'ク',
      '한',
      'क्षि',
      'नि',
      'ก็',
      'ที่',
      'é',
      'ö',
      '👍🏽',
      '👨‍👩‍👧',
      '🇩🇪',
      '✔',
      '…',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join('').trim());

const anyCount = fc.option(fc.oneof(fc.nat(), fc.constantFrom(0, 20375, 999_999_999_999)), { nil: null });
const text = fc.option(anyText, { nil: null });

export const anyBatch = (depth: number): fc.Arbitrary<BatchView> =>
  fc
    .record({
      id: text,
      jobId: text,
      kind: fc.constantFrom(...KINDS),
      file: text,
      status: text,
      phase: fc.constantFrom(...PHASES),
      recordsSent: anyCount,
      successCount: anyCount,
      failCount: anyCount,
      errorMessage: text,
      successMessage: text,
      children: depth > 0 ? fc.array(anyBatch(depth - 1), { maxLength: 2 }) : fc.constant([]),
    })
    .map((parts) => batch({ ...parts, outcome: parts.phase }));
