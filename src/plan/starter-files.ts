import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MONTHS } from '../batch/month.ts';
import type { FileKind } from '../batch/types.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { compareNaturally } from '../files/file-arguments.ts';
import { readHead, recogniseKind } from '../files/recognise.ts';
import type { TableStart } from '../files/table-check.ts';

/** A CSV file of a folder, with its first records; without any when it is no table, which the check before a load reports. */
export interface StarterFile extends TableStart {
  readonly name: string;
}

/**
 * The CSV files of a folder, hidden ones excluded, in natural order, with their headers. Reads one at a time: a folder may
 * hold more files than a process can open.
 * @throws EbillError USAGE when there are none
 */
export async function csvFilesIn(folder: string): Promise<readonly StarterFile[]> {
  const found: StarterFile[] = [];
  for (const name of (await namesIn(folder)).sort(compareNaturally)) {
    if (!/\.csv$/i.test(name) || name.startsWith('.')) continue;
    const path = join(folder, name);
    const there = await stat(path).catch(() => null);
    if (there?.isFile()) found.push({ name, ...((await readHead(path)).start ?? NO_TABLE) });
  }
  if (found.length > 0) return found;
  throw new EbillError('USAGE', `There are no CSV files in ${folder}.`, {
    hint: 'Change to the folder of the CSV files, then: ebill run --init-plan. Paths in a plan are relative to the plan.',
  });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'it does not exist' : messageOf(cause);
    throw new EbillError('USAGE', `The folder ${folder} cannot be read: ${why}.`, {
      hint: 'Change to the folder of the CSV files, then: ebill run --init-plan',
      cause,
    });
  }
}

const NO_TABLE: TableStart = { header: [], line: 1, records: [] };

/** Matches words that are not part of a longer one. */
const word = (words: string): RegExp => new RegExp(`(?:^|[^a-z])(?:${words})(?![a-z])`);
/** Words in file names that tell the kind. */
const KIND_WORDS: Readonly<Record<FileKind, RegExp>> = {
  customer: word('cus|cust|customers?|accounts?'),
  invoice: word('inv|invoices?'),
  items: word('itm|items?|lines?|lineitems?'),
};
/** `details` counts only with another word: invoice_details are items, customer_details are not. */
const DETAILS = word('details?');

/** The likely kind of a file, by its name, else by its header; `null` when neither is clear. Pure. */
export function kindOf(file: StarterFile): FileKind | null {
  const text = normalized(file.name);
  const kinds = (Object.keys(KIND_WORDS) as FileKind[]).filter((kind) => KIND_WORDS[kind].test(text));
  const [kind, other] = kinds;
  if (other === undefined && kind !== undefined) {
    return kind === 'invoice' && DETAILS.test(text) ? 'items' : kind;
  }
  if (kinds.join() === 'invoice,items') return 'items';
  return recogniseKind(file).kind;
}

/**
 * The invoice file that an item file belongs to: the one whose name parts its own name starts with, the longest match
 * first. A single invoice file takes all item files. `null` when it is not clear. Pure.
 */
export function invoiceOf(item: string, invoices: readonly string[]): string | null {
  const [only, other] = invoices;
  if (other === undefined) return only ?? null;
  const own = parts(item);
  const [best, next] = invoices
    .map((name) => ({ name, of: parts(name) }))
    .filter(({ of }) => (of.length > 0 || own.length === 0) && of.every((part, i) => own[i] === part))
    .sort((a, b) => b.of.length - a.of.length);
  return best === undefined || next?.of.length === best.of.length ? null : best.name;
}

/** The parts of a name that distinguish files of one kind: `itm_01_2.csv` → `1`, `2`. */
const parts = (name: string): readonly string[] =>
  normalized(name)
    .split(/[^\p{L}\p{N}]+|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u)
    .filter((part) => part !== '' && !/^(?:itm|items?|lines?|lineitems?|details?|inv|invoices?)$/.test(part))
    .map((part) => part.replace(/^0+(?=\d)/, ''));

/** Lower case, without the extension, words separated: `InvAug1.CSV` → `inv_aug1`. */
const normalized = (name: string): string =>
  name
    .replace(/\.csv$/i, '')
    .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, '_')
    .toLowerCase();

const MONTH_NAME = new RegExp(
  `(?<!\\p{L})(${MONTHS.join('|')})(?:UARY|RUARY|CH|IL|E|Y|UST|T|TEMBER|OBER|EMBER)?[ _-]?(20\\d\\d)(?!\\d)`,
  'iu',
);
const MONTH_NUMBER = /(?<!\d)(20\d\d)[ _-]?(0[1-9]|1[0-2])(?!\d)/;

/**
 * The load's name, from the month in the file names: `cus_AUG_2020.csv`, `inv-2020-08.csv` → `AUG_2020`. `null` when no
 * name has a month, or two have different ones. Pure.
 */
export function guessJob(names: readonly string[]): string | null {
  const found = new Set(names.flatMap((name) => monthIn(name) ?? []));
  const [job, other] = found;
  return job === undefined || other !== undefined ? null : job;
}

function monthIn(name: string): string | null {
  const [, word, year] = MONTH_NAME.exec(name) ?? [];
  if (word !== undefined) return `${word.toUpperCase()}_${year}`;
  const [, numbered, month] = MONTH_NUMBER.exec(name) ?? [];
  return numbered === undefined ? null : `${MONTHS[Number(month) - 1]}_${numbered}`;
}
