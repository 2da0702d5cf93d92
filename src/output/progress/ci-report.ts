import { accountOf, isWorst, shownPhaseOf } from '../../batch/account.ts';
import { flatten, flattenPlaced } from '../../batch/tree.ts';
import type { BatchView, Phase } from '../../batch/types.ts';
import { missingText } from '../../batch/verdict.ts';
import { oneLine, visible } from '../../system/escaping.ts';
import { accountText, countsOf, countsText, nameOf, phaseText, phaseWord, stateText } from '../batch-text.ts';
import { count } from '../format.ts';
import type { Level, Runner } from '../runners.ts';
import { truncateEnd, truncateMiddle } from '../text-layout.ts';
import { plainTheme, type Theme } from '../theme.ts';
import type { Failure } from '../ui.ts';

/** The outcome of a command; a `CommandResult` is one. */
export interface Outcome {
  readonly job: string | null;
  readonly outcome: Phase | null;
  readonly batches: readonly BatchView[];
  readonly error: Failure | null;
  /** The next thing to do, where there is no error to say it. */
  readonly next?: string;
}

/** GitHub shows ten annotations of a level for a step; one of them is the outcome. Others get as many. */
const MOST = 9;
/** Error codes that are a warning: the load is not final, or some records were rejected. */
const MILD = new Set(['PARTIAL', 'STILL_RUNNING']);

/**
 * Annotations of the job, a line each: for each batch that failed, is unaccounted or partial, the worst first, at most
 * nine; then the outcome, which counts the rest. A success is the outcome alone, as a notice.
 * @param command its whole name
 * @param hide hides secrets
 */
export function annotations(
  runner: Runner,
  command: string,
  outcome: Outcome,
  hide: (text: string) => string,
): readonly string[] {
  const { job, batches, error } = outcome;
  const theme = plainTheme({ clean: hide });
  // An init has no status of its own, unless it is missing: its children have.
  const all = flatten(batches).filter(({ kind, phase }) => kind !== 'init' || phase === 'missing');
  const failed = all.filter((batch) => isWorst(shownPhaseOf(batch)));
  const partial = all.filter((batch) => shownPhaseOf(batch) === 'partial');
  const bad = [...failed, ...partial];
  const lines = bad.slice(0, MOST).map((batch) => {
    const lost = accountOf(batch).state === 'mismatch';
    const phase = shownPhaseOf(batch);
    const word = phase === 'unaccounted' ? 'records unaccounted for' : phaseWord(phase);
    const sent = lost && batch.recordsSent !== null ? `${count(batch.recordsSent)} sent` : '';
    const counts = [sent, countsText(batch)].filter((part) => part !== '').join(', ');
    const text = [counts, hide(batch.errorMessage ?? '')].filter((part) => part.trim() !== '').join(': ');
    return runner.annotation(
      failed.includes(batch) ? 'error' : 'warning',
      `${nameOf(batch, theme)}: ${word}`,
      batch.phase === 'missing'
        ? hide(missingText([batch]))
        : text === ''
          ? `The server gave no details; its status is ${hide(batch.status ?? 'unknown')}.`
          : text,
    );
  });
  const level: Level = error === null ? 'notice' : MILD.has(error.code) ? 'warning' : 'error';
  const end = error === null ? phaseWord(outcome.outcome ?? 'succeeded') : error.code;
  const more =
    bad.length > MOST ? `${count(bad.length - MOST)} more batches failed or have rejected records.` : '';
  const paragraphs =
    error === null ? [accountText(batches, theme), outcome.next ?? ''] : [error.message, more, error.hint];
  const text = paragraphs.filter((part) => part !== '').join('\n');
  const title = `ebill ${command}${job === null ? '' : ` ${hide(job)}`}: ${end}`;
  return [...lines, runner.annotation(level, title, text === '' ? end : hide(text))].filter(
    (line) => line !== null,
  );
}

/** Most rows: GitHub accepts 1 MiB for a step. */
const MOST_ROWS = 200;
/** Most characters of a name, and of a server's message. */
const NAME = 100;
const MESSAGE = 2000;

/**
 * A job summary of GitHub Actions in Markdown: the outcome, the batches, the next step. Text from outside is escaped.
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
    return `| ${[name, stateText(batch, theme), ...numbers].join(' | ')} |`;
  });
  const more = rows.length > MOST_ROWS ? `\n\nand ${count(rows.length - MOST_ROWS)} more` : '';
  return (
    ['| Batch | Status | Sent | Loaded | Rejected |', '|---|---|--:|--:|--:|', ...lines].join('\n') + more
  );
}

/** Escapes Markdown, HTML and mathematics, and addresses that would become links. */
const escaped = (text: string): string =>
  text
    .replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? '')
    .replace(/[\\`*_{}[\]()#+!|~$@-]/g, (char) => `\\${char}`)
    .replace(/:(?=\/\/)|(?<=\bwww)\.|(?<=^\d+)\./gi, (char) => `\\${char}`);
