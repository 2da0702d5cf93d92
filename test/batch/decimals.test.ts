import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWithin, percentChange, sumAmounts } from '../../src/batch/decimals.ts';

describe('sumAmounts', () => {
  it.each<[readonly (string | null)[], string | null]>([
    [[], null],
    [['1.10'], '1.10'],
    [['0.1', '0.2'], '0.3'],
    [['1.10', '2.005', '-3'], '0.105'],
    [['99999999999999.99', '0.01'], '100000000000000.00'],
    [['1.00', null], null],
    [['1.00', 'x'], null],
  ])('adds %j up to %s', (amounts, sum) => {
    expect(sumAmounts(amounts)).toBe(sum);
  });

  it('is exact', () => {
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

const decimal = fc
  .tuple(fc.bigInt(-(10n ** 15n), 10n ** 15n), fc.nat({ max: 4 }))
  .map(([units, decimals]) => {
    const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
    const at = digits.length - decimals;
    return `${units < 0n ? '-' : ''}${digits.slice(0, at)}${decimals === 0 ? '' : `.${digits.slice(at)}`}`;
  });

describe('percentChange', () => {
  it.each<[string, string, number | null]>([
    ['60', '100', -40],
    ['100', '100', 0],
    ['100.00', '100', 0],
    ['1001', '1000', 0.1],
    ['0', '0', 0],
    ['5', '0', null],
    ['-50', '-100', 50],
    ['50', '-100', 150],
    ['x', '100', null],
    ['2', '3', -33.3],
  ])('from %s to %s is %s', (now, last, change) => {
    expect(percentChange(now, last)).toBe(change);
  });
});

describe('isWithin', () => {
  it.each<[string, string, string, boolean]>([
    ['110', '100', '10%', true],
    ['110.01', '100', '10%', false],
    ['90', '100', '10%', true],
    ['89.99', '100', '10%', false],
    ['105', '100', '+5%', true],
    ['99', '100', '+5%', false],
    ['95', '100', '-5%', true],
    ['101', '100', '-5%', false],
    ['100', '100', '-5%', true],
    ['102.5', '100', '2.5%', true],
    ['102.51', '100', '2.5 %', false],
    ['0', '0', '0%', true],
    ['1', '0', '1000%', false],
    ['-110', '-100', '10%', true],
    ['-111', '-100', '10%', false],
    ['100', '100', 'much', false],
    ['x', '100', '10%', false],
  ])('%s after %s, limit %s: %s', (now, last, limit, within) => {
    expect(isWithin(now, last, limit)).toBe(within);
  });

  it('allows no change only where nothing changed, and no less with a higher limit', () => {
    fc.assert(
      fc.property(decimal, decimal, fc.nat({ max: 500 }), fc.nat({ max: 500 }), (now, last, a, b) => {
        expect(isWithin(now, last, '0%')).toBe(percentChange(now, last) === 0 && sameAs(now, last));
        if (isWithin(now, last, `${a}%`)) expect(isWithin(now, last, `${a + b}%`)).toBe(true);
        const oneWay = isWithin(now, last, `+${a}%`) || isWithin(now, last, `-${a}%`);
        expect(oneWay).toBe(isWithin(now, last, `${a}%`));
      }),
    );
  });
});

const sameAs = (a: string, b: string): boolean =>
  Number(sumAmounts([a, b.startsWith('-') ? b.slice(1) : `-${b}`])) === 0;
