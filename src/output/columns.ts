import { padEnd, padStart, truncateEnd, truncateMiddle } from './text-layout.ts';
import { textWidth } from './text-width.ts';

export interface Cell {
  readonly text: string;
  readonly color?: (text: string) => string;
}

/** Where a cell is shortened that is too wide: names in the middle (the default), sentences at their end. */
export type Cut = 'middle' | 'end';

/** One column: its cells in the order of the rows. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
  readonly cut?: Cut;
  readonly cells: readonly Cell[];
  /** Columns it takes; what is wider is shortened. */
  readonly width: number;
}

/** Columns of space between two columns. */
export const GAP = 2;

/** The widest of a column's cells and its title. */
export function naturalWidth(title: string, cells: readonly Cell[]): number {
  return cells.reduce((width, cell) => Math.max(width, textWidth(cell.text)), textWidth(title));
}

export function column(title: string, cells: readonly Cell[], right = false, cut: Cut = 'middle'): Column {
  return { title, cells, right, cut, width: naturalWidth(title, cells) };
}

export function totalWidth(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + width, GAP * Math.max(0, columns.length - 1));
}

/** A cell as wide as its column, to the column. */
export function place(cell: Cell, { width, right, cut }: Column): string {
  const text = cut === 'end' ? truncateEnd(cell.text, width) : truncateMiddle(cell.text, width);
  const painted = cell.color ? cell.color(text) : text;
  // Padded outside the colors: what is measured carries no colour, and spaces at a line's end can be cut.
  return right
    ? padStart('', width - textWidth(text)) + painted
    : painted + padEnd('', width - textWidth(text));
}
