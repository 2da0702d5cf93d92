import { shownPhaseOf } from '../batch/account.ts';
import type { BatchView } from '../batch/types.ts';
import { oneLine } from '../system/escaping.ts';
import { colorPhase, nameOf, phaseText } from './batch-text.ts';
import { hangingIndent } from './text-layout.ts';
import type { Theme } from './theme.ts';

/** Words a message about counts is made of, as the servers met so far put them. */
const COUNTING = new Set(
  (
    'a all and batch been check csv download details errors error fail failed failing failure failures file files for have in ' +
    'loaded log more not of out output partial partially please processed record records rejected result results row rows see ' +
    'some succeeded success successful successfully the total were with'
  ).split(' '),
);

/** Does it say more than the columns of the table do? "3 of 2403 records failed, see the output file" does not. */
function saysMore(message: string, { recordsSent, successCount, failCount }: BatchView): boolean {
  const known = [recordsSent, successCount, failCount, (successCount ?? 0) + (failCount ?? 0)];
  const words = message
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .match(/\d+|[^\s\d.,;:!()/'"-]+/g);
  return (words ?? []).some((word) =>
    /^\d/.test(word) ? !known.includes(Number(word)) : !COUNTING.has(word),
  );
}

const isTold = (batch: BatchView, message: string): boolean =>
  batch.phase === 'failed' || (batch.phase === 'partial' && saysMore(message, batch));

/** What the server said about each batch that failed or lost records, unless the table says it; empty when there is nothing. */
export function batchMessages(batches: readonly BatchView[], theme: Theme): string {
  const lines: string[] = [];
  const walk = (batch: BatchView): void => {
    if (batch.errorMessage !== null && isTold(batch, batch.errorMessage)) {
      const phase = shownPhaseOf(batch);
      const [sign = ''] = phaseText(phase, theme).split(' ');
      const text = `${nameOf(batch, theme)}: ${theme.clean(oneLine(batch.errorMessage))}`;
      lines.push(hangingIndent(`${colorPhase(phase, sign, theme)} `, text, theme.width));
    }
    batch.children.forEach(walk);
  };
  batches.forEach(walk);
  return lines.join('\n');
}
