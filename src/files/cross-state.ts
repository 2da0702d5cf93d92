import { type Columns, columnList } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { type AmountProblem, ExactSums, formatDecimal } from './amounts.ts';
import { displayValue, type FindingDetails, type FindingList } from './findings.ts';
import { type KeyHash, KeyHash64, KeySet } from './keys.ts';

/**
 * What the checks across files remember of one call. Each invoice takes 8 to 24 bytes of key table, 8 of balance and one
 * of flags; items take nothing.
 */
export class CrossState {
  readonly columns: Columns;
  readonly hash: KeyHash;
  readonly customers = new KeySet();
  readonly invoices = new KeySet();
  /** For each invoice, its amount minus the amounts of its items. */
  readonly balances = new ExactSums();
  /** The invoice numbers of each invoice file, by path: first, and last plus one. */
  readonly ranges = new Map<string, { readonly from: number; to: number }>();
  readonly #given: ReadonlySet<FileKind>;
  readonly #incomplete = new Set<FileKind>();

  constructor(columns: Columns, given: ReadonlySet<FileKind>, hash: KeyHash = new KeyHash64()) {
    this.columns = columns;
    this.hash = hash;
    this.#given = given;
  }

  /** A file of this kind was read only in part, so that a key missing from the kind proves nothing. */
  markIncomplete(kind: FileKind): void {
    this.#incomplete.add(kind);
  }

  /** True if there are files of this kind and all were read to the end. */
  isComplete(kind: FileKind): boolean {
    return this.#given.has(kind) && !this.#incomplete.has(kind);
  }

  /** True if each invoice must have its customer in the customer files. */
  get checksCustomers(): boolean {
    return this.columns.customer?.key !== undefined && this.isComplete('customer');
  }

  /** True if each item must have its invoice in the invoice files. */
  get checksInvoices(): boolean {
    return this.columns.invoice?.key !== undefined && this.isComplete('invoice');
  }

  /** True if each invoice should have items. */
  get checksItems(): boolean {
    return this.checksInvoices && this.columns.items?.invoice !== undefined && this.isComplete('items');
  }

  /** True if the items of an invoice must add up to its amount. */
  get checksSums(): boolean {
    return (
      this.checksItems &&
      this.columns.invoice?.amount !== undefined &&
      this.columns.items?.amount !== undefined
    );
  }
}

/** The columns of a file by their role, from 1; 0 for a role that is not named or not in the header. */
export interface RoleColumns {
  /** The record's own key; for items, the invoice. */
  readonly key: number;
  /** An invoice's customer. */
  readonly customer: number;
  readonly amount: number;
}

/** Finds the named columns in a header. A missing one is an error, and its checks do not run. */
export function findRoleColumns(
  kind: FileKind,
  columns: Columns,
  names: readonly string[],
  line: number,
  findings: FindingList,
): RoleColumns {
  const found = { key: 0, customer: 0, amount: 0 };
  for (const [role, name] of columnList(columns)) {
    const [roleKind, use] = role.split('.');
    if (roleKind !== kind) continue;
    const column = names.findIndex((other) => other.trim() === name.trim()) + 1;
    if (column === 0) findings.cause(missingColumn(line, name, role, names));
    else if (use === 'customer') found.customer = column;
    else if (use === 'amount') found.amount = column;
    else found.key = column;
  }
  return found;
}

// The findings of the checks across files. `line` is where the record begins.

function missingColumn(line: number, column: string, role: string, names: readonly string[]): FindingDetails {
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
