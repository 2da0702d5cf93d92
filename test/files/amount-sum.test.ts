import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumAmounts } from '../../src/files/amounts.ts';

describe('the sum of control totals', () => {
  it.each<[readonly (string | null)[], string | null]>([
    [[], null],
    [['1.10'], '1.10'],
    [['0.1', '0.2'], '0.3'],
    [['1.10', '2.005', '-3'], '0.105'],
    [['99999999999999.99', '0.01'], '100000000000000.00'],
    [['1.00', null], null],
    [['1.00', 'x'], null],
  ])('%j is %s', (amounts, sum) => {
    expect(sumAmounts(amounts)).toBe(sum);
  });

  it('is exact: as whole cents would be added', () => {
    const text = (cents: bigint): string => {
      const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
      return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
    };
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(-(10n ** 20n), 10n ** 20n), { minLength: 1, maxLength: 20 }),
        (cents) => {
          expect(sumAmounts(cents.map(text))).toBe(text(cents.reduce((sum, one) => sum + one, 0n)));
        },
      ),
    );
  });
});
