import type { BatchView, Kind, Phase } from '../batch/types.ts';
import type { Color, Symbols, Theme } from './theme.ts';

/** How a phase is shown: a sign and a word, coloured besides; never by colour alone. */
const STYLE: Readonly<Record<Phase, { sign: keyof Symbols; color: Color; word: string }>> = {
  succeeded: { sign: 'done', color: 'green', word: 'succeeded' },
  partial: { sign: 'partial', color: 'yellow', word: 'partial' },
  failed: { sign: 'failed', color: 'red', word: 'failed' },
  running: { sign: 'waiting', color: 'cyan', word: 'running' },
  queued: { sign: 'waiting', color: 'cyan', word: 'queued' },
  uploaded: { sign: 'waiting', color: 'blue', word: 'uploaded' },
  draft: { sign: 'waiting', color: 'gray', word: 'draft' },
  'not-run': { sign: 'skipped', color: 'gray', word: 'not run' },
};

/** Worst first (batch-api.md, 6). Written out here, for output imports no code of batch. */
export const PHASE_ORDER: readonly Phase[] = [
  'failed',
  'partial',
  'running',
  'queued',
  'uploaded',
  'draft',
  'not-run',
  'succeeded',
];

/** The server's names that say no more than the phase does, compared without case, spaces, `-` and `_` (batch-api.md, 6). */
const PLAIN_NAMES: Readonly<Record<Phase, readonly string[]>> = {
  succeeded: ['success', 'succeeded', 'completed', 'complete', 'done', 'finished'],
  partial: ['partial', 'partialsuccess', 'partiallysuccessful', 'completedwitherrors', 'successwitherrors'],
  failed: ['failed', 'failure', 'fail', 'error'],
  running: ['inprogress', 'processing', 'running', 'started', '2'],
  queued: ['queued', 'pending', 'submitted', '1'],
  uploaded: ['draft', 'uploaded'],
  draft: ['draft'],
  'not-run': [],
};

export const isFinal = (phase: Phase): boolean =>
  phase === 'failed' || phase === 'partial' || phase === 'succeeded' || phase === 'not-run';

export const phaseWord = (phase: Phase): string => STYLE[phase].word;

/** `✔ succeeded`. */
export function phaseText(phase: Phase, theme: Theme): string {
  const { sign, word } = STYLE[phase];
  return `${theme.symbols[sign]} ${word}`;
}

export function paintPhase(phase: Phase, text: string, theme: Theme): string {
  return theme.colors[STYLE[phase].color](text);
}

/** The server's spelling where it tells more than our word: ` (Success)` beside partial, ` (3)`; else nothing. */
export function spelling(batch: Pick<BatchView, 'phase' | 'status'>, theme: Theme): string {
  if (batch.status === null) return '';
  const name = batch.status.toLowerCase().replace(/[\s_-]/g, '');
  return name === '' || PLAIN_NAMES[batch.phase].includes(name) ? '' : ` (${theme.clean(batch.status)})`;
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
