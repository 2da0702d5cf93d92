import type { StatusNames } from '../batch/phase.ts';
import { flatten } from '../batch/tree.ts';
import type { FileKind } from '../batch/types.ts';
import type { LoadState } from './state.ts';
import { viewLoad } from './view.ts';

/**
 * Whether a load is closed: every batch of it is final and nothing is left to correct (commands rule 7). A load is open
 * before its first file; one with customers alone is open for its invoices. Pure.
 * @param adds what is to be added to it
 */
export function isClosed(state: LoadState, names: StatusNames, adds: FileKind): boolean {
  const batches = viewLoad(state, names);
  const kinds = flatten(batches).map(({ kind }) => kind);
  const hasFiles = kinds.some((kind) => kind === 'customer' || kind === 'invoice' || kind === 'items');
  if (!hasFiles || (adds === 'invoice' && !kinds.includes('invoice'))) return false;
  // Files on record that have not arrived are not among the batches shown.
  const expected = [...state.batches.values()].some(
    ({ kind, file, uploaded, foundElsewhere, leftOut, abandoned }) =>
      kind !== 'init' && file !== null && uploaded !== 'yes' && !foundElsewhere && !leftOut && !abandoned,
  );
  return !expected && batches.every(({ outcome }) => outcome === 'succeeded' || outcome === 'not-run');
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** The name of the load after this one, where it names a month: `AUG_2020`, `2020-08`; else `null`. */
export function nextMonth(job: string): string | null {
  const [, name = '', between = '', year = ''] = /^([A-Z]{3})([-_ ]?)(\d{4})$/.exec(job) ?? [];
  const month = MONTHS.indexOf(name);
  if (month >= 0) return `${MONTHS[(month + 1) % 12]}${between}${Number(year) + (month === 11 ? 1 : 0)}`;
  const [, of = '', dash = '', digits = ''] = /^(\d{4})([-_]?)(0[1-9]|1[0-2])$/.exec(job) ?? [];
  if (of === '') return null;
  const next = (Number(digits) % 12) + 1;
  return `${Number(of) + (next === 1 ? 1 : 0)}${dash}${String(next).padStart(2, '0')}`;
}
