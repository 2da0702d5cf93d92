import { MAX_KERNEL_COLUMNS, MAX_KERNEL_SELECTED, type PlainTable, ScanKernel } from './scan-kernel.ts';
import type { RecordEnds } from './structure.ts';

/** A kernel that passes fewer bytes costs more than it saves. */
const WORTHWHILE = 256;
const LONGEST_PAUSE = 16_384;

/**
 * Passes over the records in which the scanner finds nothing, where a block is in the memory of a `ScanKernel`. Pauses where
 * few records are like that.
 */
export class PlainRecords {
  /** From here on in the block, try again with the next record. */
  next = Number.POSITIVE_INFINITY;
  /** Records passed by the last `pass`, and their lines. */
  records = 0;
  lines = 0;
  #kernel: ScanKernel | undefined;
  readonly #ends: RecordEnds;
  #table: PlainTable | undefined;
  #columns: Int32Array | undefined;
  #pause = 0;

  constructor(ends: RecordEnds) {
    this.#ends = ends;
  }

  startBlock(block: Uint8Array): void {
    this.#kernel = ScanKernel.of(block);
    this.next = this.#kernel === undefined ? Number.POSITIVE_INFINITY : 0;
  }

  /**
   * Passes over records that begin at `at`, on this line, and passes their values on.
   * @param lastFilled the last column with a value in any record so far
   * @param header the first bytes of the header; empty if nothing is known of it
   * @returns where the next record begins
   */
  pass(block: Uint8Array, at: number, line: number, lastFilled: number, header: Uint8Array): number {
    const { width, values } = this.#ends;
    const kernel = this.#kernel;
    const selected = values.columns.length - 1;
    this.records = 0;
    if (
      kernel === undefined ||
      lastFilled === 0 ||
      header.length === 0 ||
      width > MAX_KERNEL_COLUMNS ||
      selected > MAX_KERNEL_SELECTED
    ) {
      this.next = at + 1;
      return at;
    }
    if (this.#table?.lastFilled !== lastFilled || this.#columns !== values.columns) {
      this.#columns = values.columns;
      this.#table = { header, columns: width, lastFilled, selected: values.columns.subarray(0, selected) };
    }
    let to = kernel.pass(block, at, line, this.#table);
    this.records = kernel.count;
    this.lines = kernel.lines;
    if (selected > 0 && !this.#ends.deliverAll(kernel)) to = this.#deliver(kernel, block, line, to);
    this.#pause = to - at >= WORTHWHILE ? 0 : Math.min(Math.max(2 * this.#pause, WORTHWHILE), LONGEST_PAUSE);
    this.next = to + this.#pause;
    return to;
  }

  /** @returns `to`, or where the first record begins that needs other columns */
  #deliver(kernel: ScanKernel, block: Uint8Array, line: number, to: number): number {
    const { bounds } = this.#ends.values;
    for (let record = 0; record < this.records; record++) {
      kernel.copyBounds(record, bounds);
      if (!this.#ends.deliver(kernel.line(record), true, block, bounds)) continue;
      if (record + 1 === this.records) break;
      this.records = record + 1;
      this.lines = kernel.line(record + 1) - line;
      return kernel.start(record + 1);
    }
    return to;
  }
}
