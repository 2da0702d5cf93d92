import { bytes as size, rate as speed, wholeSeconds } from './format.ts';
import { padEnd, padStart, truncateMiddle } from './text-layout.ts';
import { textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';

/** One upload under way. */
export interface UploadState {
  readonly file: string;
  readonly bytes: number;
  readonly total: number;
  /** Bytes a second, `null` while it is too early to say. */
  readonly rate: number | null;
}

/** Wide enough for nearly all they ever say, so that the bar does not breathe. */
const WIDTHS = { amount: 15, rate: 9, left: 10 } as const;
const LONGEST_BAR = 30;
const SHORTEST_BAR = 6;

function timeLeft({ bytes, total, rate }: UploadState): string {
  if (rate === null || bytes >= total) return '';
  return rate < 1 ? 'stalled' : `${wholeSeconds(((total - bytes) / rate) * 1000)} left`;
}

/** Files over each other, so that names, bars and numbers stand in columns and nothing jumps about. */
export function uploadLines(uploads: readonly UploadState[], width: number, theme: Theme): string[] {
  const { colors, symbols } = theme;
  const names = uploads.map(({ file }) => theme.clean(file));
  const longest = Math.max(0, ...names.map(textWidth));
  const fields = uploads.map((upload) => ({
    percent: padStart(`${upload.total > 0 ? Math.floor((upload.bytes / upload.total) * 100) : 100}%`, 4),
    amount: padStart(`${size(upload.bytes)}/${size(upload.total)}`, WIDTHS.amount),
    rate: padStart(upload.rate === null ? '' : speed(upload.rate), WIDTHS.rate),
    left: padStart(timeLeft(upload), WIDTHS.left),
  }));
  // What goes first where the width is short: the amounts, the rate, the bar, the time left.
  const layouts = [['amount', 'rate', 'left'], ['rate', 'left'], ['left'], []] as const;
  const shortName = Math.min(longest, Math.max(10, Math.floor(width * 0.25)));
  const taken = (layout: readonly (keyof typeof WIDTHS)[]): number =>
    layout.reduce((sum, key) => sum + 2 + Math.max(...fields.map((field) => textWidth(field[key]))), 2 + 4);
  const layout =
    layouts.find((keys) => shortName + taken(keys) + 2 + SHORTEST_BAR <= width) ??
    layouts.find((keys) => shortName + taken(keys) <= width) ??
    [];
  const spare = width - shortName - taken(layout) - 2;
  const bar = spare < SHORTEST_BAR ? 0 : Math.min(LONGEST_BAR, spare);
  const nameWidth = Math.min(longest, shortName + Math.max(0, spare - bar));
  return uploads.map((upload, i) => {
    const field = fields[i] ?? { percent: '', amount: '', rate: '', left: '' };
    const full = upload.total > 0 ? Math.min(bar, Math.floor((upload.bytes / upload.total) * bar)) : bar;
    const drawn =
      bar === 0
        ? []
        : [colors.cyan(symbols.barFull.repeat(full)) + colors.dim(symbols.barRest.repeat(bar - full))];
    const name = padEnd(truncateMiddle(names[i] ?? '', nameWidth), nameWidth);
    return [
      name,
      ...drawn,
      field.percent,
      ...layout.map((key) => padStart(field[key], Math.max(...fields.map((other) => textWidth(other[key]))))),
    ]
      .join('  ')
      .trimEnd();
  });
}
