import { type AmountProblem, formatDecimal } from './amounts.ts';
import type { Finding } from './findings.ts';
import { displayValue } from './spreadsheet-damage.ts';

/** What the checks across files find, in words. `line` is where the record begins. */
type Found = Omit<Finding, 'severity'>;

export function emptyKey(line: number, column: number, what: string): Found {
  return {
    code: 'empty-key',
    line,
    column,
    message: `the record has no ${what}`,
    hint: 'Fill in the value, or remove the record.',
  };
}

/** `before`: where the key was given first. */
export function duplicate(line: number, column: number, key: string, before: string): Found {
  return {
    code: 'duplicate-key',
    line,
    column,
    message: `the key "${displayValue(key)}" was given before, ${before}`,
    hint: 'Remove one of the two records, or correct its key.',
  };
}

export function unknownCustomer(line: number, column: number, key: string): Found {
  return {
    code: 'unknown-customer',
    line,
    column,
    message: `the customer "${displayValue(key)}" is in none of the customer files`,
    hint: 'Add the customer to a customer file, or correct the value; keys are compared as they are, leading zeros and all.',
  };
}

export function unknownInvoice(line: number, column: number, key: string, file: string | null): Found {
  return {
    code: 'unknown-invoice',
    line,
    column,
    message: `the invoice "${displayValue(key)}" is ${file === null ? 'in none of the invoice files' : `not in ${displayValue(file)}`}`,
    hint: 'Add the invoice to its file, or correct the value; keys are compared as they are, leading zeros and all.',
  };
}

export function noItems(line: number, column: number, key: string): Found {
  return {
    code: 'no-items',
    line,
    column,
    message: `the invoice "${displayValue(key)}" has no items`,
    hint: 'If it should have some, look for the item file that is missing.',
  };
}

/** Amounts in 10⁻¹⁸. */
export function otherSum(line: number, column: number, key: string, amount: bigint, sum: bigint): Found {
  const [told, added] = [formatDecimal(amount, 2), formatDecimal(sum, 2)];
  return {
    code: 'amount-sum',
    line,
    column,
    message: `the invoice "${displayValue(key)}" says ${told}, its items add up to ${added}: ${formatDecimal(sum - amount, 2)} apart`,
    hint: 'Correct the amount, or look for items that are missing or there twice.',
  };
}

export function badAmount(line: number, column: number, problem: AmountProblem, text: string): Found {
  if (problem === 'empty') {
    return {
      code: 'empty-amount',
      line,
      column,
      message: 'the amount is empty',
      hint: 'Write 0 if it is nothing.',
    };
  }
  return {
    code: 'amount',
    line,
    column,
    message: `"${displayValue(text)}" ${WHY[problem]}`,
    hint: 'Write amounts as 1234.56 or -1234.56; 1,234.56 and (1,234.56) are understood too.',
  };
}

const WHY: Readonly<Record<Exclude<AmountProblem, 'empty'>, string>> = {
  'not-a-number': 'is not an amount',
  comma: 'is not clear: the comma may separate thousands or decimals',
  exponent: 'is written with an exponent: its digits are lost',
  'too-fine': 'has more than 18 decimals',
};
