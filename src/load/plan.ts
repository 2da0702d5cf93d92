import { batchJobId, freeJobIds } from '../batch/job-ids.ts';
import { isFinal } from '../batch/outcome.ts';
import type { StatusNames } from '../batch/phase.ts';
import { having, parentJobId, parentOf } from '../batch/tree.ts';
import type { FileKind, Kind } from '../batch/types.ts';
import { type Choice, EbillError } from '../errors.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import type { SourceFile } from './entries.ts';
import { type BatchState, bySha256, itemsOf, type LoadState, phaseOnRecord } from './state.ts';

interface PlanOptions {
  /** `--job-id`: the id of the only batch planned. */
  readonly jobId: string | null;
  /** `--again`: upload although the same bytes are on record. */
  readonly again: boolean;
  /** `--next`: another batch for new content under a name already used. */
  readonly next: boolean;
  /** `--shard`: the number of each file in the whole list, by path; it determines the job id. */
  readonly numbers?: ReadonlyMap<string, number>;
  /** For items: the job id of their invoice batch. `null`: unknown yet, so they match batches under any. */
  readonly parent?: string | null;
  /** Invoice batches to start over (`--restart-invoice`). */
  readonly restart?: ReadonlySet<string>;
  readonly names?: StatusNames;
  /** Where the commands of a hint are typed. */
  readonly terminal?: Terminal;
}

/** One file and the batch it goes into. */
export interface Assignment {
  readonly kind: FileKind;
  readonly file: SourceFile;
  readonly jobId: string;
  /** `new`: nothing is on record. `resume`: started before. `done`: uploaded before. `duplicate`: the same bytes are in this call. */
  readonly action: 'new' | 'resume' | 'done' | 'duplicate';
  /** The operator gave the id, so no other may replace it. */
  readonly exact: boolean;
  /** Batches that this one replaces: left behind with their items and never finalized (api rules 16 and 26). */
  readonly replaces: readonly BatchState[];
}

/**
 * Assigns each file to a batch, from the journal alone. Bytes on record go into their batch, items into one under their own
 * invoice batch; new files take the next free numbers, in order (commands rules 1 and 2, api rules 24, 26 to 28). A batch found
 * on the server may hold one of them, so its number is not passed over without `next` (api rule 18). Pure.
 * @param taken job ids that are in use; those assigned are added
 * @throws EbillError CONFLICT for a name or job id used with other content, unless `next`
 */
export function assign(
  state: LoadState,
  kind: FileKind,
  files: readonly SourceFile[],
  options: PlanOptions,
  taken: Set<string> = new Set(state.batches.keys()),
): readonly Assignment[] {
  if (!options.again) refuseOtherKind(state, kind, files);
  const { again, next, parent = null, restart = new Set<string>() } = options;
  const candidates = [...state.batches.values()].filter(
    (batch) =>
      batch.kind === kind && !batch.abandoned && batch.file !== null && isUnder(state, batch, parent),
  );
  const live = candidates.filter(({ jobId }) => !restart.has(jobId));
  const bySha = groupedBy(live, ({ file }) => file?.sha256 ?? '');
  const byName = groupedBy(live, ({ file }) => file?.name ?? '');
  const unclaimed = new Set(
    [...state.batches.values()]
      .filter((batch) => !next && batch.kind === kind && batch.unclaimed && batch.file === null)
      .filter((batch) => !batch.abandoned && !batch.leftOut && isUnder(state, batch, parent))
      .map(({ jobId }) => jobId),
  );
  const given = new Map<string, string>();
  const used = new Set<string>();
  const restarting = candidates.filter(({ jobId }) => restart.has(jobId));
  const nextFree = freeJobIds(state.header.job, kind, (id) => taken.has(id) && !unclaimed.has(id));
  return files.map((file) => {
    const exact = options.jobId !== null || options.numbers !== undefined;
    const duplicate = given.get(file.sha256);
    if (duplicate !== undefined && !again)
      return { kind, file, jobId: duplicate, action: 'duplicate', exact, replaces: [] };
    const recorded = (bySha.get(file.sha256) ?? []).filter(({ jobId }) => !used.has(jobId));
    // Repeating `--again` resumes what `--again` began: a third batch needs another --job-id.
    const same = again
      ? recorded.find(({ jobId, origin }) => (exact ? jobId === options.jobId : origin.again))
      : recorded[0];
    // The operator has confirmed that the server lost them (api rule 16): another batch takes their place.
    const lost = again ? recorded.filter((batch) => batch.missing && batch !== same) : [];
    if (same !== undefined) {
      given.set(file.sha256, same.jobId);
      used.add(same.jobId);
      const action = same.uploaded === 'yes' ? 'done' : 'resume';
      return {
        kind,
        file,
        jobId: same.jobId,
        action,
        exact: exact && options.jobId === same.jobId,
        replaces: lost,
      };
    }
    const others = (byName.get(file.name) ?? []).filter((batch) => batch.file?.sha256 !== file.sha256);
    const rival = others.find(
      (batch) =>
        !next ||
        !(isReplaceable(batch) || isSubmitted(state, batch)) ||
        batch.nextRefused?.includes(file.sha256),
    );
    if (rival !== undefined) throw nameConflict(state, file, rival, options);
    const jobId = requestedJobId(state, kind, file, options) ?? nextFree();
    const holder = exact ? state.batches.get(jobId) : undefined;
    if (holder !== undefined && holder.file !== null) throw idConflict(file, holder);
    taken.add(jobId);
    unclaimed.delete(jobId);
    used.add(jobId);
    given.set(file.sha256, jobId);
    const restarted = restarting.filter(
      (batch) => batch.file?.sha256 === file.sha256 || batch.file?.name === file.name,
    );
    const replaces = [...restarted, ...others.filter(isReplaceable), ...lost];
    return { kind, file, jobId, action: 'new', exact, replaces };
  });
}

/**
 * Item files of an invoice batch that is replaced which are not given again: they are left behind with it, so that nothing
 * loads them (api rules 26 and 28). Pure.
 */
export function droppedItems(
  state: LoadState,
  { replaces }: Assignment,
  items: readonly Assignment[],
): readonly BatchState[] {
  if (replaces.length === 0) return [];
  const given = new Set(items.flatMap(({ file }) => [file.sha256, file.name]));
  return replaces
    .flatMap((batch) => itemsOf(state, batch))
    .filter(
      ({ file, leftOut }) => file !== null && !leftOut && !given.has(file.sha256) && !given.has(file.name),
    );
}

function groupedBy<T>(all: readonly T[], key: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** Whether an items batch may be one under this invoice batch: the same bytes under another are another batch (api rule 28). */
function isUnder(state: LoadState, batch: BatchState, parent: string | null): boolean {
  if (batch.kind !== 'items' || parent === null) return true;
  const own = parentJobId(state.batches, batch);
  return own === null || own === parent;
}

/** A draft of items exists under its invoice batch, and is finalized with it: nothing can replace it alone. */
const isReplaceable = ({ kind, created, finalized }: BatchState): boolean =>
  finalized !== 'yes' && (kind !== 'items' || created === 'no');

/** It, or its invoice batch, was submitted for processing. */
const isSubmitted = (state: LoadState, batch: BatchState): boolean =>
  (parentOf(state.batches, batch) ?? batch).finalized === 'yes';

/** The same bytes are one batch of a load, whatever kind they are given as (api rule 27). */
function refuseOtherKind(state: LoadState, kind: FileKind, files: readonly SourceFile[]): void {
  for (const file of files) {
    const other = having(state.batches, bySha256, file.sha256).find(
      (batch) => batch.kind !== kind && !batch.abandoned,
    );
    if (other !== undefined) throw kindConflict(file, kind, other.kind, `on record as ${other.jobId}`);
  }
}

/**
 * Checks that no bytes are given as two kinds in one call or plan (api rule 27).
 * @throws EbillError CONFLICT
 */
export function assertOneKind(
  given: readonly { readonly kind: FileKind; readonly file: SourceFile }[],
): void {
  const seen = new Map<string, { readonly kind: FileKind; readonly file: SourceFile }>();
  for (const one of given) {
    const other = seen.get(one.file.sha256);
    if (other !== undefined && other.kind !== one.kind)
      throw kindConflict(one.file, one.kind, other.kind, `given as ${other.file.name} too`);
    seen.set(one.file.sha256, one);
  }
}

function kindConflict(file: SourceFile, kind: FileKind, other: Kind, where: string): EbillError {
  return new EbillError(
    'CONFLICT',
    `${file.name} is given as ${KIND_NAMES[kind]}, but the same content is ${where}, as ${KIND_NAMES[other as FileKind]}.`,
    {
      hint: 'One of them is the wrong file. Check what each file contains, and give each file once, under its own kind.',
    },
  );
}

const KIND_NAMES: Readonly<Record<FileKind, string>> = {
  customer: 'customers',
  invoice: 'invoices',
  items: 'items',
};

/** The job id that the operator or the file's place in a list determines. */
function requestedJobId(
  state: LoadState,
  kind: FileKind,
  file: SourceFile,
  options: PlanOptions,
): string | null {
  const number = options.numbers?.get(file.path);
  return number === undefined ? options.jobId : batchJobId(state.header.job, kind, number);
}

/** Other content under a name on record. The hint must not load again what is loaded (commands rule 1). */
export function nameConflict(
  state: LoadState,
  file: SourceFile,
  other: BatchState,
  { names = {}, terminal = { platform: 'linux', env: {} } }: Pick<PlanOptions, 'names' | 'terminal'>,
): EbillError {
  const word = quoted(other.jobId, terminal);
  const sha256 = `its SHA-256 was ${other.file?.sha256 ?? 'unknown'}`;
  const restore = `If ${file.name} was not meant to change, restore it: ${sha256}.`;
  const conflict = (what: string, hint: string, ...choices: readonly Choice[]): EbillError =>
    new EbillError('CONFLICT', `${file.name} is on record with other content, as ${other.jobId}${what}.`, {
      hint,
      choices,
    });
  const seen = other.seen;
  if (seen !== null && isFinal(phaseOnRecord(state, other, seen, names).phase)) {
    const sent = other.file?.records ?? null;
    const loaded = seen.successCount;
    const count =
      loaded === null ? 'Its records' : `${loaded}${sent === null ? '' : ` of its ${sent}`} records`;
    return conflict(
      ', which is final',
      // Rejects are cut from the file as it was sent.
      `${count} are loaded: the whole file as another batch (--next) would load ${loaded ?? 'those that are loaded'} a second time. To correct only the rejected records, restore ${file.name} first (${sha256}) and write them to a file: ebill results --rejects --job-id ${word}. Correct that file, then load it: ebill correct --job-id ${word}`,
    );
  }
  if (isSubmitted(state, other))
    return conflict(
      ', which is being processed',
      `${restore} Otherwise correct only the records that are rejected, once it is final: ebill watch --job-id ${word}`,
    );
  if (!isReplaceable(other))
    return conflict(
      '',
      `It would be finalized with its invoice batch, so it cannot be replaced alone: upload the invoice file with all its item files again, with --restart-invoice. ${restore}`,
      {
        option: '--restart-invoice',
        label: `The new content is right: start the invoice batch over with all its item files; the old batch is left behind, and none of its records are loaded`,
      },
    );
  return conflict(
    '',
    `If the new content replaces the old, run the command with --next: ${other.jobId} is then left behind and never finalized. ${restore}`,
    {
      option: '--next',
      label: `The new content is right: load it as a new batch; ${other.jobId} is left behind, and none of its records are loaded`,
    },
  );
}

function idConflict(file: SourceFile, holder: BatchState): EbillError {
  const what = holder.file === null ? `a batch of the kind ${holder.kind}` : holder.file.name;
  return new EbillError(
    'CONFLICT',
    `The job id ${holder.jobId} is on record for ${what}, not for ${file.name}.`,
    {
      hint: 'Choose another --job-id, or omit it to take the next free number.',
    },
  );
}

/** The files of a whole month. */
export interface MonthFiles {
  readonly customers: readonly SourceFile[];
  readonly invoices: readonly { readonly file: SourceFile; readonly items: readonly SourceFile[] }[];
}

/** The files of a whole month with the batch of each. */
export interface Month {
  readonly customers: readonly Assignment[];
  readonly invoices: readonly { readonly invoice: Assignment; readonly items: readonly Assignment[] }[];
}

/**
 * Assigns each file of a plan to a batch, from the journal alone. Item files are numbered through in the plan's order, so
 * that another machine with the same plan gives the same names (api rule 24). Pure.
 * @throws EbillError CONFLICT for a name used with other content, or items on record under another invoice batch;
 *   INVALID_PLAN for items with the same content under two invoices
 */
export function assignMonth(
  state: LoadState,
  files: MonthFiles,
  options: Pick<PlanOptions, 'next' | 'restart' | 'names' | 'terminal'>,
): Month {
  const all: PlanOptions = { jobId: null, again: false, ...options };
  refuseSharedItems(files);
  assertOneKind([
    ...files.customers.map((file) => ({ kind: 'customer' as const, file })),
    ...files.invoices.flatMap(({ file, items }) => [
      { kind: 'invoice' as const, file },
      ...items.map((item) => ({ kind: 'items' as const, file: item })),
    ]),
  ]);
  const taken = new Set(state.batches.keys());
  const customers = assign(state, 'customer', files.customers, all, taken);
  const heads = assign(
    state,
    'invoice',
    files.invoices.map(({ file }) => file),
    all,
    taken,
  );
  const invoices = heads.map((invoice, i) => {
    const items = assign(
      state,
      'items',
      files.invoices[i]?.items ?? [],
      { ...all, parent: invoice.jobId },
      taken,
    );
    for (const item of items) assertUnder(state, item, invoice);
    return { invoice, items };
  });
  return { customers, invoices };
}

/** An item belongs to one invoice: the same items under two would be billed twice. */
function refuseSharedItems(files: MonthFiles): void {
  const seen = new Map<string, { readonly item: SourceFile; readonly invoice: SourceFile }>();
  for (const { file: invoice, items } of files.invoices) {
    for (const item of items) {
      const other = seen.get(item.sha256);
      if (other !== undefined && other.invoice !== invoice) {
        throw new EbillError(
          'INVALID_PLAN',
          `${other.item.name} (items of ${other.invoice.name}) and ${item.name} (items of ${invoice.name}) have the same content.`,
          { hint: 'An item file belongs to one invoice file: remove it from the other.' },
        );
      }
      seen.set(item.sha256, { item, invoice });
    }
  }
}

/**
 * Items on record under another invoice batch of the load were moved in the plan: they would be billed twice. Under an
 * invoice file of the same name they go again with its corrected content (api rule 28).
 */
function assertUnder(state: LoadState, item: Assignment, invoice: Assignment): void {
  if (item.action !== 'new') return;
  for (const known of having(state.batches, bySha256, item.file.sha256)) {
    if (known.kind !== 'items' || known.abandoned) continue;
    const parent = parentOf(state.batches, known);
    if (parent === null || parent.abandoned || parent.file?.name === invoice.file.name) continue;
    if (invoice.replaces.some(({ jobId }) => jobId === parent.jobId)) continue;
    throw new EbillError(
      'CONFLICT',
      `${item.file.name} is on record as ${known.jobId} under ${parent.jobId}; the plan has it under ${invoice.file.name} (${invoice.jobId}).`,
      { hint: 'Put it back under the invoice file it was sent with, or remove it from the plan.' },
    );
  }
}
