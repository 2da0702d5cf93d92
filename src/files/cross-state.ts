import { comparable } from '../batch/column-names.ts';
import { type Columns, columnList, type RoleName } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { ExactSums } from './amounts.ts';
import { BilledCustomers } from './billed-customers.ts';
import {
  displayValue,
  type FileToCheck,
  type FindingDetails,
  type FindingList,
  finding,
} from './findings.ts';
import { type KeyHash, KeyHash64, KeySet } from './keys.ts';
import { differences, folded, quotedPair } from './lookalikes.ts';
import { NearKeys, UnknownReferences } from './near-keys.ts';

/**
 * What the checks across files remember of one call. Each invoice takes 8 to 24 bytes of key table, 8 of balance and one
 * of flags; items take nothing.
 */
export class CrossState {
  readonly columns: Columns;
  /** The roles whose columns were recognised, not declared. */
  readonly recognised: ReadonlySet<RoleName>;
  readonly hash: KeyHash;
  readonly billed: BilledCustomers;
  customers = new KeySet();
  invoices = new KeySet();
  /** For each invoice, its amount minus the amounts of its items. */
  readonly balances = new ExactSums();
  /** The invoice numbers of each invoice file, by path: first, and last plus one. */
  readonly ranges = new Map<string, { readonly from: number; to: number }>();
  /** Most sums differ, and no cause is likely: the recognised amounts are probably others. */
  unrelatedSums = false;
  readonly nearCustomers = new NearKeys();
  readonly nearInvoices = new NearKeys();
  /** By the path of the file that has them. */
  readonly #unknown = new Map<string, UnknownReferences>();
  readonly #given: ReadonlySet<FileKind>;
  readonly #incomplete = new Set<FileKind>();

  constructor(
    columns: Columns,
    given: ReadonlySet<FileKind>,
    hash: KeyHash = new KeyHash64(),
    recognised: ReadonlySet<RoleName> = new Set(),
    billed = new BilledCustomers(),
  ) {
    this.billed = billed;
    this.columns = columns;
    this.recognised = recognised;
    this.hash = hash;
    this.#given = given;
  }

  /** A file of this kind was read only in part, so that a key missing from the kind proves nothing. */
  markIncomplete(kind: FileKind): void {
    this.#incomplete.add(kind);
  }

  /** Forgets the keys of a kind: their column turned out to be another one. */
  forget(kind: 'customer' | 'invoice'): void {
    this.markIncomplete(kind);
    if (kind === 'customer') this.customers = new KeySet();
    else {
      this.invoices = new KeySet();
      this.ranges.clear();
    }
  }

  /** The references of a file that are no key; made at the first call. */
  unknownOf({ path, kind, of }: FileToCheck): UnknownReferences {
    let unknown = this.#unknown.get(path);
    if (unknown === undefined) {
      unknown = new UnknownReferences(kind === 'items' ? 'invoice' : 'customer', of);
      this.#unknown.set(path, unknown);
    }
    return unknown;
  }

  /** Call after the first pass: look for keys like the references that are none. */
  wantNear(): void {
    for (const unknown of this.#unknown.values())
      unknown.want(unknown.target === 'customer' ? this.nearCustomers : this.nearInvoices);
  }

  /** Reports the references of a file that are no key, and its keys that look like others. */
  reportNear({ path, kind }: FileToCheck, findings: FindingList): void {
    const unknown = this.#unknown.get(path);
    unknown?.report(unknown.target === 'customer' ? this.nearCustomers : this.nearInvoices, findings);
    if (kind === 'customer') this.nearCustomers.reportPairs(path, kind, findings);
    if (kind === 'invoice') this.nearInvoices.reportPairs(path, kind, findings);
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

  /** True if no column that the sums depend on was recognised. */
  get declaresSums(): boolean {
    const roles = ['invoice.key', 'items.invoice', 'invoice.amount', 'items.amount'] as const;
    return !roles.some((role) => this.recognised.has(role));
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

/** Finds the columns in a header. A declared one that is missing is an error, and its checks do not run. */
export function findRoleColumns(
  kind: FileKind,
  { columns, recognised }: Pick<CrossState, 'columns' | 'recognised'>,
  names: readonly string[],
  line: number,
  findings: FindingList,
): RoleColumns {
  const found = { key: 0, customer: 0, amount: 0 };
  for (const [role, name] of columnList(columns)) {
    const [roleKind, use] = role.split('.');
    if (roleKind !== kind) continue;
    const isDeclared = !recognised.has(role);
    const isSame = isDeclared
      ? (other: string) => other.trim() === name.trim()
      : (other: string) => comparable(other) === comparable(name);
    const column = names.findIndex(isSame) + 1;
    if (column === 0 && !isDeclared) continue;
    if (column === 0) findings.cause(noColumn(role, name, names, line));
    else if (use === 'customer') found.customer = column;
    else if (use === 'amount') found.amount = column;
    else found.key = column;
  }
  return found;
}

function noColumn(role: string, name: string, names: readonly string[], line: number): FindingDetails {
  const fold = folded(name);
  const like = names.findIndex((other) => folded(other) === fold);
  const found = names[like];
  if (found === undefined || fold === '')
    return finding(
      'no-column',
      { line },
      `the header has no column "${displayValue(name)}", which is named for ${role}`,
      `The columns are: ${names.slice(0, 20).map(displayValue).join(', ')}. Upper and lower case and spaces inside a name count.`,
    );
  const [wanted, other] = quotedPair(name.trim(), found.trim());
  return finding(
    'no-column',
    { line, column: like + 1 },
    `the header has no column ${wanted}, which is named for ${role}, but ${other}: they differ only in ${differences(name.trim(), found.trim())}`,
    'Correct the name in the header, or name the column as the header has it: copy it from the file.',
  );
}

/** The group of invoices without a customer: invoices without a key have another one. */
export const EMPTY_CUSTOMER = 'empty-customer';

/** @param what `key`, `customer` or `invoice` */
export const emptyKey = (line: number, column: number, what: string): FindingDetails =>
  finding(
    'empty-key',
    { line, column },
    `the record has no ${what}`,
    'Fill in the value, or remove the record.',
  );
