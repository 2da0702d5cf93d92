import type { FileKind } from '../batch/types.ts';

/** A CSV file of the folder: its name, and the names in its header. */
export interface FoundCsv {
  readonly name: string;
  readonly header: readonly string[];
}

const word = (words: string): RegExp => new RegExp(`(?:^|[^a-z])(?:${words})(?![a-z])`);
const WORDS: Readonly<Record<FileKind, RegExp>> = {
  customer: word('cus|cust|customers?|accounts?'),
  invoice: word('inv|invoices?'),
  items: word('itm|items?|lines?|lineitems?'),
};
/** `details` says something only beside another word: invoice_details are items, customer_details are not. */
const DETAILS = word('details?');

/** The name of a column that holds a number of this: `Invoice Number`, `invoice_no`, `InvoiceId`. */
export const numberOf = (what: string): RegExp =>
  new RegExp(`^(?:${what})[ _-]?(?:number|no\\.?|nr\\.?|num|id|key|#)$`, 'i');

/** What a file most likely holds, by its name, else by its header; `null` when neither tells. Pure. */
export function kindOf({ name, header }: FoundCsv): FileKind | null {
  const text = spelled(name);
  const kinds = (Object.keys(WORDS) as FileKind[]).filter((kind) => WORDS[kind].test(text));
  const [kind, other] = kinds;
  if (other === undefined && kind !== undefined) {
    return kind === 'invoice' && DETAILS.test(text) ? 'items' : kind;
  }
  if (kinds.join() === 'invoice,items') return 'items';
  return kindByHeader(header);
}

function kindByHeader(header: readonly string[]): FileKind | null {
  const has = (wanted: RegExp): boolean => header.some((column) => wanted.test(column.trim()));
  if (has(numberOf('invoice'))) {
    const oneOfMany = has(
      /^(?:line|item)(?:[ _-]?(?:number|no\.?|nr\.?|id))?$|^(?:quantity|qty|unit[ _-]?price)$/i,
    );
    return oneOfMany ? 'items' : 'invoice';
  }
  return has(numberOf('account|customer')) ? 'customer' : null;
}

/**
 * The one invoice file an item file belongs to: the one whose name, its word aside, theirs begins like. A single invoice
 * file takes all. `null` when that is not clear. Pure.
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

/** What tells a file from others of its kind: `itm_01_2.csv` → `1`, `2`. */
const parts = (name: string): readonly string[] =>
  spelled(name)
    .split(/[^\p{L}\p{N}]+|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u)
    .filter((part) => part !== '' && !/^(?:itm|items?|lines?|lineitems?|details?|inv|invoices?)$/.test(part))
    .map((part) => part.replace(/^0+(?=\d)/, ''));

/** Without the ending, in small letters, words apart: `InvAug1.CSV` → `inv_aug1`. */
const spelled = (name: string): string =>
  name
    .replace(/\.csv$/i, '')
    .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, '_')
    .toLowerCase();
