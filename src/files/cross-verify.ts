import { equalTo, toFine } from './amounts.ts';
import { type CandidateRecord, hasNear, readCandidates } from './candidate-records.ts';
import type { CrossState } from './cross-state.ts';
import { displayValue, type FileToCheck, type FindingList, finding, unreadable } from './findings.ts';
import { AMOUNT_UNKNOWN, CANDIDATE, DUPLICATE, decimalsOf, type KeySet, REFERRED, REPEAT } from './keys.ts';
import { reportDifferences, type SumDifference } from './sum-differences.ts';

/** A file of the call, with its findings. */
export interface CrossCheckedFile extends FileToCheck {
  /** Base name. */
  readonly file: string;
  readonly findings: FindingList;
}

/** A candidate key as written, with the facts from its records. */
interface VerifiedKey {
  readonly file: CrossCheckedFile;
  readonly first: CandidateRecord;
  /** Paths of the files that contain the key. */
  readonly paths: Set<string>;
  duplicate: boolean;
  amountUnknown: boolean;
  items: number;
  /** Sum of the items in fine units. */
  sum: bigint;
}

/**
 * The second pass of the checks across files. The first pass compares hashes, and two keys may share one, so duplicates,
 * invoices without items and differing sums are only candidates: this pass reads the files again and compares the
 * candidates' keys as written. It also looks for keys that look like others, or like references that are no key. Reads only
 * files that may have any. Throws the reason of an aborted signal.
 * @param files in the order they were read
 */
export async function verifyCandidates(
  state: CrossState,
  files: readonly CrossCheckedFile[],
  signal?: AbortSignal,
): Promise<void> {
  const expectsItems = (path: string): boolean =>
    files.some(({ kind, of }) => kind === 'items' && (of === undefined || of === path));
  const candidates = markCandidates(state, expectsItems);
  state.wantNear();
  const customers = new Map<string, VerifiedKey>();
  const invoices = new Map<string, VerifiedKey>();
  let incomplete = false;
  for (const file of files) {
    const hasCandidates =
      file.kind === 'customer' ? candidates.customers : candidates.customers || candidates.invoices;
    // A file that could not be read to the end has its cause already.
    if ((!hasCandidates && !hasNear(state, file.kind)) || file.findings.incomplete) continue;
    const onRecord =
      file.kind === 'customer'
        ? (record: CandidateRecord) => addKey(customers, file, record)
        : file.kind === 'invoice'
          ? (record: CandidateRecord) => addInvoice(state, file, record, customers, invoices)
          : (record: CandidateRecord) => addItem(state, file, record, invoices);
    try {
      await readCandidates(file, state, onRecord, signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      file.findings.cause(unreadable(error));
      incomplete = true;
      break;
    }
  }
  for (const file of files) state.reportNear(file, file.findings);
  if (incomplete) return;
  const differences = new Map<CrossCheckedFile, SumDifference[]>();
  for (const [key, verified] of invoices) {
    const { file } = verified;
    const difference = expectsItems(file.path) ? checkInvoice(state, key, verified) : undefined;
    if (difference === undefined) continue;
    const others = differences.get(file);
    if (others === undefined) differences.set(file, [difference]);
    else others.push(difference);
  }
  const explained = new Set<string>();
  for (const [{ path, findings }, found] of differences) {
    const { differ = 0, compared = 0 } = candidates.sums.get(path) ?? {};
    const total = Math.max(differ, found.length);
    const reported = reportDifferences(found, total, compared, findings, state.declaresSums);
    if (reported !== 'each') explained.add(path);
    if (reported === 'unrelated') state.unrelatedSums = true;
  }
  for (const [path, count] of candidates.more) {
    if (explained.has(path)) continue;
    const file = files.find((one) => (path === '' ? one.kind === 'customer' : one.path === path));
    file?.findings.countMore(count);
  }
}

/** Adds a record by its key; a key that was added before is a duplicate. */
function addKey(known: Map<string, VerifiedKey>, file: CrossCheckedFile, record: CandidateRecord): void {
  const { key, line, roles } = record;
  if (key === null) return;
  const verified = known.get(key);
  if (verified === undefined) {
    const paths = new Set([file.path]);
    const none = { duplicate: false, amountUnknown: false, items: 0, sum: 0n };
    known.set(key, { file, first: record, paths, ...none });
    return;
  }
  verified.paths.add(file.path);
  verified.duplicate = true;
  const first = `in line ${verified.first.line}${verified.file === file ? '' : ` of ${verified.file.file}`}`;
  file.findings.error('duplicate-key', () =>
    finding(
      'duplicate-key',
      { line, column: roles.key },
      `the key "${displayValue(key)}" was already used ${first}`,
      'Remove one of the two records, or correct its key.',
    ),
  );
}

function addInvoice(
  state: CrossState,
  file: CrossCheckedFile,
  record: CandidateRecord,
  customers: ReadonlyMap<string, VerifiedKey>,
  invoices: Map<string, VerifiedKey>,
): void {
  addKey(invoices, file, record);
  const { customer, line, roles } = record;
  if (customer === null || !state.checksCustomers || customers.has(customer)) return;
  state.unknownOf(file).add(line, roles.customer, customer);
}

function addItem(
  state: CrossState,
  file: CrossCheckedFile,
  { key, amount, line, roles }: CandidateRecord,
  invoices: ReadonlyMap<string, VerifiedKey>,
): void {
  if (key === null) return;
  const invoice = invoices.get(key);
  if (invoice === undefined || (file.of !== undefined && !invoice.paths.has(file.of))) {
    if (state.checksInvoices) state.unknownOf(file).add(line, roles.key, key);
    return;
  }
  invoice.items += 1;
  if (typeof amount === 'string') invoice.amountUnknown = true;
  else invoice.sum += toFine(amount);
}

/** Warns of an invoice without items. @returns the difference to its items, if there is one */
function checkInvoice(
  state: CrossState,
  key: string,
  { file, first, duplicate, amountUnknown, items, sum }: VerifiedKey,
): SumDifference | undefined {
  if (!state.checksItems || duplicate) return undefined;
  const { line, roles, amount, decimals } = first;
  if (items === 0) {
    file.findings.warning(
      finding(
        'no-items',
        { line, column: roles.key },
        `the invoice "${displayValue(key)}" has no items`,
        'If it should have items, look for a missing item file.',
      ),
    );
    return undefined;
  }
  if (!state.checksSums || amountUnknown || typeof amount === 'string') return undefined;
  const stated = toFine(amount);
  if (equalTo(decimals, stated, sum)) return undefined;
  return { key, line, column: roles.amount, stated, sum, items, decimals };
}

/** How many candidates of an invoice file, and of all customer files, are verified; the others are counted. */
const MAX_CANDIDATES = 10_000;

/** Which kinds have candidates. */
interface Candidates {
  readonly customers: boolean;
  readonly invoices: boolean;
  /** How many more there are, by the path of the invoice file; `''` for customers. */
  readonly more: ReadonlyMap<string, number>;
  /** By the path of the invoice file: invoices whose sums were compared, and how many of them differ. */
  readonly sums: ReadonlyMap<string, { readonly compared: number; readonly differ: number }>;
}

/**
 * Flags the candidates of the first pass: repeated hashes, invoices without items, sums that differ.
 * @param expectsItems whether the invoices of a file should have items
 */
function markCandidates(state: CrossState, expectsItems: (path: string) => boolean): Candidates {
  const { customers, invoices, balances } = state;
  customers.findRepeats();
  invoices.findRepeats();
  const more = new Map<string, number>();
  const mark = (
    from: number,
    to: number,
    path: string,
    set: KeySet,
    isCandidate: (key: number) => boolean,
  ): boolean => {
    let marked = 0;
    for (let key = from; key < to; key++) {
      const flags = set.flags.get(key);
      if ((flags & REPEAT) !== 0 || ((flags & DUPLICATE) === 0 && !isCandidate(key))) continue;
      if (marked === MAX_CANDIDATES) more.set(path, (more.get(path) ?? 0) + 1);
      else {
        set.flags.set(key, CANDIDATE);
        marked += 1;
      }
    }
    return marked > 0;
  };
  const inCustomers = mark(0, customers.table.size, '', customers, () => false);
  let inInvoices = false;
  const sums = new Map<string, { readonly compared: number; readonly differ: number }>();
  const { checksItems, checksSums } = state;
  for (const [path, { from, to }] of state.ranges) {
    const withItems = checksItems && expectsItems(path);
    const sum = { compared: 0, differ: 0 };
    const isCandidate = (key: number): boolean => {
      const flags = invoices.flags.get(key);
      if (!withItems) return false;
      if ((flags & REFERRED) === 0) return true;
      if (!checksSums || (flags & AMOUNT_UNKNOWN) !== 0) return false;
      sum.compared += 1;
      const decimals = decimalsOf(flags);
      if (balances.isZero(key, decimals) || equalTo(decimals, balances.fine(key), 0n)) return false;
      sum.differ += 1;
      return true;
    };
    if (mark(from, to, path, invoices, isCandidate)) inInvoices = true;
    sums.set(path, sum);
  }
  return { customers: inCustomers, invoices: inInvoices, more, sums };
}
