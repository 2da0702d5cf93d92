import { open } from 'node:fs/promises';
import { type Amount, AmountReader } from './amount.ts';
import { readBlocks } from './blocks.ts';
import type { CrossFileOf } from './cross-file.ts';
import { type RoleColumns, roleColumns } from './cross-roles.ts';
import type { CrossState } from './cross-state.ts';
import { type FieldSink, plainValue, textOfValue, type Value } from './field-sink.ts';
import { FindingList } from './findings.ts';
import { type KeySet, SUSPECT } from './key-set.ts';
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
  #wanted: readonly number[] = [];

  constructor(file: CrossFileOf, state: CrossState, tell: (record: Suspicious) => void) {
    this.#file = file;
    this.#state = state;
    this.#tell = tell;
    this.#keys = file.kind === 'customer' ? state.customers : state.invoices;
  }

  header(names: readonly string[], line: number): readonly number[] {
    this.#roles = roleColumns(this.#file.kind, this.#state.columns, names, line, new FindingList());
    const { key, customer, amount } = this.#roles;
    this.#wanted = [...new Set([key, customer, amount])].filter((column) => column > 0).sort((a, b) => a - b);
    return this.#wanted;
  }

  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): undefined {
    if (!whole) return;
    const roles = this.#roles;
    const value = this.#value;
    const read = (column: number): boolean => {
      if (column === 0) return false;
      const at = 2 * this.#wanted.indexOf(column);
      plainValue(value, bytes, bounds[at] as number, bounds[at + 1] as number);
      return true;
    };
    const key = read(roles.key) ? this.#suspicious(this.#keys, value) : null;
    const customer = read(roles.customer) ? this.#suspicious(this.#state.customers, value) : null;
    if (key === null && customer === null) return;
    const amount = read(roles.amount) ? this.#reader.read(value.bytes, value.from, value.to) : 'empty';
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
