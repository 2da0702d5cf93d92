import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Amount, AmountReader, equalToTheCent, toFine } from './amounts.ts';
import { readBlocks } from './blocks.ts';
import type { CrossFileOf } from './cross-check.ts';
import { duplicate, noItems, otherSum, unknownCustomer, unknownInvoice } from './cross-findings.ts';
import { type CrossState, type RoleColumns, roleColumns } from './cross-state.ts';
import { type FieldSink, readValue, type Value, valueText } from './field-values.ts';
import { unreadable } from './file-report.ts';
import { FindingList } from './findings.ts';
import { AMOUNT_UNKNOWN, CANDIDATE, DUPLICATE, HAS_ITEMS, type KeySet, REPEAT } from './key-set.ts';
import { CsvScanner } from './scanner.ts';

/** A file of the call, and its findings. */
export interface CrossChecked extends CrossFileOf {
  readonly file: string;
  readonly findings: FindingList;
}

/** A suspicious key, as it is written: what its records really say. */
interface Exact {
  readonly home: CrossChecked;
  readonly first: CandidateRecord;
  /** Paths of the files it is in. */
  readonly homes: Set<string>;
  twice: boolean;
  unsure: boolean;
  items: number;
  /** 10⁻¹⁸. */
  sum: bigint;
}

/**
 * The second pass, over the suspicious records alone: keys are compared as they are written, and added up exactly. Nothing
 * is read when nothing is suspicious. `files`: in the order they were read. Throws the reason of an aborted signal.
 */
export async function verifyCandidates(
  state: CrossState,
  files: readonly CrossChecked[],
  signal?: AbortSignal,
): Promise<void> {
  const expectsItems = (path: string): boolean =>
    files.some(({ kind, of }) => kind === 'items' && (of === undefined || of === path));
  const suspects = markCandidates(state, expectsItems);
  const customers = new Map<string, Exact>();
  const invoices = new Map<string, Exact>();
  for (const file of files) {
    const asked = file.kind === 'customer' ? suspects.customers : suspects.customers || suspects.invoices;
    // Of a file that could not be read whole, what is told already is enough.
    if (!asked || file.findings.broken) continue;
    const tell =
      file.kind === 'customer'
        ? (record: CandidateRecord) => note(customers, file, record)
        : file.kind === 'invoice'
          ? (record: CandidateRecord) => invoice(state, file, record, customers, invoices)
          : (record: CandidateRecord) => item(state, file, record, invoices);
    try {
      await readCandidates(file, state, tell, signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      file.findings.cause(unreadable(error));
      return;
    }
  }
  for (const [key, exact] of invoices) if (expectsItems(exact.home.path)) judge(state, key, exact);
  for (const [path, count] of suspects.more) {
    files.find((file) => (path === '' ? file.kind === 'customer' : file.path === path))?.findings.more(count);
  }
}

/** A record with its key: the first one is remembered, any other is a duplicate. */
function note(known: Map<string, Exact>, home: CrossChecked, record: CandidateRecord): void {
  const { key, line, roles } = record;
  if (key === null) return;
  const exact = known.get(key);
  if (exact === undefined) {
    const homes = new Set([home.path]);
    known.set(key, { home, first: record, homes, twice: false, unsure: false, items: 0, sum: 0n });
    return;
  }
  exact.homes.add(home.path);
  exact.twice = true;
  const where = `in line ${exact.first.line}${exact.home === home ? '' : ` of ${exact.home.file}`}`;
  home.findings.error(() => duplicate(line, roles.key, key, where));
}

function invoice(
  state: CrossState,
  file: CrossChecked,
  record: CandidateRecord,
  customers: ReadonlyMap<string, Exact>,
  invoices: Map<string, Exact>,
): void {
  note(invoices, file, record);
  const { customer, line, roles } = record;
  if (customer === null || !state.checksCustomers || customers.has(customer)) return;
  file.findings.error(() => unknownCustomer(line, roles.customer, customer));
}

function item(
  state: CrossState,
  file: CrossChecked,
  { key, amount, line, roles }: CandidateRecord,
  invoices: ReadonlyMap<string, Exact>,
): void {
  if (key === null) return;
  const exact = invoices.get(key);
  if (exact === undefined || (file.of !== undefined && !exact.homes.has(file.of))) {
    const of = file.of === undefined ? null : basename(file.of);
    if (state.checksInvoices) file.findings.error(() => unknownInvoice(line, roles.key, key, of));
    return;
  }
  exact.items += 1;
  if (typeof amount === 'string') exact.unsure = true;
  else exact.sum += toFine(amount);
}

function judge(state: CrossState, key: string, { home, first, twice, unsure, items, sum }: Exact): void {
  if (!state.checksItems || twice) return;
  const { line, roles, amount } = first;
  if (items === 0) {
    home.findings.warning(noItems(line, roles.key, key));
    return;
  }
  if (!state.checksSums || unsure || typeof amount === 'string') return;
  const told = toFine(amount);
  if (!equalToTheCent(told, sum)) home.findings.error(() => otherSum(line, roles.amount, key, told, sum));
}

/** A record whose key, or whose customer's, has a suspicious hash; `null`: it has not. */
interface CandidateRecord {
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
async function readCandidates(
  file: CrossFileOf,
  state: CrossState,
  tell: (record: CandidateRecord) => void,
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
  readonly #tell: (record: CandidateRecord) => void;
  readonly #keys: KeySet;
  readonly #value: Value = { bytes: new Uint8Array(0), from: 0, to: 0 };
  readonly #reader = new AmountReader();
  #roles: RoleColumns = { key: 0, customer: 0, amount: 0 };
  #wanted: readonly number[] = [];

  constructor(file: CrossFileOf, state: CrossState, tell: (record: CandidateRecord) => void) {
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
      readValue(value, bytes, bounds[at] as number, bounds[at + 1] as number);
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
    return number >= 0 && (flags.get(number) & CANDIDATE) !== 0 ? valueText(value) : null;
  }
}

/** How many suspects of an invoice file, and of all customer files, are looked at again; the others are counted. */
const MAX_CANDIDATES = 10_000;

export interface Candidates {
  readonly customers: boolean;
  readonly invoices: boolean;
  /** How many more there are, by the invoice file's path; `''` are the customers'. */
  readonly more: ReadonlyMap<string, number>;
}

/**
 * Marks what the first pass makes suspicious: keys that came twice, invoices without items, sums that differ. It went by
 * hashes, and a hash may be two keys': nobody is told of anything before it is confirmed on the bytes (performance.md,
 * "Keys and sums").
 * @param expectsItems is an invoice file held against items?
 */
function markCandidates(state: CrossState, expectsItems: (path: string) => boolean): Candidates {
  const { customers, invoices, balances } = state;
  customers.table.tellAgain();
  invoices.table.tellAgain();
  const more = new Map<string, number>();
  const mark = (
    from: number,
    to: number,
    where: string,
    set: typeof customers,
    odd: (at: number) => boolean,
  ) => {
    let marked = 0;
    for (let at = from; at < to; at++) {
      const flags = set.flags.get(at);
      if ((flags & REPEAT) !== 0 || ((flags & DUPLICATE) === 0 && !odd(at))) continue;
      if (marked === MAX_CANDIDATES) more.set(where, (more.get(where) ?? 0) + 1);
      else {
        set.flags.set(at, CANDIDATE);
        marked += 1;
      }
    }
    return marked > 0;
  };
  const inCustomers = mark(0, customers.table.size, '', customers, () => false);
  let inInvoices = false;
  const { checksItems, checksSums } = state;
  for (const [path, { from, to }] of state.ranges) {
    const withItems = checksItems && expectsItems(path);
    const odd = (at: number): boolean => {
      const flags = invoices.flags.get(at);
      if (!withItems) return false;
      if ((flags & HAS_ITEMS) === 0) return true;
      if (!checksSums || (flags & AMOUNT_UNKNOWN) !== 0 || balances.isNought(at)) return false;
      return !equalToTheCent(balances.fine(at), 0n);
    };
    if (mark(from, to, path, invoices, odd)) inInvoices = true;
  }
  return { customers: inCustomers, invoices: inInvoices, more };
}
