import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { parseDuration } from '../../src/system/quantities.ts';

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['250ms', 250],
    ['1.5s', 1500],
    ['90', 90_000],
    ['0.25', 250],
    [' 5m ', 300_000],
    ['0', 0],
    ['0.00001ms', 1],
    ['1.1s', 1100],
    ['596h', 2_145_600_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '-5s',
    '+5s',
    '5d',
    '5 s',
    's',
    '.5s',
    '1.',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '5M',
    '1m30s',
    '٣s',
    '5s\u001b[2J',
    '597h',
    '99999999999999h',
    '9'.repeat(400),
  ])('refuses %j with a hint, and no raw control character in the message', (text) => {
    try {
      parseDuration(text);
    } catch (error) {
      expect(error).toBeInstanceOf(EbillError);
      expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('30s') });
      expect(String(error)).not.toContain('\u001b');
      return;
    }
    expect.unreachable();
  });

  it('returns whole, finite milliseconds or throws USAGE, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.]{1,20}(ms|s|m|h)?$/)), (text) => {
        try {
          const ms = parseDuration(text);
          expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= 2 ** 31 - 1).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE' });
        }
      }),
    );
  });
});
