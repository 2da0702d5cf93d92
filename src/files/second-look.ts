import { open } from 'node:fs/promises';
import { type Amount, AmountReader } from './amount.ts';
import { readBlocks } from './blocks.ts';
import type { CrossFileOf } from './cross-file.ts';
import { type RoleColumns, roleColumns } from './cross-roles.ts';
import { type CrossState, type KeySet, SUSPECT } from './cross-state.ts';
import { type FieldSink, plainValue, textOfValue, type Value } from './field-sink.ts';
import { FindingList } from './findings.ts';
import { CsvScanner } from './scanner.ts';

/** A record whose key, or whose customer's, has a suspicious hash; `null`: it has not. */
export interface Suspicious {
  readonly line: number;
  readonly key: string | null;
  readonly customer: string | null;
  readonly amount: Amount;
  readonly roles: RoleColumns;
}

/**
 * Reads a file again and tells of the records with suspicious keys, in their order. Memory is flat.
 * Throws what `open` and `read` throw, and the reason of an aborted signal.
 */
export async function lookAgain(
  file: CrossFileOf,
  state: CrossState,
  tell: (record: Suspicious) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await open(file.path, 'r');
  try {
    const scanner = new CsvScanner(new FindingList(), new Look(file, state, tell));
    const { size } = await handle.stat();
    for await (const block of readBlocks(handle, size)) {
      signal?.throwIfAborted();
      scanner.write(block);
    }
    scanner.end();
  } finally {
    await handle.close();
  }
}

class Look implements FieldSink {
  readonly #file: CrossFileOf;
  readonly #state: CrossState;
  readonly #tell: (record: Suspicious) => void;
  readonly #keys: KeySet;
  readonly #value: Value = { bytes: new Uint8Array(0), from: 0, to: 0 };
  readonly #reader = new AmountReader();
  #roles: RoleColumns = { key: 0, customer: 0, amount: 0 };
  #key: string | null = null;
  #customer: string | null = null;
  #amount: Amount = 'empty';

  constructor(file: CrossFileOf, state: CrossState, tell: (record: Suspicious) => void) {
    this.#file = file;
    this.#state = state;
    this.#tell = tell;
    this.#keys = file.kind === 'customer' ? state.customers : state.invoices;
  }

  header(names: readonly string[], line: number): readonly number[] {
    this.#roles = roleColumns(this.#file.kind, this.#state.columns, names, line, new FindingList());
    const { key, customer, amount } = this.#roles;
    return [...new Set([key, customer, amount])].filter((column) => column > 0).sort((a, b) => a - b);
  }

  field(column: number, bytes: Uint8Array, from: number, to: number): void {
    const value = this.#value;
    plainValue(value, bytes, from, to);
    const { key, customer, amount } = this.#roles;
    if (column === key) this.#key = this.#suspicious(this.#keys, value);
    if (column === customer) this.#customer = this.#suspicious(this.#state.customers, value);
    if (column === amount) this.#amount = this.#reader.read(value.bytes, value.from, value.to);
  }

  record(line: number, whole: boolean): undefined {
    if (!whole || (this.#key === null && this.#customer === null)) return;
    const [key, customer, amount, roles] = [this.#key, this.#customer, this.#amount, this.#roles];
    this.#tell({ line, key, customer, amount, roles });
  }

  #suspicious({ table, flags }: KeySet, value: Value): string | null {
    if (value.from === value.to) return null;
    const { hash } = this.#state;
    hash.update(value.bytes, value.from, value.to);
    const number = table.find(hash.low, hash.high);
    return number >= 0 && (flags.get(number) & SUSPECT) !== 0 ? textOfValue(value) : null;
  }
}
