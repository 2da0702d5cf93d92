import { resolve } from 'node:path';
import { EbillError } from '../errors.ts';
import { COUNTRIES, FIRMS, PRODUCTS } from './word-lists.ts';

/** The columns of each kind of file. */
export const CUSTOMER_COLUMNS = [
  'Account Number',
  'Name',
  'Email',
  'Street',
  'City',
  'Postal Code',
  'Country',
  'Currency',
] as const;
export const INVOICE_COLUMNS = [
  'Invoice Number',
  'Account Number',
  'Invoice Date',
  'Due Date',
  'Currency',
  'Amount',
] as const;
export const ITEM_COLUMNS = [
  'Invoice Number',
  'Line',
  'Description',
  'Quantity',
  'Unit Price',
  'Amount',
] as const;

/** Leading zeros are part of the number: a program that reads it as a number loses them (api rule 1). */
function accountNumber(index: number): string {
  return String(1007 + index * 37).padStart(10, '0');
}

function invoiceNumber(month: BillingMonth, index: number): string {
  return `INV-${month.digits}-${String(index + 1).padStart(7, '0')}`;
}

/** The row of the customer with this index, from 0; the same on every call. */
export function customerRow(seed: number, index: number): string[] {
  const random = SeededRandom.at(seed, index);
  const country = random.pick(COUNTRIES);
  const firm = random.next() < 0.3;
  const last = random.pick(country.last);
  const name = firm ? `${last} ${random.pick(FIRMS)}` : `${random.pick(country.first)} ${last}`;
  const account = accountNumber(index);
  return [
    account,
    name,
    `${firm ? 'billing' : 'customer'}.${Number(account)}@example.${country.code.toLowerCase()}`,
    `${random.pick(country.streets)} ${random.between(1, 240)}`,
    random.pick(country.cities),
    country.postal(String(random.between(0, 99_999)).padStart(5, '0')),
    country.code,
    country.currency,
  ];
}

/** An invoice and its items; the amounts of the items add up to the invoice amount exactly. */
interface SampleInvoice {
  readonly row: string[];
  readonly items: readonly string[][];
}

/** The invoice with this index, from 0, for this customer. `itemsPerInvoice` is an average; each has at least one item. */
export function sampleInvoice(
  seed: number,
  month: BillingMonth,
  index: number,
  customer: number,
  itemsPerInvoice: number,
): SampleInvoice {
  const number = invoiceNumber(month, index);
  const random = SeededRandom.at(seed ^ 0x1b873593, index);
  const items: string[][] = [];
  let total = 0;
  const add = (description: string, quantity: number, price: number) => {
    total += quantity * price;
    items.push([
      number,
      String(items.length + 1),
      description,
      String(quantity),
      money(price),
      money(quantity * price),
    ]);
  };
  const lines = random.between(1, Math.max(1, 2 * itemsPerInvoice - 1));
  for (let i = 0; i < lines; i++) {
    const product = random.pick(PRODUCTS);
    const quantity =
      product.price < 100 ? random.between(1, 400) : random.next() < 0.8 ? 1 : random.between(2, 5);
    // Never the first line, so that the total stays above zero.
    if (i > 0 && random.next() < 0.05) add('Loyalty discount, 10%', 1, -Math.round(total / 10));
    else add(product.name, quantity, product.price + random.between(0, 20));
  }
  const day = random.between(1, month.days);
  const currency = customerRow(seed, customer).at(-1) ?? '';
  const row = [
    number,
    accountNumber(customer),
    month.date(day),
    month.date(day + random.pick([14, 21, 30])),
    currency,
    money(total),
  ];
  return { row, items };
}

/** Whole cents as a decimal number, without floating point. */
function money(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** A pseudo-random generator (mulberry32): the same numbers for the same seed on every machine. */
class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A generator for one index: the nth customer is the same in whatever order the rows are made. */
  static at(seed: number, index: number): SeededRandom {
    return new SeededRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35));
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** An element of a non-empty list. */
  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)] as T;
  }
}

export interface SampleOptions {
  /** The same seed and options give the same bytes. Default: 1. */
  readonly seed?: number;
  /** Invoices, not counting bad ones; at least 1. */
  readonly records: number;
  /** Customers. Default: four for every five invoices. */
  readonly customers?: number;
  /** Number of item files. Default: 1; at most one for each invoice, 0 for none. */
  readonly itemFiles?: number;
  /** Average number of items for an invoice. Default: 3; each has at least one. */
  readonly itemsPerInvoice?: number;
  /** How many records that a server rejects are added to each file. Default: none. */
  readonly bad?: number;
  /** The load's name: the end of the file names and the month of the dates. Default: `AUG_2020`. */
  readonly month?: string;
}

/** The options with every default filled in. */
export interface ResolvedSampleOptions {
  /** Absolute path. */
  readonly folder: string;
  readonly seed: number;
  readonly month: BillingMonth;
  readonly invoices: number;
  readonly customers: number;
  readonly itemFiles: number;
  readonly itemsPerInvoice: number;
  readonly bad: number;
}

/** The month that sample data is dated in. */
interface BillingMonth {
  /** As given; part of the file names: `AUG_2020`. */
  readonly name: string;
  /** `202008`. */
  readonly digits: string;
  /** Days in the month. */
  readonly days: number;
  /** ISO date of a day of the month, counted from 1; later days run on into the following months. */
  date(day: number): string;
}

/** Fills in the defaults. Throws EbillError USAGE for a value that is out of range. */
export function resolveSampleOptions(folder: string, options: SampleOptions): ResolvedSampleOptions {
  const { records, itemFiles = 1, itemsPerInvoice = 3, bad = 0 } = options;
  const customers = options.customers ?? Math.ceil(records * 0.8);
  const minimum = { records: 1, customers: 1, itemFiles: 0, itemsPerInvoice: 1, bad: 0 };
  for (const [name, value] of Object.entries({ records, customers, itemFiles, itemsPerInvoice, bad })) {
    const least = minimum[name as keyof typeof minimum];
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new EbillError('USAGE', `${name} is ${value}.`, {
      hint: `Use a whole number that is at least ${least}.`,
    });
  }
  if (itemFiles > records) {
    throw new EbillError('USAGE', `${records} invoices cannot be spread over ${itemFiles} item files.`, {
      hint: 'Use more invoices or fewer item files.',
    });
  }
  return {
    folder: resolve(folder),
    seed: options.seed ?? 1,
    month: billingMonth(options.month ?? 'AUG_2020'),
    invoices: records,
    customers,
    itemFiles,
    itemsPerInvoice,
    bad,
  };
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/**
 * Reads a load's name as a month (`AUG_2020`, `AUGUST_2020`); any other name is dated August 2020, as in the vendor's
 * examples. Throws EbillError USAGE for a name that cannot be part of a file name.
 */
function billingMonth(name: string): BillingMonth {
  if (!/^\w[\w.-]*$/.test(name)) {
    throw new EbillError('USAGE', `"${encodeURIComponent(name)}" cannot be part of a file name.`, {
      hint: 'Use letters, digits, _ and - in the month.',
    });
  }
  const [, word, digits] = /^([A-Za-z]{3})[A-Za-z]*[_-]?(\d{4})$/.exec(name) ?? [];
  const known = MONTHS.indexOf((word ?? '').toUpperCase());
  const month = known === -1 ? 7 : known;
  const year = known === -1 ? 2020 : Number(digits);
  return {
    name,
    digits: `${year}${String(month + 1).padStart(2, '0')}`,
    days: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
    date: (day) => new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10),
  };
}
