import { describe, expect, it } from 'vitest';
import { type Baseline, breachesOf, compareTotals, type Totals } from '../../src/batch/comparison.ts';

const now: Totals = {
  kinds: [
    { kind: 'customer', records: 100, amount: null },
    { kind: 'invoice', records: 60, amount: '600.00' },
  ],
  customersBilled: 60,
};
const last: Baseline = {
  job: 'JUL_2020',
  closedAt: '2020-07-31T00:00:00.000Z',
  kinds: [
    { kind: 'customer', records: 100, amount: null },
    { kind: 'invoice', records: 100, amount: '1000.00' },
    { kind: 'items', records: 10, amount: null },
  ],
  customersBilled: null,
};

describe('a month compared with the last', () => {
  it('has both figures and the change, by kind; a kind that one month lacks has no records there', () => {
    const { kinds, ...rest } = compareTotals(now, last);
    expect(rest).toEqual({
      against: 'JUL_2020',
      closedAt: last.closedAt,
      customersBilled: 60,
      lastCustomersBilled: null,
      customersBilledChange: null,
    });
    expect(
      kinds.map(({ kind, records, lastRecords, recordsChange }) => [
        kind,
        records,
        lastRecords,
        recordsChange,
      ]),
    ).toEqual([
      ['customer', 100, 100, 0],
      ['invoice', 60, 100, -40],
      ['items', 0, 10, -100],
    ]);
    expect(kinds[1]).toMatchObject({ amount: '600.00', lastAmount: '1000.00', amountChange: -40 });
  });

  it('is compared with nothing in the first month, and nothing is expected of it', () => {
    const first = compareTotals(now, null);
    expect(first).toMatchObject({ against: null, lastCustomersBilled: null });
    expect(first.kinds).toHaveLength(2);
    expect(first.kinds.every(({ lastRecords }) => lastRecords === null)).toBe(true);
    expect(breachesOf(first, { invoice: { records: '0%' } })).toEqual([]);
  });

  it('is as expected only where both figures are known and within the limit', () => {
    const comparison = compareTotals(now, last);
    expect(breachesOf(comparison, { customer: { records: '0%' }, invoice: { records: '40%' } })).toEqual([]);
    expect(breachesOf(comparison, { invoice: { records: '39%', amount: '+50%' } })).toEqual([
      { kind: 'invoice', figure: 'records', limit: '39%', now: '60', last: '100', change: -40 },
      { kind: 'invoice', figure: 'amount', limit: '+50%', now: '600.00', last: '1000.00', change: -40 },
    ]);
    const unknown = compareTotals({ ...now, kinds: [{ kind: 'invoice', records: 60, amount: null }] }, last);
    expect(breachesOf(unknown, { invoice: { amount: '100%' } })).toMatchObject([
      { now: null, last: '1000.00' },
    ]);
    expect(breachesOf(comparison, { items: { amount: '100%' } })).toMatchObject([{ now: '0', last: null }]);
  });
});
