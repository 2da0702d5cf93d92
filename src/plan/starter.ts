import { stringify } from 'yaml';
import { columnList, columnsOf, type RoleName } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { compareNaturally } from '../files/natural-order.ts';
import { patternFor } from './pattern.ts';

/** A CSV file of the folder: its name, and the names in its header. */
export interface FoundCsv {
  readonly name: string;
  readonly header: readonly string[];
}

/** A plan for some files, and those it found no place for. */
export interface Starter {
  readonly text: string;
  readonly unplaced: readonly string[];
}

/** What a run leaves behind is not loaded again. */
const OUTCOME = /_(?:result|rejects(?:\.messages)?)\.csv$/i;
const WORDS: readonly (readonly [kind: FileKind, word: RegExp])[] = [
  ['items', /(?:^|[^a-z])(?:itm|items?|lines?|details?)(?![a-z])/i],
  ['invoice', /(?:^|[^a-z])(?:inv|invoices?)(?![a-z])/i],
  ['customer', /(?:^|[^a-z])(?:cus|cust|customers?|accounts?)(?![a-z])/i],
];
const NUMBER = (what: string): RegExp => new RegExp(`^(?:${what})[ _]?(?:number|no\\.?|nr\\.?|id|key)$`, 'i');
const COLUMNS: readonly (readonly [role: RoleName, name: RegExp])[] = [
  ['customer.key', NUMBER('account|customer')],
  ['invoice.key', NUMBER('invoice')],
  ['invoice.customer', NUMBER('account|customer')],
  ['invoice.amount', /^(?:(?:total|invoice)[ _]?)?amount$|^total$/i],
  ['items.invoice', NUMBER('invoice')],
  ['items.amount', /^(?:(?:line|item|total)[ _]?)?amount$/i],
];

/**
 * A commented plan from the CSV files of a folder: what they are is told by their names, else by their headers; item files
 * go under the invoice file whose name theirs begins like. Pure.
 */
export function starterPlan(files: readonly FoundCsv[], job: string): Starter {
  const known = [...files]
    .filter(({ name }) => !OUTCOME.test(name))
    .sort((a, b) => compareNaturally(a.name, b.name));
  const of = (kind: FileKind): readonly FoundCsv[] => known.filter((file) => kindOf(file) === kind);
  const [customers, invoices, items] = [of('customer'), of('invoice'), of('items')];
  const under = new Map(invoices.map(({ name }) => [name, [] as string[]]));
  const unplaced = known.filter((file) => kindOf(file) === null).map(({ name }) => name);
  for (const { name } of items) {
    const invoice = invoiceOf(name, invoices);
    if (invoice === null) unplaced.push(name);
    else under.get(invoice)?.push(name);
  }
  const all = files.map(({ name }) => name);
  const list = (names: readonly string[]): string => `[${patternFor(names, all).map(scalar).join(', ')}]`;
  const lines = [
    '# A month of billing data, for: ebill run (ebill help plan tells every key).',
    '# Look through it, then try it without sending anything: ebill run THIS_FILE --dry-run',
    '',
    `job: ${scalar(job)}`,
    '',
    '# Starts the load: all open invoices and memos are carried forward. It cannot be undone.',
    '# Take it out if the load is initialised already.',
    'init: {}',
    "# Zeroing every customer's balance needs its own line under init, and asks again when it is run:",
    '#   zeroOutCustomerBalance: true',
    '',
  ];
  if (customers.length > 0) lines.push(`customers: ${list(customers.map(({ name }) => name))}`, '');
  if (invoices.length > 0) {
    lines.push('invoices:');
    for (const { name } of invoices) {
      lines.push(`  - file: ${scalar(name)}`);
      const own = under.get(name) ?? [];
      if (own.length > 0) lines.push(`    items: ${list(own)}`);
    }
    lines.push('');
  }
  lines.push(...columnLines({ customer: customers, invoice: invoices, items }));
  lines.push(
    '# How many failed records a step may have before the next one starts.',
    'accept: { failedRecords: 0 }',
  );
  if (unplaced.length > 0) {
    lines.push('', '# No place was found for these; name them above where they belong:');
    for (const name of unplaced) lines.push(`#   ${scalar(name)}`);
  }
  return { text: `${lines.join('\n')}\n`, unplaced };
}

function kindOf({ name, header }: FoundCsv): FileKind | null {
  const named = WORDS.find(([, word]) => word.test(name.replace(/\.csv$/i, '')))?.[0];
  if (named !== undefined) return named;
  const has = (wanted: RegExp): boolean => header.some((column) => wanted.test(column.trim()));
  if (has(NUMBER('invoice'))) return has(/^(?:line|quantity|qty|unit[ _]?price)$/i) ? 'items' : 'invoice';
  return has(NUMBER('account|customer')) ? 'customer' : null;
}

/** What tells a file from others of its kind: `itm_1_02.csv` → `1`, `02`. */
const parts = (name: string): readonly string[] =>
  name
    .replace(/\.csv$/i, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '' && !/^(?:itm|items?|lines?|details?|inv|invoices?)$/.test(part));

/** The one invoice file an item file belongs to; `null` when that is not clear. */
function invoiceOf(item: string, invoices: readonly FoundCsv[]): string | null {
  if (invoices.length === 1) return invoices[0]?.name ?? null;
  const own = parts(item);
  const matches = invoices
    .map(({ name }) => ({ name, of: parts(name) }))
    .filter(({ of }) => of.length > 0 && of.every((part, i) => own[i] === part))
    .sort((a, b) => b.of.length - a.of.length);
  const [best, next] = matches;
  return best === undefined || next?.of.length === best.of.length ? null : best.name;
}

/** Columns every file of the kind has, by names that are plain enough. */
function columnLines(files: Readonly<Record<FileKind, readonly FoundCsv[]>>): readonly string[] {
  const found = COLUMNS.flatMap(([role, wanted]): [RoleName, string][] => {
    const of = files[role.split('.')[0] as FileKind];
    const column = of[0]?.header.find((name) => wanted.test(name.trim()))?.trim();
    const everywhere = of.every(({ header }) => header.some((name) => name.trim() === column));
    return column === undefined || !everywhere ? [] : [[role, column]];
  });
  if (found.length === 0) return [];
  const columns = columnsOf(found);
  const kinds = [...new Set(columnList(columns).map(([role]) => role.split('.')[0] ?? ''))];
  return [
    '# The checks across files: unique keys, every invoice with a customer, every item with an invoice, amounts that add',
    '# up to the cent. Take out what does not hold for these files.',
    'columns:',
    ...kinds.map((kind) => {
      const roles = columnList(columns).filter(([role]) => role.startsWith(`${kind}.`));
      return `  ${kind}: { ${roles.map(([role, name]) => `${role.split('.')[1]}: ${scalar(name)}`).join(', ')} }`;
    }),
    '',
  ];
}

/** Text as YAML takes it within brackets, quoted where it must be. */
const scalar = (text: string): string =>
  /^[A-Za-z_][\w .*-]*$/.test(text) && stringify(text).trim() === text && !text.endsWith(' ')
    ? text
    : JSON.stringify(text);
