import { type FileHandle, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EbillError, errnoOf } from '../errors.ts';
import { makeFolders } from '../system/atomic-file.ts';
import { visible } from '../system/escaping.ts';
import {
  CUSTOMER_COLUMNS,
  customerRow,
  INVOICE_COLUMNS,
  ITEM_COLUMNS,
  type ResolvedSampleOptions,
  resolveSampleOptions,
  type SampleOptions,
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
  const { folder, seed, month, customers, bad } = options;
  const path = join(folder, `CUS_${month.name}.csv`);
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
  const { folder, month, invoices: count, itemFiles, bad } = options;
  const path = join(folder, `INV_${month.name}.csv`);
  const items: string[] = [];
  await CsvWriter.write(path, INVOICE_COLUMNS, async (invoices) => {
    const rejects = new BadRecords('key', bad, count);
    if (itemFiles === 0) await writeRange(options, 0, count, { invoices, rejects });
    for (let file = 0; file < itemFiles; file++) {
      const from = Math.floor((file * count) / itemFiles);
      const to = Math.floor(((file + 1) * count) / itemFiles);
      const itemPath = join(folder, `ITM_${month.name}_${file + 1}.csv`);
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

/** Characters to collect before they are written. */
const BUFFERED = 1 << 18;

/** Writes a CSV file (RFC 4180, LF, UTF-8) row by row with flat memory. Libraries take minutes for millions of rows. */
class CsvWriter {
  readonly #handle: FileHandle;
  #buffered = '';
  #rows = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /**
   * Creates a file with this header, lets `fill` add its rows, and closes it, even when `fill` throws.
   * Throws EbillError USAGE when the file exists: it may hold real data.
   */
  static async write(
    path: string,
    header: readonly string[],
    fill: (output: CsvWriter) => Promise<void>,
  ): Promise<void> {
    const handle = await open(path, 'wx').catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
      throw new EbillError('USAGE', `${visible(path)} already exists; sample data never replaces a file.`, {
        hint: 'Choose another folder, or remove the file.',
        cause: error,
      });
    });
    try {
      const output = new CsvWriter(handle);
      output.#buffered = csvLine(header);
      await fill(output);
      await output.flush();
    } finally {
      await handle.close();
    }
  }

  /** Rows besides the header. */
  get rows(): number {
    return this.#rows;
  }

  /** When true, await `flush` before adding more rows. */
  get isFull(): boolean {
    return this.#buffered.length > BUFFERED;
  }

  row(fields: readonly string[]): void {
    this.#buffered += csvLine(fields);
    this.#rows += 1;
  }

  async flush(): Promise<void> {
    const text = this.#buffered;
    this.#buffered = '';
    await this.#handle.writeFile(text);
  }
}

const NEEDS_QUOTES = /[",\r\n]/;

function csvLine(fields: readonly string[]): string {
  let text = '';
  let separator = '';
  for (const field of fields) {
    text += separator + (NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
    separator = ',';
  }
  return `${text}\n`;
}

/**
 * Adds records that pass every check of a single file but that an eBill server rejects. Customer and invoice files get,
 * in turn, an empty key and a repeated key (the later one is rejected); item files get, in turn, an unknown invoice and
 * none at all. Bad invoices have no items, so no bad record makes another one fail.
 */
class BadRecords {
  readonly #kind: 'key' | 'reference';
  readonly #total: number;
  readonly #steps: number;
  #written = 0;

  /** Spreads `total` records evenly over `steps` calls of `after`. */
  constructor(kind: 'key' | 'reference', total: number, steps: number) {
    this.#kind = kind;
    this.#total = total;
    this.#steps = steps;
  }

  /** Bad records added so far. */
  get written(): number {
    return this.#written;
  }

  /** Call after the good `row` of each step (counted from 0): adds the bad records due here, made from that row. */
  after(step: number, row: readonly string[], output: CsvWriter): void {
    const due = Math.floor(((step + 1) * this.#total) / this.#steps);
    while (this.#written < due) {
      const empty = this.#written % 2 === (this.#kind === 'key' ? 0 : 1);
      const key = this.#kind === 'key' ? (row[0] ?? '') : `NONE-${this.#written + 1}`;
      output.row([empty ? '' : key, ...row.slice(1)]);
      this.#written += 1;
    }
  }
}
