import type { ComparedKind, Comparison } from '../batch/comparison.ts';
import { amountText, count, UNKNOWN } from './format.ts';
import { table } from './table.ts';
import type { Theme } from './theme.ts';

/** `+1.4%`, `-40.0%`. */
export const percent = (change: number | null): string =>
  change === null ? UNKNOWN : `${change > 0 ? '+' : ''}${change.toFixed(1)}%`;

const NAMES: Readonly<Record<ComparedKind['kind'], readonly [records: string, amount: string]>> = {
  customer: ['customers', ''],
  invoice: ['invoices', 'invoice amounts'],
  items: ['items', 'item amounts'],
};

type Row = readonly [what: string, now: string | null, last: string | null, change: string];

/** This month, last month and the change, a line for each figure that either month has. */
export function comparisonTable(comparison: Comparison, theme: Theme): Promise<string> {
  const { against, kinds, customersBilled, lastCustomersBilled, customersBilledChange } = comparison;
  const rows = kinds.flatMap((one): Row[] => {
    const [records, amount] = NAMES[one.kind];
    const line: Row = [records, count(one.records), count(one.lastRecords), percent(one.recordsChange)];
    return one.amount === null && one.lastAmount === null
      ? [line]
      : [line, [amount, amountText(one.amount), amountText(one.lastAmount), percent(one.amountChange)]];
  });
  if (customersBilled !== null || lastCustomersBilled !== null)
    rows.push([
      'customers billed',
      count(customersBilled),
      count(lastCustomersBilled),
      percent(customersBilledChange),
    ]);
  const right = (title: string) => ({ title, right: true });
  return table(['Compared', right('This month'), right(against ?? UNKNOWN), right('Change')], rows, theme);
}
