import type { BatchView } from '../batch/types.ts';
import { oneLine, visible } from '../visible.ts';
import { countsOf } from './counts.ts';
import type { Outcome } from './github-annotations.ts';
import { count } from './human.ts';
import { lookOf } from './look.ts';
import { nameOf, phaseText } from './status.ts';
import { verdict } from './verdict.ts';

/** Rows at most: GitHub takes a megabyte for a step. */
const MOST = 200;

/** A job summary in Markdown: the verdict, the batches, the next step. Text from outside is escaped. @param hide hides secrets */
export function jobSummary(command: string, outcome: Outcome, hide: (text: string) => string): string {
  const { job, batches, error } = outcome;
  const look = lookOf({ clean: (text) => visible(hide(text)) });
  const text = (value: string): string => escaped(look.clean(oneLine(value)));
  const lines = [`### ebill ${command}${job === null ? '' : `: ${text(job)}`}`, ''];
  const word = outcome.outcome === null ? null : phaseText(outcome.outcome, look);
  if (word !== null) lines.push(`**${word}**`, '');
  for (const line of verdict(batches, look).split('\n'))
    if (line !== '') lines.push(`- ${text(line.trim())}`);
  const rows = flat(batches);
  if (rows.length > 0) {
    lines.push('', '| Batch | Status | Sent | Loaded | Rejected |', '|---|---|--:|--:|--:|');
    for (const { batch, depth } of rows.slice(0, MOST)) {
      const { loaded, rejected } = countsOf(batch);
      const name = `${'&nbsp;&nbsp;'.repeat(depth)}${text(nameOf(batch, look))}`;
      const cells = [
        name,
        phaseText(batch.phase, look),
        count(batch.recordsSent),
        count(loaded),
        count(rejected),
      ];
      lines.push(`| ${cells.join(' | ')} |`);
    }
    if (rows.length > MOST) lines.push('', `and ${count(rows.length - MOST)} more`);
  }
  if (error !== null) lines.push('', `**${error.code}**: ${text(error.message)}`, '', text(error.hint));
  return `${lines.join('\n')}\n\n`;
}

/** Nothing of Markdown or HTML is left in it. */
const escaped = (text: string): string =>
  text
    .replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? '')
    .replace(/[\\`*_{}[\]()#+!|~-]/g, (char) => `\\${char}`);

const flat = (batches: readonly BatchView[], depth = 0): { batch: BatchView; depth: number }[] =>
  batches.flatMap((batch) => [{ batch, depth }, ...flat(batch.children, depth + 1)]);
