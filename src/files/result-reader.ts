import { type FileHandle, open, stat } from 'node:fs/promises';
import { EbillError, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { readBlocks } from './blocks.ts';
import { type RawRecord, RecordCutter } from './result-cutter.ts';

/** A record longer than this (bytes) is a quote left open, and memory must not grow with the file. */
const RECORD_LIMIT = 16 << 20;

/** The records of a file on disk, one after the other; several files can be read in step. */
export class RecordReader {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #blocks: AsyncGenerator<Buffer, void>;
  readonly #onBlock: (block: Buffer) => void;
  readonly #cutter = new RecordCutter();
  #records: Iterator<RawRecord, void> | null = null;
  #over = false;

  private constructor(path: string, handle: FileHandle, size: number, onBlock: (block: Buffer) => void) {
    this.path = path;
    this.#handle = handle;
    this.#blocks = readBlocks(handle, size);
    this.#onBlock = onBlock;
  }

  /**
   * @param onBlock gets every block of the file as it is read, for a hash; it must not keep it
   * @throws EbillError USAGE when the file cannot be opened
   */
  static async open(path: string, onBlock: (block: Buffer) => void = () => undefined): Promise<RecordReader> {
    try {
      // Before it is opened: opening a named pipe would wait for its writer for ever.
      if (!(await stat(path)).isFile()) throw new Error('it is no ordinary file');
      const handle = await open(path, 'r');
      const { size } = await handle.stat();
      return new RecordReader(path, handle, size, onBlock);
    } catch (cause) {
      throw cannotRead(path, cause);
    }
  }

  get hasBom(): boolean {
    return this.#cutter.hasBom;
  }

  /** The next record if it is at hand; `undefined`: ask `read`. Its bytes are valid until then. */
  take(): RawRecord | undefined {
    const next = this.#records?.next();
    return next === undefined || next.done === true ? undefined : next.value;
  }

  /** The next record; `null` at the end of the file. @throws EbillError USAGE, INVALID_FILE */
  async read(): Promise<RawRecord | null> {
    for (;;) {
      const record = this.take();
      if (record !== undefined) return record;
      if (this.#over) return null;
      const step = await this.#blocks.next().catch((cause: unknown) => {
        throw cannotRead(this.path, cause);
      });
      if (step.done === true) {
        this.#over = true;
        this.#records = this.#cutter.end();
        continue;
      }
      this.#onBlock(step.value);
      if (this.#cutter.pending > RECORD_LIMIT) throw endless(this.path);
      this.#records = this.#cutter.cut(step.value);
    }
  }

  /** Passes over the next block without looking for records, for who wants the hash alone. `false` at the end. @throws EbillError USAGE */
  async readBlock(): Promise<boolean> {
    const step = await this.#blocks.next().catch((cause: unknown) => {
      throw cannotRead(this.path, cause);
    });
    if (step.done === true) return false;
    this.#onBlock(step.value);
    return true;
  }

  async close(): Promise<void> {
    // The block being read ahead holds the handle: it ends first.
    await this.#blocks.return().catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
  }
}

/** Opens a file, works on it, and closes it however that ends. @throws what `work` throws, and EbillError USAGE */
export async function withRecords<T>(
  path: string,
  work: (reader: RecordReader) => Promise<T>,
  onBlock?: (block: Buffer) => void,
): Promise<T> {
  const reader = await RecordReader.open(path, onBlock);
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

function cannotRead(path: string, cause: unknown): EbillError {
  return new EbillError('USAGE', `${visible(path)} cannot be read: ${visible(messageOf(cause))}.`, {
    hint: 'Check that the file is there and its permissions.',
    cause,
  });
}

function endless(path: string): EbillError {
  return new EbillError(
    'INVALID_FILE',
    `${visible(path)} has a record of more than 16 MiB: a quote is left open.`,
    { hint: 'Download the result file again with --force; if it stays so, the server wrote it that way.' },
  );
}
