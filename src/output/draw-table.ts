import { type Cell, type Column, GAP, place } from './columns.ts';
import type { Theme } from './theme.ts';

/** One of these begins each stand-in, the other fills it: private-use characters no text of ours reaches. */
const FIRST = '\ue000';
const FILL = '\ue001';
const STAND_INS = new RegExp(`${FIRST}${FILL}*`, 'g');

/** Columns whose widths are settled: on a terminal a table with a thin rule under the head, in a pipe bare, one row a line. */
export async function drawTable(all: readonly Column[], theme: Theme): Promise<string> {
  const columns = all.filter(({ width }) => width > 0);
  if (Number.isFinite(theme.width)) return ruledTable(columns, theme);
  const rows = rowsOf(columns);
  const line = (cellOf: (column: Column) => Cell | undefined): string =>
    columns
      .map((column) => place(cellOf(column) ?? { text: '' }, column))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(({ title }) => ({ text: title, color: theme.colors.bold })),
    ...Array.from({ length: rows }, (_, i) => line(({ cells }) => cells[i])),
  ].join('\n');
}

const rowsOf = (columns: readonly Column[]): number =>
  Math.max(0, ...columns.map(({ cells }) => cells.length));

/**
 * Drawn by cli-table3, which takes 8 ms to load and to draw: a pipe has no lines to be drawn and goes without. It measures with string-width 4, which takes Thai and Devanagari for wider than they are and would cut or shear them. So it
 * lays out stand-ins of the exact width, about which nobody disagrees, and each is then replaced by its cell, padded and painted here.
 * All rows being alike, it lays out one: a row costs it 0.7 ms, and a month may have hundreds.
 */
async function ruledTable(columns: readonly Column[], theme: Theme): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const rows = rowsOf(columns);
  const rule = theme.symbols.barRest;
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
  const below = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };
  const sides = { left: '', right: '', 'left-mid': '', 'right-mid': '' };
  const standIns = columns.map(({ width }) => FIRST + FILL.repeat(width - 1));
  const table = new Table({
    chars: { ...none, ...below, ...sides, mid: rule, 'mid-mid': rule.repeat(GAP), middle: ' '.repeat(GAP) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: columns.map(({ width }) => width),
    head: standIns,
  });
  if (rows > 0) table.push(standIns);
  const filled = (line: string, cellOf: (column: Column) => Cell | undefined): string => {
    const cells = columns.map((column) => place(cellOf(column) ?? { text: '' }, column));
    return line.replace(STAND_INS, () => cells.shift() ?? '').trimEnd();
  };
  const drawn = table.toString().split('\n');
  const head = filled(drawn[0] ?? '', ({ title }) => ({ text: title, color: theme.colors.bold }));
  const between = drawn.slice(1, -1).map((line) => theme.colors.dim(line));
  const row = drawn.at(-1) ?? '';
  const body = Array.from({ length: rows }, (_, i) => filled(row, ({ cells }) => cells[i]));
  return [head, ...between, ...body].join('\n');
}
