import type { BatchView, FileKind } from '../batch/types.ts';
import { count, counted } from './format.ts';
import { isFinal } from './status.ts';
import { wrapParts } from './text-layout.ts';
import { plainTheme, type Theme } from './theme.ts';

const NOUNS: Readonly<Record<FileKind, readonly [string, string]>> = {
  customer: ['customer', 'customers'],
  invoice: ['invoice', 'invoices'],
  items: ['item', 'items'],
};

function flatten(batches: readonly BatchView[]): BatchView[] {
  return batches.flatMap((batch) => [batch, ...flatten(batch.children)]);
}

/** The sum of what is known; `null` when nothing is. */
function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

const said = (value: number | null, word: string): string =>
  value === null ? `${word} unknown` : `${count(value)} ${word}`;

const unknownFor = (unknown: number, of: number): string =>
  `unknown for ${count(unknown)} of ${counted(of, 'batch', 'batches')}`;

/**
 * Records sent that nobody told the fate of; below 0 there are more than were sent. The result file, once it is here, has
 * a word too: what it lacks is unaccounted for, whatever the counts say.
 */
function unaccounted({ recordsSent, successCount, failCount, result }: BatchView): number | null {
  if (recordsSent === null) return null;
  const told = successCount === null || failCount === null ? null : successCount + failCount;
  const gaps = [told, result?.rows ?? null].flatMap((rows) => (rows === null ? [] : [recordsSent - rows]));
  const missing = Math.max(0, ...gaps);
  return gaps.length === 0 ? null : missing > 0 ? missing : Math.min(...gaps);
}

/** Its result file has other failures than the server counted. */
const contradicted = ({ failCount, result }: BatchView): boolean =>
  result !== undefined && failCount !== null && failCount !== result.failed;

/** What became of the records of those that are final. */
function fates(final: readonly BatchView[], of: number): string[] {
  const gaps = final.map(unaccounted);
  const open = of - final.length;
  const soFar = open > 0 ? ' so far' : '';
  // A surplus in one batch must not hide what is missing from another.
  const missing = sum(gaps.map((gap) => (gap === null ? null : Math.max(0, gap))));
  const surplus = sum(gaps.map((gap) => Math.max(0, -(gap ?? 0)))) ?? 0;
  const loaded = sum(final.map((batch) => batch.successCount));
  const rejected = sum(final.map((batch) => batch.failCount));
  const parts =
    loaded === null && rejected === null
      ? ['loaded', `rejected and unaccounted unknown${soFar}`]
      : [said(loaded, 'loaded'), said(rejected, 'rejected'), said(missing, 'unaccounted') + soFar];
  if (surplus > 0) parts.push(`${count(surplus)} more than were sent`);
  const disputed = final.filter(contradicted).length;
  if (disputed > 0)
    parts.push(`${counted(disputed, 'batch', 'batches')} with other failures in the result file`);
  const unknown = gaps.filter((gap) => gap === null).length;
  if (unknown > 0 && unknown < final.length) {
    parts.push(`${open > 0 ? '' : 'and '}${unknownFor(unknown, of)}`);
  }
  if (open > 0) parts.push(`${count(open)} of ${counted(of, 'batch', 'batches')} not final`);
  return parts;
}

function kindLine(kind: FileKind, batches: readonly BatchView[]): string[] {
  const [one, many] = NOUNS[kind];
  const sent = sum(batches.map((batch) => batch.recordsSent));
  const sentUnknown = batches.filter((batch) => batch.recordsSent === null).length;
  const lead = sent === null ? `${many} sent unknown` : `${counted(sent, one, many)} sent`;
  const gap = sent !== null && sentUnknown > 0 ? ` (${unknownFor(sentUnknown, batches.length)})` : '';
  const final = batches.filter(({ phase }) => isFinal(phase));
  // Before anything is final there is no fate to tell of.
  return [lead + gap, ...(final.length === 0 ? [] : fates(final, batches.length))];
}

/**
 * What became of the records, one line for each kind: "20,375 invoices sent, 20,373 loaded, 2 rejected, 0 unaccounted"
 * (cli.md, promise 3), over the batches that are final; how many are not is said too. Unknown is said as unknown, never as 0. Empty
 * when no batch carries a file.
 */
export function verdict(batches: readonly BatchView[], theme: Theme = plainTheme()): string {
  const all = flatten(batches).filter(({ phase }) => phase !== 'not-run');
  return (['customer', 'invoice', 'items'] as const)
    .map((kind) => [kind, all.filter((batch) => batch.kind === kind)] as const)
    .filter(([, own]) => own.length > 0)
    .map(([kind, own]) => wrapParts(kindLine(kind, own), theme.width - 2).join('\n  '))
    .join('\n');
}
