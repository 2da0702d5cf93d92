import { basename } from 'node:path';
import { fineOf, sameToTheCent } from './amount.ts';
import type { CrossFileOf } from './cross-file.ts';
import { duplicate, noItems, otherSum, unknownCustomer, unknownInvoice } from './cross-findings.ts';
import type { CrossState } from './cross-state.ts';
import { unreadable } from './file-findings.ts';
import type { FindingList } from './findings.ts';
import { lookAgain, type Suspicious } from './second-look.ts';
import { markSuspects } from './suspects.ts';

/** A file of the call, and its findings. */
export interface CrossChecked extends CrossFileOf {
  readonly file: string;
  readonly findings: FindingList;
}

/** A suspicious key, as it is written: what its records really say. */
interface Exact {
  readonly home: CrossChecked;
  readonly first: Suspicious;
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
export async function confirm(
  state: CrossState,
  files: readonly CrossChecked[],
  signal?: AbortSignal,
): Promise<void> {
  const expectsItems = (path: string): boolean =>
    files.some(({ kind, of }) => kind === 'items' && (of === undefined || of === path));
  const suspects = markSuspects(state, expectsItems);
  const customers = new Map<string, Exact>();
  const invoices = new Map<string, Exact>();
  for (const file of files) {
    const asked = file.kind === 'customer' ? suspects.customers : suspects.customers || suspects.invoices;
    // Of a file that could not be read whole, what is told already is enough.
    if (!asked || file.findings.broken) continue;
    const tell =
      file.kind === 'customer'
        ? (record: Suspicious) => note(customers, file, record)
        : file.kind === 'invoice'
          ? (record: Suspicious) => invoice(state, file, record, customers, invoices)
          : (record: Suspicious) => item(state, file, record, invoices);
    try {
      await lookAgain(file, state, tell, signal);
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
function note(known: Map<string, Exact>, home: CrossChecked, record: Suspicious): void {
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
  record: Suspicious,
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
  { key, amount, line, roles }: Suspicious,
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
  else exact.sum += fineOf(amount);
}

function judge(state: CrossState, key: string, { home, first, twice, unsure, items, sum }: Exact): void {
  if (!state.checksItems || twice) return;
  const { line, roles, amount } = first;
  if (items === 0) {
    home.findings.warning(noItems(line, roles.key, key));
    return;
  }
  if (!state.checksSums || unsure || typeof amount === 'string') return;
  const told = fineOf(amount);
  if (!sameToTheCent(told, sum)) home.findings.error(() => otherSum(line, roles.amount, key, told, sum));
}
