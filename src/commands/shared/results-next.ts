import { relative } from 'node:path';
import type { Context } from '../../system/context.ts';
import { quoted, type Terminal } from '../../system/quoting.ts';
import type { WrittenRejects } from './results-rejects.ts';

/**
 * How the fixed rejects are loaded again, as a person is told it; empty when there are none. `--next` means that another
 * batch is wanted, whatever name the file has.
 * @param parentOf the invoice batch of an items batch, by job id
 */
export function reloadAdvice(
  files: readonly WrittenRejects[],
  job: string | null,
  context: Terminal & Pick<Context, 'cwd'>,
  parentOf: (jobId: string) => string | null,
): string {
  if (files.length === 0) return '';
  const shown = ({ path }: WrittenRejects): string => quoted(relative(context.cwd, path) || path, context);
  const options = `${job === null ? '' : ` --job ${quoted(job, context)}`} --next --wait`;
  const of = (kind: WrittenRejects['kind']): readonly WrittenRejects[] =>
    files.filter((file) => file.kind === kind);
  const customers = of('customer');
  const lines: string[] = [];
  let mixed = false;
  if (customers.length > 0) lines.push(`ebill upload customer ${customers.map(shown).join(' ')}${options}`);
  const items = new Set(of('items'));
  for (const invoice of of('invoice')) {
    const own = [...items].filter((item) => parentOf(item.jobId) === invoice.jobId);
    for (const item of own) items.delete(item);
    mixed ||= own.length > 0;
    const list = own.length === 0 ? '' : ` --items ${own.map(shown).join(' ')}`;
    lines.push(`ebill upload invoice ${shown(invoice)}${list}${options}`);
  }
  if (mixed) lines.push(LEAVE_OUT);
  const told = lines.length === 0 ? [] : ['Next: correct the rejects, then load them again:', ...lines];
  return [...told, ...(items.size === 0 ? [] : withoutInvoice([...items].map(shown), options))].join('\n');
}

/** An items file is loaded under the invoice batch it comes with. */
const LEAVE_OUT =
  'Items are looked up in the invoice file they come with: take out those whose invoice was loaded before; to a finalized invoice batch nothing can be added.';

/** Items go into an invoice batch before it is finalized; theirs is (batch-api.md, "Calls"). No command can undo that. */
function withoutInvoice(items: readonly string[], options: string): string[] {
  const more = items.length > 3 ? ` and ${items.length - 3} more` : '';
  return [
    `The items in ${items.slice(0, 3).join(', ')}${more} belong to invoice batches that are finalized, and to those nothing can be added.`,
    'They need a new invoice batch with their invoices; whether the server takes an invoice it has loaded before is not documented, so ask there first:',
    `ebill upload invoice INVOICES.csv --items ${items.slice(0, 3).join(' ')}${more === '' ? '' : ' …'}${options}`,
  ];
}
