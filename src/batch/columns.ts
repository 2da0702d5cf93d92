import type { FileKind } from './types.ts';

/** The roles columns can have, by kind of file (commands rule 33). */
export const ROLES = {
  customer: ['key'],
  invoice: ['key', 'customer', 'amount'],
  items: ['invoice', 'amount'],
} as const satisfies Record<FileKind, readonly string[]>;

export type Role<Kind extends FileKind> = (typeof ROLES)[Kind][number];

/**
 * Names of the columns, as in the header, that the checks across files need: from a plan, a profile or `--column`. An empty
 * name: no column has the role, and none is looked for.
 */
export type Columns = {
  readonly [Kind in FileKind]?: { readonly [R in Role<Kind>]?: string };
};

/** A role as options and messages spell it. */
export type RoleName = { [Kind in FileKind]: `${Kind}.${Role<Kind>}` }[FileKind];

/** All of them, `customer.key` first. */
export const ROLE_NAMES: readonly RoleName[] = (Object.keys(ROLES) as FileKind[]).flatMap((kind) =>
  ROLES[kind].map((role) => `${kind}.${role}` as RoleName),
);

/** The columns as a list, in the order of `ROLE_NAMES`. */
export function columnList(columns: Columns): readonly (readonly [role: RoleName, column: string])[] {
  return ROLE_NAMES.flatMap((name) => {
    const [kind = '', role = ''] = name.split('.');
    const roles: Readonly<Record<string, string | undefined>> = columns[kind as FileKind] ?? {};
    const column = roles[role];
    return column === undefined ? [] : [[name, column] as const];
  });
}

/** The list as columns again; of a role named twice the last is meant. */
export function columnsOf(list: Iterable<readonly [role: RoleName, column: string]>): Columns {
  const columns: Partial<Record<FileKind, Record<string, string>>> = {};
  for (const [name, column] of list) {
    const [kind = '', role = ''] = name.split('.');
    columns[kind as FileKind] = { ...columns[kind as FileKind], [role]: column };
  }
  return columns;
}

/** The columns of a call, as it declares them. */
export interface ColumnChoice {
  readonly declared: Columns;
  /** Roles that no column has: none is looked for. */
  readonly without: ReadonlySet<RoleName>;
}

export function columnChoice(columns: Columns): ColumnChoice {
  const list = columnList(columns);
  return {
    declared: columnsOf(list.filter(([, column]) => column !== '')),
    without: new Set(list.flatMap(([role, column]) => (column === '' ? [role] : []))),
  };
}

/** The columns with others over them, role by role. */
export function withColumns(under: Columns, over: Columns): Columns {
  return columnsOf([...columnList(under), ...columnList(over)]);
}
