import { shownPhaseOf } from '../batch/account.ts';
import { flattenPlaced } from '../batch/tree.ts';
import type { BatchView } from '../batch/types.ts';
import { oneLine, visible } from '../system/escaping.ts';
import { accountText } from './account-text.ts';
import { countsOf, nameOf, phaseText } from './batch-text.ts';
import { count } from './format.ts';
import type { Outcome } from './github-annotations.ts';
import { truncateEnd, truncateMiddle } from './text-layout.ts';
import { plainTheme, type Theme } from './theme.ts';

/** Rows at most: GitHub takes a megabyte for a step. */
const MOST_ROWS = 200;
/** Characters: of a name, and of a server's message. */
const NAME = 100;
const MESSAGE = 2000;

/**
 * A job summary in Markdown: the verdict, the batches, the next step. Text from outside is escaped.
 * @param command its whole name
 * @param hide hides secrets
 */
export function jobSummary(command: string, outcome: Outcome, hide: (text: string) => string): string {
  const { job, batches, error, next } = outcome;
  const theme = plainTheme({ clean: (text) => visible(hide(text)) });
  const text = (value: string, most = MESSAGE): string =>
    escaped(truncateEnd(theme.clean(oneLine(value)), most));
  const totals = accountText(batches, theme)
    .split('\n')
    .filter((line) => line !== '');
  const parts = [
    `### ebill ${command}${job === null ? '' : `: ${text(job, NAME)}`}`,
    verdictLine(outcome, theme) + (error === null ? '' : ` – ${text(error.message)}`),
    totals.map((line) => `- ${text(line.trim())}`).join('\n'),
    table(batches, theme),
    text(error?.hint ?? next ?? ''),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n\n`;
}

/** `**◐ partial** (PARTIAL)`. */
function verdictLine({ outcome, error }: Outcome, theme: Theme): string {
  const word = outcome === null ? null : `**${phaseText(outcome, theme)}**`;
  if (error === null) return word ?? `**${theme.symbols.done} done**`;
  return word === null ? `**${theme.symbols.failed} ${error.code}**` : `${word} (${error.code})`;
}

function table(batches: readonly BatchView[], theme: Theme): string {
  const rows = flattenPlaced(batches);
  if (rows.length === 0) return '';
  const lines = rows.slice(0, MOST_ROWS).map(({ batch, depth }) => {
    const { loaded, rejected } = countsOf(batch);
    const name = '&nbsp;&nbsp;'.repeat(depth) + escaped(truncateMiddle(oneLine(nameOf(batch, theme)), NAME));
    const numbers = [batch.recordsSent, loaded, rejected].map(count);
    return `| ${[name, phaseText(shownPhaseOf(batch), theme), ...numbers].join(' | ')} |`;
  });
  const more = rows.length > MOST_ROWS ? `\n\nand ${count(rows.length - MOST_ROWS)} more` : '';
  return (
    ['| Batch | Status | Sent | Loaded | Rejected |', '|---|---|--:|--:|--:|', ...lines].join('\n') + more
  );
}

/** Nothing of Markdown, HTML or mathematics is left in it, nor an address that would become a link. */
const escaped = (text: string): string =>
  text
    .replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? '')
    .replace(/[\\`*_{}[\]()#+!|~$@-]/g, (char) => `\\${char}`)
    .replace(/:(?=\/\/)|(?<=\bwww)\.|(?<=^\d+)\./gi, (char) => `\\${char}`);
