import { basename, join } from 'node:path';
import { makeFolders } from '../system/atomic-file.ts';
import { BadRecords, CsvWriter } from './sample-files.ts';
import { type ResolvedSampleOptions, resolveSampleOptions, type SampleOptions } from './sample-options.ts';
import {
  CUSTOMER_COLUMNS,
  customerRow,
  INVOICE_COLUMNS,
  ITEM_COLUMNS,
  sampleInvoice,
} from './sample-records.ts';

/** The files written. Paths are absolute; the keys of `counts` and `failures` are base names. */
export interface SampleFiles {
  readonly customers: readonly string[];
  readonly invoices: readonly string[];
  readonly items: readonly string[];
  /** Records without the header, bad ones included. */
  readonly counts: Readonly<Record<string, number>>;
  /** How many of them an eBill server rejects (see `BadRecords`). */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Writes a month of plausible billing data into `folder` (created if missing): one customer file, one invoice file, and
 * item files that keep the items of an invoice together. Memory is flat for millions of rows, and every file passes
 * preflight. Throws EbillError USAGE for options that are out of range and for a file that exists.
 */
export async function writeSample(folder: string, options: SampleOptions): Promise<SampleFiles> {
  const resolved = resolveSampleOptions(folder, options);
  await makeFolders(resolved.folder);
  const written = new Written();
  const customers = await writeCustomers(resolved, written);
  const { invoices, items } = await writeInvoices(resolved, written);
  return {
    customers: [customers],
    invoices: [invoices],
    items,
    counts: written.counts,
    failures: written.failures,
  };
}

/** Counts of the files written so far. */
class Written {
  readonly counts: Record<string, number> = {};
  readonly failures: Record<string, number> = {};

  add(path: string, output: CsvWriter, bad: BadRecords): void {
    this.counts[basename(path)] = output.rows;
    this.failures[basename(path)] = bad.written;
  }
}

async function writeCustomers(options: ResolvedSampleOptions, written: Written): Promise<string> {
  const { folder, seed, month, customers, bad, names } = options;
  const path = join(folder, `${names.customers}_${month.name}.csv`);
  await CsvWriter.write(path, CUSTOMER_COLUMNS, async (output) => {
    const rejects = new BadRecords('key', bad, customers);
    for (let i = 0; i < customers; i++) {
      const row = customerRow(seed, i);
      output.row(row);
      rejects.after(i, row, output);
      if (output.isFull) await output.flush();
    }
    written.add(path, output, rejects);
  });
  return path;
}

/** Writes the invoice file and, at the same time, one item file after another. */
async function writeInvoices(
  options: ResolvedSampleOptions,
  written: Written,
): Promise<{ invoices: string; items: string[] }> {
  const { folder, month, invoices: count, itemFiles, bad, names } = options;
  const path = join(folder, `${names.invoices}_${month.name}.csv`);
  const items: string[] = [];
  await CsvWriter.write(path, INVOICE_COLUMNS, async (invoices) => {
    const rejects = new BadRecords('key', bad, count);
    if (itemFiles === 0) await writeRange(options, 0, count, { invoices, rejects });
    for (let file = 0; file < itemFiles; file++) {
      const from = Math.floor((file * count) / itemFiles);
      const to = Math.floor(((file + 1) * count) / itemFiles);
      const itemPath = join(folder, `${names.items}_${month.name}_${file + 1}.csv`);
      items.push(itemPath);
      await CsvWriter.write(itemPath, ITEM_COLUMNS, async (output) => {
        const itemRejects = new BadRecords('reference', bad, to - from);
        await writeRange(options, from, to, { invoices, rejects, items: output, itemRejects });
        written.add(itemPath, output, itemRejects);
      });
    }
    written.add(path, invoices, rejects);
  });
  return { invoices: path, items };
}

interface Outputs {
  readonly invoices: CsvWriter;
  readonly rejects: BadRecords;
  readonly items?: CsvWriter;
  readonly itemRejects?: BadRecords;
}

/** Writes the invoices `from` (included) to `to` (excluded), each with all of its items. */
async function writeRange(
  options: ResolvedSampleOptions,
  from: number,
  to: number,
  outputs: Outputs,
): Promise<void> {
  const { invoices, rejects, items, itemRejects } = outputs;
  for (let i = from; i < to; i++) {
    const invoice = sampleInvoice(
      options.seed,
      options.month,
      i,
      i % options.customers,
      options.itemsPerInvoice,
    );
    invoices.row(invoice.row);
    rejects.after(i, invoice.row, invoices);
    if (invoices.isFull) await invoices.flush();
    if (items === undefined) continue;
    for (const item of invoice.items) items.row(item);
    itemRejects?.after(i - from, invoice.items[0] ?? [], items);
    if (items.isFull) await items.flush();
  }
}
