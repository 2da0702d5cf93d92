import { stringify } from 'yaml';
import { columnsOf } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { compareNaturally } from '../files/natural-order.ts';
import { patternFor } from './pattern.ts';
import { type GuessedColumns, guessColumns } from './starter-columns.ts';
import { type FoundCsv, invoiceOf, kindOf } from './starter-kinds.ts';

/** A plan for some files, and those it found no place for. */
export interface Starter {
  readonly text: string;
  readonly unplaced: readonly string[];
}

/** What a load brings home is not loaded again. */
const BROUGHT_HOME = /_(?:result|rejects(?:\.messages)?)\.csv$/i;
/** A plan takes no such names. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

interface Sorted {
  readonly customers: readonly string[];
  readonly invoices: readonly { readonly file: string; readonly items: readonly string[] }[];
  readonly unplaced: readonly string[];
  readonly broughtHome: readonly string[];
  readonly columns: GuessedColumns;
}

/**
 * A commented plan from the CSV files of a folder. What a file is its name tells, else its header; item files go under the
 * invoice file whose name theirs begins like; what is not clear is left in a comment for a person. The text is a plan that
 * `parsePlan` takes, unless nothing found a place: then it starts nothing before somebody has completed it. Pure.
 * @param job the load's name, one that `jobIdProblem` has nothing against
 */
export function starterPlan(files: readonly FoundCsv[], job: string): Starter {
  const sorted = sortOut(files);
  const { customers, invoices, unplaced, broughtHome, columns } = sorted;
  const all = files.map(({ name }) => name);
  const list = (names: readonly string[]): string => `[${patternFor(names, all).map(scalar).join(', ')}]`;
  const blocks = [
    [
      '# A month of billing data, for: ebill run. To see every key: ebill help plan',
      '# Look through it, then try it (this sends nothing): ebill run THIS_FILE --dry-run',
    ],
    [`job: ${scalar(job)}`],
    initLines(customers.length + invoices.length > 0),
    customers.length > 0
      ? ['# One batch for each file.', `customers: ${list(customers)}`]
      : ['# customers: [cus_*.csv]'],
    invoices.length > 0
      ? ['# One batch for each file, with its item files under it.', 'invoices:', ...invoices.flatMap(entry)]
      : ['# invoices:', '#   - file: inv.csv', '#     items: [itm_*.csv]'],
    columnLines(columns),
    ['# How many failed records a step may have before the next one starts.', 'accept: { failedRecords: 0 }'],
    listed('No place was found for these; name them above where they belong:', unplaced),
    listed('Left out, for they look like what an earlier load brought home:', broughtHome),
  ];
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return { text: `${text.join('\n\n')}\n`, unplaced };

  function entry({ file, items }: Sorted['invoices'][number]): readonly string[] {
    return [`  - file: ${scalar(file)}`, ...(items.length > 0 ? [`    items: ${list(items)}`] : [])];
  }
}

function sortOut(files: readonly FoundCsv[]): Sorted {
  const known = [...files].sort((a, b) => compareNaturally(a.name, b.name));
  const broughtHome = known.filter(({ name }) => BROUGHT_HOME.test(name));
  const kinds = new Map<FoundCsv, FileKind | null>(
    known
      .filter((file) => !broughtHome.includes(file))
      .map((file) => [file, CONTROL.test(file.name) ? null : kindOf(file)]),
  );
  const of = (kind: FileKind | null): readonly FoundCsv[] =>
    [...kinds.keys()].filter((file) => kinds.get(file) === kind);
  const invoices = names(of('invoice'));
  const items = names(of('items')).map((name) => ({ name, invoice: invoiceOf(name, invoices) }));
  const under = (wanted: string | null): readonly string[] =>
    items.filter(({ invoice }) => invoice === wanted).map(({ name }) => name);
  return {
    customers: names(of('customer')),
    invoices: invoices.map((file) => ({ file, items: under(file) })),
    unplaced: [...names(of(null)), ...under(null)],
    broughtHome: names(broughtHome),
    columns: guessColumns({ customer: of('customer'), invoice: of('invoice'), items: of('items') }),
  };
}

const names = (files: readonly FoundCsv[]): readonly string[] => files.map(({ name }) => name);

/** Active only beside something to load: started alone by mistake it could not be taken back. */
function initLines(active: boolean): readonly string[] {
  const lines = [
    'init:',
    '  carryForwardInvoices: true',
    '  carryForwardCreditMemos: true',
    '  carryForwardDebitMemos: true',
  ];
  return [
    '# Starts the load: all that is open is carried forward. It cannot be undone.',
    '# Take it out, with what is under it, if the load is started already.',
    ...lines.map((line) => (active ? line : `# ${line}`)),
    `${active ? '  ' : ''}# Careful: this sets every customer's balance to zero. It asks first; without a terminal it needs --yes.`,
    active ? '  # zeroOutCustomerBalance: true' : '#   zeroOutCustomerBalance: true',
  ];
}

function columnLines({ sure, unsure }: GuessedColumns): readonly string[] {
  const about = [
    '# The checks across files: unique keys, every invoice with a customer, every item with',
    '# an invoice, amounts that add up to the cent. Take out what does not hold for these files.',
  ];
  const columns = Object.entries(columnsOf(sure.filter(([, column]) => !CONTROL.test(column)))).map(
    ([kind, roles]) => {
      const list = Object.entries(roles).map(([role, column]) => `${role}: ${scalar(column)}`);
      return `  ${kind}: { ${list.join(', ')} }`;
    },
  );
  const doubtful = unsure.map(([role, names]) => `  # ${role} may be: ${names.map(scalar).join(', ')}`);
  if (columns.length > 0) return [...about, 'columns:', ...columns, ...doubtful];
  return [
    ...about,
    '# columns:',
    '#   invoice: { key: Invoice Number }',
    ...doubtful.map((line) => `#${line.slice(1)}`),
  ];
}

const listed = (about: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`# ${about}`, ...names.map((name) => `#   ${scalar(name)}`)];

/** Text as YAML takes it within brackets, quoted where it must be. */
const scalar = (text: string): string =>
  /^[A-Za-z_][\w .*-]*$/.test(text) && stringify(text).trim() === text ? text : JSON.stringify(text);
