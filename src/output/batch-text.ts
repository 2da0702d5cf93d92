import {
  accountOf,
  isCorrected,
  openOf,
  SHOWN_PHASES,
  type ShownPhase,
  shownPhaseOf,
} from '../batch/account.ts';
import { FILE_KINDS } from '../batch/comparison.ts';
import { isFinal } from '../batch/outcome.ts';
import { addsToPhase } from '../batch/phase.ts';
import { flatten } from '../batch/tree.ts';
import { type BatchView, batchName, type FileKind, isInitPart, type Kind } from '../batch/types.ts';
import { count, counted } from './format.ts';
import { wrapParts } from './text-layout.ts';
import { type Color, plainTheme, type Symbols, type Theme } from './theme.ts';

/** The sign and colour beside the word for a phase; never by colour alone. */
const STYLE: Readonly<Record<ShownPhase, { sign: keyof Symbols; color: Color }>> = {
  succeeded: { sign: 'done', color: 'green' },
  partial: { sign: 'partial', color: 'yellow' },
  failed: { sign: 'failed', color: 'red' },
  missing: { sign: 'failed', color: 'red' },
  unaccounted: { sign: 'failed', color: 'red' },
  running: { sign: 'waiting', color: 'cyan' },
  queued: { sign: 'waiting', color: 'cyan' },
  uploaded: { sign: 'waiting', color: 'blue' },
  draft: { sign: 'waiting', color: 'gray' },
  'not-run': { sign: 'skipped', color: 'gray' },
};

export const phaseWord = (phase: ShownPhase): string => (phase === 'not-run' ? 'not run' : phase);

/** `✔ succeeded`. */
export const phaseText = (phase: ShownPhase, theme: Theme): string => signed(phase, phaseWord(phase), theme);

export const signed = (phase: ShownPhase, word: string, theme: Theme): string =>
  `${theme.symbols[STYLE[phase].sign]} ${word}`;

type Left = Pick<BatchView, 'leftOut' | 'leftBehind'>;

/** Shown instead of the phase of a batch that does not count (api rule 7); `null`: it counts. */
export const leftWord = ({ leftOut, leftBehind }: Left): string | null =>
  leftOut ? 'left out' : leftBehind ? 'left behind' : null;

export const stateWord = (batch: BatchView): string =>
  leftWord(batch) ?? (isCorrected(batch) ? 'corrected' : phaseWord(shownPhaseOf(batch)));

/** `✔ succeeded`, `· left out`. */
export const stateText = (batch: BatchView, theme: Theme): string =>
  signed(shownPhaseOf(batch), stateWord(batch), theme);

export function colorPhase(phase: ShownPhase, text: string, theme: Theme): string {
  return theme.colors[STYLE[phase].color](text);
}

/**
 * The status as the server spells it, where that adds to our word: ` (Success)` beside partial, ` (3)`; otherwise empty.
 * A missing batch has only its last known one: ` (was Queued)`.
 */
export function spelling(batch: Pick<BatchView, 'phase' | 'status'> & Left, theme: Theme): string {
  const { status, phase } = batch;
  if (status === null || leftWord(batch) !== null || !addsToPhase(status, phase)) return '';
  return ` (${phase === 'missing' ? 'was ' : ''}${theme.clean(status)})`;
}

export const kindWord = (kind: Kind): string => (isInitPart(kind) ? 'carry forward' : kind);

export const nameOf = (batch: Pick<BatchView, 'jobId' | 'kind'>, theme: Theme): string =>
  theme.clean(batchName(batch));

/** The counts of a batch as they are shown; `null`: unknown. */
interface Counts {
  readonly loaded: number | null;
  readonly rejected: number | null;
}

/** Servers report 0 and 0 from the start: before a batch is final that is no count. (`--json` keeps what the server reports.) */
export function countsOf({ phase, successCount, failCount }: BatchView): Counts {
  const shown = (value: number | null): number | null => (value === 0 && !isFinal(phase) ? null : value);
  return { loaded: shown(successCount), rejected: shown(failCount) };
}

/** `20,373 loaded, 2 rejected`. Empty while nothing is known; before a batch is final only what is known. */
export const countsText = (batch: BatchView): string => countsParts(batch).join(', ');

export function countsParts(batch: BatchView): readonly string[] {
  const { loaded, rejected } = countsOf(batch);
  if (loaded === null && rejected === null) return [];
  const parts = [
    { value: loaded, word: 'loaded' },
    { value: rejected, word: 'rejected' },
  ];
  return parts
    .filter(({ value }) => value !== null || isFinal(batch.phase))
    .map(({ value, word }) => `${count(value)} ${word}`);
}

/** `2 running, 1 queued`, the worst first. */
export const tally = (batches: readonly BatchView[]): string => tallyParts(batches).join(', ');

export function tallyParts(batches: readonly BatchView[]): readonly string[] {
  const counts = new Map<ShownPhase, number>();
  for (const batch of batches) {
    const phase = shownPhaseOf(batch);
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  return SHOWN_PHASES.filter((phase) => counts.has(phase)).map(
    (phase) => `${count(counts.get(phase) ?? 0)} ${phaseWord(phase)}`,
  );
}

/** A batch as a line of a tree, each parent before its children. */
export interface BatchRow {
  readonly batch: BatchView;
  /** `├ ` or `└ ` with the lines of the parents before it; empty at the top. */
  readonly branch: string;
  /** Identifies the batch from one poll to the next: its job id where it has one. */
  readonly key: string;
}

export function batchRows(batches: readonly BatchView[]): BatchRow[] {
  const rows: BatchRow[] = [];
  const walk = (siblings: readonly BatchView[], stem: string, above: string): void => {
    siblings.forEach((batch, i) => {
      const last = i === siblings.length - 1;
      const branch = above === '' ? '' : `${stem}${last ? '└' : '├'} `;
      const key = batch.jobId ?? `${above}/${batch.id ?? `${batch.kind}.${i}`}`;
      rows.push({ batch, branch, key });
      walk(batch.children, above === '' ? '' : `${stem}${last ? ' ' : '│'} `, key);
    });
  };
  walk(batches, '', '');
  return rows;
}

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

const numberOf = (value: number | null, word: string): string =>
  value === null ? `${word} unknown` : `${count(value)} ${word}`;

const unknownFor = (unknown: number, of: number): string =>
  `unknown for ${count(unknown)} of ${counted(of, 'batch', 'batches')}`;

/** `3 unaccounted (1 missing, 2 more than were sent)` over several batches; empty when all their records are accounted for. */
export function unaccountedText(batches: readonly BatchView[]): string {
  const accounts = batches.map(accountOf);
  const mismatches = accounts.filter((account) => account.state === 'mismatch');
  const total = (part: 'missing' | 'surplus' | 'contradicted' | 'unclear'): number =>
    mismatches.reduce((all, account) => all + account[part], 0);
  const all = sum(accounts.map(({ unaccounted }) => unaccounted)) ?? 0;
  if (all === 0) return '';
  const parts = [
    [sum(accounts.map(({ state, unaccounted }) => (state === 'missing' ? unaccounted : null))) ?? 0, LOST],
    [total('missing'), 'missing'],
    [total('surplus'), 'more than were sent'],
    [total('contradicted'), 'with another result in the result file'],
    [total('unclear'), 'neither loaded nor rejected in the result file'],
  ] as const;
  // "unaccounted" alone means missing.
  const plain = total('missing') === all;
  const details = parts
    .filter(([records]) => records > 0)
    .map(([records, words]) => `${count(records)} ${words}`);
  return `${count(all)} unaccounted${plain ? '' : ` (${details.join(', ')})`}`;
}

const LOST = 'in batches the server no longer knows';

/** Nothing more is expected of it: it is final, or the server does not know it any more. */
export const isOver = ({ phase }: BatchView): boolean => isFinal(phase) || phase === 'missing';

/** The result for the records of batches that are over. @param of all batches */
function accountParts(over: readonly BatchView[], of: number): string[] {
  const final = over.filter(({ phase }) => isFinal(phase));
  const accounts = over.map((batch) => accountOf(batch).unaccounted);
  const open = of - over.length;
  const soFar = open > 0 ? ' so far' : '';
  const loaded = sum(final.map((batch) => batch.successCount));
  const rejected = sum(final.map((batch) => batch.failCount));
  const unaccounted = unaccountedText(over) || numberOf(sum(accounts), 'unaccounted');
  const parts =
    final.length === 0
      ? [unaccounted + soFar]
      : loaded === null && rejected === null
        ? ['loaded', `rejected and unaccounted unknown${soFar}`]
        : [numberOf(loaded, 'loaded'), numberOf(rejected, 'rejected'), unaccounted + soFar];
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
  return [lead + gap, ...(over.length === 0 ? [] : accountParts(over, batches.length))];
}

/** Records of batches that were corrected, each sent once: `sent` is the sum of the others. */
interface NetCounts {
  readonly sent: number;
  readonly atOnce: number;
  readonly corrected: number;
  readonly waived: number;
  readonly open: number;
}

/**
 * The records of batches of one kind that are over, each counted as sent once (commands rule 21). `null` where nothing is
 * corrected or waived, or where the counts do not say.
 */
export function netCounts(batches: readonly BatchView[]): NetCounts | null {
  const listed = new Set(batches.map(({ jobId }) => jobId));
  const isCorrection = ({ corrects }: BatchView): boolean =>
    corrects !== undefined && listed.has(corrects.jobId);
  if (!batches.some((batch) => batch.settled !== undefined || isCorrection(batch))) return null;
  const first = batches.filter((batch) => !isCorrection(batch));
  const over = first.filter(isOver);
  const total = (values: readonly (number | null)[]): number | null =>
    values.some((value) => value === null) ? null : (sum(values) ?? 0);
  const sent = total([
    ...over.map(({ recordsSent }) => recordsSent),
    // New records that a correction brought along.
    ...batches
      .filter((batch) => isCorrection(batch) && isOver(batch))
      .map(({ recordsSent, corrects }) =>
        recordsSent === null ? null : recordsSent - (corrects?.replaces ?? 0),
      ),
  ]);
  const loaded = total(over.map(({ successCount }) => successCount));
  const open = total(over.map(openOf));
  if (sent === null || loaded === null || open === null || unaccountedText(batches) !== '') return null;
  const waived = over.reduce((so, { settled }) => so + (settled?.waived ?? 0), 0);
  return { sent, atOnce: loaded, corrected: sent - loaded - waived - open, waived, open };
}

/** `203 invoices: 200 loaded at once, 3 after correction, 0 open`; `null` as `netCounts`. */
function correctedLine(kind: FileKind, batches: readonly BatchView[]): string[] | null {
  const net = netCounts(batches);
  if (net === null) return null;
  const { sent, atOnce, corrected, waived, open } = net;
  const [one, many] = NOUNS[kind];
  const waiting = batches.filter((batch) => !isOver(batch)).length;
  return [
    `${counted(sent, one, many)}: ${count(atOnce)} loaded at once`,
    `${count(corrected)} after correction`,
    ...(waived > 0 ? [`${count(waived)} waived`] : []),
    `${count(open)} open`,
    ...(waiting > 0 ? [`${count(waiting)} of ${counted(batches.length, 'batch', 'batches')} not final`] : []),
  ];
}

/**
 * The result for the records, a line for each kind: "20,375 invoices sent, 20,373 loaded, 2 rejected, 0 unaccounted"
 * (commands rule 3), over the final batches and how many are not. Unknown is shown as unknown, never as 0. Empty when no
 * batch has a file.
 */
export function accountText(batches: readonly BatchView[], theme: Theme = plainTheme()): string {
  const all = flatten(batches).filter(({ phase }) => phase !== 'not-run');
  return FILE_KINDS.map((kind) => [kind, all.filter((batch) => batch.kind === kind)] as const)
    .filter(([, own]) => own.length > 0)
    .map(([kind, own]) =>
      wrapParts(correctedLine(kind, own) ?? kindLine(kind, own), theme.width - 2).join('\n  '),
    )
    .join('\n');
}

/**
 * The verdict where every batch succeeded: `AUG_2020_CUS succeeded: all 203 records are loaded, 3 of them after correction.` Says
 * no more than the counts do (commands rule 6).
 */
export function successText(subject: string, batches: readonly BatchView[]): string {
  const all = flatten(batches).filter(
    (batch) =>
      FILE_KINDS.some((kind) => kind === batch.kind) && batch.phase !== 'not-run' && leftWord(batch) === null,
  );
  if (all.some((batch) => accountOf(batch).state === 'unknown'))
    return `${subject} succeeded by the status, but the server gives no full counts: the result files have them.`;
  const kinds = FILE_KINDS.map((kind) => all.filter((batch) => batch.kind === kind));
  const nets = kinds.map(
    (own) =>
      netCounts(own) ?? { corrected: 0, waived: 0, atOnce: sum(own.map((one) => one.successCount)) ?? 0 },
  );
  const total = (part: 'atOnce' | 'corrected' | 'waived'): number =>
    nets.reduce((so, one) => so + one[part], 0);
  const [corrected, waived] = [total('corrected'), total('waived')];
  const loaded = total('atOnce') + corrected;
  if (loaded + waived === 0) return `${subject} succeeded.`;
  const every =
    waived === 0 && loaded > 1 && all.every(({ recordsSent }) => recordsSent !== null) ? 'all ' : '';
  const parts = [
    `${every}${counted(loaded, 'record is', 'records are')} loaded`,
    ...(corrected > 0 ? [`${count(corrected)} of them after correction`] : []),
    ...(waived > 0 ? [`${count(waived)} waived`] : []),
  ];
  return `${subject} succeeded: ${parts.join(', ')}.`;
}
