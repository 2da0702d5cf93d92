import { createWriteStream } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openOf } from '../../batch/account.ts';
import { type Columns, ROLE_NAMES } from '../../batch/columns.ts';
import { isFinal } from '../../batch/outcome.ts';
import { flatten, parentOf } from '../../batch/tree.ts';
import type { BatchView, FileKind } from '../../batch/types.ts';
import { unaccounted } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import { withRecords } from '../../files/record-reader.ts';
import type { SourceFile } from '../../load/entries.ts';
import { rejectsName, resultsFolder } from '../../load/file-names.ts';
import type { Run } from '../../load/run.ts';
import { type BatchState, phaseOnRecord } from '../../load/state.ts';
import { counted } from '../../output/format.ts';
import { quoted, visible } from '../../system/escaping.ts';
import { sha256OfFile } from '../../system/file-hash.ts';
import { shownPath } from '../../system/shown-path.ts';
import { checkedFiles } from '../shared/file-checks.ts';
import type { Fetched } from '../shared/results-flow.ts';
import type { Session } from '../shared/session.ts';
import { NOT_STRICT } from '../shared/strict.ts';
import { assertNotLoaded, assertSameColumns, correctedBy, replacedCount } from './compare.ts';
import { type Keyed, type KeyedFile, type RejectedRecords, readKeyed, rejectedRecords } from './rejected.ts';

/** A file of corrected records and the batch that it corrects. */
export interface Correction {
  readonly kind: FileKind;
  /** The batch whose rejected records it corrects. */
  readonly corrects: BatchState;
  /** The rejects file that the operator corrected, and the file with what is sent of it. */
  readonly given: string;
  readonly file: SourceFile;
  /** Records that replace a rejected one. */
  readonly replaces: number;
  /** The correction on record with these bytes. */
  readonly known: BatchState | null;
}

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

export interface What {
  /** Absolute paths of rejects files, by their base name; empty: those on record. */
  readonly named: ReadonlyMap<string, string>;
  /** A folder to look for them in instead of where they were written. */
  readonly folder: string | null;
  readonly columns: Columns;
  /** Of the batches that may be corrected. */
  readonly selected: (batch: BatchState) => boolean;
  /** A folder for files of this command. */
  readonly temporary: string;
}

/** A rejects file as it is now. */
interface Candidate {
  readonly batch: BatchState;
  readonly path: string;
  readonly rejected: RejectedRecords;
  /** `null`: there is none. */
  readonly sha256: string | null;
  readonly known: BatchState | null;
  readonly isNamed: boolean;
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

/** @throws EbillError USAGE for a file that is not a rejects file of this load, or does not exist */
async function candidates(run: Run, { files, batches }: Fetched, what: What): Promise<readonly Candidate[]> {
  const { state } = run.journal;
  const views = new Map(flatten(batches).map((batch) => [batch.jobId, batch] as const));
  const left = new Map(what.named);
  const found: Candidate[] = [];
  for (const batch of state.batches.values()) {
    if (batch.kind === 'init' || batch.abandoned || batch.leftOut || !what.selected(batch)) continue;
    const name = rejectsName(batch.jobId);
    const named = left.get(name);
    left.delete(name);
    if (what.named.size > 0 && named === undefined && batch.kind !== 'items') continue;
    const path = named ?? (what.folder === null ? batch.rejects?.path : join(what.folder, name));
    const view = views.get(batch.jobId);
    const result = files.find(({ jobId }) => jobId === batch.jobId);
    if (path === undefined || view === undefined) continue;
    const open = openOf(view);
    if (open === 0 && named === undefined) continue;
    if (open === null || result === undefined) {
      if (named === undefined && batch.rejects === undefined) continue;
      throw notKnown(run, view);
    }
    if (result.tally === null || result.tally.failed === 0) continue;
    const sha256 = await sha256OfFile(path);
    if (sha256 === null && named !== undefined) throw gone(run, path, batch);
    const rejected = await rejectedRecords(batch, result, what.columns, what.temporary);
    const known = onRecord(run, batch, sha256);
    found.push({ batch, path, rejected, sha256, known, isNamed: named !== undefined });
  }
  const [other] = left.values();
  if (other !== undefined)
    throw new EbillError(
      'USAGE',
      `${visible(other)} is not the name of a rejects file of ${state.header.job}.`,
      {
        hint: `Rejects files are named after their batch, such as ${rejectsName(`${state.header.job}_CUS`)}: write them: ebill results --rejects --job ${quoted(state.header.job, run.context)}`,
      },
    );
  return found;
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

/** The correction of a batch that has these bytes. @param parent of items: the job id of their invoice batch */
function onRecord(
  run: Run,
  batch: BatchState,
  sha256: string | null,
  parent?: string | null,
): BatchState | null {
  const { batches } = run.journal.state;
  const live = (batch.corrections ?? []).flatMap((jobId) => batches.get(jobId) ?? []);
  const isMeant = (one: BatchState): boolean =>
    !one.abandoned &&
    one.file?.sha256 === sha256 &&
    (parent === undefined || parentOf(batches, one)?.jobId === parent);
  return live.find(isMeant) ?? null;
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

interface Items {
  /** `null`: no invoice that is corrected has one. */
  readonly correction: Correction | null;
  /** The other records of the file. */
  readonly records: readonly Keyed[];
}

/** The items of the invoices that are corrected. @param line job ids of the invoice batch and of those that it corrects */
async function itemsOf(
  session: Session,
  run: Run,
  { batch, path, rejected, sha256 }: Candidate,
  invoice: Correction,
  line: readonly string[],
  keys: ReadonlySet<string>,
  { columns, temporary }: What,
): Promise<Items> {
  if (sha256 === null) {
    if (rejected.records.some(({ key }) => keys.has(key))) throw gone(run, path, batch);
    return { correction: null, records: [] };
  }
  const keyed = await readKeyed(path, 'items', columns);
  assertSameColumns(path, keyed, rejected);
  const mine = keyed.records.filter(({ key }) => keys.has(key));
  const sent = mine.length === 0 ? new Set() : await keysSent(run, batch, line, columns);
  const wanted = mine.filter(({ key }) => !sent.has(key));
  // What was sent with an earlier correction, and rejected with it, is in the rejects file of that one.
  const records = keyed.records.filter(({ key }) => !keys.has(key));
  if (wanted.length === 0) return { correction: null, records };
  const part = join(temporary, `${invoice.corrects.jobId}_${basename(path)}`);
  await copyRecords(path, part, new Set(wanted.map(({ line }) => line)));
  const known = onRecord(run, batch, await sha256OfFile(part), invoice.known?.jobId ?? null);
  if (known === null && invoice.known !== null && invoice.known.finalized !== 'no')
    return { correction: null, records: keyed.records };
  const file = await checked(session, part, 'items', columns);
  const open = rejected.records.filter(({ line }) => !rejected.waived.has(line));
  const replaces =
    known?.corrects?.replaces ??
    replacedCount(
      open.filter(({ key }) => keys.has(key)),
      wanted,
    );
  return { correction: { kind: 'items', corrects: batch, given: path, file, replaces, known }, records };
}

/** The invoices whose items were sent with a correction of one of these invoice batches. @throws EbillError CONFLICT */
async function keysSent(
  run: Run,
  batch: BatchState,
  line: readonly string[],
  columns: Columns,
): Promise<ReadonlySet<string>> {
  const { batches } = run.journal.state;
  const keys = new Set<string>();
  for (const jobId of batch.corrections ?? []) {
    const one = batches.get(jobId);
    if (!one?.file || one.abandoned || one.leftOut) continue;
    if (!line.includes(parentOf(batches, one)?.jobId ?? '')) continue;
    const { path, sha256 } = one.file;
    if ((await sha256OfFile(path).catch(() => null)) !== sha256)
      throw new EbillError('CONFLICT', `${visible(path)} is gone or was changed since it was sent.`, {
        hint: `Nothing was sent. Put it back (SHA-256 ${sha256}): it says which items were sent before.`,
      });
    for (const { key } of (await readKeyed(path, 'items', columns)).records) keys.add(key);
  }
  return keys;
}

/** As any file that is sent. @throws EbillError INVALID_FILE */
async function checked(
  session: Session,
  path: string,
  kind: FileKind,
  columns: Columns,
): Promise<SourceFile> {
  const { app, emit } = session;
  // The columns of a correction were recognised, if at all, when the file that it corrects was checked.
  const choice = { declared: columns, without: new Set(ROLE_NAMES) };
  const files = await checkedFiles(
    app,
    [{ path, kind }],
    { validate: true, columns: choice, strict: NOT_STRICT },
    emit,
  );
  return files[kind][0] as SourceFile;
}

/** Copies the header and the records that begin on these lines, byte for byte. */
async function copyRecords(from: string, to: string, lines: ReadonlySet<number>): Promise<void> {
  const out = createWriteStream(to, { mode: 0o600 });
  const done = new Promise<void>((end, fail) => out.on('close', end).on('error', fail));
  await withRecords(from, async (reader) => {
    for (let n = 0; ; n += 1) {
      const record = reader.take() ?? (await reader.read());
      if (record === null) break;
      if (n === 0 && reader.hasBom) out.write(Buffer.from([0xef, 0xbb, 0xbf]));
      if (n === 0 || lines.has(record.line)) out.write(Buffer.from(record.bytes));
    }
  });
  out.end();
  await done;
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

function gone({ context }: Run, path: string, { jobId }: BatchState): EbillError {
  return new EbillError('USAGE', `${visible(path)} does not exist.`, {
    hint: `Nothing was sent. To write the rejected records again: ebill results --rejects --job-id ${quoted(jobId, context)}`,
  });
}

function notKnown(run: Run, view: BatchView): EbillError {
  return (
    unaccounted([view], '', run.context, run.journal.state.header.job) ??
    new EbillError('CONFLICT', `Which records of ${view.jobId} were rejected is not known yet.`, {
      hint: `Nothing was sent. Wait until it is final: ebill watch --job-id ${quoted(view.jobId ?? '', run.context)}`,
    })
  );
}

/** The arguments as absolute paths: a folder, or rejects files by their base name. */
export function namedFiles(paths: readonly string[], cwd: string): ReadonlyMap<string, string> {
  return new Map(paths.map((path) => [basename(path), resolve(cwd, path)]));
}

/** The folder with the results: where the rejects were written, or are. */
export function resultsPlace({ journal: { state }, context }: Run, files: readonly string[]): string {
  const [given] = files;
  const recorded = [...state.batches.values()].find(({ rejects }) => rejects !== undefined)?.rejects?.path;
  const path = recorded ?? given;
  return path === undefined ? resolve(context.cwd, resultsFolder(state.header.job)) : dirname(path);
}
