import { basename } from 'node:path';
import { openOf } from '../../batch/account.ts';
import { isFinal } from '../../batch/outcome.ts';
import { flatten, parentOf } from '../../batch/tree.ts';
import type { BatchView, FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import type { Run } from '../../load/run.ts';
import { phaseOnRecord } from '../../load/state.ts';
import { counted } from '../../output/format.ts';
import { quoted, visible } from '../../system/escaping.ts';
import { shownPath } from '../../system/shown-path.ts';
import type { Fetched } from '../shared/results-flow.ts';
import type { Session } from '../shared/session.ts';
import { type Candidate, candidates, type What } from './candidates.ts';
import { assertNotLoaded, assertSameColumns, correctedBy, replacedCount } from './compare.ts';
import { type Correction, checked, itemsOf } from './items.ts';
import { type Keyed, type KeyedFile, type RejectedRecords, readKeyed } from './rejected.ts';

/** A batch to load: customers, or invoices with their items. */
export interface Group {
  readonly head: Correction;
  readonly items: readonly Correction[];
}

export interface Prepared {
  readonly groups: readonly Group[];
  /** What stays open, and why. */
  readonly notes: readonly string[];
}

/**
 * Finds the corrected rejects of a load and checks them, like any file and against the records that they replace. Sends
 * nothing that changes anything.
 * @throws EbillError INVALID_FILE, USAGE, UNACCOUNTED
 */
export async function prepare(session: Session, run: Run, fetched: Fetched, what: What): Promise<Prepared> {
  const found = await candidates(run, fetched, what);
  if (found.length === 0) assertNothingOpen(run, fetched.batches, what);
  const all = new Map(found.map((one) => [one.batch.jobId, one.rejected]));
  const isChanged = ({ sha256, rejected, known }: Candidate): boolean =>
    sha256 !== null && (known !== null || sha256 !== rejected.sha256);
  const notes: string[] = [];
  const groups: Group[] = [];
  const unchanged: Candidate[] = [];
  const heads = found.filter(({ batch }) => batch.kind !== 'items');
  const items = found.filter(({ batch }) => batch.kind === 'items');
  const { batches } = run.journal.state;
  const invoicesOpen = flatten(fetched.batches).some(
    (view) => view.kind === 'invoice' && !view.leftBehind && !view.leftOut && openOf(view) !== 0,
  );
  // Records of items that go with no invoice that is corrected.
  const left = new Map<Candidate, readonly Keyed[]>();
  for (const one of heads) {
    if (!isChanged(one)) {
      unchanged.push(one);
      continue;
    }
    const keyed = await readKeyed(one.path, one.batch.kind as FileKind, what.columns);
    const head = await headOf(session, run, one, keyed, all, what, notes);
    // An invoice that is corrected once more takes its items with it that were sent with none of its earlier corrections.
    const line = [one.batch, ...correctedBy(run.journal.state, one.batch)].map(({ jobId }) => jobId);
    const own = items.filter(({ batch }) => line.includes(parentOf(batches, batch)?.jobId ?? ''));
    const under: Correction[] = [];
    for (const item of own) {
      const keys = new Set(keyed.records.map(({ key }) => key));
      const { correction, records } = await itemsOf(session, run, item, head, line, keys, what);
      const lines = new Set(records.map((record) => record.line));
      left.set(
        item,
        (left.get(item) ?? records).filter((record) => lines.has(record.line)),
      );
      if (correction !== null) under.push(correction);
    }
    groups.push({ head, items: under });
  }
  for (const item of items) {
    if (item.sha256 === null) continue;
    const records = left.get(item);
    if (records === undefined && !isChanged(item)) unchanged.push(item);
    else if (records === undefined || records.length > 0)
      notes.push(cannotBeAdded(run, item, records ?? item.rejected.records, invoicesOpen));
  }
  const refused = unchanged.filter(({ isNamed, sha256 }) => isNamed && sha256 !== null);
  const idle = notes.length === 0 && groups.every((group) => isDone(run, group));
  const files = refused.length > 0 ? refused : idle ? unchanged : [];
  if (files.length > 0) throw unchangedFiles(run, files, invoicesOpen);
  for (const { path, batch } of unchanged)
    notes.push(`${basename(path)} is unchanged: the rejected records of ${batch.jobId} stay open`);
  return { groups, notes };
}

/** All of it is submitted, and final: nothing is left to send or to wait for. */
function isDone({ journal: { state }, statusNames }: Run, { head, items }: Group): boolean {
  return [head, ...items].every(
    ({ known }) =>
      known !== null &&
      known.seen !== null &&
      isFinal(phaseOnRecord(state, known, known.seen, statusNames).phase),
  );
}

/** @throws EbillError USAGE when records are open, and no file with them was found */
function assertNothingOpen({ journal, context }: Run, batches: readonly BatchView[], what: What): void {
  const open = flatten(batches).filter((view) => {
    const batch = journal.state.batches.get(view.jobId ?? '');
    return batch !== undefined && what.selected(batch) && (openOf(view) ?? 0) > 0;
  });
  if (open.length === 0) return;
  const job = quoted(journal.state.header.job, context);
  throw new EbillError('USAGE', `There is no rejects file of ${open.map(({ jobId }) => jobId).join(', ')}.`, {
    hint: `Nothing was sent. Write the rejected records first, and correct them: ebill results --rejects --job ${job}`,
  });
}

/** Customers or invoices. */
async function headOf(
  session: Session,
  run: Run,
  { batch, path, rejected, known }: Candidate,
  keyed: KeyedFile,
  all: ReadonlyMap<string, RejectedRecords>,
  { columns }: What,
  notes: string[],
): Promise<Correction> {
  const kind = batch.kind as FileKind;
  if (known?.file) {
    const replaces = known.corrects?.replaces ?? 0;
    return { kind, corrects: batch, given: path, file: { ...known.file, path }, replaces, known };
  }
  const file = await checked(session, path, kind, columns);
  assertSameColumns(path, keyed, rejected);
  const { state } = run.journal;
  const chain = [batch, ...correctedBy(state, batch)];
  const others = [...state.batches.values()]
    .filter((other) => other.kind === kind && !other.abandoned && !other.leftOut)
    .filter((other) => other.finalized !== 'no' || other.foundElsewhere)
    .map((other) => ({
      batch: other,
      rejected: chain.includes(other) ? (all.get(other.jobId) ?? null) : null,
    }));
  const unread = await assertNotLoaded(path, kind, columns, keyed, others);
  const lost = unread.find((other) => chain.includes(other));
  if (lost !== undefined)
    throw new EbillError(
      'CONFLICT',
      `${lost.file?.path ?? lost.jobId} is gone or was changed since it was sent.`,
      {
        hint: `Nothing was sent. Put it back (SHA-256 ${lost.file?.sha256 ?? 'unknown'}): the corrected records are compared with it.`,
      },
    );
  const [unknown] = unread;
  const own = new Set(rejected.records.map(({ key }) => key));
  const added = keyed.records.find(({ key }) => key.trim() !== '' && !own.has(key));
  // Whether a new record is loaded already cannot be known then, and not knowing it is no evidence (commands rule 6).
  if (unknown !== undefined && added !== undefined)
    throw new EbillError(
      'CONFLICT',
      `${visible(path)}:${added.line} is a new record, and the file of ${unknown.jobId} is gone or was changed since it was sent: it may hold that record.`,
      {
        hint: `Nothing was sent. Put ${visible(unknown.file?.path ?? unknown.jobId)} back (SHA-256 ${unknown.file?.sha256 ?? 'unknown'}), or leave out the new record.`,
      },
    );
  for (const other of unread)
    notes.push(
      `the records could not be compared with those of ${other.jobId}: its file is not here as it was sent`,
    );
  const open = rejected.records.filter(({ line }) => !rejected.waived.has(line));
  return {
    kind,
    corrects: batch,
    given: path,
    file,
    replaces: replacedCount(open, keyed.records),
    known: null,
  };
}

/** Lines that a message lists. */
const MOST = 10;

function cannotBeAdded(
  { context, journal }: Run,
  { path, batch }: Candidate,
  records: readonly Keyed[],
  invoicesOpen: boolean,
): string {
  const lines = records.slice(0, MOST).map(({ line }) => line);
  const more = records.length > MOST ? ' …' : '';
  const file = quoted(shownPath(context.cwd, path), context);
  const isOne = records.length === 1;
  const which = `${counted(records.length, 'item', 'items')} of ${basename(path)} (${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}${more})`;
  // An item that is settled too early is missing on its invoice.
  if (invoicesOpen)
    return `${which} ${isOne ? 'was' : 'were'} not sent: ${isOne ? 'its invoice is' : 'their invoices are'} not among those corrected. ${isOne ? 'It stays' : 'They stay'} open in ${batch.jobId}. Items go with their invoice when that is corrected too, under the same number; those of an invoice that is loaded cannot be added through this API. Correct the rejected invoices before you settle items`;
  return `${which} cannot be added through this API: ${isOne ? 'its invoice is' : 'their invoices are'} submitted, or not corrected here. ${isOne ? 'It stays' : 'They stay'} open in ${batch.jobId}. Correct them in eBill, then settle them: ebill correct --job ${quoted(journal.state.header.job, context)} --waive ${file} --reason TEXT`;
}

function unchangedFiles(
  { context, journal }: Run,
  files: readonly Candidate[],
  invoicesOpen: boolean,
): EbillError {
  const names = files.map(({ path, batch }) => `${visible(shownPath(context.cwd, path))} (${batch.jobId})`);
  return new EbillError('INVALID_FILE', `Unchanged since the records were rejected: ${names.join(', ')}.`, {
    hint:
      invoicesOpen || files.some(({ batch }) => batch.kind !== 'items')
        ? 'Nothing was sent. Correct the records in these files first; why each was rejected is in the .messages.csv file beside them.'
        : `Nothing was sent. Items cannot be added to an invoice that is loaded. Correct them in eBill, then settle them: ebill correct --job ${quoted(journal.state.header.job, context)} ${files.map(({ batch }) => `--waive ${quoted(batch.jobId, context)}`).join(' ')} --reason TEXT`,
  });
}
