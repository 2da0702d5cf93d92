import type { Command } from 'commander';
import type { Columns } from '../../batch/columns.ts';
import { type ColumnChange, changedColumns, parseColumn } from '../../profile/columns.ts';
import type { App } from './command.ts';
import { collect, type Flags, listFlag } from './options.ts';

/** Declares `--column`, for every command that checks files and for profiles. */
export function declareColumnOption(command: Command): void {
  command.option(
    '--column <KIND.ROLE=NAME>',
    'name of the column with customer.key, invoice.key, invoice.customer, invoice.amount, items.invoice or items.amount, for the checks across files; KIND.ROLE= removes it (repeatable)',
    collect,
  );
}

/** @throws EbillError USAGE */
export function columnOptions(flags: Flags): readonly ColumnChange[] {
  return listFlag(flags, 'column').map(parseColumn);
}

/** The columns of a call: options over the profile that is named or in use; none of either is none. @throws EbillError USAGE */
export async function columnsFor(app: App, options: readonly ColumnChange[]): Promise<Columns> {
  const { profileOf } = await import('./file-checks.ts');
  return changedColumns((await profileOf(app))?.columns ?? {}, options);
}
