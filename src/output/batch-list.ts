import { shownPhaseOf } from '../batch/account.ts';
import { isFinal } from '../batch/outcome.ts';
import type { Kind } from '../batch/types.ts';
import type { NamedRow } from './batch-columns.ts';
import { colorPhase, countsOf, phaseText, spelling } from './batch-text.ts';
import { count } from './format.ts';
import { truncateMiddle, wrapParts } from './text-layout.ts';
import { textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';

const CARRIES_FILE: readonly Kind[] = ['customer', 'invoice', 'items'];

/** Batches on a narrow screen: the name, then status and counts under it. */
export function batchList(rows: readonly NamedRow[], theme: Theme): string {
  const { width, colors } = theme;
  const lines = rows.flatMap(({ batch, branch, name }) => {
    const indent = ' '.repeat(Math.min(branch.length, 8) + 2);
    const room = width - indent.length;
    const status = truncateMiddle(phaseText(shownPhaseOf(batch), theme) + spelling(batch, theme), room);
    const { recordsSent: sent } = batch;
    const { loaded, rejected } = countsOf(batch);
    const counted = CARRIES_FILE.includes(batch.kind) || [loaded, rejected].some((value) => value !== null);
    // Of a batch that is over, unknown is said as unknown; before that, and where nothing is counted, it is no news.
    const told = counted && isFinal(batch.phase) && batch.phase !== 'not-run';
    const parts = [
      { word: 'sent', value: sent },
      { word: 'loaded', value: loaded },
      { word: 'rejected', value: rejected },
    ]
      .filter(({ value }) => value !== null || told)
      .map(({ word, value }) => `${word} ${count(value)}`);
    const painted = colorPhase(shownPhaseOf(batch), status, theme);
    const title = colors.bold(truncateMiddle(name, width));
    const line = [status, ...parts].join(', ');
    if (textWidth(line) <= room) return [title, indent + [painted, ...parts].join(', ')];
    return [title, indent + painted, ...wrapParts(parts, room).map((counts) => indent + counts)];
  });
  return lines.join('\n');
}
