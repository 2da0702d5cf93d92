import { basename } from 'node:path';
import { type Columns, columnList } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { ExactSums } from './amounts.ts';
import { displayValue, type FindingDetails, type FindingList, finding } from './findings.ts';
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
    if (column === 0)
      findings.cause(
        finding(
          'no-column',
          { line },
          `the header has no column "${displayValue(name)}", which is named for ${role}`,
          `The columns are: ${names.slice(0, 20).map(displayValue).join(', ')}. Upper and lower case and spaces inside a name count.`,
        ),
      );
    else if (use === 'customer') found.customer = column;
    else if (use === 'amount') found.amount = column;
    else found.key = column;
  }
  return found;
}

// Findings of both passes. `line` is where the record begins.

/** @param what `key`, `customer` or `invoice` */
export const emptyKey = (line: number, column: number, what: string): FindingDetails =>
  finding(
    'empty-key',
    { line, column },
    `the record has no ${what}`,
    'Fill in the value, or remove the record.',
  );

export const unknownCustomer = (line: number, column: number, key: string): FindingDetails =>
  finding(
    'unknown-customer',
    { line, column },
    `the customer "${displayValue(key)}" is not in the customer files`,
    'Add the customer to a customer file, or correct the value. Keys must match exactly, leading zeros included.',
  );

/** @param of the path of the only invoice file it may be in; without one, any */
export function unknownInvoice(
  line: number,
  column: number,
  key: string,
  of: string | undefined,
): FindingDetails {
  const where = of === undefined ? 'the invoice files' : displayValue(basename(of));
  return finding(
    'unknown-invoice',
    { line, column },
    `the invoice "${displayValue(key)}" is not in ${where}`,
    'Add the invoice to its file, or correct the value. Keys must match exactly, leading zeros included.',
  );
}
