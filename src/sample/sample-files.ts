import { type FileHandle, open } from 'node:fs/promises';
import { EbillError, errnoOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';

/** Characters to collect before they are written. */
const BUFFERED = 1 << 18;

/** Writes a CSV file (RFC 4180, LF, UTF-8) row by row with flat memory. Libraries take minutes for millions of rows. */
export class CsvWriter {
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
export class BadRecords {
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
