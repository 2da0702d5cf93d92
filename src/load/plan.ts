import { batchJobId, nextJobId } from '../batch/job-ids.ts';
import { parentJobId } from '../batch/tree.ts';
import type { FileKind, Kind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import type { SourceFile } from './entries.ts';
import type { BatchState, LoadState } from './state.ts';

interface PlanOptions {
  /** `--job-id`: the id of the only batch planned. */
  readonly jobId: string | null;
  /** `--again`: upload although the same bytes are on record. */
  readonly again: boolean;
  /** `--next`: another batch for new content under a name already used. */
  readonly next: boolean;
  /** `--shard`: the number of each file in the whole list, by path; it determines the job id. */
  readonly numbers?: ReadonlyMap<string, number>;
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
  /** Drafts under the same file name that never got their content; this batch replaces them. */
  readonly replaces: readonly BatchState[];
}

/**
 * Assigns each file to a batch, from the journal alone. Bytes on record go into their batch; new files take the next free
 * numbers, in order (commands rule 1, api rules 24 and 27). Pure.
 * @throws EbillError CONFLICT for a name or job id used with other content, unless `next`
 */
export function assign(
  state: LoadState,
  kind: FileKind,
  files: readonly SourceFile[],
  options: PlanOptions,
): readonly Assignment[] {
  if (!options.again) refuseOtherKind(state, kind, files);
  const taken = new Set(state.batches.keys());
  const live = [...state.batches.values()].filter((batch) => batch.kind === kind && !batch.abandoned);
  const given = new Map<string, string>();
  return files.map((file) => {
    const exact = options.jobId !== null || options.numbers !== undefined;
    const onRecord = live.find((batch) => batch.file?.sha256 === file.sha256);
    const duplicate = given.get(file.sha256);
    if (duplicate !== undefined && !options.again)
      return { kind, file, jobId: duplicate, action: 'duplicate', exact, replaces: [] };
    if (onRecord !== undefined && !options.again) {
      given.set(file.sha256, onRecord.jobId);
      const action = onRecord.uploaded === 'yes' ? 'done' : 'resume';
      return {
        kind,
        file,
        jobId: onRecord.jobId,
        action,
        exact: exact && options.jobId !== null && options.jobId === onRecord.jobId,
        replaces: [],
      };
    }
    const sameName = live.filter(
      (batch) => batch.file?.name === file.name && batch.file.sha256 !== file.sha256,
    );
    if (sameName[0] !== undefined && !options.next) throw nameConflict(file, sameName[0]);
    const jobId = requestedJobId(state, kind, file, options) ?? nextJobId(state.header.job, kind, taken);
    const holder = exact ? state.batches.get(jobId) : undefined;
    if (holder !== undefined && holder.file !== null) throw idConflict(file, holder);
    taken.add(jobId);
    given.set(file.sha256, jobId);
    const replaces = sameName.filter((batch) => batch.uploaded !== 'yes' && kind !== 'items');
    return { kind, file, jobId, action: 'new', exact, replaces };
  });
}

/** The same bytes are one batch of a load, whatever kind they are given as (api rule 27). */
function refuseOtherKind(state: LoadState, kind: FileKind, files: readonly SourceFile[]): void {
  const others = [...state.batches.values()].filter((batch) => batch.kind !== kind && !batch.abandoned);
  for (const file of files) {
    const other = others.find((batch) => batch.file?.sha256 === file.sha256);
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
      hint: 'One of them is the wrong file. Check what each file holds, and give every file once, as what it is.',
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

function nameConflict(file: SourceFile, other: BatchState): EbillError {
  return new EbillError('CONFLICT', `${file.name} is on record with other content, as ${other.jobId}.`, {
    hint: `If this is another batch, run the command with --next. If it is the same, restore the file: its SHA-256 was ${other.file?.sha256 ?? 'unknown'}.`,
  });
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
export function assignMonth(state: LoadState, files: MonthFiles, next: boolean): Month {
  const options: PlanOptions = { jobId: null, again: false, next };
  refuseSharedItems(files);
  assertOneKind([
    ...files.customers.map((file) => ({ kind: 'customer' as const, file })),
    ...files.invoices.flatMap(({ file, items }) => [
      { kind: 'invoice' as const, file },
      ...items.map((item) => ({ kind: 'items' as const, file: item })),
    ]),
  ]);
  const customers = assign(state, 'customer', files.customers, options);
  const heads = assign(
    state,
    'invoice',
    files.invoices.map(({ file }) => file),
    options,
  );
  const all = assign(
    state,
    'items',
    files.invoices.flatMap(({ items }) => items),
    options,
  );
  let from = 0;
  const invoices = heads.map((invoice, i) => {
    const count = files.invoices[i]?.items.length ?? 0;
    const items = all.slice(from, from + count);
    from += count;
    for (const item of items) assertUnder(state, item, invoice);
    return { invoice, items };
  });
  return { customers, invoices };
}

/** The same content is sent once in a load, so under a second invoice it would be missing. */
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

/** Items on record must be under the invoice batch the plan puts them under: elsewhere they would be on another bill. */
function assertUnder(state: LoadState, item: Assignment, invoice: Assignment): void {
  const known = state.batches.get(item.jobId);
  if (known === undefined || item.action === 'new') return;
  const parent = parentJobId(state.batches, known);
  if (parent === null || parent === invoice.jobId) return;
  throw new EbillError(
    'CONFLICT',
    `${item.file.name} is on record as ${item.jobId} under ${parent}; the plan has it under ${invoice.file.name} (${invoice.jobId}).`,
    { hint: 'Put it back under the invoice file it was sent with, or remove it from the plan.' },
  );
}
