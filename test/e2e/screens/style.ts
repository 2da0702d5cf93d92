import type xterm from '@xterm/headless';

type Row = NonNullable<ReturnType<xterm.Terminal['buffer']['active']['getLine']>>;

/** The letters of the colours this program uses; a capital is bold. */
const LETTERS: Readonly<Record<number, string>> = { 1: 'r', 2: 'g', 3: 'y', 4: 'b', 5: 'm', 6: 'c', 8: 'k' };

/** A line's styles, a sign under each column: a letter for its colour, `*` bold, `.` dim, `?` a colour not ours, blank none. */
export function styleOf(row: Row): string {
  return Array.from({ length: row.length }, (_, x) => {
    const cell = row.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) return ' ';
    const bold = cell.isBold() !== 0;
    if (cell.isFgDefault()) return bold ? '*' : cell.isDim() !== 0 ? '.' : ' ';
    const letter = LETTERS[cell.getFgColor()] ?? '?';
    return bold ? letter.toUpperCase() : letter;
  })
    .join('')
    .trimEnd();
}
