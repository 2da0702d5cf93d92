import { resolve } from 'node:path';
import { EbillError } from '../errors.ts';

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
  /** How many records that a server rejects are added to each file. `true` means 3. Default: none. */
  readonly bad?: number | boolean;
  /** The load's name: the end of the file names and the month of the dates. Default: `AUG_2020`. */
  readonly month?: string;
  /** How the file names begin. Default: `CUS`, `INV`, `ITM`. */
  readonly names?: { readonly customers?: string; readonly invoices?: string; readonly items?: string };
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
  readonly names: { readonly customers: string; readonly invoices: string; readonly items: string };
}

/** The month that sample data is dated in. */
export interface BillingMonth {
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
  const { records, itemFiles = 1, itemsPerInvoice = 3 } = options;
  const bad = options.bad === true ? 3 : options.bad || 0;
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
    names: { customers: 'CUS', invoices: 'INV', items: 'ITM', ...options.names },
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
      hint: 'Use letters, digits, _ and - in the month, for example AUG_2020.',
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
