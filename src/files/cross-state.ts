import type { Columns } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { ExactSums } from './exact-sums.ts';
import { type KeyHash, KeyHash64 } from './key-hash.ts';
import { KeySet } from './key-set.ts';

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
