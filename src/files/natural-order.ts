import { basename } from 'node:path';

// A fixed locale: the order decides the numbers of job ids, and machines must agree on it (`--shard`, `--adopt`).
let collator: Intl.Collator | null = null;

/** Compares as people count: `itm_2` before `itm_10`. Never 0 for different strings. */
export function compareNaturally(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Compares paths by their base names, then as a whole (cli.md, "Files given"). The base name decides first because it
 * is the same on every machine, whatever folder the files are in there.
 */
export function comparePaths(a: string, b: string): number {
  return compareNaturally(basename(a), basename(b)) || compareNaturally(a, b);
}
