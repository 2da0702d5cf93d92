import type { BatchView } from '../batch/types.ts';
import { oneLine, visible } from '../system/escaping.ts';
import { countsOf } from './counts.ts';
import { clip, shorten } from './fit.ts';
import type { Outcome } from './github-annotations.ts';
import { count } from './human.ts';
import { type Look, lookOf } from './look.ts';
import { nameOf, phaseText } from './status.ts';
import { verdict } from './verdict.ts';

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
  const look = lookOf({ clean: (text) => visible(hide(text)) });
  const text = (value: string, most = MESSAGE): string => escaped(clip(look.clean(oneLine(value)), most));
  const totals = verdict(batches, look)
    .split('\n')
    .filter((line) => line !== '');
  const parts = [
    `### ebill ${command}${job === null ? '' : `: ${text(job, NAME)}`}`,
    verdictLine(outcome, look) + (error === null ? '' : ` – ${text(error.message)}`),
    totals.map((line) => `- ${text(line.trim())}`).join('\n'),
    table(batches, look),
    text(error?.hint ?? next ?? ''),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n\n`;
}

/** `**◐ partial** (PARTIAL)`. */
function verdictLine({ outcome, error }: Outcome, look: Look): string {
  const word = outcome === null ? null : `**${phaseText(outcome, look)}**`;
  if (error === null) return word ?? `**${look.symbols.done} done**`;
  return word === null ? `**${look.symbols.failed} ${error.code}**` : `${word} (${error.code})`;
}

function table(batches: readonly BatchView[], look: Look): string {
  const rows = flat(batches);
  if (rows.length === 0) return '';
  const lines = rows.slice(0, MOST_ROWS).map(({ batch, depth }) => {
    const { loaded, rejected } = countsOf(batch);
    const name = '&nbsp;&nbsp;'.repeat(depth) + escaped(shorten(oneLine(nameOf(batch, look)), NAME));
    const numbers = [batch.recordsSent, loaded, rejected].map(count);
    return `| ${[name, phaseText(batch.phase, look), ...numbers].join(' | ')} |`;
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

const flat = (batches: readonly BatchView[], depth = 0): { batch: BatchView; depth: number }[] =>
  batches.flatMap((batch) => [{ batch, depth }, ...flat(batch.children, depth + 1)]);
