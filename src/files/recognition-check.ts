import type { RoleName } from '../batch/columns.ts';
import type { CrossState } from './cross-state.ts';
import { EMPTY_CUSTOMER } from './cross-state.ts';
import type { CrossCheckedFile } from './cross-verify.ts';
import { type KeySet, REPEAT } from './keys.ts';
import { likeGroup } from './near-keys.ts';
import { isKey, mostly, NO_AMOUNTS, NOT_UNIQUE, type Recognition } from './recognise.ts';

/** Gives up recognised keys that are not unique. Call between the passes: then no file is read again for them. */
export function giveUpKeys(state: CrossState, recognition: Recognition): void {
  for (const kind of ['customer', 'invoice'] as const) {
    if (!recognition.found.has(`${kind}.key`)) continue;
    const keys = kind === 'customer' ? state.customers : state.invoices;
    if (isKey(keys.table.size, repeatsIn(keys))) continue;
    recognition.reject(`${kind}.key`, NOT_UNIQUE);
    state.forget(kind);
  }
}

function repeatsIn({ table, flags }: KeySet): number {
  table.findRepeats();
  let repeats = 0;
  for (let key = 0; key < table.size; key++) if ((flags.get(key) & REPEAT) !== 0) repeats += 1;
  return repeats;
}

/** Findings that depend on the columns of some roles. */
interface Dependent {
  /** The role that is given up when most of its values have one of the findings. */
  readonly role: RoleName;
  /** Other roles it depends on. */
  readonly with: readonly RoleName[];
  /** Codes, or groups of their own. */
  readonly groups: readonly string[];
  readonly reason: string;
  /** Groups that depend on the roles, too, and show that the column is the right one. */
  readonly evident?: readonly string[];
  /** Warnings that depend on the roles, too. */
  readonly warnings?: readonly string[];
}

const EMPTY = 'has few values';
const UNRELATED_SUMS = 'differs between invoices and items, without a common cause';
const DEPENDENT: readonly Dependent[] = [
  { role: 'customer.key', with: [], groups: ['empty-key'], reason: EMPTY, warnings: ['lookalike-key'] },
  { role: 'customer.key', with: [], groups: ['duplicate-key'], reason: NOT_UNIQUE },
  {
    role: 'invoice.key',
    with: [],
    groups: ['empty-key'],
    reason: EMPTY,
    warnings: ['lookalike-key', 'no-items'],
  },
  { role: 'invoice.key', with: [], groups: ['duplicate-key'], reason: NOT_UNIQUE },
  { role: 'invoice.customer', with: [], groups: [EMPTY_CUSTOMER], reason: EMPTY },
  {
    role: 'invoice.customer',
    with: ['customer.key'],
    groups: ['unknown-customer'],
    reason: 'has few values that are in the customer files',
  },
  { role: 'items.invoice', with: [], groups: ['empty-key'], reason: EMPTY },
  {
    role: 'items.invoice',
    with: ['invoice.key'],
    groups: ['unknown-invoice'],
    reason: 'has few values that are in the invoice files',
  },
  { role: 'invoice.amount', with: [], groups: ['amount', 'empty-amount'], reason: NO_AMOUNTS },
  { role: 'items.amount', with: [], groups: ['amount', 'empty-amount'], reason: NO_AMOUNTS },
  { role: 'invoice.amount', with: [], groups: [], evident: ['decimal-comma'], reason: NO_AMOUNTS },
  { role: 'items.amount', with: [], groups: [], evident: ['decimal-comma'], reason: NO_AMOUNTS },
];

/** A file after all passes. */
export interface SettledFile extends CrossCheckedFile {
  readonly content: { readonly records: number | null } | undefined;
}

/**
 * Makes warnings of the findings that recognised columns are the ground of, and drops those of columns that turned out to
 * be others. Findings with a separate cause stay: a key that looks like the reference shows that the columns are right.
 */
export function settleRecognition(
  { recognised, unrelatedSums }: CrossState,
  recognition: Recognition,
  files: readonly SettledFile[],
): void {
  if (unrelatedSums)
    for (const role of ['invoice.amount', 'items.amount'] as const) recognition.reject(role, UNRELATED_SUMS);
  const isGone = (roles: readonly RoleName[]): boolean => roles.some((role) => recognition.wasGivenUp(role));
  const of = (role: RoleName): readonly SettledFile[] =>
    files.filter(({ kind }) => role.startsWith(`${kind}.`));
  const total = (all: readonly SettledFile[], pick: (file: SettledFile) => number): number =>
    all.reduce((sum, file) => sum + pick(file), 0);
  for (const { role, with: others, groups, reason } of DEPENDENT) {
    if (![role, ...others].some((one) => recognised.has(one))) continue;
    const wrong = total(of(role), ({ findings }) =>
      groups.reduce((sum, group) => sum + findings.count(group), 0),
    );
    if (
      wrong > 0 &&
      mostly(
        wrong,
        total(of(role), ({ content }) => content?.records ?? 0),
      )
    )
      for (const one of [role, ...others]) recognition.reject(one, reason);
  }
  for (const { role, with: others, groups, evident = [], warnings = [] } of DEPENDENT) {
    const roles = [role, ...others];
    for (const { findings } of of(role)) {
      if (isGone(roles))
        for (const group of [...groups, ...evident, ...warnings])
          findings.drop(group, isGone(['customer.key', 'invoice.key']));
      if (!roles.some((one) => recognised.has(one))) continue;
      for (const group of [...groups, ...evident, ...groups.map(likeGroup)]) findings.demote(group);
    }
  }
  const sums: readonly RoleName[] = ['invoice.key', 'items.invoice', 'invoice.amount', 'items.amount'];
  for (const { findings } of of('invoice.key')) {
    if (isGone(sums)) findings.drop('amount-sum');
    if (isGone(['invoice.key', 'items.invoice'])) findings.drop('no-items');
    if (sums.some((one) => recognised.has(one))) findings.demote('amount-sum');
  }
}
