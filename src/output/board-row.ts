import { isBad, shownPhaseOf } from '../batch/account.ts';
import { oneLine } from '../system/escaping.ts';
import { unaccountedText } from './account-text.ts';
import type { BoardBatch } from './board-batches.ts';
import type { Sending } from './board-model.ts';
import { counted, rate as speed, wholeSeconds } from './format.ts';
import { paintPhase, phaseText, phaseWord } from './status.ts';
import { joinWithin, padEnd, padStart, truncateEnd, truncateMiddle } from './text-layout.ts';
import { textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';
import { countsParts, isOverdue, waitParts } from './watch-words.ts';

/** One batch as a line of the board, before it is fitted to a width. */
export interface BoardRow {
  readonly name: string;
  readonly file: string;
  readonly status: string;
  readonly color: (text: string) => string;
  /** How far an upload is, 0 to 1; `null` for anything else. */
  readonly share: number | null;
  /** What is said besides, the most telling part first. */
  readonly parts: readonly string[];
  readonly tone: (text: string) => string;
  /** A server's words; cut where there is no room for all of them. */
  readonly message: string;
  /** Which rows stay when there is no room for all: the lowest. */
  readonly rank: number;
  /** For counting the rows there is no room for: `waiting`, `uploaded` … */
  readonly word: string;
}

/** What went wrong stands first, then what moves, what is waited for, what is to come, what is over. */
const RANK = { bad: 0, uploading: 1, handed: 2, running: 3, queued: 4, waiting: 5, uploaded: 6, over: 7 };

/** @param now ms since 1970 */
export function boardRow(batch: BoardBatch, now: number, theme: Theme): BoardRow {
  const { colors, symbols } = theme;
  const { branch, name, file, seen, sending, state, times } = batch;
  const blank = {
    name: branch + name,
    file: file === null ? '' : theme.clean(file.name),
    share: null,
    parts: [],
    tone: colors.dim,
    message: '',
  };
  if (sending !== null) {
    return {
      ...blank,
      status: `${symbols.sending} uploading`,
      color: colors.cyan,
      ...uploadOf(sending, now, theme),
      rank: RANK.uploading,
      word: 'uploading',
    };
  }
  if (seen !== null && (state === 'final' || state === 'processing')) {
    const { phase } = seen;
    const shown = shownPhaseOf(seen);
    const bad = isBad(seen);
    const waits = phase === 'running' ? RANK.running : RANK.queued;
    return {
      ...blank,
      status: phaseText(shown, theme),
      color: (text) => paintPhase(shown, text, theme),
      parts: [
        ...(times === null ? [] : waitParts(times, now)),
        // What went wrong has to be told first where there is little room.
        ...(bad ? [unaccountedText([seen]), ...countsParts(seen).toReversed()] : countsParts(seen)),
      ],
      tone: bad ? same : times !== null && isOverdue(times, now) ? colors.yellow : colors.dim,
      message: bad && seen.errorMessage !== null ? theme.clean(oneLine(seen.errorMessage)) : '',
      rank: bad ? RANK.bad : state === 'final' ? RANK.over : times === null ? waits : RANK.handed,
      word: phaseWord(shown),
    };
  }
  const records = file === null || file.records === null ? '' : counted(file.records, 'record', 'records');
  const amount = file?.amount ? `amounts ${file.amount}` : '';
  if (state === 'uploaded') {
    const status = phaseText('uploaded', theme);
    const parts = [records, amount];
    return { ...blank, status, color: colors.blue, parts, rank: RANK.uploaded, word: 'uploaded' };
  }
  // Under the words that have a sign before them.
  return {
    ...blank,
    status: '  waiting',
    color: colors.dim,
    parts: [records, amount],
    rank: RANK.waiting,
    word: 'waiting',
  };
}

const same = (text: string): string => text;

type Upload = Pick<BoardRow, 'share' | 'parts' | 'tone'>;

function uploadOf({ bytes, total, meter }: Sending, now: number, { colors }: Theme): Upload {
  const share = total > 0 ? Math.min(1, bytes / total) : 1;
  const percent = padStart(`${Math.floor(share * 100)}%`, 4);
  const told = (...parts: string[]): Upload => ({ share, parts: [percent, ...parts], tone: colors.dim });
  const still = wholeSeconds(meter.still(now));
  // All of it is on its way; whether it arrived is for the storage to say.
  if (bytes >= total) return meter.still(now) < 1500 ? told() : told(`waiting for the answer, ${still}`);
  const rate = meter.at(now, bytes);
  if (rate === null) return told();
  if (rate < 1) return { ...told(`stalled for ${still}`), tone: colors.yellow };
  return told(speed(rate), `${wholeSeconds(((total - bytes) / rate) * 1000)} left`);
}

const column = (wide: number): number => (wide === 0 ? 0 : wide + 2);
const between = (share: number | null): string => (share === null ? ', ' : '  ');

const LONGEST_BAR = 24;
const SHORTEST_BAR = 6;

/** Rows under each other in columns. Where the width is short the file goes first, then the bar, then the parts said last. */
export function rowLines(rows: readonly BoardRow[], width: number, theme: Theme): string[] {
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(textWidth));
  const status = widest(rows.map((row) => row.status));
  const name = widest(rows.map((row) => row.name));
  const file = widest(rows.map((row) => row.file));
  const whole = ({ parts, share }: BoardRow): string =>
    joinWithin(parts, Number.POSITIVE_INFINITY, between(share));
  const moving = rows.filter(({ share }) => share !== null);
  const moved = widest(moving.map(whole));
  const detail = Math.max(widest(rows.map(whole)), moved);
  const least = name + column(status);
  const spare = (withFile: boolean): number =>
    width - least - (withFile ? column(file) : 0) - column(moved) - 2;
  const barFits = (withFile: boolean): boolean => moving.length > 0 && spare(withFile) >= SHORTEST_BAR;
  const withFile =
    file > 0 && least + column(file) + column(detail) <= width && (moving.length === 0 || barFits(true));
  const bar = barFits(withFile) ? Math.min(LONGEST_BAR, spare(withFile)) : 0;
  // The name gives way to the details down to a third of the line: batches have to be told apart.
  const names = Math.min(
    name,
    Math.max(width - column(status) - column(detail), Math.floor(width * 0.35), 8),
  );
  const shownName = Math.max(1, Math.min(names, width - column(status)));
  return rows.map((row) => {
    const drawn = bar > 0 && row.share !== null;
    const taken = shownName + (withFile ? column(file) : 0) + column(status) + (drawn ? column(bar) : 0) + 2;
    const said = joinWithin(row.parts, width - taken, between(row.share));
    const room = width - taken - column(textWidth(said));
    const message =
      row.message === '' || room < 12 || said !== whole(row) ? '' : truncateEnd(row.message, room);
    const cells = [
      padEnd(truncateMiddle(row.name, shownName), shownName),
      ...(withFile ? [theme.colors.dim(padEnd(row.file, file))] : []),
      row.color(padEnd(row.status, status)),
      ...(drawn ? [barOf(row.share ?? 0, bar, theme)] : []),
      said === '' ? '' : row.tone(said),
      message,
    ];
    return cells
      .filter((cell) => cell !== '')
      .join('  ')
      .trimEnd();
  });
}

function barOf(share: number, width: number, { colors, symbols }: Theme): string {
  const full = Math.min(width, Math.floor(share * width));
  return colors.cyan(symbols.barFull.repeat(full)) + colors.dim(symbols.barRest.repeat(width - full));
}
