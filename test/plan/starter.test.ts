import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePlan } from '../../src/plan/parse.ts';
import { patternFor } from '../../src/plan/pattern.ts';
import { type FoundCsv, starterPlan } from '../../src/plan/starter.ts';

const file = (name: string, ...header: readonly string[]): FoundCsv => ({ name, header });

describe('a starter plan', () => {
  it('tells kinds by names, puts items under their invoice, and names the columns it knows', () => {
    const items = ['Invoice Number', 'Line', 'Amount'];
    const { text, unplaced } = starterPlan(
      [
        file('cus.csv', 'Account Number', 'Name'),
        file('inv_1.csv', 'Invoice Number', 'Account Number', 'Amount'),
        file('inv_2.csv', 'Invoice Number', 'Account Number', 'Amount'),
        file('itm_1_1.csv', ...items),
        file('itm_1_10.csv', ...items),
        file('itm_2_1.csv', ...items),
        file('AUG_CUS_result.csv', 'Account Number', 'Status'),
        file('notes.csv', 'Note'),
      ],
      'AUG_2020',
    );
    expect(unplaced).toEqual(['notes.csv']);
    const plan = parsePlan(text, 'plan.yaml');
    expect(plan).toMatchObject({
      job: 'AUG_2020',
      init: { zeroOutCustomerBalance: false },
      columns: {
        customer: { key: 'Account Number' },
        invoice: { key: 'Invoice Number', customer: 'Account Number', amount: 'Amount' },
        items: { invoice: 'Invoice Number', amount: 'Amount' },
      },
    });
    expect(plan.customers.map((given) => given.text)).toEqual(['cus.csv']);
    expect(plan.invoices.map((one) => [one.file.text, ...one.items.map((given) => given.text)])).toEqual([
      ['inv_1.csv', 'itm_1_*.csv'],
      ['inv_2.csv', 'itm_2_1.csv'],
    ]);
    expect(text).toContain('# No place was found for these');
  });

  it('tells kinds by headers where names say nothing', () => {
    const { text } = starterPlan(
      [
        file('a.csv', 'Account Number', 'Name'),
        file('b.csv', 'Invoice Number', 'Account Number'),
        file('c.csv', 'Invoice Number', 'Line'),
      ],
      'J',
    );
    const plan = parsePlan(text, 'p');
    expect(plan.customers[0]?.text).toBe('a.csv');
    expect(plan.invoices[0]).toMatchObject({ file: { text: 'b.csv' }, items: [{ text: 'c.csv' }] });
  });

  const name = fc
    .tuple(
      fc.constantFrom('cus', 'inv', 'itm', 'Customers', 'invoice items', 'x'),
      fc.string({
        unit: fc.constantFrom('1', '2', '10', '_', '-', ' ', 'é', "'", '"', '#', ':', '[', '*', '{', 'a'),
        maxLength: 6,
      }),
    )
    .map(([stem, rest]) => `${stem}${rest}.csv`);

  it('is a plan again, with each file it placed meant once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), (names) => {
        const { text, unplaced } = starterPlan(
          names.map((one) => file(one, 'Invoice Number')),
          'AUG_2020',
        );
        const plan = parsePlan(text, 'p');
        const given = [...plan.customers, ...plan.invoices.flatMap((one) => [one.file, ...one.items])].map(
          (one) => one.text,
        );
        const meant = given.flatMap((one) =>
          names.includes(one)
            ? [one]
            : names.filter(
                (other) =>
                  other.startsWith(one.split('*')[0] ?? '') && other.endsWith(one.split('*')[1] ?? ''),
              ),
        );
        expect([...meant, ...unplaced].sort()).toEqual([...names].sort());
      }),
    );
  });

  it('writes a pattern only where it means the files and nothing else', () => {
    expect(patternFor(['itm_1.csv', 'itm_10.csv'], ['itm_1.csv', 'itm_10.csv', 'inv.csv'])).toEqual([
      'itm_*.csv',
    ]);
    expect(patternFor(['itm_1_1.csv', 'itm_1_2.csv'], ['itm_1_1.csv', 'itm_1_2.csv', 'itm_2_1.csv'])).toEqual(
      ['itm_1_*.csv'],
    );
    expect(patternFor(['itm_1.csv', 'itm_2.csv'], ['itm_1.csv', 'itm_2.csv', 'itm_3.csv'])).toEqual([
      'itm_1.csv',
      'itm_2.csv',
    ]);
    expect(patternFor(['a.csv', 'b.csv'], ['a.csv', 'b.csv'])).toEqual(['a.csv', 'b.csv']);
    expect(patternFor(['only.csv'], ['only.csv'])).toEqual(['only.csv']);
  });
});
