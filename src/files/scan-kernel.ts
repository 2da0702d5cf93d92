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
const BLOCKS = 196_608;
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
}

const kernels = new WeakMap<ArrayBufferLike, ScanKernel>();

/**
 * WebAssembly that passes over the records of a CSV file in which `CsvScanner` finds nothing: of the right width, with quotes only
 * around values, line ends LF or CRLF. It works on shared memory that contains the blocks of the file.
 */
export class ScanKernel {
  readonly #functions: Functions;
  readonly #bytes: Uint8Array;
  readonly #numbers: Int32Array;
  #table: PlainTable | undefined;

  private constructor(functions: Functions, memory: SharedArrayBuffer) {
    this.#functions = functions;
    this.#bytes = new Uint8Array(memory);
    this.#numbers = new Int32Array(memory);
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
  get records(): number {
    return this.#numbers[RESULTS / 4] as number;
  }

  /** Lines in these records. */
  get lines(): number {
    return this.#numbers[RESULTS / 4 + 1] as number;
  }

  /** Where the values of record n, from 0, are in `found`: its start, its line counted from the first one, then their bounds. */
  readonly place = (record: number, selected: number): number => FOUND / 4 + record * (2 + 2 * selected);

  get found(): Int32Array {
    return this.#numbers;
  }

  /**
   * Passes over records from `at` in the block, where one begins.
   * @returns where the first record begins that it did not pass
   */
  pass(block: Uint8Array, at: number, table: PlainTable): number {
    if (table !== this.#table) this.#set(table);
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

  #set(table: PlainTable): void {
    this.#table = table;
    const { header, selected } = table;
    const length = Math.min(header.length, HEADER_BYTES);
    this.#bytes.set(header.subarray(0, length), HEADER);
    this.#bytes.fill(0xff, MASK, MASK + length).fill(0, MASK + length, MASK + HEADER_BYTES);
    this.#numbers.set(selected, SELECTED / 4);
  }
}
