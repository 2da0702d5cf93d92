import { isCorrected, SHOWN_PHASES, shownPhaseOf } from '../batch/account.ts';
import { isFinal } from '../batch/outcome.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView, Kind } from '../batch/types.ts';
import { oneLine } from '../system/escaping.ts';
import {
  type BatchRow,
  batchRows,
  colorPhase,
  countsOf,
  kindWord,
  nameOf,
  phaseText,
  spelling,
  stateText,
  tally,
} from './batch-text.ts';
import { count, counted, UNKNOWN } from './format.ts';
import { type Cell, type Column, firstFitting } from './table.ts';
import { hangingIndent, textWidth, truncateMiddle, widthsReady, wrapParts } from './text-layout.ts';
import type { Theme } from './theme.ts';

/** In a narrower terminal a table would be all gaps. */
const NARROWEST_TABLE = 50;

/** Batches as a table, or as a list in a narrow terminal, and below it the server's messages about batches that did not succeed. */
export async function batchTable(batches: readonly BatchView[], theme: Theme): Promise<string> {
  if (batches.length === 0) return 'No batches.';
  const all = flatten(batches);
  if (!Number.isFinite(theme.width) || all.length <= MOST_ROWS) return drawn(batches, theme);
  const text = `${counted(all.length, 'batch', 'batches')}: ${tally(all)}. Shown are the ${WORST_ROWS} worst, under their invoice batches; to list all, use --format tsv or --json.`;
  return `${await drawn(worstOf(batches, all), theme)}\n\n${hangingIndent('', text, theme.width)}`;
}

async function drawn(batches: readonly BatchView[], theme: Theme): Promise<string> {
  const rows = batchRows(batches);
  await widthsReady(
    rows.flatMap(({ batch }) => [
      nameOf(batch, theme),
      spelling(batch, theme),
      theme.clean(batch.errorMessage ?? ''),
    ]),
  );
  const table = theme.width < NARROWEST_TABLE ? null : await firstFitting(attempts(rows, theme), theme);
  const messages = batchMessages(batches, theme);
  return `${table ?? batchList(rows, theme)}${messages === '' ? '' : `\n\n${messages}`}`;
}

/** Rows of a table on a terminal; a pipe gets all. */
const MOST_ROWS = 60;
/** How many are shown where there are more. */
const WORST_ROWS = 40;

/** The worst batches of many, each under its invoice batch. */
function worstOf(batches: readonly BatchView[], all: readonly BatchView[]): readonly BatchView[] {
  const byPhase = new Map(SHOWN_PHASES.map((phase) => [phase, [] as BatchView[]]));
  for (const batch of all) byPhase.get(shownPhaseOf(batch))?.push(batch);
  const chosen = new Set([...byPhase.values()].flat().slice(0, WORST_ROWS));
  const only = (some: readonly BatchView[]): readonly BatchView[] =>
    some.flatMap((batch) => {
      const children = only(batch.children);
      return children.length > 0 || chosen.has(batch) ? [{ ...batch, children }] : [];
    });
  return only(batches);
}

/** Columns left out where the width is short, the least important first; the job id tells most of it. */
const LEFT_OUT = [[], ['file'], ['file', 'id'], ['file', 'kind'], ['file', 'id', 'kind']] as const;

/**
 * The columns to try: first the file is shortened, then file, id and kind are left out, then the server's spelling of the status,
 * then the job id is shortened, then the records sent are left out.
 */
function attempts(rows: readonly BatchRow[], theme: Theme): readonly (readonly Column[])[] {
  const cells = (of: (batch: BatchView) => Cell): Cell[] => rows.map(({ batch }) => of(batch));
  const text = (value: string | null): Cell => ({ text: value === null ? UNKNOWN : theme.clean(value) });
  const number = (title: string, of: (batch: BatchView) => number | null, color?: Cell['color']): Column => ({
    title,
    right: true,
    cells: cells((batch) => {
      const value = of(batch);
      return { text: count(value), ...(value && color ? { color } : {}) };
    }),
  });
  const name = {
    title: 'Batch',
    cells: rows.map(({ batch, branch }) => ({ text: branch + nameOf(batch, theme) })),
  };
  const columns = {
    // One overlong job id must not cost all batches their other columns.
    batch: { ...name, most: Math.max(24, Math.floor(theme.width * 0.4)) },
    id: { title: 'Id', cells: cells(({ id }) => text(id)) },
    kind: { title: 'Kind', cells: cells(({ kind }) => ({ text: kindWord(kind) })) },
    file: { title: 'File', least: 12, cells: cells(({ file }) => text(file)) },
    status: { title: 'Status', cells: cells((batch) => statusCell(batch, true, theme)) },
    sent: number('Sent', ({ recordsSent }) => recordsSent),
    loaded: number('Loaded', (batch) => countsOf(batch).loaded),
    rejected: number('Rejected', (batch) => countsOf(batch).rejected, theme.colors.red),
  };
  const { sent, loaded, rejected } = columns;
  const status = { title: 'Status', cells: cells((batch) => statusCell(batch, false, theme)) };
  const named = Object.entries(columns).filter(
    ([key]) => key !== 'file' || rows.some(({ batch }) => batch.file !== null),
  );
  const widest = Math.max(...name.cells.map((cell) => textWidth(cell.text)));
  const least = Math.min(columns.batch.most, widest);
  return [
    ...LEFT_OUT.map((leftOut) =>
      named
        .filter(([key]) => !(leftOut as readonly string[]).includes(key))
        .map(([key, column]) => (key === 'batch' ? { ...column, least } : column)),
    ),
    [{ ...name, least: 16 }, status, sent, loaded, rejected],
    [{ ...name, least: 12 }, status, loaded, rejected],
  ];
}

/** @param long with the server's spelling of the status, where that adds to our word */
function statusCell(batch: BatchView, long: boolean, theme: Theme): Cell {
  const phase = shownPhaseOf(batch);
  const more = long
    ? truncateMiddle(spelling(batch, theme), Number.isFinite(theme.width) ? 24 : Infinity)
    : '';
  return { text: stateText(batch, theme) + more, color: (text) => colorPhase(phase, text, theme) };
}

const CARRIES_FILE: readonly Kind[] = ['customer', 'invoice', 'items'];

/** For a narrow terminal: the name of each batch, and under it status and counts. */
function batchList(rows: readonly BatchRow[], theme: Theme): string {
  const { width, colors } = theme;
  const lines = rows.flatMap(({ batch, branch }) => {
    const indent = ' '.repeat(Math.min(branch.length, 8) + 2);
    const room = width - indent.length;
    const phase = shownPhaseOf(batch);
    const status = truncateMiddle(stateText(batch, theme) + spelling(batch, theme), room);
    const { loaded, rejected } = countsOf(batch);
    const counted = CARRIES_FILE.includes(batch.kind) || [loaded, rejected].some((value) => value !== null);
    // Unknown is worth a word only when a batch is final and has counts.
    const showUnknown = counted && isFinal(batch.phase) && batch.phase !== 'not-run';
    const parts = [
      { word: 'sent', value: batch.recordsSent },
      { word: 'loaded', value: loaded },
      { word: 'rejected', value: rejected },
    ]
      .filter(({ value }) => value !== null || showUnknown)
      .map(({ word, value }) => `${word} ${count(value)}`);
    const colored = colorPhase(phase, status, theme);
    const title = colors.bold(truncateMiddle(branch + nameOf(batch, theme), width));
    if (textWidth([status, ...parts].join(', ')) <= room)
      return [title, indent + [colored, ...parts].join(', ')];
    return [title, indent + colored, ...wrapParts(parts, room).map((counts) => indent + counts)];
  });
  return lines.join('\n');
}

/** Words of messages that only repeat the counts, as the servers met so far write them. */
const COUNTING = new Set(
  (
    'a all and batch been check csv download details errors error fail failed failing failure failures file files for have in ' +
    'loaded log more not of out output partial partially please processed record records rejected result results row rows see ' +
    'some succeeded success successful successfully the total were with'
  ).split(' '),
);

/** Does it add to the columns of the table? "3 of 2403 records failed, see the output file" does not. */
function addsToCounts(message: string, { recordsSent, successCount, failCount }: BatchView): boolean {
  const known = [recordsSent, successCount, failCount, (successCount ?? 0) + (failCount ?? 0)];
  const words = message
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .match(/\d+|[^\s\d.,;:!()/'"-]+/g);
  return (words ?? []).some((word) =>
    /^\d/.test(word) ? !known.includes(Number(word)) : !COUNTING.has(word),
  );
}

/** The server's message about each batch that failed or has rejected records, unless the table says the same. */
function batchMessages(batches: readonly BatchView[], theme: Theme): string {
  return flatten(batches)
    .flatMap((batch) => {
      const { phase, errorMessage } = batch;
      // Corrected batches need no attention.
      if (errorMessage === null || isCorrected(batch)) return [];
      if (phase !== 'failed' && !(phase === 'partial' && addsToCounts(errorMessage, batch))) return [];
      const shown = shownPhaseOf(batch);
      const [sign = ''] = phaseText(shown, theme).split(' ');
      const text = `${nameOf(batch, theme)}: ${theme.clean(oneLine(errorMessage))}`;
      return [hangingIndent(`${colorPhase(shown, sign, theme)} `, text, theme.width)];
    })
    .join('\n');
}
