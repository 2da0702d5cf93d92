import { isBad, shownPhaseOf } from '../../batch/account.ts';
import { isFinal } from '../../batch/outcome.ts';
import type { BatchView } from '../../batch/types.ts';
import type { BatchTimes } from '../../load/events.ts';
import { oneLine } from '../../system/escaping.ts';
import { colorPhase, countsParts, stateText, stateWord, unaccountedText } from '../batch-text.ts';
import { bytes, count, counted, rate, wholeSeconds } from '../format.ts';
import { joinWithin, padEnd, padStart, textWidth, truncateEnd, truncateMiddle } from '../text-layout.ts';
import type { Theme } from '../theme.ts';
import { bytesLeftText, isOverdue, waitParts } from './messages.ts';
import type { Upload } from './model.ts';

/** One upload, wait or batch in the live region, before it is fitted to a width. */
export interface Row {
  readonly name: string;
  readonly file: string;
  readonly status: string;
  readonly colorStatus: (text: string) => string;
  /** How much of an upload is done, 0 to 1; `null` without a bar. */
  readonly share: number | null;
  /** Details, the most important first. */
  readonly parts: readonly string[];
  readonly colorParts: (text: string) => string;
  /** The server's message; cut where there is no room for all of it. */
  readonly message: string;
  /** The rows with the lowest rank stay when there is no room for all. */
  readonly rank: number;
  /** For counting the rows that are left out: `waiting`, `uploaded` … */
  readonly word: string;
}

/** Problems first, then what moves, what is waited for, what is to come, what is done. */
export const RANK = {
  bad: 0,
  uploading: 1,
  submitted: 2,
  running: 3,
  queued: 4,
  waiting: 5,
  uploaded: 6,
  final: 7,
} as const;

const unchanged = (text: string): string => text;

export function emptyRow(theme: Theme): Row {
  return {
    name: '',
    file: '',
    status: '',
    colorStatus: unchanged,
    share: null,
    parts: [],
    colorParts: theme.colors.dim,
    message: '',
    rank: RANK.waiting,
    word: 'waiting',
  };
}

type Moving = Pick<Row, 'share' | 'parts' | 'colorParts'>;

/** Columns for nearly every rate and time left, so that the bars keep their place. */
const RATE_WIDTH = 9;
const LEFT_WIDTH = 10;

/** Bar, percentage, rate, time left and size of something measured in bytes. @param speed bytes/s; `null`: too early to tell */
export function measuredParts(done: number, total: number, speed: number | null, theme: Theme): Moving {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const stalled = speed !== null && speed < 1;
  const left = speed === null || stalled || done >= total ? '' : bytesLeftText(total - done, speed);
  return {
    share,
    parts: [
      padStart(`${Math.floor(share * 100)}%`, 4),
      padStart(speed === null ? '' : rate(speed), RATE_WIDTH),
      padStart(stalled ? 'stalled' : left, LEFT_WIDTH),
      `${bytes(done)}/${bytes(total)}`,
    ],
    colorParts: stalled ? theme.colors.yellow : theme.colors.dim,
  };
}

export function uploadParts({ bytes: done, total, meter }: Upload, now: number, theme: Theme): Moving {
  const still = meter.still(now);
  // Everything is sent; whether it arrived is for the storage to say. A full bar would say that it did.
  if (done >= total) {
    const waited = still < 1500 ? '' : wholeSeconds(still);
    const parts = ['waiting for the answer', waited, `${bytes(total)} sent`].filter((part) => part !== '');
    return { share: null, parts, colorParts: theme.colors.dim };
  }
  const speed = meter.at(now, done);
  const moving = measuredParts(done, total, speed, theme);
  if (speed === null || speed >= 1) return moving;
  return { ...moving, parts: [moving.parts[0] ?? '', `stalled for ${wholeSeconds(still)}`] };
}

/** A batch on the server. @param times `null`: no elapsed time is shown. @param now ms since 1970 */
export function batchRow(
  name: string,
  batch: BatchView,
  times: BatchTimes | null,
  now: number,
  theme: Theme,
): Row {
  const { colors, clean } = theme;
  const shown = shownPhaseOf(batch);
  const bad = isBad(batch);
  const active = batch.phase === 'running' ? RANK.running : RANK.queued;
  return {
    ...emptyRow(theme),
    name,
    status: stateText(batch, theme),
    colorStatus: (text) => colorPhase(shown, text, theme),
    parts: [
      ...(times === null ? [] : waitParts(times, now)),
      // Problems come first where there is little room.
      ...(bad ? [unaccountedText([batch]), ...countsParts(batch).toReversed()] : countsParts(batch)),
    ],
    colorParts: bad ? unchanged : times !== null && isOverdue(times, now) ? colors.yellow : colors.dim,
    message: bad && batch.errorMessage !== null ? clean(oneLine(batch.errorMessage)) : '',
    rank: bad ? RANK.bad : isFinal(batch.phase) ? RANK.final : times === null ? active : RANK.submitted,
    word: stateWord(batch),
  };
}

/** The rows for which there is room, those with the lowest rank, in the given order; the rest is counted in a last line. */
export function rowsWithin(rows: readonly Row[], room: number, width: number, theme: Theme): string[] {
  if (room <= 0 || rows.length === 0) return [];
  if (rows.length <= room) return rowLines(rows, width, theme);
  const byRank = rows.toSorted((a, b) => a.rank - b.rank);
  const chosen = new Set(byRank.slice(0, room - 1));
  const counts = new Map<string, number>();
  for (const { word } of byRank.slice(room - 1)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts].map(([word, number]) => `${count(number)} ${word}`);
  const hidden = rows.length - chosen.size;
  const lead = chosen.size === 0 ? `${counted(hidden, 'batch', 'batches')}: ` : `and ${count(hidden)} more: `;
  const more = truncateEnd(lead + joinWithin(words, width - lead.length), width);
  return [
    ...rowLines(
      rows.filter((row) => chosen.has(row)),
      width,
      theme,
    ),
    theme.colors.dim(more),
  ];
}

const GAP = 2;
const LONGEST_BAR = 24;
const SHORTEST_BAR = 6;

const column = (width: number): number => (width === 0 ? 0 : width + GAP);
/** Whether the file column is shown, and how many details of moving rows; the best first. Where none fits there is no bar. */
const LAYOUTS = [
  { withFile: true, most: 4 },
  { withFile: true, most: 3 },
  { withFile: false, most: 4 },
  { withFile: false, most: 3 },
  { withFile: false, most: 2 },
  { withFile: false, most: 1 },
] as const;

/** Rows in aligned columns. Where the width is short the file goes first, then the last details, then the bar. */
export function rowLines(rows: readonly Row[], width: number, theme: Theme): string[] {
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(textWidth));
  const status = widest(rows.map((row) => row.status));
  const name = widest(rows.map((row) => row.name));
  const file = widest(rows.map((row) => row.file));
  const moving = rows.filter(({ share }) => share !== null);
  const details = (row: Row, most = 4): string =>
    row.share === null
      ? joinWithin(row.parts, Number.POSITIVE_INFINITY)
      : joinWithin(row.parts.slice(0, most), Number.POSITIVE_INFINITY, '  ').trimEnd();
  const standing = widest(rows.filter(({ share }) => share === null).map((row) => details(row)));
  const moved = (most: number): number => widest(moving.map((row) => details(row, most)));
  const taken = (withFile: boolean): number => name + column(status) + (withFile ? column(file) : 0);
  const spare = ({ withFile, most }: { readonly withFile: boolean; readonly most: number }): number =>
    width - taken(withFile) - column(moved(most)) - GAP;
  const layout = LAYOUTS.find(
    (one) =>
      (!one.withFile || (file > 0 && taken(true) + column(standing) <= width)) &&
      (moving.length === 0 || spare(one) >= SHORTEST_BAR),
  );
  const { withFile, most } = layout ?? { withFile: false, most: 4 };
  const bar = layout === undefined || moving.length === 0 ? 0 : Math.min(LONGEST_BAR, spare(layout));
  // The name gives way to the details, or at least to the first of them, down to a third of the line: rows must stay distinguishable.
  const least = Math.max(Math.floor(width * 0.35), 8);
  const first = widest(rows.map(({ parts }) => parts.find((part) => part !== '') ?? ''));
  const rooms = [Math.max(standing, moved(most)), first, 0].map(
    (detail) => width - column(status) - column(detail),
  );
  const room = rooms.find((one) => one >= least) ?? width - column(status);
  const shownName = Math.max(1, Math.min(name, room));
  return rows.map((row) => {
    const drawn = bar > 0 && row.share !== null;
    const before =
      shownName + (withFile ? column(file) : 0) + column(status) + (drawn ? column(bar) : 0) + GAP;
    const parts = row.share === null ? row.parts : row.parts.slice(0, most);
    const shown = joinWithin(parts, width - before, row.share === null ? ', ' : '  ').trimEnd();
    const rest = width - before - column(textWidth(shown));
    const whole = row.message !== '' && rest >= 12 && shown === details(row);
    const cells = [
      padEnd(truncateMiddle(row.name, shownName), shownName),
      withFile ? theme.colors.dim(row.file) + ' '.repeat(file - textWidth(row.file)) : '',
      status === 0 ? '' : row.colorStatus(row.status) + ' '.repeat(status - textWidth(row.status)),
      drawn ? barText(row.share ?? 0, bar, theme) : '',
      shown === '' ? '' : row.colorParts(shown),
      whole ? truncateEnd(row.message, rest) : '',
    ];
    return cells
      .filter((cell) => cell !== '')
      .join(' '.repeat(GAP))
      .trimEnd();
  });
}

function barText(share: number, width: number, { colors, symbols }: Theme): string {
  const full = Math.min(width, Math.floor(share * width));
  return colors.cyan(symbols.barFull.repeat(full)) + colors.dim(symbols.barRest.repeat(width - full));
}
