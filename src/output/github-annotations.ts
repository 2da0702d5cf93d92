import { accountOf, shownPhaseOf } from '../batch/account.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView, Phase } from '../batch/types.ts';
import { accountText } from './account-text.ts';
import { countsText, nameOf, phaseWord } from './batch-text.ts';
import { count } from './format.ts';
import { type AnnotationLevel, workflowCommand } from './github-commands.ts';
import { plainTheme } from './theme.ts';
import type { Failure } from './ui.ts';

/** What annotations and summaries are made of; a `CommandResult` is one. */
export interface Outcome {
  readonly job: string | null;
  readonly outcome: Phase | null;
  readonly batches: readonly BatchView[];
  readonly error: Failure | null;
  /** The next thing to do, where there is no error to say it. */
  readonly next?: string;
}

/** GitHub shows ten of a kind for a step; one of them is the verdict. */
const MOST = 9;
/** Ends a load that is not over or not whole, but not lost either. */
const MILD = new Set(['PARTIAL', 'STILL_RUNNING']);

/**
 * GitHub Actions annotations, a line each: one for each batch that failed, lost records or is partial, the worst first and
 * at most nine; then the verdict, which counts the rest. What went well is the verdict alone, a notice.
 * @param command its whole name
 * @param hide hides secrets
 */
export function annotations(
  command: string,
  outcome: Outcome,
  hide: (text: string) => string,
): readonly string[] {
  const { job, batches, error } = outcome;
  const theme = plainTheme({ clean: hide });
  // An init has no word of its own: its children have.
  const all = flatten(batches).filter(({ kind }) => kind !== 'init');
  const failed = all.filter((batch) => ['failed', 'unaccounted'].includes(shownPhaseOf(batch)));
  const partial = all.filter((batch) => shownPhaseOf(batch) === 'partial');
  const bad = [...failed, ...partial];
  const lines = bad.slice(0, MOST).map((batch) => {
    const lost = accountOf(batch).state === 'mismatch';
    const phase = shownPhaseOf(batch);
    const word = phase === 'unaccounted' ? 'records unaccounted for' : phaseWord(phase);
    const sent = lost && batch.recordsSent !== null ? `${count(batch.recordsSent)} sent` : '';
    const told = [sent, countsText(batch)].filter((part) => part !== '').join(', ');
    const text = [told, hide(batch.errorMessage ?? '')].filter((part) => part.trim() !== '').join(': ');
    return workflowCommand(
      failed.includes(batch) ? 'error' : 'warning',
      `${nameOf(batch, theme)}: ${word}`,
      text === '' ? `No more is known of it; its status is ${hide(batch.status ?? 'unknown')}.` : text,
    );
  });
  const level: AnnotationLevel = error === null ? 'notice' : MILD.has(error.code) ? 'warning' : 'error';
  const end = error === null ? phaseWord(outcome.outcome ?? 'succeeded') : error.code;
  const more = bad.length > MOST ? `${count(bad.length - MOST)} more batches went wrong.` : '';
  const said =
    error === null ? [accountText(batches, theme), outcome.next ?? ''] : [error.message, more, error.hint];
  const text = said.filter((part) => part !== '').join('\n');
  const title = `ebill ${command}${job === null ? '' : ` ${hide(job)}`}: ${end}`;
  return [...lines, workflowCommand(level, title, text === '' ? end : hide(text))];
}
