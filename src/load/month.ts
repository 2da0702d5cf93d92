import { parentJobId } from '../batch/tree.ts';
import { EbillError } from '../errors.ts';
import type { SourceFile } from './entries.ts';
import { type Assignment, assign, type PlanOptions } from './plan.ts';
import type { LoadState } from './state.ts';

/** The files of a whole month, checked. */
export interface MonthFiles {
  readonly customers: readonly SourceFile[];
  readonly invoices: readonly { readonly file: SourceFile; readonly items: readonly SourceFile[] }[];
}

/** The same with the batch of each file. */
export interface Month {
  readonly customers: readonly Assignment[];
  readonly invoices: readonly { readonly invoice: Assignment; readonly items: readonly Assignment[] }[];
}

/**
 * Which batch each file of a plan goes into, from the journal alone. Pure. All item files are numbered through, in the
 * plan's order, so that another machine with the same plan gives the same names (batch-api.md, "Job ids of one month's load").
 * @throws EbillError CONFLICT for a name used with other content, and for items on record under another invoice batch;
 *   INVALID_PLAN for items of one content under two invoices
 */
export function assignMonth(state: LoadState, files: MonthFiles, next: boolean): Month {
  const options: PlanOptions = { jobId: null, again: false, next };
  refuseSharedItems(files);
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

/** One content is sent once in a load: under a second invoice it would be missing. */
function refuseSharedItems(files: MonthFiles): void {
  const seen = new Map<string, { readonly item: SourceFile; readonly invoice: SourceFile }>();
  for (const { file: invoice, items } of files.invoices) {
    for (const item of items) {
      const other = seen.get(item.sha256);
      if (other !== undefined && other.invoice !== invoice) {
        throw new EbillError(
          'INVALID_PLAN',
          `${other.item.name} (items of ${other.invoice.name}) and ${item.name} (items of ${invoice.name}) have the same content.`,
          { hint: 'An item file belongs to one invoice file: take it out of the other one.' },
        );
      }
      seen.set(item.sha256, { item, invoice });
    }
  }
}

/** Items sent before must be where the plan puts them: elsewhere they are other people's bills. */
function assertUnder(state: LoadState, item: Assignment, invoice: Assignment): void {
  const known = state.batches.get(item.jobId);
  if (known === undefined || item.action === 'new') return;
  const parent = parentJobId(state.batches, known);
  if (parent === null || parent === invoice.jobId) return;
  throw new EbillError(
    'CONFLICT',
    `${item.file.name} is on record as ${item.jobId} under ${parent}; the plan has it under ${invoice.file.name} (${invoice.jobId}).`,
    { hint: 'Put it back under the invoice file it was sent with, or take it out of the plan.' },
  );
}
