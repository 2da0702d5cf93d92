import { open } from 'node:fs/promises';
import type { FileKind } from '../batch/types.ts';
import { type Amount, AmountReader } from './amounts.ts';
import { readBlocks } from './blocks.ts';
import { type CrossState, findRoleColumns, type RoleColumns } from './cross-state.ts';
import { emptyValue, type FieldSink, readValue, type Value, valueText } from './field-values.ts';
import { type FileToCheck, FindingList } from './findings.ts';
import { CANDIDATE, type KeySet, LOOKALIKE } from './keys.ts';
import type { NearKeys } from './near-keys.ts';
import { CsvScanner } from './scanner.ts';

/** True if keys of this kind may look alike, or like a reference. */
export const hasNear = (state: CrossState, kind: FileKind): boolean =>
  kind === 'customer'
    ? state.customers.hasLookalikes || state.nearCustomers.wantsAny
    : kind === 'invoice' && (state.invoices.hasLookalikes || state.nearInvoices.wantsAny);

/** A record whose key or customer has the hash of a candidate; `null` for the one that has not. */
export interface CandidateRecord {
  readonly line: number;
  readonly key: string | null;
  readonly customer: string | null;
  readonly amount: Amount;
  /** How many decimals the amount was written with. */
  readonly decimals: number;
  readonly roles: RoleColumns;
}

/**
 * Reads a file again and calls back for its candidate records, in order, with flat memory.
 * Throws what `open` and `read` throw, and the reason of an aborted signal.
 */
export async function readCandidates(
  file: FileToCheck,
  state: CrossState,
  onRecord: (record: CandidateRecord) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await open(file.path, 'r');
  try {
    const scanner = new CsvScanner(new FindingList(), new CandidateSink(file, state, onRecord));
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

class CandidateSink implements FieldSink {
  readonly #file: FileToCheck;
  readonly #state: CrossState;
  readonly #onRecord: (record: CandidateRecord) => void;
  readonly #keys: KeySet;
  readonly #value = emptyValue();
  readonly #reader = new AmountReader();
  #roles: RoleColumns = { key: 0, customer: 0, amount: 0 };
  readonly #near: NearKeys | undefined;
  #selected: readonly number[] = [];

  constructor(file: FileToCheck, state: CrossState, onRecord: (record: CandidateRecord) => void) {
    this.#file = file;
    this.#state = state;
    this.#onRecord = onRecord;
    this.#keys = file.kind === 'customer' ? state.customers : state.invoices;
    const near = file.kind === 'customer' ? state.nearCustomers : state.nearInvoices;
    if (hasNear(state, file.kind)) this.#near = near;
  }

  header(names: readonly string[], line: number): readonly number[] {
    this.#roles = findRoleColumns(this.#file.kind, this.#state, names, line, new FindingList());
    const { key, customer, amount } = this.#roles;
    this.#selected = [...new Set([key, customer, amount])]
      .filter((column) => column > 0)
      .sort((a, b) => a - b);
    return this.#selected;
  }

  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): undefined {
    if (!whole) return;
    const roles = this.#roles;
    const value = this.#value;
    const read = (column: number): boolean => {
      if (column === 0) return false;
      const at = 2 * this.#selected.indexOf(column);
      readValue(value, bytes, bounds[at] as number, bounds[at + 1] as number);
      return true;
    };
    const key = read(roles.key) ? this.#candidate(this.#keys, value) : null;
    if (roles.key > 0) this.#addNear(line, value);
    const customer = read(roles.customer) ? this.#candidate(this.#state.customers, value) : null;
    if (key === null && customer === null) return;
    const amount = read(roles.amount) ? this.#reader.read(value.bytes, value.from, value.to) : 'empty';
    this.#onRecord({ line, key, customer, amount, decimals: this.#reader.decimals, roles });
  }

  /** The value as text if it has the hash of a candidate. */
  #candidate(keys: KeySet, value: Value): string | null {
    if (value.from === value.to) return null;
    return (this.#flags(keys, value) & CANDIDATE) !== 0 ? valueText(value) : null;
  }

  #flags({ table, flags }: KeySet, value: Value): number {
    const { hash } = this.#state;
    hash.update(value.bytes, value.from, value.to);
    const number = table.find(hash.low, hash.high);
    return number < 0 ? 0 : flags.get(number);
  }

  #addNear(line: number, value: Value): void {
    const near = this.#near;
    if (near === undefined || value.from === value.to) return;
    const { bytes, from, to } = value;
    const isLike = (this.#flags(this.#keys, value) & LOOKALIKE) !== 0;
    if (isLike || near.wants(bytes, from, to))
      near.add({ text: valueText(value), line, column: this.#roles.key, path: this.#file.path }, isLike);
  }
}
