import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

// All files are the same for the same arguments.

/** `random(n)` is an integer below n. */
function randomFrom(first: number): (below: number) => number {
  let seed = first;
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 4294967296) * below);
  };
}

export interface RowsFile {
  readonly path: string;
  readonly bytes: number;
  readonly md5: string;
}

/** Writes about `megabytes` of records, in columns that are not recognised: `preflight` measures checks of keys and amounts. */
export function writeRows(path: string, megabytes: number, seed = 1): RowsFile {
  const random = randomFrom(seed);
  let rows = '';
  while (rows.length < 1e6) {
    const key = random(2 ** 32);
    rows += `${String(key).padStart(10, '0')},"Smith, Jo ${key % 1000}",Berlin\n`;
  }
  const md5 = createHash('md5');
  const file = openSync(path, 'wx');
  let bytes = 0;
  const write = (block: Buffer): void => {
    bytes += writeSync(file, block);
    md5.update(block);
  };
  write(Buffer.from('K1,K2,K3\n'));
  const block = Buffer.from(rows);
  for (let n = 0; n < megabytes; n++) write(block);
  closeSync(file);
  return { path, bytes, md5: md5.digest('hex') };
}

const CUSTOMERS = 'Account Number,Name,City\n';
const INVOICES = 'Invoice Number,Account Number,Date,Due,Currency,Amount\n';
const ITEMS = 'Invoice Number,Line,Description,Quantity,Unit Price,Amount\n';
const TEXTS = [
  'Broadband access for the month',
  '"Mobile line, with data"',
  '"Fiber ""fast"", 100"',
  '"Set-up\nand delivery"',
  'Dépôt für Gerät',
];

export interface MonthFiles {
  readonly customer: string;
  readonly invoice: string;
  readonly items: string;
  /** The item file in another order. */
  readonly shuffled: string;
  readonly counts: { readonly customers: number; readonly invoices: number; readonly items: number };
}

/** Writes files that agree with each other. @param size bytes of the item file, about */
export async function writeMonth(folder: string, size: number): Promise<MonthFiles> {
  const paths = {
    customer: join(folder, 'cus.csv'),
    invoice: join(folder, 'inv.csv'),
    items: join(folder, 'itm.csv'),
    shuffled: join(folder, 'itm-shuffled.csv'),
  };
  const customer = new Writer(await open(paths.customer, 'wx'));
  const invoice = new Writer(await open(paths.invoice, 'wx'));
  const items = new Writer(await open(paths.items, 'wx'));
  const shuffled = new Writer(await open(paths.shuffled, 'wx'));
  const random = randomFrom(1);
  const place = randomFrom(2);
  const counts = { customers: 0, invoices: 0, items: 0 };
  await customer.write(CUSTOMERS);
  await invoice.write(INVOICES);
  for (const file of [items, shuffled]) await file.write(ITEMS);
  // In the shuffled file each item changes places with one of the last ten thousand.
  const waiting: string[] = [];
  while (items.bytes < size) {
    const account = String(1007 + (counts.invoices >> 1) * 37).padStart(10, '0');
    if (counts.invoices % 2 === 0) {
      counts.customers += 1;
      await customer.write(`${account},"Smith, Jo ${counts.customers}",Berlin\n`);
    }
    counts.invoices += 1;
    const number = `INV-202008-${String(counts.invoices).padStart(7, '0')}`;
    let total = 0;
    for (let line = 1 + random(4); line > 0; line--) {
      const price = 100 + random(9000);
      total += price;
      counts.items += 1;
      const item = `${number},${line},${TEXTS[random(TEXTS.length)]},1,${money(price)},${money(price)}\n`;
      await items.write(item);
      const at = place(10_000);
      await shuffled.write(waiting[at] ?? '');
      waiting[at] = item;
    }
    await invoice.write(`${number},${account},2020-08-11,2020-08-30,EUR,${money(total)}\n`);
  }
  for (const item of waiting) await shuffled.write(item ?? '');
  for (const file of [customer, invoice, items, shuffled]) await file.end();
  return { ...paths, counts };
}

const money = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

/** Writes megabyte by megabyte. */
class Writer {
  bytes = 0;
  #buffered = '';
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(text: string): Promise<void> {
    this.#buffered += text;
    this.bytes += text.length;
    if (this.#buffered.length < 1 << 20) return;
    const full = this.#buffered;
    this.#buffered = '';
    await this.#handle.writeFile(full);
  }

  async end(): Promise<void> {
    await this.#handle.writeFile(this.#buffered);
    await this.#handle.close();
  }
}
