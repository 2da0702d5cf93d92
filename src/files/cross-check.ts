import { basename } from 'node:path';
import type { FileKind } from '../batch/types.ts';
import { type Amount, AmountReader, ExactSums, formatDecimal } from './amounts.ts';
import { badAmount, emptyKey, unknownCustomer, unknownInvoice } from './cross-findings.ts';
import { type CrossState, type RoleColumns, roleColumns } from './cross-state.ts';
import { isUnquoted, readValue, type Value, valueText } from './field-values.ts';
import type { FindingList } from './findings.ts';
import { AMOUNT_UNKNOWN, DUPLICATE, HAS_ITEMS } from './key-set.ts';

/** Which file it is: where it lies, what it is, and, of items, the path of the one invoice file they belong to. */
export interface CrossFileOf {
  readonly path: string;
  readonly kind: FileKind;
  readonly of?: string | undefined;
}

/** One file's part in the checks across files, in the first pass: what is certain is found at once, the rest is noted. */
export class CrossCheck {
  readonly #state: CrossState;
  readonly #file: CrossFileOf;
  readonly #findings: FindingList;
  readonly #value: Value = { bytes: new Uint8Array(0), from: 0, to: 0 };
  readonly #amounts: AmountColumn;
  #roles: RoleColumns = { key: 0, customer: 0, amount: 0 };
  /** Where their bounds are among those of the wanted columns; -1: nowhere, the column is not read. */
  #keyAt = -1;
  #customerAt = -1;
  #amountAt = -1;
  /** The customer and the invoice that were found last. */
  #customer = -1;
  #invoice = -1;

  constructor(state: CrossState, file: CrossFileOf, findings: FindingList) {
    this.#state = state;
    this.#file = file;
    this.#findings = findings;
    this.#amounts = new AmountColumn(findings);
    if (file.kind === 'invoice') {
      const from = state.invoices.table.size;
      state.ranges.set(file.path, { from, to: from });
    }
  }

  /** Columns of keys, 1-based. */
  get keys(): ReadonlySet<number> {
    return new Set([this.#roles.key, this.#roles.customer].filter((column) => column > 0));
  }

  /** The sum of the amounts as a decimal; `null` when no column is named for them or one of them is no amount. */
  get total(): string | null {
    return this.#roles.amount === 0 ? null : this.#amounts.total;
  }

  /** @returns the columns wanted, 1-based */
  header(names: readonly string[], line: number): readonly number[] {
    const { kind } = this.#file;
    this.#roles = roleColumns(kind, this.#state.columns, names, line, this.#findings);
    const { key, customer, amount } = this.#roles;
    return [key, customer, amount].filter((column) => column > 0);
  }

  /** `wanted`: the columns whose values records come with from now on. */
  seat(wanted: readonly number[]): void {
    const at = (column: number): number => (column > 0 ? 2 * wanted.indexOf(column) : -1);
    this.#keyAt = at(this.#roles.key);
    this.#customerAt = this.#state.checksCustomers ? at(this.#roles.customer) : -1;
    this.#amountAt = at(this.#roles.amount);
  }

  /** A whole record, which began on `line`. */
  record(line: number, bytes: Uint8Array, bounds: Int32Array): void {
    const keyAt = this.#keyAt;
    const customerAt = this.#customerAt;
    const amountAt = this.#amountAt;
    let amount: Amount = 'empty';
    if (amountAt >= 0) {
      const from = bounds[amountAt] as number;
      amount = this.#amounts.read(line, this.#roles.amount, bytes, from, bounds[amountAt + 1] as number);
    }
    if (keyAt >= 0) this.#ofKey(line, amount, bytes, bounds[keyAt] as number, bounds[keyAt + 1] as number);
    if (customerAt >= 0) {
      this.#ofCustomer(line, bytes, bounds[customerAt] as number, bounds[customerAt + 1] as number);
    }
  }

  /** The file is over. */
  end(): void {
    const { kind, path } = this.#file;
    const range = this.#state.ranges.get(path);
    if (kind === 'invoice' && range !== undefined) range.to = this.#state.invoices.table.size;
    if (this.#findings.broken) this.#state.break(kind);
  }

  /** Makes the hash of a key. @returns false: it is empty */
  #hash(bytes: Uint8Array, from: number, to: number): boolean {
    const { hash } = this.#state;
    const value = this.#value;
    if (isUnquoted(bytes, from, to)) {
      if (from === to) return false;
      hash.update(bytes, from, to);
      return true;
    }
    readValue(value, bytes, from, to);
    if (value.from === value.to) return false;
    hash.update(value.bytes, value.from, value.to);
    return true;
  }

  #ofKey(line: number, amount: Amount, bytes: Uint8Array, from: number, to: number): void {
    const { kind } = this.#file;
    const { key } = this.#roles;
    if (!this.#hash(bytes, from, to)) {
      this.#findings.error(() => emptyKey(line, key, kind === 'items' ? 'invoice' : 'key'));
      return;
    }
    const { customers, invoices, balances, hash } = this.#state;
    if (kind === 'customer') customers.table.add(hash.low, hash.high);
    else if (kind === 'invoice') {
      const number = invoices.table.add(hash.low, hash.high);
      if (this.#amountAt < 0) return;
      if (typeof amount === 'string') invoices.flags.set(number, AMOUNT_UNKNOWN);
      else balances.add(number, amount);
    } else if (!this.#item(amount) && this.#state.checksInvoices) {
      const of = this.#file.of === undefined ? null : basename(this.#file.of);
      this.#findings.error(() => unknownInvoice(line, key, this.#text(bytes, from, to), of));
    }
  }

  /** An item whose invoice's hash is made. @returns false: there is no such invoice */
  #item(amount: Amount): boolean {
    const { invoices, balances, hash } = this.#state;
    const number = invoices.find(hash.low, hash.high, this.#invoice);
    if (number < 0) return false;
    const range = this.#file.of === undefined ? undefined : this.#state.ranges.get(this.#file.of);
    if (range !== undefined && (number < range.from || number >= range.to)) {
      // Of a key that came twice, one may be in its file: the second look tells.
      invoices.table.tellAgain();
      return (invoices.flags.get(number) & DUPLICATE) !== 0;
    }
    this.#invoice = number;
    invoices.flags.set(number, typeof amount === 'string' ? HAS_ITEMS | AMOUNT_UNKNOWN : HAS_ITEMS);
    if (typeof amount !== 'string') balances.subtract(number, amount);
    return true;
  }

  #ofCustomer(line: number, bytes: Uint8Array, from: number, to: number): void {
    const { customer } = this.#roles;
    if (!this.#hash(bytes, from, to)) {
      this.#findings.error(() => emptyKey(line, customer, 'customer'));
      return;
    }
    const { hash, customers } = this.#state;
    const number = customers.find(hash.low, hash.high, this.#customer);
    if (number >= 0) this.#customer = number;
    else this.#findings.error(() => unknownCustomer(line, customer, this.#text(bytes, from, to)));
  }

  #text(bytes: Uint8Array, from: number, to: number): string {
    readValue(this.#value, bytes, from, to);
    return valueText(this.#value);
  }
}

/** The amounts of one file: each is read, added up, or found to be none. */
class AmountColumn {
  readonly #findings: FindingList;
  readonly #reader = new AmountReader();
  readonly #value: Value = { bytes: new Uint8Array(0), from: 0, to: 0 };
  readonly #sum = new ExactSums();
  #decimals = 0;
  #unknown = false;

  constructor(findings: FindingList) {
    this.#findings = findings;
  }

  /** The sum as a decimal; `null` when one of the values is no amount. */
  get total(): string | null {
    return this.#unknown ? null : formatDecimal(this.#sum.fine(0), this.#decimals);
  }

  /** The value of a whole record. @returns what it amounts to; a text: why it is no amount */
  read(line: number, column: number, bytes: Uint8Array, from: number, to: number): Amount {
    const amount = isUnquoted(bytes, from, to)
      ? this.#reader.read(bytes, from, to)
      : this.#readQuoted(bytes, from, to);
    if (typeof amount !== 'string') {
      this.#sum.add(0, amount);
      if (this.#reader.decimals > this.#decimals) this.#decimals = this.#reader.decimals;
      return amount;
    }
    this.#unknown = true;
    this.#findings.error(() => {
      readValue(this.#value, bytes, from, to);
      return badAmount(line, column, amount, valueText(this.#value));
    });
    return amount;
  }

  #readQuoted(bytes: Uint8Array, from: number, to: number): Amount {
    const value = this.#value;
    readValue(value, bytes, from, to);
    return this.#reader.read(value.bytes, value.from, value.to);
  }
}
