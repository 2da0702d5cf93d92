import { oneLine } from '../system/escaping.ts';
import { type Cell, type Column, type Cut, column, totalWidth } from './columns.ts';
import { drawTable } from './draw-table.ts';
import { UNKNOWN } from './format.ts';
import { padEnd, truncateEnd, truncateMiddle } from './text-layout.ts';
import { textWidth, widthsReady } from './text-width.ts';
import type { Theme } from './theme.ts';

/** A column's title, and how it is set. */
export interface Head {
  readonly title: string;
  /** For numbers. */
  readonly right?: boolean;
  readonly cut?: Cut;
  /** As narrow as it may get where the width is short; by default the title's width, or 12. */
  readonly least?: number;
}

/** `null` is unknown, and said so. */
export type TableCell = string | null | Cell;

const LEAST = 12;

/** The columns within the width, the widest of them shortened first; `null` when that is not enough. */
function fitted(columns: readonly Column[], least: readonly number[], width: number): Column[] | null {
  const widths = columns.map((column) => Math.min(column.width, Math.max(width, 1)));
  const room = width - (totalWidth(columns) - columns.reduce((sum, column) => sum + column.width, 0));
  while (widths.reduce((sum, own) => sum + own, 0) > room) {
    const shrinkable = widths.filter((own, i) => own > (least[i] ?? LEAST));
    if (shrinkable.length === 0) return null;
    const widest = Math.max(...shrinkable);
    const at = widths.findIndex((own, i) => own === widest && own > (least[i] ?? LEAST));
    widths[at] = widest - 1;
  }
  return columns.map((column, i) => ({ ...column, width: widths[i] ?? column.width }));
}

/** Each row as a few lines, for a screen too narrow for columns: what comes first, and the rest under it, each with its title. */
function blocks(columns: readonly Column[], rows: number, theme: Theme): string {
  const lead = columns.findIndex(({ title }) => title !== '');
  const rest = columns.slice(lead + 1);
  const titles = Math.max(0, ...rest.map(({ title }) => textWidth(title)));
  const painted = (cell: Cell | undefined, width: number, cut: Cut | undefined): string => {
    const text = (cut === 'end' ? truncateEnd : truncateMiddle)(cell?.text ?? '', width);
    return cell?.color ? cell.color(text) : text;
  };
  return Array.from({ length: rows }, (_, i) => {
    const first = columns
      .slice(0, lead + 1)
      .map(({ cells }) => cells[i]?.text ?? '')
      .filter((text) => text !== '');
    const lines = rest.flatMap(({ title, cells, cut }) => {
      if ((cells[i]?.text ?? '') === '') return [];
      const start = `  ${padEnd(title, titles)}  `;
      return `${theme.colors.dim(start)}${painted(cells[i], theme.width - start.length, cut)}`;
    });
    return [theme.colors.bold(truncateMiddle(first.join(' '), theme.width)), ...lines].join('\n');
  }).join('\n');
}

/**
 * Any table, drawn as the batches' is: titles over columns, cut to a terminal's width, in a pipe whole and one row a line. Every
 * text is cleaned here (cli.md, promise 4).
 */
export async function table(
  head: readonly (string | Head)[],
  rows: readonly (readonly TableCell[])[],
  theme: Theme,
): Promise<string> {
  const heads = head.map((one): Head => (typeof one === 'string' ? { title: one } : one));
  const clean = (cell: TableCell | undefined): Cell => {
    if (cell === null) return { text: UNKNOWN };
    if (typeof cell !== 'object') return { text: theme.clean(oneLine(cell ?? '')) };
    return { ...cell, text: theme.clean(oneLine(cell.text)) };
  };
  const cells = heads.map((_, i) => rows.map((row) => clean(row[i])));
  await widthsReady([...heads.map(({ title }) => title), ...cells.flat().map(({ text }) => text)]);
  const columns = heads.map(({ title, right, cut }, i) => column(title, cells[i] ?? [], right, cut));
  const least = heads.map(({ title, least }) => least ?? Math.max(LEAST, textWidth(title)));
  const fit = fitted(columns, least, theme.width);
  return fit ? drawTable(fit, theme) : blocks(columns, rows.length, theme);
}
