import { type Amount, type AmountProblem, AmountReader, ExactSums, formatDecimal } from './amounts.ts';
import {
  type CrossState,
  EMPTY_CUSTOMER,
  emptyKey,
  findRoleColumns,
  type RoleColumns,
} from './cross-state.ts';
import { emptyValue, isUnquoted, readValue, type Value, valueText } from './field-values.ts';
import { type FileToCheck, type FindingList, finding } from './findings.ts';
import { AMOUNT_UNKNOWN, DUPLICATE, decimalFlags, KeyHash64, type KeySet, REFERRED } from './keys.ts';
import { quotedValue } from './lookalikes.ts';
import { HASH_IS_FOLDED, NOT_HASHED, type RecordBatch, WITH_FOLDED_HASH } from './scan-kernel.ts';

/**
 * The first pass of the checks across files, over one file. Findings that are certain are added at once; what depends on
 * keys that may be duplicates, or on the sums, is left to `verifyCandidates`.
 */
export class CrossCheck {
  readonly #state: CrossState;
  readonly #file: FileToCheck;
  readonly #findings: FindingList;
  readonly #value = emptyValue();
  readonly #amounts: AmountColumn;
  #roles: RoleColumns = { key: 0, customer: 0, amount: 0 };
  #bounds = new Int32Array(0);
  /** Where the bounds of these columns are in a record's bounds; -1 for a column that is not read. */
  #keyAt = -1;
  #customerAt = -1;
  #checksCustomers = false;
  #amountAt = -1;
  /** The customer and the invoice found last. */
  #customer = -1;
  #invoice = -1;

  constructor(state: CrossState, file: FileToCheck, findings: FindingList) {
    this.#state = state;
    this.#file = file;
    this.#findings = findings;
    this.#amounts = new AmountColumn(findings);
    if (file.kind === 'invoice') {
      state.billed.expect();
      const from = state.invoices.table.size;
      state.ranges.set(file.path, { from, to: from });
    }
  }

  /** The key columns that are declared, from 1. */
  get declaredKeys(): ReadonlySet<number> {
    const { kind } = this.#file;
    const { recognised } = this.#state;
    const isDeclared = (column: number): boolean =>
      column === this.#roles.customer
        ? !recognised.has('invoice.customer')
        : !recognised.has(kind === 'items' ? 'items.invoice' : `${kind}.key`);
    return new Set([...this.keys].filter(isDeclared));
  }

  /** The key columns, from 1. */
  get keys(): ReadonlySet<number> {
    return new Set([this.#roles.key, this.#roles.customer].filter((column) => column > 0));
  }

  /** The sum of the amounts as a decimal; `null` when their column is not named or a value is not an amount. */
  get total(): string | null {
    return this.#roles.amount === 0 ? null : this.#amounts.total;
  }

  /** @returns the columns to select, from 1 */
  header(names: readonly string[], line: number): readonly number[] {
    const { kind } = this.#file;
    this.#roles = findRoleColumns(kind, this.#state, names, line, this.#findings);
    const { key, customer, amount } = this.#roles;
    return [key, customer, amount].filter((column) => column > 0);
  }

  /** @param columns the columns selected from now on, in the order of a record's bounds */
  select(columns: readonly number[]): void {
    this.#bounds = new Int32Array(2 * columns.length);
    const at = (column: number): number => (column > 0 ? 2 * columns.indexOf(column) : -1);
    this.#keyAt = at(this.#roles.key);
    this.#customerAt = at(this.#roles.customer);
    this.#checksCustomers = this.#state.checksCustomers;
    this.#amountAt = at(this.#roles.amount);
  }

  /** Checks a whole record that begins on `line`. */
  record(line: number, bytes: Uint8Array, bounds: Int32Array): void {
    const keyAt = this.#keyAt;
    const customerAt = this.#customerAt;
    const amountAt = this.#amountAt;
    let amount: Amount = 'empty';
    if (amountAt >= 0) {
      const from = bounds[amountAt] as number;
      amount = this.#amounts.read(line, this.#roles.amount, bytes, from, bounds[amountAt + 1] as number);
    }
    if (keyAt >= 0) {
      this.#checkKey(line, amount, bytes, bounds[keyAt] as number, bounds[keyAt + 1] as number);
    }
    if (customerAt >= 0) {
      this.#checkCustomer(line, bytes, bounds[customerAt] as number, bounds[customerAt + 1] as number);
    }
  }

  /** Checks whole records. What needs a closer look is left to `record`. @returns false if all do */
  batch(records: RecordBatch): boolean {
    const { kind } = this.#file;
    const [keyAt, customerAt, amountAt] = [this.#keyAt, this.#customerAt, this.#amountAt];
    // Tests have another hash.
    if (!(this.#state.hash instanceof KeyHash64) || keyAt < 0) return false;
    if (kind !== 'customer' && amountAt < 0) return false;
    if (kind === 'invoice' && customerAt < 0) return false;
    const key = records.hash(keyAt / 2, 0);
    if (kind === 'customer') this.#customerBatch(records, key);
    else if (kind === 'items') this.#itemBatch(records, key, records.readAmounts(amountAt / 2));
    else this.#invoiceBatch(records, key, records.hash(customerAt / 2, 1), records.readAmounts(amountAt / 2));
    return true;
  }

  // One loop for each kind, over numbers only: calls that the compiler cannot inline cost as much as all the rest.

  #customerBatch(records: RecordBatch, firstKey: number): void {
    const { numbers, count } = records;
    const { customers } = this.#state;
    for (let record = 0, key = firstKey; record < count; record++, key += 5)
      if (addHashed(customers, numbers, key) < 0) this.#one(records, record);
  }

  #invoiceBatch(records: RecordBatch, firstKey: number, firstCustomer: number, firstAmount: number): void {
    const { numbers, fractions, count } = records;
    const { customers, invoices, balances, billed } = this.#state;
    const checksCustomers = this.#checksCustomers;
    let customer = firstCustomer;
    let amount = firstAmount;
    let last = this.#customer;
    for (let record = 0, key = firstKey; record < count; record++, key += 5, customer += 5, amount += 2) {
      const decimals = numbers[2 * amount + 2] as number;
      const low = numbers[customer] as number;
      const high = numbers[customer + 1] as number;
      const isKnown = numbers[customer + 4] !== NOT_HASHED;
      const found = checksCustomers && isKnown ? customers.find(low, high, last) : -1;
      const isPlain = decimals >= 0 && decimals <= 2 && isKnown && (found >= 0 || !checksCustomers);
      const number = isPlain ? addHashed(invoices, numbers, key) : -1;
      if (number < 0) {
        this.#customer = last;
        this.#one(records, record);
        last = this.#customer;
        continue;
      }
      const units = fractions[amount] as number;
      this.#amounts.add(units, decimals);
      balances.add(number, units);
      if (found >= 0) {
        last = found;
        customers.flags.set(found, REFERRED);
      } else billed.add({ low, high });
    }
    this.#customer = last;
  }

  #itemBatch(records: RecordBatch, firstKey: number, firstAmount: number): void {
    const { numbers, fractions, count } = records;
    const { invoices, balances } = this.#state;
    const { from, to } = this.#range ?? { from: 0, to: Number.POSITIVE_INFINITY };
    let amount = firstAmount;
    let last = this.#invoice;
    for (let record = 0, key = firstKey; record < count; record++, key += 5, amount += 2) {
      const decimals = numbers[2 * amount + 2] as number;
      const isPlain = decimals >= 0 && numbers[key + 4] !== NOT_HASHED;
      const number = isPlain ? invoices.find(numbers[key] as number, numbers[key + 1] as number, last) : -1;
      if (number < from || number >= to) {
        this.#invoice = last;
        this.#one(records, record);
        last = this.#invoice;
        continue;
      }
      const units = fractions[amount] as number;
      this.#amounts.add(units, decimals);
      balances.add(number, -units);
      if (number !== last) invoices.flags.set(number, REFERRED);
      last = number;
    }
    this.#invoice = last;
  }

  #one(records: RecordBatch, record: number): void {
    records.copyBounds(record, this.#bounds);
    this.record(records.line(record), records.block, this.#bounds);
  }

  /** Call at the end of the file. */
  end(): void {
    const { kind, path } = this.#file;
    const range = this.#state.ranges.get(path);
    if (kind === 'invoice' && range !== undefined) range.to = this.#state.invoices.table.size;
    if (this.#roles.customer > 0 && !this.#findings.incomplete) this.#state.billed.counted();
    // A file without a recognised key proves nothing about the keys of its kind.
    if (this.#findings.incomplete || this.#roles.key === 0) this.#state.markIncomplete(kind);
  }

  /** Hashes a key. @returns false for an empty key */
  #hash(bytes: Uint8Array, from: number, to: number): boolean {
    const value = this.#value;
    readValue(value, bytes, from, to);
    if (value.from === value.to) return false;
    this.#state.hash.update(value.bytes, value.from, value.to);
    return true;
  }

  #checkKey(line: number, amount: Amount, bytes: Uint8Array, from: number, to: number): void {
    const { kind } = this.#file;
    const { key } = this.#roles;
    if (!this.#hash(bytes, from, to)) {
      this.#findings.error('empty-key', () => emptyKey(line, key, kind === 'items' ? 'invoice' : 'key'));
      return;
    }
    const { customers, invoices, balances, hash } = this.#state;
    const value = this.#value;
    if (kind === 'customer') customers.add(hash, value.bytes, value.from, value.to);
    else if (kind === 'invoice') {
      const number = invoices.add(hash, value.bytes, value.from, value.to);
      if (this.#amountAt < 0) return;
      if (typeof amount === 'string') invoices.flags.set(number, AMOUNT_UNKNOWN);
      else {
        balances.add(number, amount);
        if (this.#amounts.decimals > 2) invoices.flags.set(number, decimalFlags(this.#amounts.decimals));
      }
    } else if (!this.#addItem(amount) && this.#state.checksInvoices) {
      this.#state.unknownOf(this.#file).add(line, key, valueText(value));
    }
  }

  /** The numbers of the invoices that the items belong to; all without one. */
  get #range(): { readonly from: number; readonly to: number } | undefined {
    return this.#file.of === undefined ? undefined : this.#state.ranges.get(this.#file.of);
  }

  /** Adds an item to the invoice with the current hash. @returns false when there is no such invoice */
  #addItem(amount: Amount): boolean {
    const { invoices, balances, hash } = this.#state;
    const number = invoices.find(hash.low, hash.high, this.#invoice);
    if (number < 0) return false;
    const range = this.#range;
    if (range !== undefined && (number < range.from || number >= range.to)) {
      // If the key is a duplicate, a later one may be in the right file: `verifyCandidates` decides.
      invoices.table.findRepeats();
      return (invoices.flags.get(number) & DUPLICATE) !== 0;
    }
    this.#invoice = number;
    invoices.flags.set(number, typeof amount === 'string' ? REFERRED | AMOUNT_UNKNOWN : REFERRED);
    if (typeof amount !== 'string') balances.subtract(number, amount);
    return true;
  }

  #checkCustomer(line: number, bytes: Uint8Array, from: number, to: number): void {
    const { customer } = this.#roles;
    const { hash, customers, billed } = this.#state;
    if (!this.#hash(bytes, from, to)) {
      billed.unknown();
      if (this.#checksCustomers)
        this.#findings.error(EMPTY_CUSTOMER, () => emptyKey(line, customer, 'customer'));
      return;
    }
    const number = this.#checksCustomers ? customers.find(hash.low, hash.high, this.#customer) : -1;
    if (number >= 0) {
      this.#customer = number;
      customers.flags.set(number, REFERRED);
      return;
    }
    billed.add(hash);
    if (this.#checksCustomers) this.#state.unknownOf(this.#file).add(line, customer, valueText(this.#value));
  }
}

/** Adds a key by its hash. @param at where the results of its hash are. @returns its number, -1 if it needs a closer look */
function addHashed(keys: KeySet, numbers: Int32Array, at: number): number {
  const what = numbers[at + 4];
  const low = numbers[at] as number;
  const high = numbers[at + 1] as number;
  if (what === HASH_IS_FOLDED) return keys.table.add(low, high);
  if (what !== WITH_FOLDED_HASH) return -1;
  return keys.addFolded(low, high, numbers[at + 2] as number, numbers[at + 3] as number);
}

/** The amount column of one file: reads each value and adds it up, or reports it. */
class AmountColumn {
  readonly #findings: FindingList;
  readonly #reader = new AmountReader();
  readonly #value: Value = emptyValue();
  readonly #sum = new ExactSums();
  /** How many decimals the last amount was written with. */
  decimals = 0;
  #decimals = 0;
  #unknown = false;

  constructor(findings: FindingList) {
    this.#findings = findings;
  }

  /** The sum as a decimal; `null` when a value is not an amount. */
  get total(): string | null {
    return this.#unknown ? null : formatDecimal(this.#sum.fine(0), this.#decimals);
  }

  /** Adds an amount that was read. */
  add(amount: number | bigint, decimals: number): void {
    this.decimals = decimals;
    this.#sum.add(0, amount);
    if (decimals > this.#decimals) this.#decimals = decimals;
  }

  /** Reads the value of a whole record. @returns the amount, or why it is not one */
  read(line: number, column: number, bytes: Uint8Array, from: number, to: number): Amount {
    const amount = isUnquoted(bytes, from, to)
      ? this.#reader.read(bytes, from, to)
      : this.#readQuoted(bytes, from, to);
    if (typeof amount !== 'string') {
      this.add(amount, this.#reader.decimals);
      return amount;
    }
    this.#unknown = true;
    // Groups of their own: an amount with a decimal comma shows that the column is the right one.
    const group = amount === 'empty' ? 'empty-amount' : amount === 'decimal-comma' ? amount : 'amount';
    this.#findings.error(group, () => {
      readValue(this.#value, bytes, from, to);
      if (amount === 'empty')
        return finding('empty-amount', { line, column }, 'the amount is empty', 'Write 0 for no amount.');
      return finding(
        'amount',
        { line, column },
        `${quotedValue(valueText(this.#value))} ${amountProblem(amount, valueText(this.#value))}`,
        'Write amounts as 1234.56 or -1234.56; 1,234.56 and (1,234.56) are also accepted.',
      );
    });
    return amount;
  }

  #readQuoted(bytes: Uint8Array, from: number, to: number): Amount {
    const value = this.#value;
    readValue(value, bytes, from, to);
    return this.#reader.read(value.bytes, value.from, value.to);
  }
}

/** Characters that look like those of an amount. */
const NOT_ASCII = /[\p{White_Space}\p{Pd}\u2212](?<![ -])/u;

function amountProblem(problem: Exclude<AmountProblem, 'empty'>, text: string): string {
  const [character = ''] = problem === 'not-a-number' ? (NOT_ASCII.exec(text) ?? []) : [];
  if (character === '') return AMOUNT_PROBLEMS[problem];
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `is not an amount: U+${code} looks like ${/\p{White_Space}/u.test(character) ? 'a space' : 'the minus sign -'}, but is another character`;
}

const AMOUNT_PROBLEMS: Readonly<Record<Exclude<AmountProblem, 'empty'>, string>> = {
  'not-a-number': 'is not an amount',
  comma: 'is ambiguous: the comma may separate thousands or decimals',
  'decimal-comma': 'cannot be read: it has a comma before the decimals',
  exponent: 'is written with an exponent, which loses digits',
  'too-fine': 'has more than 18 decimals',
};
