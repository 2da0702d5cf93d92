import { open, stat } from 'node:fs/promises';
import { columnsOfKind, comparable, roleRank } from '../batch/column-names.ts';
import { type Columns, columnList, columnsOf, ROLE_NAMES, type RoleName } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { AmountReader } from './amounts.ts';
import { foreignContent } from './encoding.ts';
import { type FindingDetails, finding, notAFile, unreadable } from './findings.ts';
import { HEAD_BYTES, type TableStart, tableProblem, tableStart } from './table-check.ts';

/** What a file's first bytes show. */
export type FileHead =
  | { readonly start: TableStart; readonly problem: null }
  | { readonly start: null; readonly problem: FindingDetails };

/** Records that show what a column contains. */
const SAMPLE_RECORDS = 200;

/** Reads the beginning of a file. Whatever is wrong with it is a finding, not an exception. */
export async function readHead(path: string): Promise<FileHead> {
  try {
    const info = await stat(path);
    if (!info.isFile()) return { start: null, problem: notAFile(info.isDirectory()) };
    const handle = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const [head, whole] = [buffer.subarray(0, bytesRead), bytesRead === info.size];
      const problem = foreignContent(head) ?? tableProblem(head, whole)?.finding;
      if (problem !== undefined) return { start: null, problem };
      const start = tableStart(head, whole, SAMPLE_RECORDS);
      if (start.header.length > 0) return { start, problem: null };
      return {
        start: null,
        problem: finding('empty', {}, 'the file has no header', 'Check that the export wrote the file.'),
      };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { start: null, problem: unreadable(error) };
  }
}

/** A role whose column was looked for by name, and what the content of the columns said against it. */
export interface NotRecognised {
  readonly columns: readonly string[];
  /** Follows the columns in a sentence. */
  readonly reason: string;
}

/**
 * The columns of a call: those declared, and those recognised by name and content (commands rule 33). What a recognised
 * column shows is a warning, and a column that turns out to be another one is given up.
 */
export class Recognition {
  readonly #declared: Columns;
  readonly #found: Map<RoleName, string>;
  readonly #not: Map<RoleName, NotRecognised>;
  readonly #givenUp = new Set<RoleName>();
  /** For recognised roles whose column is spelled in several ways. */
  readonly spellings: ReadonlyMap<RoleName, readonly string[]>;

  constructor(
    declared: Columns,
    found: ReadonlyMap<RoleName, string> = new Map(),
    not: ReadonlyMap<RoleName, NotRecognised> = new Map(),
    spellings: ReadonlyMap<RoleName, readonly string[]> = new Map(),
  ) {
    this.spellings = spellings;
    this.#declared = declared;
    this.#found = new Map(found);
    this.#not = new Map(not);
  }

  /** All columns to use. */
  get columns(): Columns {
    return columnsOf([...columnList(this.#declared), ...this.#found]);
  }

  /** The recognised columns. */
  get found(): ReadonlyMap<RoleName, string> {
    return this.#found;
  }

  /** Those that can be declared, because every file spells their column alike. */
  get declarable(): readonly (readonly [role: RoleName, column: string])[] {
    return [...this.#found].filter(([role]) => !this.spellings.has(role));
  }

  /** Roles with columns of fitting names, none of which is used. */
  get notRecognised(): ReadonlyMap<RoleName, NotRecognised> {
    return this.#not;
  }

  /** True for a column that was recognised by the first records, and then turned out to be another one. */
  wasGivenUp(role: RoleName): boolean {
    return this.#givenUp.has(role);
  }

  /** Gives a recognised column up. @param reason follows the column in a sentence */
  reject(role: RoleName, reason: string): void {
    const column = this.#found.get(role);
    if (column === undefined) return;
    this.#found.delete(role);
    this.#givenUp.add(role);
    this.#not.set(role, { columns: [column], reason });
  }
}

/** A column of the files of one kind. */
interface Sampled {
  /** Its name, as in the first file. */
  readonly name: string;
  /** `comparable`. */
  readonly key: string;
  /** Its name as in each file. */
  readonly spellings: Set<string>;
  /** How many files have it. */
  files: number;
  readonly values: string[];
}

/** A name that can be part of a command to copy. */
const PLAIN_NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} _./#&()-]*$/u;

/** The columns of the files of a kind. */
function sampled(starts: readonly TableStart[]): readonly Sampled[] {
  const columns = new Map<string, Sampled>();
  for (const { header, records } of starts) {
    const here = new Set<string>();
    for (const [at, raw] of header.entries()) {
      const name = raw.trim();
      const key = comparable(name);
      if (!PLAIN_NAME.test(name) || key === '' || here.has(key)) continue;
      here.add(key);
      const column = columns.get(key) ?? { name, key, spellings: new Set(), files: 0, values: [] };
      columns.set(key, column);
      column.files += 1;
      column.spellings.add(name);
      for (const record of records)
        if (record.length === header.length) column.values.push((record[at] ?? '').trim());
    }
  }
  return [...columns.values()];
}

/** Why the content of a column does not fit a role; `null` when it does. */
function contentProblem(role: RoleName, { values }: Sampled): string | null {
  const filled = values.filter((value) => value !== '');
  if (values.length > 0 && filled.length * 2 <= values.length)
    return filled.length === 0 ? 'has no values' : 'has few values';
  if (role === 'customer.key' || role === 'invoice.key')
    return isKey(filled.length, filled.length - new Set(filled).size) ? null : NOT_UNIQUE;
  if (role.endsWith('.amount')) {
    const wrong = filled.filter((value) => !isAmount(value));
    return mostly(wrong.length, filled.length) ? NO_AMOUNTS : null;
  }
  return null;
}

const NOT_EVERYWHERE = 'are not in every file';
export const NOT_UNIQUE = 'has the same value in many records';
export const NO_AMOUNTS = 'has few values that are amounts';

/** True if values with this many repeats may be keys of which some are duplicates. */
export const isKey = (values: number, repeats: number): boolean => repeats <= Math.max(1, values / 4);

/** True if so many of the values are wrong that the column is another one. */
export const mostly = (wrong: number, values: number): boolean => wrong * 2 > values;

function isAmount(text: string): boolean {
  const bytes = Buffer.from(text);
  const amount = new AmountReader().read(bytes, 0, bytes.length);
  // With a decimal comma it cannot be added up, and a user has to hear of that.
  return typeof amount !== 'string' || amount === 'decimal-comma';
}

/**
 * Recognises the columns that are not declared.
 * @param starts of the files of each kind
 * @param declared they stay as they are
 * @param without roles not to look for
 */
export function recogniseColumns(
  starts: Readonly<Record<FileKind, readonly TableStart[]>>,
  declared: Columns,
  without: ReadonlySet<RoleName> = new Set(),
): Recognition {
  const columns = {
    customer: sampled(starts.customer),
    invoice: sampled(starts.invoice),
    items: sampled(starts.items),
  };
  const named = new Map(columnList(declared));
  const found = new Map<RoleName, string>();
  const not = new Map<RoleName, NotRecognised>();
  const spellings = new Map<RoleName, readonly string[]>();
  /** The columns a role may have, the likeliest first. */
  const fitting = (role: RoleName): readonly Sampled[] => {
    const [kind] = role.split('.') as [FileKind];
    const name = named.get(role);
    if (name !== undefined) return columns[kind].filter((column) => column.name === name.trim());
    if (without.has(role)) return [];
    const candidates = columns[kind]
      .filter((column) => roleRank(role, column.name) >= 0)
      .sort((a, b) => roleRank(role, a.name) - roleRank(role, b.name));
    const common = candidates.filter(({ files }) => files === starts[kind].length);
    const good = common.filter((column) => contentProblem(role, column) === null);
    const [best] = common;
    if (good.length > 0 || candidates.length === 0) return good;
    if (best !== undefined) not.set(role, { columns: [best.name], reason: contentProblem(role, best) ?? '' });
    else not.set(role, { columns: candidates.map(({ name }) => name), reason: NOT_EVERYWHERE });
    return [];
  };
  const use = (role: RoleName, column: Sampled | undefined): void => {
    if (column === undefined || named.has(role)) return;
    found.set(role, column.name);
    if (column.spellings.size > 1) spellings.set(role, [...column.spellings]);
  };
  for (const [key, reference] of [
    ['customer.key', 'invoice.customer'],
    ['invoice.key', 'items.invoice'],
  ] as const) {
    const pair = likeliestPair(fitting(key), fitting(reference));
    use(key, pair.key);
    use(reference, pair.reference);
  }
  // A reference to customers is of use only with their files.
  if (starts.customer.length === 0 || (!named.has('customer.key') && !found.has('customer.key'))) {
    found.delete('invoice.customer');
    not.delete('invoice.customer');
  }
  for (const role of ['invoice.amount', 'items.amount'] as const) {
    const good = fitting(role);
    const [best, other] = good;
    // `Current Amount Due` is published; other names are alike, and only one of them may be there.
    const isClear = other === undefined || best?.key === 'currentamountdue';
    if (isClear) use(role, best);
    else if (!named.has(role))
      not.set(role, {
        columns: good.map(({ name }) => name),
        reason: 'fit equally well',
      });
  }
  return new Recognition(declared, inOrder(found), inOrder(not), spellings);
}

const inOrder = <T>(roles: ReadonlyMap<RoleName, T>): ReadonlyMap<RoleName, T> =>
  new Map(
    ROLE_NAMES.flatMap((role) => {
      const value = roles.get(role);
      return value === undefined ? [] : [[role, value] as const];
    }),
  );

/** The key and the reference that fit best: by common values, then by name, then by the shape of their values. */
function likeliestPair(
  keys: readonly Sampled[],
  references: readonly Sampled[],
): { readonly key?: Sampled | undefined; readonly reference?: Sampled | undefined } {
  let best: { readonly key: Sampled; readonly reference: Sampled; readonly score: number } | undefined;
  // Both lists have the likeliest first, so that of equal pairs the first is taken.
  for (const key of keys) {
    const values = new Set(key.values);
    const shapes = new Set(key.values.map(shapeOf));
    for (const reference of references) {
      const common = reference.values.some((value) => value !== '' && values.has(value));
      const alike = reference.values.some((value) => value !== '' && shapes.has(shapeOf(value)));
      const score = (common ? 4 : 0) + (key.key === reference.key ? 2 : 0) + (alike ? 1 : 0);
      if (best === undefined || score > best.score) best = { key, reference, score };
    }
  }
  return best ?? { key: keys[0], reference: references[0] };
}

/** `C-1001` → `C-9999`. */
const shapeOf = (value: string): string => value.replace(/\d/gu, '9');

/** The kind of a file, with the columns that tell it; what it may be when they do not. */
export interface RecognisedKind {
  readonly kind: FileKind | null;
  readonly columns: readonly string[];
  readonly possible: readonly FileKind[];
}

/** The kind of a file by its columns. */
export function recogniseKind(start: TableStart): RecognisedKind {
  const header = start.header.map((name) => name.trim()).filter((name) => PLAIN_NAME.test(name));
  const named = (role: RoleName): readonly string[] =>
    header
      .filter((name) => roleRank(role, name) >= 0)
      .sort((a, b) => roleRank(role, a) - roleRank(role, b))
      .slice(0, 1);
  const [customers, invoices, lines] = (['customer', 'invoice', 'items'] as const).map((kind) =>
    columnsOfKind(kind, header),
  ) as [readonly string[], readonly string[], readonly string[]];
  const invoice = named('invoice.key');
  const customer = named('customer.key');
  const result = (kind: FileKind, ...columns: readonly (readonly string[])[]): RecognisedKind => ({
    kind,
    columns: [...new Set(columns.flat())].slice(0, 3),
    possible: [kind],
  });
  const unclear = (...possible: readonly FileKind[]): RecognisedKind => ({
    kind: null,
    columns: [],
    possible,
  });
  if (invoice.length > 0) {
    const repeats = sampled([start]).some(
      (column) => column.name === invoice[0] && contentProblem('invoice.key', column) === NOT_UNIQUE,
    );
    if (lines.length > 0 && (invoices.length === 0 || repeats)) return result('items', invoice, lines);
    if (lines.length === 0 && !repeats && (invoices.length > 0 || customer.length > 0))
      return result('invoice', invoice, invoices, customer);
    return unclear('invoice', 'items');
  }
  if (lines.length >= 2 && customers.length === 0) return result('items', lines);
  if (lines.length > 0 || invoices.length > 0) return unclear('customer', 'invoice', 'items');
  if (customer.length > 0 && (customers.length > 0 || header.length === 1))
    return result('customer', customer, customers);
  if (customers.length >= 2) return result('customer', customers);
  return unclear('customer', 'invoice', 'items');
}
