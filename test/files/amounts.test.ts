import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Amount,
  AmountReader,
  ExactSums,
  equalTo,
  formatDecimal,
  toFine,
} from '../../src/files/amounts.ts';
import { runs } from '../helpers/runs.ts';

const reader = new AmountReader();
const read = (text: string): Amount => {
  const bytes = Buffer.from(`,${text},`);
  return reader.read(bytes, 1, bytes.length - 1);
};
const shown = (text: string): string => {
  const amount = read(text);
  return typeof amount === 'string' ? amount : formatDecimal(toFine(amount), reader.decimals);
};

describe('AmountReader', () => {
  it.each([
    ['12.30', '12.30'],
    ['-12.30', '-12.30'],
    ['+7', '7'],
    ['0', '0'],
    ['-0.00', '0.00'],
    ['.5', '0.5'],
    ['5.', '5'],
    [' 12.30 ', '12.30'],
    ['1,234.56', '1234.56'],
    ['-1,234.5', '-1234.5'],
    ['1,234,567', '1234567'],
    ['1,23,456.78', '123456.78'],
    ['12,34,56,789.5', '123456789.5'],
    ['-1,23,456.00', '-123456.00'],
    ['1,23,456', '123456'],
    ['(12.30)', '-12.30'],
    ['(1,234.56)', '-1234.56'],
    ['0.1234', '0.1234'],
    ['0.12345', '0.12345'],
    ['99999999999', '99999999999'],
    ['123456789012345678901234.01', '123456789012345678901234.01'],
    ['0.000000000000000001', '0.000000000000000001'],
  ])('reads %s as %s', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it.each([
    ['', 'empty'],
    ['  ', 'empty'],
    ['.', 'not-a-number'],
    ['-', 'not-a-number'],
    ['abc', 'not-a-number'],
    ['12 34', 'not-a-number'],
    ['€12', 'not-a-number'],
    ['1.2.3', 'not-a-number'],
    ['(-12)', 'not-a-number'],
    ['12-', 'not-a-number'],
    ['−12', 'not-a-number'],
    ['1,234', 'comma'],
    ['12,50', 'decimal-comma'],
    ['1.234,56', 'decimal-comma'],
    ['12,34.56', 'comma'],
    ['1,23,45.67', 'comma'],
    ['1,2,345.67', 'comma'],
    ['12,345', 'comma'],
    ['1,2345.00', 'comma'],
    ['1.23E+05', 'exponent'],
    ['1e5', 'exponent'],
    ['0.1234567890123456789', 'too-fine'],
  ])('rejects %s: %s', (text, problem) => {
    expect(read(text)).toBe(problem);
  });
});

describe('ExactSums', () => {
  const decimal = fc
    .tuple(
      fc.boolean(),
      fc.oneof(fc.bigInt({ min: 0n, max: 99_999n }), fc.bigInt({ min: 0n, max: 10n ** 17n })),
      fc.integer({ min: 0, max: 8 }),
      fc.bigInt({ min: 0n, max: 10n ** 8n - 1n }),
      fc.constantFrom('plain', 'thousands', 'parentheses'),
    )
    .map(([negative, whole, decimals, fraction, style]) => {
      const digits = decimals === 0 ? '' : String(fraction).padStart(8, '0').slice(0, decimals);
      const grouped = style === 'thousands' && digits !== '';
      const bare = `${grouped ? String(whole).replace(/\B(?=(\d{3})+$)/g, ',') : whole}${digits && `.${digits}`}`;
      const text = !negative ? bare : style === 'parentheses' ? `(${bare})` : `-${bare}`;
      const fine = BigInt(`${whole}${digits.padEnd(18, '0')}`);
      return { text, fine: negative ? -fine : fine };
    });

  it('adds up like whole numbers of any size', () => {
    fc.assert(
      fc.property(fc.array(decimal, { maxLength: 40 }), fc.nat({ max: 5000 }), (amounts, at) => {
        const sums = new ExactSums();
        let expected = 0n;
        amounts.forEach(({ text, fine }, i) => {
          const amount = read(text);
          if (typeof amount === 'string') throw new Error(`${text} was rejected: ${amount}`);
          expect(toFine(amount)).toBe(fine);
          if (i % 3 === 2) sums.subtract(at, amount);
          else sums.add(at, amount);
          expected += i % 3 === 2 ? -fine : fine;
        });
        expect(sums.fine(at)).toBe(expected);
        if (sums.isZero(at, 2)) expect(equalTo(2, expected, 0n)).toBe(true);
      }),
      { numRuns: runs(300, 1000) },
    );
  });

  it('is exact where doubles are not', () => {
    const sums = new ExactSums();
    for (let i = 0; i < 10; i++) sums.add(0, read('0.10') as number);
    expect(formatDecimal(sums.fine(0), 2)).toBe('1.00');
    for (let i = 0; i < 2000; i++) sums.add(1, read('99999999999.9999') as number);
    expect(formatDecimal(sums.fine(1), 2)).toBe('199999999999999.80');
  });

  it('equalTo allows for rounding to the cent, or to the decimals written', () => {
    const fine = (text: string) => toFine(read(text) as number | bigint);
    expect(equalTo(2, fine('10.005'), fine('10.01'))).toBe(true);
    expect(equalTo(2, fine('10.005'), fine('10.00'))).toBe(true);
    expect(equalTo(2, fine('10.0051'), fine('10.00'))).toBe(false);
    expect(equalTo(2, fine('10.01'), fine('10.00'))).toBe(false);
    expect(equalTo(2, fine('-10.01'), fine('10.01'))).toBe(false);
    expect(equalTo(0, fine('10.005'), fine('10'))).toBe(true);
    expect(equalTo(3, fine('10.005'), fine('10.000'))).toBe(false);
    expect(equalTo(3, fine('10.0005'), fine('10.000'))).toBe(true);
    expect(equalTo(4, fine('10.0001'), fine('10.0000'))).toBe(false);
    expect(equalTo(6, fine('10.000001'), fine('10'))).toBe(false);
  });
});
