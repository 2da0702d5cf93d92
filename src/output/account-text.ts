import { accountOf } from '../batch/account.ts';
import { isFinal } from '../batch/outcome.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView, FileKind } from '../batch/types.ts';
import { count, counted } from './format.ts';
import { wrapParts } from './text-layout.ts';
import { plainTheme, type Theme } from './theme.ts';

const NOUNS: Readonly<Record<FileKind, readonly [string, string]>> = {
  customer: ['customer', 'customers'],
  invoice: ['invoice', 'invoices'],
  items: ['item', 'items'],
};

/** The sum of what is known; `null` when nothing is. */
function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

const said = (value: number | null, word: string): string =>
  value === null ? `${word} unknown` : `${count(value)} ${word}`;

const unknownFor = (unknown: number, of: number): string =>
  `unknown for ${count(unknown)} of ${counted(of, 'batch', 'batches')}`;

/** `3 unaccounted (1 missing, 2 more than were sent)` over several batches; empty when all their records are accounted for. */
export function unaccountedText(batches: readonly BatchView[]): string {
  const accounts = batches.map(accountOf);
  const mismatches = accounts.filter((account) => account.state === 'mismatch');
  const total = (part: 'missing' | 'surplus' | 'contradicted'): number =>
    mismatches.reduce((all, account) => all + account[part], 0);
  const all = sum(accounts.map(({ unaccounted }) => unaccounted)) ?? 0;
  if (all === 0) return '';
  const parts = [
    [sum(accounts.map(({ state, unaccounted }) => (state === 'missing' ? unaccounted : null))) ?? 0, LOST],
    [total('missing'), 'missing'],
    [total('surplus'), 'more than were sent'],
    [total('contradicted'), 'with another result in the result file'],
  ] as const;
  // "unaccounted" alone means missing.
  const plain = total('missing') === all;
  const told = parts
    .filter(([records]) => records > 0)
    .map(([records, words]) => `${count(records)} ${words}`);
  return `${count(all)} unaccounted${plain ? '' : ` (${told.join(', ')})`}`;
}

const LOST = 'in batches the server no longer knows';

/** Nothing more is expected of it: it is final, or the server does not know it any more. */
const isOver = ({ phase }: BatchView): boolean => isFinal(phase) || phase === 'missing';

/** The result for the records of batches that are over. @param of all batches */
function fates(over: readonly BatchView[], of: number): string[] {
  const final = over.filter(({ phase }) => isFinal(phase));
  const accounts = over.map((batch) => accountOf(batch).unaccounted);
  const open = of - over.length;
  const soFar = open > 0 ? ' so far' : '';
  const loaded = sum(final.map((batch) => batch.successCount));
  const rejected = sum(final.map((batch) => batch.failCount));
  const unaccounted = unaccountedText(over) || said(sum(accounts), 'unaccounted');
  const parts =
    final.length === 0
      ? [unaccounted + soFar]
      : loaded === null && rejected === null
        ? ['loaded', `rejected and unaccounted unknown${soFar}`]
        : [said(loaded, 'loaded'), said(rejected, 'rejected'), unaccounted + soFar];
  const unknown = accounts.filter((account) => account === null).length;
  if (unknown > 0 && unknown < over.length) {
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
  const over = batches.filter(isOver);
  return [lead + gap, ...(over.length === 0 ? [] : fates(over, batches.length))];
}

/**
 * The result for the records, a line for each kind: "20,375 invoices sent, 20,373 loaded, 2 rejected, 0 unaccounted"
 * (commands rule 3), over the final batches and how many are not. Unknown is shown as unknown, never as 0. Empty when no
 * batch has a file.
 */
export function accountText(batches: readonly BatchView[], theme: Theme = plainTheme()): string {
  const all = flatten(batches).filter(({ phase }) => phase !== 'not-run');
  return (['customer', 'invoice', 'items'] as const)
    .map((kind) => [kind, all.filter((batch) => batch.kind === kind)] as const)
    .filter(([, own]) => own.length > 0)
    .map(([kind, own]) => wrapParts(kindLine(kind, own), theme.width - 2).join('\n  '))
    .join('\n');
}
