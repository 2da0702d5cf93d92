import { isFinal } from '../../batch/outcome.ts';
import type { BatchTimes, LoadEvent, Stage } from '../../load/events.ts';
import { oneLine } from '../../system/escaping.ts';
import { nameOf } from '../batch-text.ts';
import { bytes, count, counted, duration, rate, wholeSeconds } from '../format.ts';
import { type Frame, type Size, spinnerFrame } from '../screen.ts';
import { hangingIndent, joinWithin, textWidth, truncateEnd, truncateMiddle } from '../text-layout.ts';
import type { Theme } from '../theme.ts';
import { type BoardBatch, batchesOf, boardRow, colorSign, resultOf, stageLine } from './board-stages.ts';
import {
  checkedText,
  isOverdue,
  nextPollText,
  OVERDUE,
  retryText,
  silenceText,
  uploadedText,
  withJobId,
} from './messages.ts';
import {
  type ProgressModel,
  type RenderContext,
  type Renderer,
  STAGES,
  type Watch,
  type WatchedBatch,
} from './model.ts';
import { batchRow, emptyRow, measuredParts, rowLines, rowsWithin, uploadParts } from './rows.ts';
import type { ShownWait } from './waits.ts';

/** Uploads shown at once: the default of --concurrency. The rest is counted. */
const MOST_UPLOADS = 4;

/**
 * For a terminal: finished steps as lines, below them what is going on now. In a run that is the board of the whole month;
 * its steps are not repeated as lines.
 */
export function terminalRenderer({ ui, context, model }: RenderContext): Renderer {
  const { err, screen } = ui;
  let hide: (() => void) | null = null;
  const stop = (): void => {
    hide?.();
    hide = null;
  };
  const draw = (size: Size, now: number): Frame =>
    model.job === null ? commandFrame(model, size, now, err) : boardLines(model, size, now, err);
  let last: { readonly at: number; readonly size: string; readonly frame: Frame } | null = null;
  const render = (size: Size): Frame => {
    const now = context.now();
    const shape = `${size.columns} ${size.rows}`;
    if (last === null || last.size !== shape || now - last.at >= pauseMs(model))
      last = { at: now, size: shape, frame: draw(size, now) };
    return last.frame;
  };
  return {
    event(event) {
      if (event.event === 'warning') ui.warn(withJobId(event), event.hint);
      else {
        const line = finishedLine(event, model.job !== null, err);
        if (line !== null) screen.line(hangingIndent(`${line.sign} `, line.text, err.width));
      }
      if (isShown(event, model)) hide ??= screen.show(render);
      else if (model.job === null || isCheckEnd(event)) stop();
    },
    stop,
  };
}

/**
 * ms between two drawings: of thousands of batches they are drawn less often, so that drawing takes the same share of the time
 * however many there are.
 */
function pauseMs({ plan, watch }: ProgressModel): number {
  const batches = Math.max(plan?.entries.length ?? 0, watch?.batches.length ?? 0);
  return batches < 500 ? 0 : Math.min(2000, batches / 5);
}

/** After the check a question may follow; the board comes back with the next stage. */
const isCheckEnd = (event: LoadEvent): boolean => event.event === 'stage.end' && event.stage === 'check';

function isShown(event: LoadEvent, { job, waits, uploads, watch }: ProgressModel): boolean {
  if (job === null) return waits.any || uploads.length > 0 || watch !== null;
  return !isCheckEnd(event) && event.event !== 'run.start' && event.event !== 'plan';
}

interface FinishedLine {
  readonly sign: string;
  readonly text: string;
}

function finishedLine(event: LoadEvent, onBoard: boolean, theme: Theme): FinishedLine | null {
  const { colors, symbols, clean } = theme;
  const done = colors.green(symbols.done);
  const failed = colors.red(symbols.failed);
  if (event.event === 'retry') return { sign: colors.yellow(symbols.again), text: retryText(event, theme) };
  if (event.event === 'upload.end' && !event.ok) return { sign: failed, text: uploadedText(event, theme) };
  if (onBoard) return null;
  if (event.event === 'upload.end') return { sign: done, text: uploadedText(event, theme) };
  if (event.event === 'check.end') return { sign: event.bad === 0 ? done : failed, text: checkedText(event) };
  if (event.event !== 'step') return null;
  return { sign: event.ahead ? '–' : done, text: clean(oneLine(withJobId(event))) };
}

/** Uploads, watched batches and a wait of a single command. */
function commandFrame(model: ProgressModel, { columns, rows }: Size, now: number, theme: Theme): Frame {
  const width = columns - 1;
  const spinner = spinnerFrame(now, theme);
  const uploads = uploadLines(model, width, now, theme);
  const batches =
    model.watch === null ? [] : watchLines(model.watch, { columns, rows: rows - uploads.length }, now, theme);
  const wait = model.waits.shown(now);
  const text = wait === null ? null : waitText(wait, width - 2, theme);
  if (uploads.length + batches.length === 0) return text === null ? [] : { wait: text };
  return [...uploads, ...batches, ...(text === null ? [] : [`${spinner} ${text}`])];
}

function waitText({ message, ms, measured }: ShownWait, width: number, theme: Theme): string {
  const name = theme.clean(oneLine(message));
  // A full bar would stand still while what was read is looked through.
  if (measured?.total && measured.bytes < measured.total) {
    const row = {
      ...emptyRow(theme),
      name,
      ...measuredParts(measured.bytes, measured.total, measured.rate, theme),
    };
    return rowLines([row], width, theme)[0] ?? '';
  }
  // A second or two is not worth telling.
  const details =
    measured === null
      ? [ms < 2000 ? '' : wholeSeconds(ms)]
      : [bytes(measured.bytes), measured.rate === null ? '' : rate(measured.rate)];
  const suffix = details.map((text) => (text === '' ? '' : `  ${text}`)).join('');
  return truncateEnd(name, width - suffix.length) + suffix;
}

function uploadLines(model: ProgressModel, width: number, now: number, theme: Theme): string[] {
  const { uploads, uploaded } = model;
  if (uploads.length === 0) return [];
  const speed = uploads.reduce((sum, { meter, bytes: done }) => sum + (meter.at(now, done) ?? 0), 0);
  const parts = [`uploading ${counted(uploads.length, 'file', 'files')}`];
  if (uploaded > 0) parts.push(`${count(uploaded)} done`);
  if (uploads.length > 1 && speed > 0) parts.push(rate(speed));
  const rows = uploads.slice(0, MOST_UPLOADS).map((upload) => ({
    ...emptyRow(theme),
    name: theme.clean(oneLine(upload.file)),
    ...uploadParts(upload, now, theme),
  }));
  const rest = uploads.slice(MOST_UPLOADS);
  const left = rest.reduce((sum, { bytes: done, total }) => sum + total - done, 0);
  const more = `and ${counted(rest.length, 'more file', 'more files')}, ${bytes(left)} left`;
  return [
    `${spinnerFrame(now, theme)} ${truncateEnd(parts.join(', '), width - 2)}`,
    ...rowLines(rows, width - 2, theme).map((line) => `  ${line}`),
    ...(rest.length === 0 ? [] : [truncateEnd(`  ${more}`, width)]),
  ];
}

/** A row for each batch, and when the next poll is. */
function watchLines(watch: Watch, { columns, rows }: Size, now: number, theme: Theme): string[] {
  const width = columns - 1;
  // One line for the footer, one that the cursor must never leave.
  const room = Math.max(1, rows - 2);
  const shown = watch.batches.map((one) =>
    batchRow(one.branch + nameOf(one.batch, theme), one.batch, timesOf(one, watch), now, theme),
  );
  return [...rowsWithin(shown, room, width, theme), watchFooter(watch, width, now, theme)];
}

function watchFooter(watch: Watch, width: number, now: number, theme: Theme): string {
  const { colors } = theme;
  const next = nextPollText(watch, now);
  const late = watch.batches.some((one) => {
    const times = timesOf(one, watch);
    return times !== null && isOverdue(times, now);
  });
  const text = watch.silent ? `${silenceText(watch)}, ${next}` : late ? `${OVERDUE}, ${next}` : next;
  const color = watch.silent || late ? colors.yellow : colors.dim;
  return `${spinnerFrame(now, theme)} ${color(truncateEnd(text, width - 2))}`;
}

/** Since the batch was submitted where the journal has that, else since it was first seen like this; `null` when it is final. */
function timesOf({ batch: { jobId, phase }, since }: WatchedBatch, { times }: Watch): BatchTimes | null {
  if (isFinal(phase)) return null;
  const processing = phase === 'queued' || phase === 'running';
  const known = jobId === null || !processing ? undefined : times?.(jobId);
  return { since: known?.since ?? since, estimateMs: known?.estimateMs ?? null };
}

/** So many rows of batches are worth more than a line for each stage that is done or to come. */
const ROWS = 8;

/**
 * The board of a run: the load and how long it has been running, its stages, and under the active stage its batches. It fits any
 * size: where there is no room, the stages that are done and those to come share a line, and the least important batches
 * are counted.
 */
function boardLines(model: ProgressModel, size: Size, now: number, theme: Theme): string[] {
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

/** What the run waits for: an answer, the next poll, a server that does not answer. */
function footer({ waits, watch }: ProgressModel, now: number, width: number, theme: Theme): string {
  const wait = waits.shown(now);
  if (wait !== null) return theme.colors.dim(waitText(wait, width, theme));
  if (watch === null) return '';
  const next = nextPollText(watch, now);
  return watch.silent
    ? theme.colors.yellow(joinWithin([silenceText(watch), next], width))
    : theme.colors.dim(truncateEnd(next, width));
}
