import { type AmountProblem, formatDecimal } from './amounts.ts';
import { displayValue, type FindingDetails } from './findings.ts';

// The findings of the checks across files. `line` is where the record begins.

export function missingColumn(
  line: number,
  column: string,
  role: string,
  names: readonly string[],
): FindingDetails {
  return {
    code: 'no-column',
    line,
    column: null,
    message: `the header has no column "${displayValue(column)}", which is named for ${role}`,
    hint: `The columns are: ${names.slice(0, 20).map(displayValue).join(', ')}. Upper and lower case and spaces inside a name count.`,
  };
}

/** @param what `key`, `customer` or `invoice` */
export function emptyKey(line: number, column: number, what: string): FindingDetails {
  return {
    code: 'empty-key',
    line,
    column,
    message: `the record has no ${what}`,
    hint: 'Fill in the value, or remove the record.',
  };
}

/** @param first where the key was used first: `in line 2 of inv.csv` */
export function duplicateKey(line: number, column: number, key: string, first: string): FindingDetails {
  return {
    code: 'duplicate-key',
    line,
    column,
    message: `the key "${displayValue(key)}" was already used ${first}`,
    hint: 'Remove one of the two records, or correct its key.',
  };
}

export function unknownCustomer(line: number, column: number, key: string): FindingDetails {
  return {
    code: 'unknown-customer',
    line,
    column,
    message: `the customer "${displayValue(key)}" is not in the customer files`,
    hint: 'Add the customer to a customer file, or correct the value. Keys must match exactly, leading zeros included.',
  };
}

/** @param file the base name of the only invoice file it may be in; `null` for any */
export function unknownInvoice(
  line: number,
  column: number,
  key: string,
  file: string | null,
): FindingDetails {
  return {
    code: 'unknown-invoice',
    line,
    column,
    message: `the invoice "${displayValue(key)}" is not in ${file === null ? 'the invoice files' : displayValue(file)}`,
    hint: 'Add the invoice to its file, or correct the value. Keys must match exactly, leading zeros included.',
  };
}

export function noItems(line: number, column: number, key: string): FindingDetails {
  return {
    code: 'no-items',
    line,
    column,
    message: `the invoice "${displayValue(key)}" has no items`,
    hint: 'If it should have items, look for a missing item file.',
  };
}

/** Amounts in fine units, see `amounts.ts`. */
export function differentSum(
  line: number,
  column: number,
  key: string,
  amount: bigint,
  sum: bigint,
): FindingDetails {
  const [stated, added] = [formatDecimal(amount, 2), formatDecimal(sum, 2)];
  return {
    code: 'amount-sum',
    line,
    column,
    message: `the amount of invoice "${displayValue(key)}" is ${stated}, but its items add up to ${added} (difference ${formatDecimal(sum - amount, 2)})`,
    hint: 'Correct the amount, or look for missing or repeated items.',
  };
}

export function badAmount(
  line: number,
  column: number,
  problem: AmountProblem,
  text: string,
): FindingDetails {
  if (problem === 'empty') {
    return {
      code: 'empty-amount',
      line,
      column,
      message: 'the amount is empty',
      hint: 'Write 0 for no amount.',
    };
  }
  return {
    code: 'amount',
    line,
    column,
    message: `"${displayValue(text)}" ${AMOUNT_PROBLEMS[problem]}`,
    hint: 'Write amounts as 1234.56 or -1234.56; 1,234.56 and (1,234.56) are also accepted.',
  };
}

const AMOUNT_PROBLEMS: Readonly<Record<Exclude<AmountProblem, 'empty'>, string>> = {
  'not-a-number': 'is not an amount',
  comma: 'is ambiguous: the comma may separate thousands or decimals',
  exponent: 'is written with an exponent, which loses digits',
  'too-fine': 'has more than 18 decimals',
};
