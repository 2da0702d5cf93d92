import { type Columns, columnList } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { ExactSums } from './amounts.ts';
import type { FindingList } from './findings.ts';
import { type KeyHash, KeyHash64, KeySet } from './key-set.ts';
import { displayValue } from './spreadsheet-damage.ts';

/**
 * What the files of one call know of each other. Of each invoice 8 to 24 bytes of table, 8 of balance and one of flags are
 * kept, of an item nothing: memory is flat in the number of items.
 */
export class CrossState {
  readonly columns: Columns;
  readonly hash: KeyHash;
  readonly customers = new KeySet();
  readonly invoices = new KeySet();
  /** An invoice's amount less its items'. */
  readonly balances = new ExactSums();
  /** The numbers of an invoice file's invoices, by path: from, and up to. */
  readonly ranges = new Map<string, { readonly from: number; to: number }>();
  readonly #given: ReadonlySet<FileKind>;
  readonly #broken = new Set<FileKind>();

  constructor(columns: Columns, given: ReadonlySet<FileKind>, hash: KeyHash = new KeyHash64()) {
    this.columns = columns;
    this.hash = hash;
    this.#given = given;
  }

  /** A file of this kind could not be read whole: what should be in it may be missing only here. */
  break(kind: FileKind): void {
    this.#broken.add(kind);
  }

  /** Are all files of this kind read, and is there one? */
  knows(kind: FileKind): boolean {
    return this.#given.has(kind) && !this.#broken.has(kind);
  }

  get checksCustomers(): boolean {
    return this.columns.customer?.key !== undefined && this.knows('customer');
  }

  get checksInvoices(): boolean {
    return this.columns.invoice?.key !== undefined && this.knows('invoice');
  }

  /** Are invoices held against their items? */
  get checksItems(): boolean {
    return this.checksInvoices && this.columns.items?.invoice !== undefined && this.knows('items');
  }

  get checksSums(): boolean {
    return (
      this.checksItems &&
      this.columns.invoice?.amount !== undefined &&
      this.columns.items?.amount !== undefined
    );
  }
}

/** Where a file's roles stand: 1-based columns, 0 for one that is not named or not there. */
export interface RoleColumns {
  /** The record's own key, or an item's invoice. */
  readonly key: number;
  /** An invoice's customer. */
  readonly customer: number;
  readonly amount: number;
}

/** Finds the named columns in a header; one that is not there is an error, and its checks do not run. */
export function roleColumns(
  kind: FileKind,
  columns: Columns,
  names: readonly string[],
  line: number,
  findings: FindingList,
): RoleColumns {
  const found = { key: 0, customer: 0, amount: 0 };
  for (const [role, wanted] of columnList(columns)) {
    const [of, what] = role.split('.');
    if (of !== kind) continue;
    const at = names.findIndex((name) => name.trim() === wanted.trim()) + 1;
    if (at === 0) {
      findings.cause({
        code: 'no-column',
        line,
        column: null,
        message: `the header has no column "${displayValue(wanted)}", which is named as ${role}`,
        hint: `Its columns are: ${names.slice(0, 20).map(displayValue).join(', ')}. Names are compared with case and spaces as they are.`,
      });
    } else if (what === 'customer') found.customer = at;
    else if (what === 'amount') found.amount = at;
    else found.key = at;
  }
  return found;
}
