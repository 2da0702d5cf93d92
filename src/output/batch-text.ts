import { SHOWN_PHASES, type ShownPhase, shownPhaseOf } from '../batch/account.ts';
import { isFinal } from '../batch/outcome.ts';
import { addsToPhase } from '../batch/phase.ts';
import type { BatchView, Kind } from '../batch/types.ts';
import { count } from './format.ts';
import type { Color, Symbols, Theme } from './theme.ts';

/** How a phase is shown beside its word; never by colour alone. */
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
export function phaseText(phase: ShownPhase, theme: Theme): string {
  return `${theme.symbols[STYLE[phase].sign]} ${phaseWord(phase)}`;
}

export function colorPhase(phase: ShownPhase, text: string, theme: Theme): string {
  return theme.colors[STYLE[phase].color](text);
}

/**
 * The status as the server spells it, where that adds to our word: ` (Success)` beside partial, ` (3)`; otherwise empty.
 * A missing batch has only its last known one: ` (was Queued)`.
 */
export function spelling({ status, phase }: Pick<BatchView, 'phase' | 'status'>, theme: Theme): string {
  if (status === null || !addsToPhase(status, phase)) return '';
  return ` (${phase === 'missing' ? 'was ' : ''}${theme.clean(status)})`;
}

const CARRIED: Readonly<Partial<Record<Kind, string>>> = {
  carryForwardInvoice: 'open invoices',
  carryForwardCreditMemo: 'credit memos',
  carryForwardDebitMemo: 'debit memos',
};

export const kindWord = (kind: Kind): string => (CARRIED[kind] === undefined ? kind : 'carry forward');

/** The job id of a batch, otherwise its kind: the children of an init have no job id. */
export function nameOf({ jobId, kind }: Pick<BatchView, 'jobId' | 'kind'>, theme: Theme): string {
  return jobId === null ? (CARRIED[kind] ?? kind) : theme.clean(jobId);
}

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
