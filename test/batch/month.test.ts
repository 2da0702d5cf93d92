import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MONTHS, nextMonth } from '../../src/batch/month.ts';

describe('the name of the next month', () => {
  it.each([
    ['AUG_2020', 'SEP_2020'],
    ['DEC_2020', 'JAN_2021'],
    ['DEC2020', 'JAN2021'],
    ['Aug20', 'Sep20'],
    ['dec-99', 'jan-00'],
    ['AUGUST_2020', 'SEPTEMBER_2020'],
    ['June 2020', 'July 2020'],
    ['Sept2020', 'Oct2020'],
    ['2020_DEC', '2021_JAN'],
    ['2020-08', '2020-09'],
    ['202008', '202009'],
    ['202012', '202101'],
    ['12/2020', '01/2021'],
    ['122020', '012021'],
    ['ACME_AUG_2020', 'ACME_SEP_2020'],
    ['acme-2020-08', 'acme-2020-09'],
    ['Rechnungen-DEC_2020', 'Rechnungen-JAN_2021'],
  ])('%s → %s', (job, next) => {
    expect(nextMonth(job)).toBe(next);
  });

  it.each([
    'AUGUST',
    'FIX_2020',
    'AUG_2020_2',
    'AUG_2020_02',
    'AUG_2020_TEST',
    '2020-9',
    'MAUG_2020',
    '2020-08-01',
    '01-08-2020',
    '2020-13',
    '2020-00',
    '1202008',
    'aUG_2020',
    '2008',
    'Aug',
    '2020',
    '',
  ])('%j follows no month', (job) => {
    expect(nextMonth(job)).toBeNull();
  });

  const style = fc.constantFrom<(text: string) => string>(
    (text) => text,
    (text) => text.toLowerCase(),
    (text) => text.slice(0, 1) + text.slice(1).toLowerCase(),
  );
  const year = fc.integer({ min: 1990, max: 2098 });
  const month = fc.integer({ min: 0, max: 11 });
  const gap = fc.constantFrom('', '_', '-', ' ', '.');
  const before = fc.constantFrom('', 'ACME_', 'b ', 'über-');

  it('is the same name a year later after twelve of them, in the same style', () => {
    const named = fc
      .tuple(before, style, month, gap, year, fc.boolean())
      .map(([start, cased, m, between, y, yearFirst]) => (of: number) => {
        const word = cased(MONTHS[m] ?? '');
        return `${start}${yearFirst ? `${y + of}${between}${word}` : `${word}${between}${y + of}`}`;
      });
    const numbered = fc
      .tuple(before, month, gap, year, fc.boolean())
      .map(([start, m, between, y, yearFirst]) => {
        const digits = String(m + 1).padStart(2, '0');
        return (of: number) =>
          `${start}${yearFirst ? `${y + of}${between}${digits}` : `${digits}${between}${y + of}`}`;
      });
    fc.assert(
      fc.property(fc.oneof(named, numbered), (name) => {
        let job: string | null = name(0);
        const seen = new Set<string | null>();
        for (let n = 0; n < 12; n += 1) {
          seen.add(job);
          job = job === null ? null : nextMonth(job);
        }
        expect(job).toBe(name(1));
        expect(seen.size).toBe(12);
      }),
    );
  });

  it('is never the same name, whatever the name is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (job) => {
        expect(nextMonth(job)).not.toBe(job);
      }),
    );
  });
});
