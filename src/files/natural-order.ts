import { basename } from 'node:path';

// A fixed locale: the order decides the numbers in job ids, and machines must agree on it (`--shard`, `--adopt`).
let collator: Intl.Collator | null = null;

/** Natural order: `itm_2` before `itm_10`. Never 0 for different strings. */
export function compareNaturally(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Natural order of paths (commands rule 14): by base name first, because it is the same on every machine, whatever folder
 * the files are in.
 */
export function comparePaths(a: string, b: string): number {
  return compareNaturally(basename(a), basename(b)) || compareNaturally(a, b);
}
