import { basename } from 'node:path';
import type { FileKind } from '../batch/types.ts';
import { displayValue, type FindingDetails, type FindingList, finding } from './findings.ts';
import { FoldedHash } from './keys.ts';
import { areLikeKeys, differences, folded, quotedPair } from './lookalikes.ts';

/** A key as written, and where. */
export interface KeyPlace {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Path of its file. */
  readonly path: string;
}

/** Different references of a file that are compared with keys, and their length. */
const MOST_REFERENCES = 1000;
const LONGEST = 256;
/** Keys that may look alike, of one kind. */
const MOST_KEYS = 10_000;
/** Like keys known for a reference. */
const MOST_LIKE = 5;
/** Up to this many are reported one by one: a report shows them all. */
const FEW = 10;

/** The keys of one kind that look like others, or like a reference that is no key (commands rule 17). */
export class NearKeys {
  /** By folded reference, the keys that fold to the same. */
  readonly #wanted = new Map<string, KeyPlace[]>();
  /** Low halves of the hashes of `#wanted`. */
  readonly #hashes = new Set<number>();
  readonly #hash = new FoldedHash();
  /** By folded key, the first one. */
  readonly #keys = new Map<string, KeyPlace>();
  /** Pairs of like keys, by the path of the second one. */
  readonly #pairs = new Map<string, [first: KeyPlace, second: KeyPlace][]>();

  /** Looks for keys like this one. */
  want(reference: string): void {
    const fold = folded(reference);
    if (fold === '' || this.#wanted.has(fold)) return;
    this.#wanted.set(fold, []);
    const bytes = Buffer.from(reference);
    this.#hash.update(bytes, 0, bytes.length);
    this.#hashes.add(this.#hash.low);
  }

  get wantsAny(): boolean {
    return this.#wanted.size > 0;
  }

  /** True if a key in these bytes may look like a reference. */
  wants(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#hashes.size === 0) return false;
    this.#hash.update(bytes, from, to);
    return this.#hashes.has(this.#hash.low);
  }

  /** Adds a key. Call in the order of the records. @param isLike it may look like another key */
  add(key: KeyPlace, isLike: boolean): void {
    const fold = folded(key.text);
    const like = this.#wanted.get(fold);
    if (like !== undefined && like.length < MOST_LIKE) like.push(key);
    if (!isLike || fold === '') return;
    const first = this.#keys.get(fold);
    if (first === undefined) {
      if (this.#keys.size < MOST_KEYS) this.#keys.set(fold, key);
    } else if (areLikeKeys(first.text, key.text)) {
      const pairs = this.#pairs.get(key.path);
      if (pairs === undefined) this.#pairs.set(key.path, [[first, key]]);
      else if (!pairs.some(([, { text }]) => text === key.text)) pairs.push([first, key]);
    }
  }

  /** The key that looks most like this reference. @param of the path of the file it should be in */
  find(reference: string, of: string | undefined): KeyPlace | undefined {
    const like = this.#wanted.get(folded(reference)) ?? [];
    const here = like.filter(({ path, text }) => (of === undefined || path === of) && text !== reference);
    return here[0] ?? like.find(({ text }) => text === reference) ?? like[0];
  }

  /** Warns of the pairs of like keys whose second one is in this file. */
  reportPairs(path: string, kind: FileKind, findings: FindingList): void {
    const pairs = this.#pairs.get(path) ?? [];
    const [pair] = pairs;
    if (pair === undefined) return;
    const [first, { text, line, column }] = pair;
    const [one, other] = quotedPair(first.text, text);
    const where = first.path === path ? '' : ` of ${displayValue(basename(first.path))}`;
    const more = pairs.length === 1 ? '' : `; ${pairs.length - 1} more like this`;
    findings.warning(
      finding(
        'lookalike-key',
        { line, column },
        `the keys ${one} in line ${first.line}${where} and ${other} here differ only in ${differences(first.text, text)}${more}`,
        `Check that they are two ${kind === 'customer' ? 'customers' : 'invoices'}. If they are one, remove one of the two records.`,
      ),
    );
  }
}

/** The group of references with a like key: they show that the columns are the right ones. */
export const likeGroup = (code: string): string => `${code}-like`;

interface Reference {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** The references of a file that are no key of the files they refer to. Keeps the first ones, and some of the others. */
export class UnknownReferences {
  readonly target: 'customer' | 'invoice';
  readonly #of: string | undefined;
  #count = 0;
  readonly #first: Reference[] = [];
  readonly #different = new Map<string, Reference & { times: number }>();

  /** @param of the path of the only file the keys may be in; without one, any */
  constructor(target: 'customer' | 'invoice', of?: string) {
    this.target = target;
    this.#of = of;
  }

  add(line: number, column: number, text: string): void {
    this.#count += 1;
    const reference = { text, line, column };
    if (this.#first.length < FEW) this.#first.push(reference);
    const known = this.#different.get(text);
    if (known !== undefined) known.times += 1;
    else if (this.#different.size < MOST_REFERENCES && text.length <= LONGEST)
      this.#different.set(text, { ...reference, times: 1 });
  }

  /** Looks for keys like these references. */
  want(near: NearKeys): void {
    for (const text of this.#different.keys()) near.want(text);
  }

  /** Adds the findings: those with a like key first, and as one if there are many. */
  report(near: NearKeys, findings: FindingList): void {
    const like = (text: string): KeyPlace | undefined =>
      text.length <= LONGEST ? near.find(text, this.#of) : undefined;
    const code = `unknown-${this.target}`;
    if (this.#count <= FEW) {
      for (const one of this.#first) {
        const near = like(one.text);
        findings.error(near === undefined ? code : likeGroup(code), () => this.#finding(one, near));
      }
      return;
    }
    let rest = this.#count;
    const different = [...this.#different.values()];
    const withLike = different.filter(({ text }) => like(text) !== undefined);
    const [first] = withLike;
    if (first !== undefined) {
      const records = withLike.reduce((sum, { times }) => sum + times, 0);
      rest -= records;
      const details = this.#finding(first, like(first.text));
      const more = records === 1 ? '' : `; ${records - 1} more records like this`;
      findings.cause({ ...details, message: details.message + more });
    }
    const others = new Map(
      [...this.#first, ...different]
        .filter(({ text }) => like(text) === undefined)
        .map((one) => [one.line, one]),
    );
    const lines = [...others.values()].sort((a, b) => a.line - b.line);
    for (let i = 0; i < rest; i++) {
      const one = lines[i] ?? lines[0];
      if (one === undefined) findings.countMore(1);
      else findings.error(code, () => this.#finding(one, undefined));
    }
  }

  #finding(reference: Reference, like: KeyPlace | undefined): FindingDetails {
    return this.target === 'customer'
      ? unknownCustomer(reference, like)
      : unknownInvoice(reference, like, this.#of);
  }
}

/** `, but "C1␠" is, in line 2 of cus.csv: …`, and the reference in quotes. */
function likeKey(text: string, like: KeyPlace): readonly [reference: string, rest: string] {
  const place = `in line ${like.line} of ${displayValue(basename(like.path))}`;
  if (like.text === text) return [`"${displayValue(text)}"`, `, but ${place}`];
  const [reference, key] = quotedPair(text, like.text);
  return [reference, `, but ${key} is, ${place}: they differ only in ${differences(text, like.text)}`];
}

function unknownCustomer({ text, line, column }: Reference, like: KeyPlace | undefined): FindingDetails {
  if (like === undefined)
    return finding(
      'unknown-customer',
      { line, column },
      `the customer "${displayValue(text)}" is not in the customer files`,
      'Add the customer to a customer file, or correct the value. Keys must match exactly, leading zeros included.',
    );
  const [reference, rest] = likeKey(text, like);
  return finding(
    'unknown-customer',
    { line, column },
    `the customer ${reference} is not in the customer files${rest}`,
    'Write the key the same way in both files. Do not add a customer: it would be a second account.',
  );
}

function unknownInvoice(
  { text, line, column }: Reference,
  like: KeyPlace | undefined,
  of: string | undefined,
): FindingDetails {
  const where = of === undefined ? 'the invoice files' : displayValue(basename(of));
  if (like === undefined)
    return finding(
      'unknown-invoice',
      { line, column },
      `the invoice "${displayValue(text)}" is not in ${where}`,
      'Add the invoice to its file, or correct the value. Keys must match exactly, leading zeros included.',
    );
  const [reference, rest] = likeKey(text, like);
  return finding(
    'unknown-invoice',
    { line, column },
    `the invoice ${reference} is not in ${where}${rest}`,
    like.text === text
      ? 'Load the item with an item file of that invoice file. Do not add the invoice: it would be billed twice.'
      : 'Write the number the same way in both files. Do not add an invoice: it would be billed twice.',
  );
}
