import { type BoardModel, keyOf, type PlannedRow } from './board-model.ts';
import { padEnd, padStart, shorten } from './fit.ts';
import { rate as speed, wholeSeconds } from './human.ts';
import type { Look } from './look.ts';
import { isFinal, paintPhase, phaseText } from './status.ts';
import { textWidth } from './text-width.ts';
import { countsText, waitText } from './watch-words.ts';

/** How much a row has to say when not all can be shown: what is going on, then what went wrong, then what is to come. */
export type Weight = 0 | 1 | 2 | 3;

/** One batch on the board. */
export interface BoardRow {
  readonly name: string;
  readonly status: string;
  readonly paint: (text: string) => string;
  /** How far an upload is; empty for anything else. */
  readonly bar: string;
  readonly detail: string;
  readonly weight: Weight;
  /** For counting the rows there is no room for: `waiting`, `uploaded` … */
  readonly word: string;
}

const BAR = 12;

/** One batch, from what is known of it now. @param now ms since 1970 */
export function boardRow(
  row: PlannedRow,
  model: BoardModel,
  branch: string,
  now: number,
  look: Look,
): BoardRow {
  const { paint, symbols } = look;
  const name = branch + look.clean(row.jobId);
  const key = keyOf(row);
  const sending = model.sending.get(key);
  if (sending !== undefined) {
    const { bytes, total, meter } = sending;
    const share = total > 0 ? bytes / total : 1;
    const full = Math.min(BAR, Math.floor(share * BAR));
    const rate = meter.at(now, bytes);
    const left =
      rate === null || bytes >= total
        ? ''
        : rate < 1
          ? 'stalled'
          : `${wholeSeconds(((total - bytes) / rate) * 1000)} left`;
    const bar = `${symbols.barFull.repeat(full)}${symbols.barRest.repeat(BAR - full)}`;
    const parts = [padStart(`${Math.floor(share * 100)}%`, 4), rate === null ? '' : speed(rate), left];
    return {
      name,
      status: 'uploading',
      paint: paint.cyan,
      bar,
      detail: parts.filter((part) => part !== '').join('  '),
      weight: 0,
      word: 'uploading',
    };
  }
  const seen = model.seen.get(key);
  if (seen !== undefined && seen.phase !== 'draft' && seen.phase !== 'uploaded') {
    const final = isFinal(seen.phase);
    const counts = countsText(seen);
    const times = model.facts?.times(row.parent ?? row.jobId) ?? { since: null, estimateMs: null };
    return {
      name,
      status: phaseText(seen.phase, look),
      paint: (text) => paintPhase(seen.phase, text, look),
      bar: '',
      detail: [final ? '' : waitText(times, now), counts].filter((part) => part !== '').join(', '),
      weight: final ? (seen.phase === 'failed' || seen.phase === 'partial' ? 1 : 3) : 0,
      word: seen.phase,
    };
  }
  if (model.sent.has(key) || seen?.phase === 'uploaded')
    return { name, status: 'uploaded', paint: paint.blue, bar: '', detail: '', weight: 3, word: 'uploaded' };
  return { name, status: 'waiting', paint: paint.dim, bar: '', detail: '', weight: 2, word: 'waiting' };
}

/** Rows under each other in columns; the bars go first where the width is short, then the details. */
export function rowLines(rows: readonly BoardRow[], width: number, look: Look): string[] {
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(textWidth));
  const status = widest(rows.map((row) => row.status));
  const full = widest(rows.map((row) => row.name));
  const details = widest(rows.map((row) => row.detail));
  const least = Math.min(full, Math.max(8, Math.floor(width * 0.35)));
  const room = width - least - 2 - status - 2;
  const bars = rows.some(({ bar }) => bar !== '') && room >= details + BAR + 2;
  const detail = Math.min(details, Math.max(0, bars ? room - BAR - 2 : room));
  const rest = 2 + status + (detail > 0 ? 2 + detail : 0) + (bars ? 2 + BAR : 0);
  const name = Math.max(1, Math.min(full, width - rest));
  return rows.map((row) => {
    const cells = [
      padEnd(shorten(row.name, name), name),
      row.paint(row.status) + ' '.repeat(status - textWidth(row.status)),
      ...(bars && row.bar !== '' ? [look.paint.cyan(row.bar)] : []),
      // Cut from its end, and left out where nothing sensible is left of it.
      look.paint.dim(clipParts(row.detail, detail)),
    ];
    return cells.join('  ').trimEnd();
  });
}

/** As many whole parts as fit: half a number misleads. */
function clipParts(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const parts = text.split(/(?<=,) |(?<=\S) {2}/);
  while (parts.length > 1) {
    parts.pop();
    const shorter = parts.join(' ').replace(/,$/, '');
    if (textWidth(shorter) <= width) return shorter;
  }
  return '';
}
