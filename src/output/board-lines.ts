import type { Stage } from '../load/events.ts';
import { type BoardBatch, batchesOf } from './board-batches.ts';
import type { BoardModel } from './board-model.ts';
import { type BoardRow, boardRow, rowLines } from './board-row.ts';
import { fateOf, paintedSign, STAGES, stageLine } from './board-stage.ts';
import { bytes, count, counted, duration, rate, wholeSeconds } from './format.ts';
import { partOf } from './progress-words.ts';
import type { Size } from './screen.ts';
import type { Spinner } from './spinner.ts';
import { joinWithin, truncateEnd, truncateMiddle } from './text-layout.ts';
import { textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';
import type { Measured } from './waits.ts';
import { isSilent, silenceText } from './watch-words.ts';

/** Rows of batches worth more than a line for each step that is over or to come. */
const ROWS = 8;

/**
 * The board: the load and how long it has been going on, its steps, and under the step that is going on its batches. It
 * fits any size: where there is no room the steps that are over, and those to come, share a line, and the batches that
 * say least are counted. Nothing is drawn here.
 */
export function boardLines(
  model: BoardModel,
  size: Size,
  now: number,
  theme: Theme,
  spinner: Spinner,
): string[] {
  const width = size.columns - 1;
  // One line the cursor must never leave.
  const height = Math.max(1, size.rows - 1);
  const batches = new Map(STAGES.map((stage) => [stage, batchesOf(stage, model, theme)]));
  const on = STAGES.find((stage) => model.stages.get(stage)?.state === 'on');
  const rows = (on === undefined ? [] : (batches.get(on) ?? [])).map((batch) => boardRow(batch, now, theme));
  const line = (stage: Stage): string =>
    stageLine(stage, batches.get(stage) ?? [], model, now, width, theme, spinner);

  const at = on === undefined ? STAGES.length : STAGES.indexOf(on);
  let before = STAGES.slice(0, at).map(line);
  let after = STAGES.slice(at + 1).map(line);
  const title = height >= 4 ? [headline(model, width, now, theme)] : [];
  // Always there, lest the rows jump with each short wait.
  const foot = height >= 3 ? [footer(model, now, width, theme)] : [];
  const current = on === undefined ? [] : [line(on)];
  const fixed = title.length + foot.length + current.length;
  const wanted = Math.min(rows.length, ROWS);
  const room = (): number => height - fixed - before.length - after.length;
  if (room() < wanted)
    after = together(STAGES.slice(at + 1), theme.colors.dim(theme.symbols.waiting), width, theme);
  if (room() < wanted) before = shared(STAGES.slice(0, at), before, batches, width, theme);
  if (room() < Math.min(wanted, 2)) after = [];
  if (room() < Math.min(wanted, 2)) before = [];
  const shown = rowsShown(rows, Math.max(0, room()), width, theme);
  return [...title, ...before, ...current, ...shown, ...after, ...foot].slice(0, height);
}

/** Steps that are over, in one line; one that went wrong keeps its own. */
function shared(
  stages: readonly Stage[],
  lines: readonly string[],
  batches: ReadonlyMap<Stage, readonly BoardBatch[]>,
  width: number,
  theme: Theme,
): string[] {
  const fates = stages.map((stage) => fateOf(batches.get(stage) ?? []));
  const well = stages.filter((_, i) => fates[i] !== 'failed');
  const sign = paintedSign(fates.includes('partial') ? 'partial' : 'done', theme);
  return [...together(well, sign, width, theme), ...lines.filter((_, i) => fates[i] === 'failed')];
}

function together(stages: readonly Stage[], sign: string, width: number, theme: Theme): string[] {
  return stages.length === 0
    ? []
    : [`${sign} ${theme.colors.dim(truncateEnd(stages.join(', '), width - 2))}`];
}

/** `AUG_2020  prod, https://billing.example.com  12 m 05 s`: where it is run gives way first. */
function headline({ job, facts, began }: BoardModel, width: number, now: number, theme: Theme): string {
  const time = duration(Math.floor((now - began) / 1000) * 1000);
  const name = truncateMiddle(theme.clean(job), Math.max(8, width - time.length - 2));
  const room = width - textWidth(name) - time.length - 4;
  const server = theme.clean(facts?.server ?? '');
  const profile = theme.clean(facts?.profile ?? '');
  const both = [profile, server].filter((part) => part !== '').join(', ');
  const where = textWidth(both) <= room ? both : profile || server;
  const rest = [room < 8 || where === '' ? '' : truncateMiddle(where, room), time];
  return `${theme.colors.bold(name)}  ${theme.colors.dim(rest.filter((part) => part !== '').join('  '))}`;
}

/** The rows there is room for, those that say most first kept, in the plan's order; the rest counted. */
function rowsShown(rows: readonly BoardRow[], room: number, width: number, theme: Theme): string[] {
  if (room === 0 || rows.length === 0) return [];
  const indent = width < 60 ? 2 : 4;
  const pad = ' '.repeat(indent);
  if (rows.length <= room) return rowLines(rows, width - indent, theme).map((line) => pad + line);
  const chosen = new Set([...rows].sort((a, b) => a.rank - b.rank).slice(0, room - 1));
  const shown = rows.filter((row) => chosen.has(row));
  const counts = new Map<string, number>();
  for (const row of [...rows].sort((a, b) => a.rank - b.rank))
    if (!chosen.has(row)) counts.set(row.word, (counts.get(row.word) ?? 0) + 1);
  const words = [...counts].map(([word, number]) => `${count(number)} ${word}`);
  const rest = counted(rows.length - shown.length, 'batch', 'batches');
  const lead = shown.length === 0 ? `${rest}: ` : `and ${count(rows.length - shown.length)} more: `;
  const more = lead + joinWithin(words, width - indent - lead.length);
  return [
    ...rowLines(shown, width - indent, theme).map((line) => pad + line),
    pad + theme.colors.dim(truncateEnd(more, width - indent)),
  ];
}

/** `  1.2 of 4 GB, 350 MB/s`: how far a wait is. */
function farText({ bytes: done, total, rate: speed }: Measured): string {
  const far = total === null || total === 0 ? bytes(done) : partOf(done, total);
  return `  ${far}${speed === null ? '' : `, ${rate(speed)}`}`;
}

/** What is being waited for: an answer, the next look, a server that is silent. */
function footer(model: BoardModel, now: number, width: number, theme: Theme): string {
  const wait = model.waits.shown(now);
  if (wait !== null) {
    const since =
      wait.measured === null ? (wait.ms < 2000 ? '' : `  ${wholeSeconds(wait.ms)}`) : farText(wait.measured);
    return theme.colors.dim(truncateEnd(theme.clean(wait.message), width - since.length) + since);
  }
  const { info } = model;
  if (info === null) return '';
  const next = info.nextPollMs === null ? 0 : info.now + info.nextPollMs - now;
  const when = next >= 500 ? `next look in ${wholeSeconds(next)}` : 'looking';
  return isSilent(info)
    ? theme.colors.yellow(joinWithin([silenceText(info), when], width))
    : theme.colors.dim(truncateEnd(when, width));
}
