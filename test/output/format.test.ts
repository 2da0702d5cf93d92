import fc from 'fast-check';
import { expect, it } from 'vitest';
import { amountText, bytes, count, fileText, totalLine } from '../../src/output/format.ts';
import { grouped } from '../../src/system/quantities.ts';

it('groups numbers as Intl does', () => {
  const intl = new Intl.NumberFormat('en-US');
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(grouped(value)).toBe(intl.format(value));
    }),
  );
  expect([0, 7, 999, 1000, 20375, 1234567].map(count)).toEqual([
    '0',
    '7',
    '999',
    '1,000',
    '20,375',
    '1,234,567',
  ]);
  expect(count(null)).toBe('–');
});

it('groups amounts like counts, with all of their digits', () => {
  expect(
    ['0', '999.90', '1000', '-1234.5600', '12346681.75', '123456789012345678901234.01', null].map(amountText),
  ).toEqual([
    '0',
    '999.90',
    '1,000',
    '-1,234.5600',
    '12,346,681.75',
    '123,456,789,012,345,678,901,234.01',
    '–',
  ]);
  expect(fileText({ name: 'inv.csv', records: 1, amount: '1234.50' })).toBe(
    'inv.csv, 1 record, amounts 1,234.50',
  );
  expect(totalLine('inv.csv', 20375, '1234567.89')).toBe(
    'Control total of inv.csv: 20,375 records, amounts 1,234,567.89',
  );
});

it('formats sizes as Intl does, in units of a thousand', () => {
  const intl = (unit: string, digits: number) =>
    new Intl.NumberFormat('en-US', { style: 'unit', unit, maximumFractionDigits: digits });
  const units = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: Number.MAX_SAFE_INTEGER }), (value) => {
      let [size, unit] = [value / 1000, 0];
      while (size >= 999.5) [size, unit] = [size / 1000, unit + 1];
      expect(bytes(value)).toBe(intl(units[unit] ?? '', size < 99.95 ? 1 : 0).format(size));
    }),
    { numRuns: 2000 },
  );
  expect([0, 999, 1000, 1450, 1_400_000, 99_950_000, 999_499_999, 999_500_000, 2e18].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '1.5 kB',
    '1.4 MB',
    '100 MB',
    '999 MB',
    '1 GB',
    '2,000 PB',
  ]);
});
