import { isFinal } from '../../batch/outcome.ts';
import type { BatchTimes, LoadEvent } from '../../load/events.ts';
import { oneLine } from '../../system/escaping.ts';
import { nameOf } from '../batch-text.ts';
import { bytes, count, counted, rate, wholeSeconds } from '../format.ts';
import { type Frame, type Size, spinnerFrame } from '../screen.ts';
import { hangingIndent, truncateEnd } from '../text-layout.ts';
import type { Theme } from '../theme.ts';
import { boardLines } from './board.ts';
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
import type { ProgressModel, RenderContext, Renderer, Watch, WatchedBatch } from './model.ts';
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
  const render = (size: Size): Frame =>
    model.job === null
      ? commandFrame(model, size, context.now(), err)
      : boardLines(model, size, context.now(), err);
  return {
    event(event) {
      if (event.event === 'warning') ui.warn(withJobId(event));
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
  return event.event === 'step' ? { sign: done, text: clean(oneLine(withJobId(event))) } : null;
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
  if (measured !== null) {
    const { bytes: done, total, rate: speed } = measured;
    if (total !== null && total > 0) {
      const row = { ...emptyRow(theme), name, ...measuredParts(done, total, speed, theme) };
      return rowLines([row], width, theme)[0] ?? '';
    }
    const suffix = `  ${[bytes(done), ...(speed === null ? [] : [rate(speed)])].join('  ')}`;
    return truncateEnd(name, width - suffix.length) + suffix;
  }
  // A second or two is not worth telling.
  const suffix = ms < 2000 ? '' : `  ${wholeSeconds(ms)}`;
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
