import type { Stage } from '../../load/events.ts';
import { bytes, duration, rate, wholeSeconds } from '../format.ts';
import type { Size } from '../screen.ts';
import { joinWithin, textWidth, truncateEnd, truncateMiddle } from '../text-layout.ts';
import type { Theme } from '../theme.ts';
import { type BoardBatch, batchesOf, boardRow, colorSign, resultOf, stageLine } from './board-stages.ts';
import { bytesOf, nextPollText, silenceText } from './messages.ts';
import { type ProgressModel, STAGES } from './model.ts';
import { rowsWithin } from './rows.ts';
import type { Measured } from './waits.ts';

/** So many rows of batches are worth more than a line for each stage that is done or to come. */
const ROWS = 8;

/**
 * The board of a run: the load and how long it has been running, its stages, and under the active stage its batches. It fits any
 * size: where there is no room, the stages that are done and those to come share a line, and the least important batches
 * are counted.
 */
export function boardLines(model: ProgressModel, size: Size, now: number, theme: Theme): string[] {
  const width = size.columns - 1;
  // One line that the cursor must never leave.
  const height = Math.max(1, size.rows - 1);
  const batches = new Map(STAGES.map((stage) => [stage, batchesOf(stage, model, theme)]));
  const active = STAGES.find((stage) => model.stages.get(stage)?.state === 'active');
  const rows = (active === undefined ? [] : (batches.get(active) ?? [])).map((batch) =>
    boardRow(batch, now, theme),
  );
  const line = (stage: Stage): string => stageLine(stage, batches.get(stage) ?? [], model, now, width, theme);

  const at = active === undefined ? STAGES.length : STAGES.indexOf(active);
  let before = STAGES.slice(0, at).map(line);
  let after = STAGES.slice(at + 1).map(line);
  const title = height >= 4 ? [headline(model, width, now, theme)] : [];
  // Always there: otherwise the rows would jump with each short wait.
  const foot = height >= 3 ? [footer(model, now, width, theme)] : [];
  const current = active === undefined ? [] : [line(active)];
  const fixed = title.length + foot.length + current.length;
  const wanted = Math.min(rows.length, ROWS);
  const room = (): number => height - fixed - before.length - after.length;
  if (room() < wanted)
    after = together(STAGES.slice(at + 1), theme.colors.dim(theme.symbols.waiting), width, theme);
  if (room() < wanted) before = doneTogether(STAGES.slice(0, at), before, batches, width, theme);
  if (room() < Math.min(wanted, 2)) after = [];
  if (room() < Math.min(wanted, 2)) before = [];
  const indent = ' '.repeat(width < 60 ? 2 : 4);
  const shown = rowsWithin(rows, room(), width - indent.length, theme).map((row) => indent + row);
  return [...title, ...before, ...current, ...shown, ...after, ...foot].slice(0, height);
}

/** Stages that are done, in one line; one that failed keeps its own. */
function doneTogether(
  stages: readonly Stage[],
  lines: readonly string[],
  batches: ReadonlyMap<Stage, readonly BoardBatch[]>,
  width: number,
  theme: Theme,
): string[] {
  const results = stages.map((stage) => resultOf(batches.get(stage) ?? []));
  const well = stages.filter((_, i) => results[i] !== 'failed');
  const sign = colorSign(results.includes('partial') ? 'partial' : 'done', theme);
  return [...together(well, sign, width, theme), ...lines.filter((_, i) => results[i] === 'failed')];
}

function together(stages: readonly Stage[], sign: string, width: number, theme: Theme): string[] {
  return stages.length === 0
    ? []
    : [`${sign} ${theme.colors.dim(truncateEnd(stages.join(', '), width - 2))}`];
}

/** `AUG_2020  prod, https://billing.example.com  12 m 05 s`; the server gives way first. */
function headline({ job, plan, began }: ProgressModel, width: number, now: number, theme: Theme): string {
  const time = duration(Math.floor((now - began) / 1000) * 1000);
  const name = truncateMiddle(theme.clean(job ?? ''), Math.max(8, width - time.length - 2));
  const room = width - textWidth(name) - time.length - 4;
  const server = theme.clean(plan?.server ?? '');
  const profile = theme.clean(plan?.profile ?? '');
  const both = [profile, server].filter((part) => part !== '').join(', ');
  const where = textWidth(both) <= room ? both : profile || server;
  const rest = [room < 8 || where === '' ? '' : truncateMiddle(where, room), time];
  return `${theme.colors.bold(name)}  ${theme.colors.dim(rest.filter((part) => part !== '').join('  '))}`;
}

/** `  1.2 of 4 GB, 350 MB/s`. */
function measuredText({ bytes: done, total, rate: speed }: Measured): string {
  const size = total === null || total === 0 ? bytes(done) : bytesOf(done, total);
  return `  ${size}${speed === null ? '' : `, ${rate(speed)}`}`;
}

/** What the run waits for: an answer, the next poll, a server that does not answer. */
function footer({ waits, watch }: ProgressModel, now: number, width: number, theme: Theme): string {
  const wait = waits.shown(now);
  if (wait !== null) {
    const suffix =
      wait.measured === null
        ? wait.ms < 2000
          ? ''
          : `  ${wholeSeconds(wait.ms)}`
        : measuredText(wait.measured);
    return theme.colors.dim(truncateEnd(theme.clean(wait.message), width - suffix.length) + suffix);
  }
  if (watch === null) return '';
  const next = nextPollText(watch, now);
  return watch.silent
    ? theme.colors.yellow(joinWithin([silenceText(watch), next], width))
    : theme.colors.dim(truncateEnd(next, width));
}
