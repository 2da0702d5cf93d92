import { stringify } from 'yaml';
import { columnsOf } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { compareNaturally } from '../files/file-arguments.ts';
import { type Recognition, recogniseColumns } from '../files/recognise.ts';
import { invoiceOf, kindOf, type StarterFile } from './starter-files.ts';

/** The text of a plan, and the files it could not place. */
interface Starter {
  readonly text: string;
  readonly unplaced: readonly string[];
}

/** Names of files that `ebill results` writes. */
const DOWNLOADED = /_(?:result|rejects(?:\.messages)?)\.csv$/i;
/** Characters that a plan rejects in file names. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

interface Classified {
  readonly customers: readonly string[];
  readonly invoices: readonly { readonly file: string; readonly items: readonly string[] }[];
  readonly unplaced: readonly string[];
  readonly downloaded: readonly string[];
  readonly columns: Recognition;
}

/**
 * Writes a commented plan for the CSV files of a folder. The kind of a file is taken from its name, then its columns; item
 * files go under the invoice file with a matching name; unclear files are listed in a comment. `parsePlan` accepts the text,
 * unless no file was placed: then the plan does nothing until it is completed. Pure.
 * @param job the load's name, valid by `jobIdProblem`
 */
export function starterPlan(files: readonly StarterFile[], job: string): Starter {
  const classified = classify(files);
  const { customers, invoices, unplaced, downloaded, columns } = classified;
  const all = files.map(({ name }) => name);
  const list = (names: readonly string[]): string => `[${patternFor(names, all).map(scalar).join(', ')}]`;
  const blocks = [
    [
      '# A month of billing data, for ebill run. All keys: ebill help plan',
      '# Review it, then try it without sending anything: ebill run THIS_FILE --dry-run',
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
    [
      '# How many failed records a step may have before the next step starts.',
      'accept: { failedRecords: 0 }',
    ],
    listed('These files could not be placed; add them above where they belong:', unplaced),
    listed('Left out, because they look like results of an earlier load:', downloaded),
  ];
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return { text: `${text.join('\n\n')}\n`, unplaced };

  function entry({ file, items }: Classified['invoices'][number]): readonly string[] {
    return [`  - file: ${scalar(file)}`, ...(items.length > 0 ? [`    items: ${list(items)}`] : [])];
  }
}

function classify(files: readonly StarterFile[]): Classified {
  const known = [...files].sort((a, b) => compareNaturally(a.name, b.name));
  const downloaded = known.filter(({ name }) => DOWNLOADED.test(name));
  const kinds = new Map<StarterFile, FileKind | null>(
    known
      .filter((file) => !downloaded.includes(file))
      .map((file) => [file, CONTROL.test(file.name) ? null : kindOf(file)]),
  );
  const of = (kind: FileKind | null): readonly StarterFile[] =>
    [...kinds.keys()].filter((file) => kinds.get(file) === kind);
  const invoices = names(of('invoice'));
  const items = names(of('items')).map((name) => ({ name, invoice: invoiceOf(name, invoices) }));
  const under = (file: string | null): readonly string[] =>
    items.filter(({ invoice }) => invoice === file).map(({ name }) => name);
  return {
    customers: names(of('customer')),
    invoices: invoices.map((file) => ({ file, items: under(file) })),
    unplaced: [...names(of(null)), ...under(null)],
    downloaded: names(downloaded),
    columns: recogniseColumns({ customer: of('customer'), invoice: of('invoice'), items: of('items') }, {}),
  };
}

const names = (files: readonly StarterFile[]): readonly string[] => files.map(({ name }) => name);

/** Commented out unless there are files to load: an init that was started by mistake cannot be undone. */
function initLines(active: boolean): readonly string[] {
  const lines = [
    'init:',
    '  carryForwardInvoices: true',
    '  carryForwardCreditMemos: true',
    '  carryForwardDebitMemos: true',
  ];
  return [
    '# Starts the load: everything open is carried forward. This cannot be undone.',
    '# Remove the whole block if the load is already started.',
    ...lines.map((line) => (active ? line : `# ${line}`)),
    `${active ? '  ' : ''}# Careful: this sets every customer's balance to zero. It asks first; without a terminal it needs --yes.`,
    active ? '  # zeroOutCustomerBalance: true' : '#   zeroOutCustomerBalance: true',
  ];
}

function columnLines({ declarable, spellings, notRecognised }: Recognition): readonly string[] {
  const about = [
    '# Checks across files: unique keys, a customer for every invoice, an invoice for every item,',
    '# amounts that add up to the cent. Remove the columns that do not apply to these files.',
  ];
  const lines = Object.entries(columnsOf(declarable)).map(([kind, roles]) => {
    const list = Object.entries(roles).map(([role, column]) => `${role}: ${scalar(column)}`);
    return `  ${kind}: { ${list.join(', ')} }`;
  });
  const several = [...spellings].map(([role, names]) => [role, { columns: names, reason: '' }] as const);
  const doubtful = [...several, ...notRecognised].map(([role, { columns: names, reason }]) =>
    names.length > 1
      ? `  # ${role} may be: ${names.map(scalar).join(', ')}`
      : `  # ${role} is left out: ${names.map(scalar).join()} ${reason}`,
  );
  if (lines.length > 0) return [...about, 'columns:', ...lines, ...doubtful];
  return [
    ...about,
    '# columns:',
    '#   invoice: { key: Invoice Number }',
    ...doubtful.map((line) => `#${line.slice(1)}`),
  ];
}

const listed = (about: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`# ${about}`, ...names.map((name) => `#   ${scalar(name)}`)];

/** Text as a YAML scalar inside brackets, quoted where needed. */
const scalar = (text: string): string =>
  /^[A-Za-z_][\w .*-]*$/.test(text) && stringify(text).trim() === text ? text : JSON.stringify(text);

/** Characters with a meaning in patterns. */
const MAGIC = /[*?[\]{}()!+@\\|]/;

/**
 * One pattern for some files of a folder if it matches all of them and no other file, else their names. Pure.
 * @param all the names of all CSV files in the folder
 */
export function patternFor(names: readonly string[], all: readonly string[]): readonly string[] {
  if (names.length < 2 || names.some((name) => MAGIC.test(name))) return names;
  // Digits belong to the varying part: itm_1 and itm_10 give itm_*, not itm_1*.
  const prefix = common(names).replace(/\d+$/, '');
  const suffix = reversed(common(names.map((name) => reversed(name.slice(prefix.length))))).replace(
    /^\d+/,
    '',
  );
  // Without .csv, other files would match; without a word, next month's other files would.
  if (!/\.csv$/i.test(suffix) || !/\p{L}/u.test(prefix + suffix.slice(0, -4)) || prefix.startsWith('.'))
    return names;
  // Some file systems ignore case, and the pattern must be right there too.
  const fits = (name: string): boolean =>
    name.length >= prefix.length + suffix.length &&
    name.toLowerCase().startsWith(prefix.toLowerCase()) &&
    name.toLowerCase().endsWith(suffix.toLowerCase());
  const matches = all.filter(fits);
  return matches.length === names.length && names.every(fits) ? [`${prefix}*${suffix}`] : names;
}

/** The longest common beginning. */
function common(names: readonly string[]): string {
  const [first = ''] = names;
  let length = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, length))) length -= 1;
  // Do not split a surrogate pair.
  if (/[\ud800-\udbff]$/.test(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

const reversed = (text: string): string => [...text].reverse().join('');
