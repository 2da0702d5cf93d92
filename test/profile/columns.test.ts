import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnChoice, columnList, columnsOf, ROLE_NAMES, withColumns } from '../../src/batch/columns.ts';
import { changedColumns, parseColumn, parseColumns } from '../../src/profile/pairs.ts';

const hintOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    expect(error).toMatchObject({ code: 'USAGE' });
    return (error as { hint: string }).hint;
  }
  throw new Error('nothing was thrown');
};

describe('--column KIND.ROLE=NAME', () => {
  it.each([
    ['invoice.key=Invoice Number', ['invoice.key', 'Invoice Number']],
    ['items.amount = Net = EUR ', ['items.amount', 'Net = EUR']],
    ['Customer.Key=K', ['customer.key', 'K']],
    // No column has the role.
    ['customer.key=', ['customer.key', '']],
    ['customer.key', ['customer.key', null]],
  ])('parses %s', (text, expected) => {
    expect(parseColumn(text)).toEqual(expected);
  });

  it('suggests the closest role', () => {
    expect(hintOf(() => parseColumn('invoice.kye=X'))).toMatch(/^Did you mean invoice\.key\?/);
    expect(hintOf(() => parseColumn('item.invoice=X'))).toMatch(/^Did you mean items\.invoice\?/);
    expect(hintOf(() => parseColumn('colour=X'))).toMatch(/^Roles: customer\.key/);
    expect(hintOf(() => parseColumn('Invoice Number'))).toContain('KIND.ROLE=NAME');
    expect(hintOf(() => parseColumn('invoice.key=a\u001bb'))).toContain('Name columns');
  });
});

describe('columns', () => {
  const some = fc.dictionary(fc.constantFrom(...ROLE_NAMES), fc.constantFrom('A', 'B b', 'C=c', ''));

  it('are equal as a list, as an object and as a file', () => {
    fc.assert(
      fc.property(some, (roles) => {
        const list = ROLE_NAMES.flatMap((name) =>
          roles[name] === undefined ? [] : [[name, roles[name]] as const],
        );
        const columns = columnsOf(list);
        expect(columnList(columns)).toEqual(list);
        expect(parseColumns(JSON.parse(JSON.stringify(columns)), 'x')).toEqual(columns);
      }),
    );
  });

  it('are changed role by role by options', () => {
    const profile = { invoice: { key: 'A', amount: 'B' } };
    expect(
      changedColumns(profile, [
        ['invoice.key', 'C'],
        ['items.amount', 'D'],
        ['invoice.amount', null],
        ['customer.key', ''],
      ]),
    ).toEqual({
      customer: { key: '' },
      invoice: { key: 'C' },
      items: { amount: 'D' },
    });
    expect(withColumns(profile, { invoice: { key: 'C' } })).toEqual({ invoice: { key: 'C', amount: 'B' } });
  });

  it('with an empty name are not looked for', () => {
    expect(columnChoice({ customer: { key: '' }, invoice: { key: 'A', amount: '' } })).toEqual({
      declared: { invoice: { key: 'A' } },
      without: new Set(['customer.key', 'invoice.amount']),
    });
  });

  it.each([
    [null],
    [[]],
    ['x'],
    [{ invoices: {} }],
    [{ invoice: { kee: 'x' } }],
    [{ invoice: { key: 1 } }],
    [{ invoice: { key: ' ' } }],
    [{ invoice: 'key' }],
  ])('of an invalid form are refused: %j', (value) => {
    expect(hintOf(() => parseColumns(value, 'columns'))).not.toBe('');
  });
});
