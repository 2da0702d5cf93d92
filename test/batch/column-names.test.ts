import { describe, expect, it } from 'vitest';
import { usualKeyColumn } from '../../src/batch/column-names.ts';

describe('usualKeyColumn', () => {
  it.each([
    ['customer', 'Name,Customer Id,Account Number', 2],
    ['customer', 'Kunden-Nr.,Name', 0],
    ['invoice', 'Account Number,invoice_no', 1],
    ['invoice', 'Amount,INVOICE #', 1],
    ['items', 'Invoice Number,Line Item ID', 1],
    // The number of a line is no key: each invoice has a first one.
    ['items', 'Invoice Number,Line,Line Number', -1],
    ['customer', 'First Name,City', -1],
  ] as const)('finds the key of %s in %s', (kind, header, expected) => {
    expect(usualKeyColumn(kind, header.split(','))).toBe(expected);
  });
});
