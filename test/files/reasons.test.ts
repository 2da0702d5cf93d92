import { describe, expect, it } from 'vitest';
import { Reasons } from '../../src/files/reasons.ts';
import { reasonText } from '../../src/output/result-tables.ts';

const HEADER = ['Account Number', 'Name', 'Currency', 'Status', 'Message'];

function listed(rows: readonly (readonly [message: string, ...fields: string[]])[]) {
  const reasons = new Reasons(HEADER);
  rows.forEach(([message, ...fields], i) => {
    reasons.add(message, i + 2, fields);
  });
  return reasons.list(10).reasons;
}

describe('the reasons of rejected records', () => {
  it.each([
    [
      'numbers',
      [
        'Invoice Number NONE-1 is not among the accepted invoices',
        'Invoice Number NONE-22 is not among the accepted invoices',
      ],
      'Invoice Number … is not among the accepted invoices, such as NONE-1, NONE-22',
    ],
    ['quoted values', ['"a" is no date', '"b c" is no date'], '… is no date, such as a, b c'],
    [
      "quotes of one's own",
      ["customer 'Ann' can't pay", "customer 'Bob' can't pay"],
      "customer … can't pay, such as Ann, Bob",
    ],
    [
      'dates and amounts',
      ['1,50 EUR is above 1.00 on 2020-08-01.', '7,00 EUR is above 2.00 on 2020-08-02.'],
      '… EUR is above … on …., such as 1,50, 7,00',
    ],
    ['equal messages', ['line 7 is odd', 'line 7 is odd'], 'line 7 is odd'],
    ['no message', ['', ''], '(no message)'],
  ])('are one where messages differ in %s only', (_what, messages, text) => {
    const reasons = listed(messages.map((message) => [message]));
    expect(reasons.map(reasonText)).toEqual([text]);
    expect(reasons[0]).toMatchObject({ message: messages[0], count: 2, line: 2 });
  });

  it('are one where messages differ in a value of their own record', () => {
    const reasons = listed([
      ['Account ACME is closed', 'ACME', 'Acme Ltd', 'USD'],
      ['Account EMCA is closed', 'EMCA', 'Emca Ltd', 'USD'],
    ]);
    expect(reasons.map(reasonText)).toEqual(['Account … is closed, such as ACME, EMCA']);
  });

  it('are different where the words differ, and a value that is a word of the columns hides none', () => {
    const reasons = listed([
      ['Name is missing', 'A', 'Name', 'USD'],
      ['Currency is missing', 'A', 'Ann', 'Currency'],
      ['Name is too long', 'A', 'Name', 'USD'],
    ]);
    expect(reasons.map(({ reason }) => reason)).toEqual([
      'Name is missing',
      'Currency is missing',
      'Name is too long',
    ]);
  });

  it('keep three examples, each in part, and any number of records', () => {
    const reasons = listed(
      Array.from({ length: 5000 }, (_, i) => [`"${'x'.repeat(100)}${i}" is unknown`] as const),
    );
    expect(reasons).toHaveLength(1);
    expect(reasons[0]?.count).toBe(5000);
    expect(reasons[0]?.examples.every((text) => text.length <= 41)).toBe(true);
  });
});
