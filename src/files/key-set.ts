import { Flags } from './flags.ts';
import { KeyTable } from './key-table.ts';

/** The key came again: a duplicate, or another key with the same hash. */
export const TWICE = 1;
export const HAS_ITEMS = 2;
/** The amount, or one of its items', is none. */
export const UNSURE = 4;
/** To be looked at again, on its bytes. */
export const SUSPECT = 8;
/** An earlier key has this hash: all is said of that one. */
export const AGAIN = 16;

/** Keys of one kind over all its files, and what is known of each. */
export class KeySet {
  readonly flags = new Flags();
  readonly table = new KeyTable((first, again) => {
    this.flags.set(first, TWICE);
    this.flags.set(again, AGAIN);
  });

  /** The number of a key with this hash, -1: there is none. `last`: the one that was found last; files mostly have one order. */
  find(low: number, high: number, last: number): number {
    const { table } = this;
    if (last >= 0 && table.is(last, low, high)) return last;
    if (table.is(last + 1, low, high)) return last + 1;
    return table.find(low, high);
  }
}
