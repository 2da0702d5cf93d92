import { sameToTheCent } from './amount.ts';
import type { CrossState } from './cross-state.ts';
import { AGAIN, HAS_ITEMS, SUSPECT, TWICE, UNSURE } from './key-set.ts';

/** How many suspects of an invoice file, and of all customer files, are looked at again; the others are counted. */
export const MOST_SUSPECTS = 10_000;

export interface Suspects {
  readonly customers: boolean;
  readonly invoices: boolean;
  /** How many more there are, by the invoice file's path; `''` are the customers'. */
  readonly more: ReadonlyMap<string, number>;
}

/**
 * Marks what the first pass makes suspicious: keys that came twice, invoices without items, sums that differ. It went by
 * hashes, and a hash may be two keys': nobody is told of anything before it is confirmed on the bytes (performance.md,
 * "Keys and sums").
 * @param expectsItems is an invoice file held against items?
 */
export function markSuspects(state: CrossState, expectsItems: (path: string) => boolean): Suspects {
  const { customers, invoices, balances } = state;
  customers.table.tellAgain();
  invoices.table.tellAgain();
  const more = new Map<string, number>();
  const mark = (
    from: number,
    to: number,
    where: string,
    set: typeof customers,
    odd: (at: number) => boolean,
  ) => {
    let marked = 0;
    for (let at = from; at < to; at++) {
      const flags = set.flags.get(at);
      if ((flags & AGAIN) !== 0 || ((flags & TWICE) === 0 && !odd(at))) continue;
      if (marked === MOST_SUSPECTS) more.set(where, (more.get(where) ?? 0) + 1);
      else {
        set.flags.set(at, SUSPECT);
        marked += 1;
      }
    }
    return marked > 0;
  };
  const inCustomers = mark(0, customers.table.size, '', customers, () => false);
  let inInvoices = false;
  const { checksItems, checksSums } = state;
  for (const [path, { from, to }] of state.ranges) {
    const withItems = checksItems && expectsItems(path);
    const odd = (at: number): boolean => {
      const flags = invoices.flags.get(at);
      if (!withItems) return false;
      if ((flags & HAS_ITEMS) === 0) return true;
      if (!checksSums || (flags & UNSURE) !== 0 || balances.isNought(at)) return false;
      return !sameToTheCent(balances.fine(at), 0n);
    };
    if (mark(from, to, path, invoices, odd)) inInvoices = true;
  }
  return { customers: inCustomers, invoices: inInvoices, more };
}
