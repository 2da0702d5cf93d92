import { isBad, shownPhaseOf } from '../batch/account.ts';
import { isFinal } from '../batch/outcome.ts';
import type { BatchView } from '../batch/types.ts';
import type { Context } from '../system/context.ts';
import { type BatchRow, batchRows } from './batch-rows.ts';
import { count, wholeSeconds } from './format.ts';
import type { Size } from './screen.ts';
import { createSpinner } from './spinner.ts';
import { paintPhase, phaseText } from './status.ts';
import { padEnd, padStart, truncateEnd, truncateMiddle } from './text-layout.ts';
import { textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';
import type { Ui } from './ui.ts';
import type { BatchTimes, WatchInfo, WatchView } from './watch-info.ts';
import { countsText, isOverdue, isSilent, OVERDUE, silenceText, tally, waitParts } from './watch-words.ts';

interface Seen {
  readonly state: string;
  readonly since: number;
}

/**
 * Name, status, time, counts in columns. Where they do not fit first the guess of the time left goes, then the counts, then
 * the time.
 * @param waits each row's time in parts: how long it has been, and how long it may be
 */
function rowLines(
  rows: readonly BatchRow[],
  waits: readonly (readonly string[])[],
  width: number,
  theme: Theme,
): string[] {
  const status = rows.map(({ batch }) => phaseText(shownPhaseOf(batch), theme));
  const counts = rows.map(({ batch }) => countsText(batch));
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(textWidth));
  const statusWidth = widest(status);
  const full = widest(rows.map(({ name }) => name));
  const least = Math.min(full, 14);
  const fits = (...extra: number[]): boolean =>
    least + extra.reduce((sum, more) => sum + (more === 0 ? 0 : 2 + more), 0) <= width;
  const told = waits.map((parts) => parts.join(', '));
  const guessed = fits(statusWidth, widest(told), widest(counts));
  const ages = guessed ? told : waits.map((parts) => parts[0] ?? '');
  const ageWidth = widest(ages);
  const withAge = fits(statusWidth, ageWidth);
  const withCounts = withAge && widest(counts) > 0 && fits(statusWidth, ageWidth, widest(counts));
  const rest =
    2 + statusWidth + (withAge && ageWidth > 0 ? 2 + ageWidth : 0) + (withCounts ? 2 + widest(counts) : 0);
  const nameWidth = Math.max(1, Math.min(full, width - rest));
  return rows.map(({ batch, name }, i) => {
    const own = status[i] ?? '';
    const gap = ' '.repeat(statusWidth - textWidth(own));
    const cells = [
      padEnd(truncateMiddle(name, nameWidth), nameWidth),
      paintPhase(shownPhaseOf(batch), own, theme) + gap,
      ...(withAge && ageWidth > 0 ? [theme.colors.dim(padStart(ages[i] ?? '', ageWidth))] : []),
      ...(withCounts ? [counts[i] ?? ''] : []),
    ];
    return cells.join('  ').trimEnd();
  });
}

/** The rows that matter most when not all can be seen: those still going on, then those that ended badly, then the rest. */
function mostTelling(rows: readonly BatchRow[], room: number): readonly BatchRow[] {
  if (rows.length <= room) return rows;
  const weight = ({ batch }: BatchRow): number => (isBad(batch) ? 1 : isFinal(batch.phase) ? 2 : 0);
  const chosen = new Set([...rows].sort((a, b) => weight(a) - weight(b)).slice(0, room));
  return rows.filter((row) => chosen.has(row));
}

/** One live line for each batch, redrawn in place, and when the next look comes (cli.md, "Output"). */
export function ttyWatch(ui: Ui, context: Context): WatchView {
  const { err, screen } = ui;
  const seen = new Map<string, Seen>();
  const spinner = createSpinner(err, context.stderr);
  let rows: readonly BatchRow[] = [];
  let info: WatchInfo | null = null;
  let hide: (() => void) | null = null;

  const footer = (width: number): string => {
    if (!info) return '';
    const next = info.nextPollMs === null ? null : info.now + info.nextPollMs - context.now();
    const theme = next !== null && next >= 500 ? `next look in ${wholeSeconds(next)}` : 'looking';
    const late = rows.some(
      ({ batch, key }) => !isFinal(batch.phase) && isOverdue(timesOf(batch, key), context.now()),
    );
    if (late && !isSilent(info))
      return spinner(err.colors.yellow(truncateEnd(`${OVERDUE}, ${theme}`, width - 2)));
    if (!isSilent(info)) return spinner(err.colors.dim(truncateEnd(theme, width - 2)));
    return spinner(err.colors.yellow(truncateEnd(`${silenceText(info)}, ${theme}`, width - 2)));
  };

  /** Since the hand-over where the journal has it, else since it was first seen like this. */
  const timesOf = ({ jobId, phase }: BatchView, key: string): BatchTimes => {
    const since = seen.get(key)?.since ?? null;
    const known =
      jobId === null || (phase !== 'queued' && phase !== 'running') ? undefined : info?.times?.(jobId);
    return { since: known?.since ?? since, estimateMs: known?.estimateMs ?? null };
  };

  const render = ({ columns, rows: height }: Size): string[] => {
    const width = columns - 1;
    // One line for the footer, one the cursor must never leave.
    const room = Math.max(1, height - 2);
    const shown = mostTelling(rows, rows.length > room ? Math.max(1, room - 1) : room);
    // What is over has no time: when it ended is not known, only when it was first seen so.
    const waits = shown.map(({ batch, key }) =>
      isFinal(batch.phase) ? [] : waitParts(timesOf(batch, key), context.now()),
    );
    const lines = rowLines(shown, waits, width, err);
    const hidden = rows.filter((row) => !shown.includes(row)).map(({ batch }) => batch);
    if (hidden.length > 0)
      lines.push(err.colors.dim(truncateEnd(`… and ${count(hidden.length)} more: ${tally(hidden)}`, width)));
    return [...lines, footer(width)];
  };

  return {
    update(batches, newInfo) {
      info = newInfo;
      rows = batchRows(batches, err);
      for (const { batch, key } of rows) {
        const state = `${batch.phase} ${batch.status}`;
        if (seen.get(key)?.state !== state) seen.set(key, { state, since: context.now() });
      }
      hide ??= screen.show(render);
    },
    stop() {
      hide?.();
      hide = null;
    },
  };
}
