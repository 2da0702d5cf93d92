import { oneLine } from '../system/escaping.ts';
import { UNKNOWN } from './format.ts';
import {
  hangingIndent,
  padEnd,
  padStart,
  textWidth,
  truncateMiddle,
  widthsReady,
  wrap,
} from './text-layout.ts';
import type { Theme } from './theme.ts';

export interface Cell {
  readonly text: string;
  readonly color?: (text: string) => string;
}

interface Setting {
  readonly title: string;
  /** For numbers. */
  readonly right?: boolean;
  /** For sentences: a long one is wrapped. Anything else, such as a name, is shortened in the middle. */
  readonly wrap?: boolean;
  /** The width it may be narrowed to, in columns of the terminal; by default its natural width. */
  readonly least?: number;
  /** The width it never exceeds. */
  readonly most?: number;
}

/** A column with its cells, in the order of the rows. Texts are clean. */
export interface Column extends Setting {
  readonly cells: readonly Cell[];
}

/** A column of `table`: its title, or that and more. There `least` is by default the width of the title, or 12. */
type Head = string | Setting;

/** `null` is unknown, and shown so. */
type TableCell = string | null | Cell;

/** Columns of the terminal between two columns of a table. */
const GAP = 2;
const LEAST = 12;

/**
 * Any table: titles, a rule, rows, fitted to the terminal; where not even that fits, each row as a few lines. In a pipe every row is one
 * line, and nothing is shortened. Every text is cleaned here (commands rule 4).
 */
export async function table(
  head: readonly Head[],
  rows: readonly (readonly TableCell[])[],
  theme: Theme,
): Promise<string> {
  const clean = (cell: TableCell | undefined): Cell => {
    if (cell === null) return { text: UNKNOWN };
    if (typeof cell !== 'object') return { text: theme.clean(oneLine(cell ?? '')) };
    return { ...cell, text: theme.clean(oneLine(cell.text)) };
  };
  const columns = head.map((one, i): Column => {
    const setting = typeof one === 'string' ? { title: one } : one;
    const least = Math.max(LEAST, setting.title.length);
    return { least, ...setting, cells: rows.map((row) => clean(row[i])) };
  });
  return (await firstFitting([columns], theme)) ?? blocks(columns, rows.length, theme);
}

/** The first set of columns that fits the terminal, drawn; `null` when none does. */
export async function firstFitting(
  attempts: readonly (readonly Column[])[],
  theme: Theme,
): Promise<string | null> {
  await widthsReady(attempts.flat().flatMap(({ title, cells }) => [title, ...cells.map(({ text }) => text)]));
  for (const attempt of attempts) {
    const columns = attempt.filter((column) => naturalWidth(column) > 0);
    const widths = fittedWidths(columns, theme.width);
    if (widths !== null)
      return Number.isFinite(theme.width) ? drawn(columns, widths, theme) : plain(columns, widths, theme);
  }
  return null;
}

const naturalWidth = ({ title, cells }: Column): number =>
  cells.reduce((width, { text }) => Math.max(width, textWidth(text)), textWidth(title));

/** The width of each column, the widest narrowed first; `null` when that is not enough. */
function fittedWidths(columns: readonly Column[], width: number): readonly number[] | null {
  const natural = columns.map(naturalWidth);
  const widths = columns.map(({ most }, i) =>
    Math.min(natural[i] ?? 0, most ?? Number.POSITIVE_INFINITY, width),
  );
  // cli-table3 draws a column of no width as one of width 1.
  const least = columns.map((column, i) => Math.max(1, column.least ?? natural[i] ?? 0));
  const room = width - GAP * Math.max(0, columns.length - 1);
  let excess = widths.reduce((sum, own) => sum + own, 0) - room;
  while (excess > 0) {
    const shrinkable = widths.filter((own, i) => own > (least[i] ?? 0));
    if (shrinkable.length === 0) return null;
    const widest = Math.max(...shrinkable);
    const at = widths.findIndex((own, i) => own === widest && own > (least[i] ?? 0));
    widths[at] = widest - 1;
    excess -= 1;
  }
  return widths;
}

const rowCount = (columns: readonly Column[]): number =>
  Math.max(0, ...columns.map(({ cells }) => cells.length));

const colored = ({ text, color }: Cell, toWidth: (text: string) => string): string =>
  color === undefined ? toWidth(text) : color(toWidth(text));

/** cli-table3 compares each cell with all cells above it: that many rows are laid out at a time. */
const ROWS_AT_A_TIME = 40;

/** Drawn by cli-table3. It is imported here, since pipes do without. */
async function drawn(columns: readonly Column[], widths: readonly number[], theme: Theme): Promise<string> {
  const Table = await loadTable();
  const { colors, symbols } = theme;
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', left: '', 'left-mid': '' };
  const neither = {
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    right: '',
    'right-mid': '',
  };
  const rule = symbols.barRest;
  const options = {
    chars: { ...none, ...neither, mid: rule, 'mid-mid': rule.repeat(GAP), middle: ' '.repeat(GAP) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: [...widths],
    colAligns: columns.map(({ right }) => (right ? ('right' as const) : ('left' as const))),
  };
  const toWidth = (text: string, i: number): string => truncateMiddle(text, widths[i] ?? 0);
  const head = columns.map(({ title }, i) => colors.bold(toWidth(title, i)));
  const rows = Array.from({ length: rowCount(columns) }, (_, row) =>
    columns.map(({ cells, wrap: wordWrap = false }, i) => ({
      content: colored(cells[row] ?? { text: '' }, wordWrap ? String : (text) => toWidth(text, i)),
      wordWrap,
    })),
  );
  const parts = Array.from({ length: Math.max(1, Math.ceil(rows.length / ROWS_AT_A_TIME)) }, (_, part) => {
    const drawing = new Table({ ...options, head: part === 0 ? head : [] });
    drawing.push(...rows.slice(part * ROWS_AT_A_TIME, (part + 1) * ROWS_AT_A_TIME));
    return drawing.toString();
  });
  return parts
    .join('\n')
    .split('\n')
    .map((line, i) => (i === 1 && rows.length > 0 ? colors.dim(line) : line.trimEnd()))
    .join('\n');
}

/**
 * cli-table3 with our measure of text. Its own takes Thai and Devanagari for wider than they are, and cuts wide text in a time
 * that grows with the square of its length.
 */
async function loadTable(): Promise<typeof import('cli-table3')> {
  const [{ default: Table }, { default: utils }] = await Promise.all([
    import('cli-table3'),
    import('cli-table3/src/utils.js'),
  ]);
  Object.assign(utils, {
    strlen: (text: string) => Math.max(...text.split('\n').map(textWidth)),
    pad: (text: string, width: number, _blank: string, side: string) =>
      side === 'right' ? padStart(text, width) : padEnd(text, width),
    // Cells are fitted to their column before.
    truncate: (text: string) => text,
    wordWrap: (width: number, text: string) => wrap(text, width),
  });
  return Table;
}

/** For a pipe: one row a line, whole. */
function plain(columns: readonly Column[], widths: readonly number[], theme: Theme): string {
  const line = (cellOf: (column: Column) => Cell): string =>
    columns
      .map((column, i) => {
        const cell = cellOf(column);
        const blank = ' '.repeat((widths[i] ?? 0) - textWidth(cell.text));
        const text = colored(cell, String);
        return column.right ? blank + text : text + blank;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(({ title }) => ({ text: title, color: theme.colors.bold })),
    ...Array.from({ length: rowCount(columns) }, (_, row) => line(({ cells }) => cells[row] ?? { text: '' })),
  ].join('\n');
}

/** Each row as a few lines, for a narrow terminal: the first column, and under it the others, each with its title. */
function blocks(columns: readonly Column[], rows: number, theme: Theme): string {
  const { colors, width } = theme;
  const lead = columns.findIndex(({ title }) => title !== '');
  const rest = columns.slice(lead + 1);
  const titles = Math.max(0, ...rest.map(({ title }) => textWidth(title)));
  return Array.from({ length: rows }, (_, row) => {
    const first = columns
      .slice(0, lead + 1)
      .map(({ cells }) => cells[row]?.text ?? '')
      .filter((text) => text !== '');
    const lines = rest.flatMap(({ title, cells, wrap: wordWrap }) => {
      const cell = cells[row];
      if (cell === undefined || cell.text === '') return [];
      const start = `  ${padEnd(title, titles)}  `;
      if (wordWrap) return hangingIndent(colors.dim(start), cell.text, width, start.length);
      return colors.dim(start) + colored(cell, (text) => truncateMiddle(text, width - textWidth(start)));
    });
    return [colors.bold(truncateMiddle(first.join(' '), width)), ...lines].join('\n');
  }).join('\n');
}
