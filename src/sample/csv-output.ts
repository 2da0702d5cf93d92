import { type FileHandle, open } from 'node:fs/promises';
import { EbillError, errnoOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';

/** How much is gathered before it is written (characters). */
const GATHER = 1 << 18;

/** Writes a CSV file (RFC 4180, LF, UTF-8) row by row with flat memory. Own, because libraries take minutes for millions of rows. */
export class CsvOutput {
  readonly #handle: FileHandle;
  #gathered = '';
  #rows = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /**
   * Makes a file with this header and closes it when `fill` has added its rows, or has failed.
   * A file that is there already may be somebody's data: EbillError USAGE.
   */
  static async write(
    path: string,
    header: readonly string[],
    fill: (output: CsvOutput) => Promise<void>,
  ): Promise<void> {
    const handle = await open(path, 'wx').catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
      throw new EbillError('USAGE', `${visible(path)} is there already; sample data replaces no file.`, {
        hint: 'Choose another folder, or remove the file.',
        cause: error,
      });
    });
    try {
      const output = new CsvOutput(handle);
      output.#gathered = line(header);
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

  /** True when `flush` should be awaited before more rows. */
  get isFull(): boolean {
    return this.#gathered.length > GATHER;
  }

  row(fields: readonly string[]): void {
    this.#gathered += line(fields);
    this.#rows += 1;
  }

  async flush(): Promise<void> {
    const text = this.#gathered;
    this.#gathered = '';
    await this.#handle.writeFile(text);
  }
}

const NEEDS_QUOTES = /[",\r\n]/;

function line(fields: readonly string[]): string {
  let text = '';
  let separator = '';
  for (const field of fields) {
    text += separator + (NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
    separator = ',';
  }
  return `${text}\n`;
}
