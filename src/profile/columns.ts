import { type Columns, columnList, columnsOf, ROLE_NAMES, ROLES, type RoleName } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { nearest } from '../system/nearest.ts';

/** One `KIND.ROLE=NAME` of the command line; `null` removes the role. */
export type ColumnChange = readonly [role: RoleName, column: string | null];

/**
 * Parses `--column KIND.ROLE=NAME`: which column has the role in the checks across files. A name may contain `=` and
 * spaces; an empty one removes the role.
 *
 * @throws EbillError `USAGE`, with the closest role
 */
export function parseColumn(text: string): ColumnChange {
  const at = text.indexOf('=');
  if (at < 1) {
    throw new EbillError('USAGE', `--column "${short(text)}" has no "=" with a role before it.`, {
      hint: `Write it as KIND.ROLE=NAME, for example --column "invoice.key=Invoice Number". Roles: ${ROLE_NAMES.join(', ')}.`,
    });
  }
  const column = text.slice(at + 1).trim();
  return [roleNamed(text.slice(0, at).trim()), column === '' ? null : checkColumn(column, '--column')];
}

/** The columns with the changes made. */
export function changedColumns(before: Columns, changes: readonly ColumnChange[]): Columns {
  const after = new Map<RoleName, string>(columnList(before));
  for (const [role, column] of changes) {
    if (column === null) after.delete(role);
    else after.set(role, column);
  }
  return columnsOf(after);
}

/**
 * Parses the columns of a profile or plan: `{ invoice: { key: "Invoice Number" } }`.
 *
 * @throws EbillError `USAGE`
 */
export function parseColumns(value: unknown, source: string): Columns {
  const list: [RoleName, string][] = [];
  for (const [kind, roles] of entries(value, source)) {
    if (!Object.hasOwn(ROLES, kind))
      throw wrong(source, `"${short(kind)}" is not a kind of file`, Object.keys(ROLES));
    for (const [role, column] of entries(roles, `${source}.${kind}`)) {
      const name = ROLE_NAMES.find((known) => known === `${kind}.${role}`);
      if (name === undefined) {
        throw wrong(source, `"${short(role)}" is not a role of ${kind}`, ROLES[kind as FileKind]);
      }
      if (typeof column !== 'string') throw wrong(source, `${name} is not a text`, []);
      list.push([name, checkColumn(column, source)]);
    }
  }
  return columnsOf(list);
}

function roleNamed(text: string): RoleName {
  const role = ROLE_NAMES.find((name) => name === text.toLowerCase());
  if (role !== undefined) return role;
  const match = nearest(text, ROLE_NAMES);
  throw new EbillError('USAGE', `--column: "${short(text)}" is not a role.`, {
    hint: `${match === null ? '' : `Did you mean ${match}? `}Roles: ${ROLE_NAMES.join(', ')}.`,
  });
}

function checkColumn(column: string, source: string): string {
  if (column.trim() !== '' && !/[\p{Cc}\u2028\u2029]/u.test(column)) return column;
  throw wrong(source, 'the name of a column is empty or holds a control character', []);
}

function entries(value: unknown, source: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw wrong(source, 'this is not an object of columns', []);
}

function wrong(source: string, problem: string, known: readonly string[]): EbillError {
  return new EbillError('USAGE', `${source}: ${problem}.`, {
    hint:
      known.length > 0
        ? `Known: ${known.join(', ')}.`
        : 'Name columns as in { "invoice": { "key": "Invoice Number" } }.',
  });
}

const short = (text: string): string => visible(text.slice(0, 60));
