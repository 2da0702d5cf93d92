import { SCAN_KERNEL } from './scan-kernel-bytes.ts';

/** What the kernel must know of a table. A new object for each change: the kernel compares only the reference. */
export interface PlainTable {
  /** The first bytes of the header. A record that begins with them is not passed. */
  readonly header: Uint8Array;
  readonly columns: number;
  /** A record with a value in a later column is not passed. */
  readonly lastFilled: number;
  /** The columns whose values are located, ascending, from 1. */
  readonly selected: Int32Array;
}

/** Limits of the areas in the kernel's memory. */
export const MAX_KERNEL_COLUMNS = 4096;
export const MAX_KERNEL_SELECTED = 1024;

// Places in the kernel's memory, in bytes; `scan-kernel.wat` has the same.
const HEADER = 0;
const HEADER_BYTES = 16;
const MASK = 16;
const RESULTS = 32;
const SELECTED = 1024;
const FOUND = 32_768;
/** For up to 4096 records: those with one selected column that `FOUND` has room for. */
const HASHES = [98_304, 180_224] as const;
const AMOUNTS = 262_144;
const BLOCKS = 327_680;
/** After the last block: the kernel reads up to 64 bytes beyond the end, and ignores them. */
const MARGIN = 128;
const PAGE = 65_536;

interface WasmApi {
  readonly Memory: new (limits: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => {
    readonly buffer: SharedArrayBuffer;
  };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Functions };
}

interface Functions {
  scan(at: number, end: number, base: number, commas: number, trailing: number, selected: number): number;
  search(at: number, end: number): number;
  hashes(count: number, at: number, size: number, base: number, out: number): void;
  amounts(count: number, at: number, size: number, base: number, out: number): void;
  digits(count: number, at: number, size: number, base: number, width: number): number;
}

// What is known of a value after `hash`. Quoted and empty values are not hashed; others (3) have characters that `FoldedHash` decodes.
export const NOT_HASHED = 0;
export const HASH_IS_FOLDED = 1;
export const WITH_FOLDED_HASH = 2;

/** Whole records, with bounds of their selected values; valid only during a call. Records and values count from 0. */
export interface RecordBatch {
  readonly block: Uint8Array;
  readonly count: number;
  line(record: number): number;
  copyBounds(record: number, bounds: Int32Array): void;
  /** All numbers of the batch, and the same memory as doubles. */
  readonly numbers: Int32Array;
  readonly fractions: Float64Array;
  /** Where in `numbers` the start of a value of the first record is, and then its end. */
  firstBounds(value: number): number;
  /** How many numbers later those of the next record are. */
  readonly step: number;
  /**
   * Hashes a value of each record, as `KeyHash64` does.
   * @param area where to; the other one is kept
   * @returns where the results are in `numbers`, five for each record: low, high, low and high of `FoldedHash`, and what is known
   */
  hash(value: number, area: 0 | 1): number;
  /**
   * Reads a value of each record, as `AmountReader` does.
   * @returns where the results are: two `fractions` for each record, the amount, and (as the third of four `numbers`) its decimals;
   *   -1 for a value that needs a closer look
   */
  readAmounts(value: number): number;
  /** How many records, from this one on, have exactly `width` digits as this value. */
  digits(value: number, record: number, width: number): number;
}

const kernels = new WeakMap<ArrayBufferLike, ScanKernel>();

/**
 * WebAssembly that passes over the records of a CSV file in which `CsvScanner` finds nothing: of the right width, with quotes only
 * around values, line ends LF or CRLF. It works on shared memory that contains the blocks of the file.
 */
export class ScanKernel implements RecordBatch {
  /** The block of the last `pass`. */
  block: Uint8Array = new Uint8Array(0);
  readonly #functions: Functions;
  readonly #bytes: Uint8Array;
  readonly #numbers: Int32Array;
  readonly #fractions: Float64Array;
  #table: PlainTable | undefined;
  #line = 0;
  #step = 2;

  private constructor(functions: Functions, memory: SharedArrayBuffer) {
    this.#functions = functions;
    this.#bytes = new Uint8Array(memory);
    this.#numbers = new Int32Array(memory);
    this.#fractions = new Float64Array(memory);
  }

  /** The kernel whose memory contains a block. Without one, the scanner reads every byte itself. */
  static of({ buffer }: Uint8Array): ScanKernel | undefined {
    return kernels.get(buffer);
  }

  /** @returns shared memory for blocks; `undefined` if Node.js has no WebAssembly with SIMD, or too little address space */
  static memory(bytes: number): Buffer | undefined {
    const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly?: WasmApi };
    if (wasm === undefined) return undefined;
    const pages = Math.ceil((BLOCKS + bytes + MARGIN) / PAGE);
    try {
      const module = new wasm.Module(Buffer.from(SCAN_KERNEL, 'base64'));
      const memory = new wasm.Memory({ initial: pages, maximum: pages, shared: true });
      const { exports } = new wasm.Instance(module, { env: { memory } });
      kernels.set(memory.buffer, new ScanKernel(exports, memory.buffer));
      return Buffer.from(memory.buffer, BLOCKS, bytes);
    } catch {
      return undefined;
    }
  }

  /** Records passed by the last `pass`. */
  get count(): number {
    return this.#numbers[RESULTS / 4] as number;
  }

  /** Lines in these records. */
  get lines(): number {
    return this.#numbers[RESULTS / 4 + 1] as number;
  }

  /**
   * Passes over records from `at` in the block, where one begins, on this line.
   * @returns where the first record begins that it did not pass
   */
  pass(block: Uint8Array, at: number, line: number, table: PlainTable): number {
    if (table !== this.#table) this.#set(table);
    this.block = block;
    this.#line = line;
    const base = block.byteOffset;
    const { columns, lastFilled, selected } = table;
    return (
      this.#functions.scan(
        base + at,
        base + block.length,
        base,
        columns - 1,
        columns - lastFilled,
        selected.length,
      ) - base
    );
  }

  /** @returns where a character that `ConversionSearch` looks for may begin, from `at` on; the block's length for none */
  search(block: Uint8Array, at: number): number {
    const base = block.byteOffset;
    return this.#functions.search(base + at, base + block.length) - base;
  }

  get numbers(): Int32Array {
    return this.#numbers;
  }

  get fractions(): Float64Array {
    return this.#fractions;
  }

  /** Where in the block a record begins. */
  start(record: number): number {
    return this.#numbers[this.#place(record)] as number;
  }

  line(record: number): number {
    return this.#line + (this.#numbers[this.#place(record) + 1] as number);
  }

  copyBounds(record: number, bounds: Int32Array): void {
    const place = this.#place(record) + 2;
    for (let i = 0; i < bounds.length; i++) bounds[i] = this.#numbers[place + i] as number;
  }

  firstBounds(value: number): number {
    return this.#place(0) + 2 + 2 * value;
  }

  get step(): number {
    return this.#step;
  }

  hash(value: number, area: 0 | 1): number {
    const at = 4 * this.firstBounds(value);
    this.#functions.hashes(this.count, at, 4 * this.#step, this.block.byteOffset, HASHES[area]);
    return HASHES[area] / 4;
  }

  readAmounts(value: number): number {
    const at = 4 * this.firstBounds(value);
    this.#functions.amounts(this.count, at, 4 * this.#step, this.block.byteOffset, AMOUNTS);
    return AMOUNTS / 8;
  }

  digits(value: number, record: number, width: number): number {
    const at = 4 * (this.firstBounds(value) + record * this.#step);
    return this.#functions.digits(this.count - record, at, 4 * this.#step, this.block.byteOffset, width);
  }

  #place(record: number): number {
    return FOUND / 4 + record * this.#step;
  }

  #set(table: PlainTable): void {
    this.#table = table;
    const { header, selected } = table;
    this.#step = 2 + 2 * selected.length;
    const length = Math.min(header.length, HEADER_BYTES);
    this.#bytes.set(header.subarray(0, length), HEADER);
    this.#bytes.fill(0xff, MASK, MASK + length).fill(0, MASK + length, MASK + HEADER_BYTES);
    this.#numbers.set(selected, SELECTED / 4);
  }
}
