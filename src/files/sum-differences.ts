import { grouped } from '../system/quantities.ts';
import { equalTo, formatDecimal, halfUnit } from './amounts.ts';
import { displayValue, type FindingDetails, type FindingList, finding } from './findings.ts';

/** An invoice whose items do not add up to its amount. Amounts are in fine units. */
export interface SumDifference {
  readonly key: string;
  readonly line: number;
  /** The column of the amount. */
  readonly column: number;
  readonly stated: bigint;
  readonly sum: bigint;
  /** How many items there are. */
  readonly items: number;
  /** How many decimals the amount was written with. */
  readonly decimals: number;
}

/** Up to this many invoices are reported one by one. */
const FEW = 5;
/** Up to this many also if their cause is not clear: a report shows them all. */
const SHOWN = 10;

/**
 * Reports the invoices of a file whose items do not add up: one finding with its likely cause if they are most of the
 * invoices compared, else one each.
 * @param declared the columns are; others may be the wrong ones, so that most differences without a cause are no finding
 * @returns whether there is the one finding, or would be with declared columns
 */
export function reportDifferences(
  found: readonly SumDifference[],
  total: number,
  compared: number,
  findings: FindingList,
  declared: boolean,
): 'each' | 'one' | 'unrelated' {
  const [first] = [...found].sort((a, b) => a.line - b.line);
  if (first === undefined) return 'each';
  const cause = likelyCause(found);
  const isUnclear = cause === null && !found.every(isRounding);
  if (!declared && isUnclear && total * 2 > compared && total > 1) return 'unrelated';
  const most = total > (cause === null ? SHOWN : FEW) && total * 2 > compared;
  if (!most) {
    for (const one of found) findings.error('amount-sum', () => single(one));
    return 'each';
  }
  const { line, column } = first;
  findings.cause(
    finding(
      'amount-sum',
      { line, column },
      `${total} of ${compared} invoices do not add up, ${cause ?? 'probably because a column named for the amounts is another one'}; here first: ${sentence(first)}`,
      'Name another amount column: --column invoice.amount=NAME or --column items.amount=NAME. To leave this check out, name none: --column items.amount=',
    ),
  );
  return 'one';
}

function single(one: SumDifference): FindingDetails {
  const { line, column, items } = one;
  return isRounding(one)
    ? finding(
        'amount-sum',
        { line, column },
        `${sentence(one)}; rounding each of its ${items} items can cause this`,
        'Round the invoice as its items are rounded, or correct one of the amounts.',
      )
    : finding(
        'amount-sum',
        { line, column },
        sentence(one),
        'Correct the amount, or look for missing or repeated items.',
      );
}

const sentence = ({ key, stated, sum }: SumDifference): string => {
  const shown = (fine: bigint): string => grouped(formatDecimal(fine, 2));
  return `the amount of invoice "${displayValue(key)}" is ${shown(stated)}, but its items add up to ${shown(sum)} (difference ${shown(sum - stated)})`;
};

/** True if the items may be rounded each, and the invoice in all: half a unit for each of them at most. */
function isRounding({ stated, sum, items, decimals }: SumDifference): boolean {
  const difference = stated < sum ? sum - stated : stated - sum;
  return items > 1 && difference <= BigInt(items) * halfUnit(decimals);
}

/** Parts of a million: how much larger the one side is than the other. */
const PARTS = 1_000_000n;
/** More than any tax. */
const MOST_TAX = 300_000n;

/** Why most invoices may differ; `null` for no common cause. */
function likelyCause(found: readonly SumDifference[]): string | null {
  const most = (test: (one: SumDifference) => boolean): boolean =>
    found.filter(test).length * 10 >= found.length * 9;
  if (most(isRounding))
    return 'probably because the items are rounded one by one (by half a unit of the last decimal for each item at most)';
  if (most(({ stated, sum }) => equalTo(2, stated, -sum)))
    return 'probably because the items have the opposite sign';
  const ratio = (a: bigint, b: bigint): bigint => (b === 0n ? -1n : (a * PARTS) / b - PARTS);
  const isTax = (part: bigint): boolean => part > 0n && part <= MOST_TAX;
  if (most(({ stated, sum }) => isTax(ratio(stated, sum))))
    return 'probably because the invoices are gross and the items net (each invoice is up to 30 % more)';
  if (most(({ stated, sum }) => isTax(ratio(sum, stated))))
    return 'probably because the invoices are net and the items gross (the items are up to 30 % more)';
  if (most(({ stated, sum }) => equalTo(2, stated, 100n * sum) || equalTo(2, 100n * stated, sum)))
    return 'probably because one side is in cents';
  return null;
}
