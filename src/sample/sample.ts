import { basename, join } from 'node:path';
import { makeFolders } from '../system/folders.ts';
import { BadRecords } from './bad-records.ts';
import { CsvOutput } from './csv-output.ts';
import { type SampleOptions, settle, type Wanted } from './options.ts';
import { CUSTOMER_COLUMNS, customerRow, INVOICE_COLUMNS, ITEM_COLUMNS, sampleInvoice } from './records.ts';

/** What was written. Paths are absolute; `counts` and `failures` go by base name. */
export interface SampleFiles {
  readonly customers: readonly string[];
  readonly invoices: readonly string[];
  readonly items: readonly string[];
  /** Records besides the header, bad ones included. */
  readonly counts: Readonly<Record<string, number>>;
  /** How many of them an eBill server is expected to fail (see `BadRecords`). */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Writes a month of plausible billing data into `folder` (made if missing): one customer file, one invoice file, and
 * item files in which an invoice's items stay together. Streams: memory is flat for millions of rows. Every file passes
 * preflight. Throws EbillError USAGE for options that cannot be met and for a file that is there already.
 */
export async function writeSample(folder: string, options: SampleOptions): Promise<SampleFiles> {
  const wanted = settle(folder, options);
  await makeFolders(wanted.folder);
  const written = new Written();
  const customers = await writeCustomers(wanted, written);
  const { invoices, items } = await writeInvoices(wanted, written);
  return {
    customers: [customers],
    invoices: [invoices],
    items,
    counts: written.counts,
    failures: written.failures,
  };
}

/** The tally of the files written so far. */
class Written {
  readonly counts: Record<string, number> = {};
  readonly failures: Record<string, number> = {};

  add(path: string, output: CsvOutput, bad: BadRecords): void {
    this.counts[basename(path)] = output.rows;
    this.failures[basename(path)] = bad.written;
  }
}

async function writeCustomers(wanted: Wanted, written: Written): Promise<string> {
  const { folder, seed, month, customers, bad, names } = wanted;
  const path = join(folder, `${names.customers}_${month.name}.csv`);
  await CsvOutput.write(path, CUSTOMER_COLUMNS, async (output) => {
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

/** The invoice file, and beside it one item file after the other. */
async function writeInvoices(
  wanted: Wanted,
  written: Written,
): Promise<{ invoices: string; items: string[] }> {
  const { folder, month, invoices: count, itemFiles, bad, names } = wanted;
  const path = join(folder, `${names.invoices}_${month.name}.csv`);
  const items: string[] = [];
  await CsvOutput.write(path, INVOICE_COLUMNS, async (invoices) => {
    const rejects = new BadRecords('key', bad, count);
    if (itemFiles === 0) await writeRange(wanted, 0, count, { invoices, rejects });
    for (let file = 0; file < itemFiles; file++) {
      const from = Math.floor((file * count) / itemFiles);
      const to = Math.floor(((file + 1) * count) / itemFiles);
      const itemPath = join(folder, `${names.items}_${month.name}_${file + 1}.csv`);
      items.push(itemPath);
      await CsvOutput.write(itemPath, ITEM_COLUMNS, async (output) => {
        const itemRejects = new BadRecords('reference', bad, to - from);
        await writeRange(wanted, from, to, { invoices, rejects, items: output, itemRejects });
        written.add(itemPath, output, itemRejects);
      });
    }
    written.add(path, invoices, rejects);
  });
  return { invoices: path, items };
}

interface Outputs {
  readonly invoices: CsvOutput;
  readonly rejects: BadRecords;
  readonly items?: CsvOutput;
  readonly itemRejects?: BadRecords;
}

/** The invoices from one index up to, not including, another, each with all of its items. */
async function writeRange(wanted: Wanted, from: number, to: number, outputs: Outputs): Promise<void> {
  const { invoices, rejects, items, itemRejects } = outputs;
  for (let i = from; i < to; i++) {
    const invoice = sampleInvoice(wanted.seed, wanted.month, i, i % wanted.customers, wanted.itemsPerInvoice);
    invoices.row(invoice.row);
    rejects.after(i, invoice.row, invoices);
    if (invoices.isFull) await invoices.flush();
    if (items === undefined) continue;
    for (const item of invoice.items) items.row(item);
    itemRejects?.after(i - from, invoice.items[0] ?? [], items);
    if (items.isFull) await items.flush();
  }
}
