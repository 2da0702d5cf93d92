import type { ShownPhase } from '../batch/account.ts';
import { addsToPhase } from '../batch/phase.ts';
import type { BatchView, Kind } from '../batch/types.ts';
import type { Color, Symbols, Theme } from './theme.ts';

/** How a phase is shown: a sign and a word, coloured besides; never by colour alone. */
const STYLE: Readonly<Record<ShownPhase, { sign: keyof Symbols; color: Color }>> = {
  succeeded: { sign: 'done', color: 'green' },
  partial: { sign: 'partial', color: 'yellow' },
  failed: { sign: 'failed', color: 'red' },
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

export function paintPhase(phase: ShownPhase, text: string, theme: Theme): string {
  return theme.colors[STYLE[phase].color](text);
}

/** The server's spelling where it tells more than our word: ` (Success)` beside partial, ` (3)`; else nothing. */
export function spelling(batch: Pick<BatchView, 'phase' | 'status'>, theme: Theme): string {
  if (batch.status === null || !addsToPhase(batch.status, batch.phase)) return '';
  return ` (${theme.clean(batch.status)})`;
}

const CARRIED: Readonly<Partial<Record<Kind, string>>> = {
  carryForwardInvoice: 'open invoices',
  carryForwardCreditMemo: 'credit memos',
  carryForwardDebitMemo: 'debit memos',
};

export const kindWord = (kind: Kind): string => (CARRIED[kind] === undefined ? kind : 'carry forward');

/** What a batch is called: its job id, else what it is (init's children come without one). */
export function nameOf(batch: Pick<BatchView, 'jobId' | 'kind'>, theme: Theme): string {
  return batch.jobId === null ? (CARRIED[batch.kind] ?? batch.kind) : theme.clean(batch.jobId);
}
