import type { BatchView } from '../batch/types.ts';
import { fittingColumns } from './batch-columns.ts';
import { batchList } from './batch-list.ts';
import { batchMessages } from './batch-messages.ts';
import { batchRows, nameOf, spelling } from './batch-text.ts';
import { drawTable } from './draw-table.ts';
import { widthsReady } from './text-width.ts';
import type { Theme } from './theme.ts';

/** Below this a table would be all gaps. */
const NARROWEST_TABLE = 50;

/** Where the batches stand, for people: the table, and below it what the server said of those that failed. */
export async function batchTable(batches: readonly BatchView[], theme: Theme): Promise<string> {
  if (batches.length === 0) return 'No batches.';
  const rows = batchRows(batches).map((row) => ({ ...row, name: row.branch + nameOf(row.batch, theme) }));
  await widthsReady(
    rows.flatMap(({ batch, name }) => [
      name,
      theme.clean(batch.id ?? ''),
      theme.clean(batch.file ?? ''),
      spelling(batch, theme),
      theme.clean(batch.errorMessage ?? ''),
    ]),
  );
  const columns = theme.width < NARROWEST_TABLE ? null : fittingColumns(rows, theme);
  const table = columns ? await drawTable(columns, theme) : batchList(rows, theme);
  const messages = batchMessages(batches, theme);
  return messages === '' ? table : `${table}\n\n${messages}`;
}
