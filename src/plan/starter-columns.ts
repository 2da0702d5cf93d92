import { ROLE_NAMES, type RoleName } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { type FoundCsv, numberOf } from './starter-kinds.ts';

/** Which column may hold what, by the headers of the files. */
export interface GuessedColumns {
  /** One name fits, and every file of the kind has it. */
  readonly sure: readonly (readonly [role: RoleName, column: string])[];
  /** Several names fit, or not every file has one of them. */
  readonly unsure: readonly (readonly [role: RoleName, columns: readonly string[]])[];
}

const NAMES: Readonly<Record<RoleName, RegExp>> = {
  'customer.key': numberOf('account|customer'),
  'invoice.key': numberOf('invoice'),
  'invoice.customer': numberOf('account|customer'),
  'invoice.amount': /^(?:(?:total|invoice|gross)[ _-]?)?(?:amount|total)(?:[ _-]?due)?$/i,
  'items.invoice': numberOf('invoice'),
  'items.amount': /^(?:(?:line|item|total)[ _-]?)?(?:amount|total)$/i,
};

/** Guesses the roles of columns from the names in the headers. Pure. */
export function guessColumns(files: Readonly<Record<FileKind, readonly FoundCsv[]>>): GuessedColumns {
  const sure: [RoleName, string][] = [];
  const unsure: [RoleName, readonly string[]][] = [];
  for (const role of ROLE_NAMES) {
    const of = files[role.split('.')[0] as FileKind];
    const fitting = of.map(({ header }) =>
      header.map((name) => name.trim()).filter((name) => NAMES[role].test(name)),
    );
    const all = [...new Set(fitting.flat())];
    const [column, other] = all;
    if (column === undefined) continue;
    if (other === undefined && fitting.every((names) => names.length === 1)) sure.push([role, column]);
    else unsure.push([role, all]);
  }
  return { sure, unsure };
}
