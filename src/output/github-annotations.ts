import type { BatchView, Phase } from '../batch/types.ts';
import { visible } from '../visible.ts';
import type { Failure } from './ui.ts';
import { countsText } from './watch-words.ts';

/** What annotations and summaries are made of; a `CommandResult` is one. */
export interface Outcome {
  readonly job: string | null;
  readonly outcome: Phase | null;
  readonly batches: readonly BatchView[];
  readonly error: Failure | null;
}

/** GitHub shows ten of a kind for a step. */
const MOST = 9;

/**
 * GitHub Actions workflow commands: one for each batch that did not go well, one for the outcome. Every text in them is
 * escaped as the toolkit does it (`%`, CR, LF; in properties `:` and `,` too), so that none can begin another command.
 * @param hide hides secrets
 */
export function annotations(
  command: string,
  { job, batches, error }: Outcome,
  hide: (text: string) => string,
): readonly string[] {
  if (error === null) return [];
  const bad = flat(batches).filter(
    ({ phase, outcome, kind }) =>
      kind !== 'init' &&
      (phase === 'failed' || phase === 'partial' || (outcome === 'failed' && phase === 'succeeded')),
  );
  const lines = bad.slice(0, MOST).map((batch) => {
    const text = [countsText(batch), batch.errorMessage ?? ''].filter((part) => part !== '').join(': ');
    const level = batch.phase === 'partial' ? 'warning' : 'error';
    return line(level, `${batch.jobId ?? batch.kind} ${batch.phase}`, text === '' ? batch.phase : text, hide);
  });
  const more = bad.length > MOST ? ` (and ${bad.length - MOST} more batches)` : '';
  const level = error.code === 'PARTIAL' || error.code === 'STILL_RUNNING' ? 'warning' : 'error';
  const title = `ebill ${command}${job === null ? '' : ` ${job}`}: ${error.code}`;
  return [...lines, line(level, title, `${error.message}${more}\n${error.hint}`, hide)];
}

function line(
  level: 'error' | 'warning',
  title: string,
  text: string,
  hide: (text: string) => string,
): string {
  // Shown as they are, line breaks aside: those the runner shows as lines.
  const message = hide(text).split(/\r?\n/).map(visible).join('\n');
  return `::${level} title=${property(visible(hide(title)))}::${data(message)}`;
}

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const flat = (batches: readonly BatchView[]): BatchView[] =>
  batches.flatMap((batch) => [batch, ...flat(batch.children)]);
