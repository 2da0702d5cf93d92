import { shownPhaseOf } from '../batch/account.ts';
import type { BatchView } from '../batch/types.ts';
import { type BatchRow, colorPhase, countsOf, kindWord, phaseText, spelling } from './batch-text.ts';
import { type Cell, type Column, column, totalWidth } from './columns.ts';
import { count, UNKNOWN } from './format.ts';
import { truncateMiddle } from './text-layout.ts';
import type { Theme } from './theme.ts';

export interface NamedRow extends BatchRow {
  readonly name: string;
}

/** The columns of a batch table, by what they hold. */
export type Columns = Readonly<Record<Name, Column>>;

const ORDER = ['batch', 'id', 'kind', 'file', 'status', 'sent', 'loaded', 'rejected'] as const;
type Name = (typeof ORDER)[number];

/** What is left out where the width is short, the least important first; the job id says most of it. */
const LEFT_OUT: readonly (readonly Name[])[] = [
  [],
  ['file'],
  ['file', 'id'],
  ['file', 'kind'],
  ['file', 'id', 'kind'],
];

function statusCell(batch: BatchView, long: boolean, theme: Theme): Cell {
  const phase = shownPhaseOf(batch);
  const word = phaseText(phase, theme);
  const more = long
    ? truncateMiddle(spelling(batch, theme), Number.isFinite(theme.width) ? 24 : Infinity)
    : '';
  return { text: word + more, color: (text) => colorPhase(phase, text, theme) };
}

/** @param long whether the server's spelling of the status is shown where it differs */
export function batchColumns(rows: readonly NamedRow[], long: boolean, theme: Theme): Columns {
  const { colors, clean } = theme;
  const text = (value: string | null): Cell => (value === null ? { text: UNKNOWN } : { text: clean(value) });
  const cells = (of: (batch: BatchView) => Cell): Cell[] => rows.map(({ batch }) => of(batch));
  const rejected = (batch: BatchView): Cell => {
    const { rejected: number } = countsOf(batch);
    return number ? { text: count(number), color: colors.red } : { text: count(number) };
  };
  return {
    batch: column(
      'Batch',
      rows.map(({ name }) => ({ text: name })),
    ),
    id: column(
      'Id',
      cells(({ id }) => text(id)),
    ),
    kind: column(
      'Kind',
      cells(({ kind }) => ({ text: kindWord(kind) })),
    ),
    file: column(
      'File',
      cells(({ file }) => text(file)),
    ),
    status: column(
      'Status',
      cells((batch) => statusCell(batch, long, theme)),
    ),
    sent: column(
      'Sent',
      cells(({ recordsSent }) => ({ text: count(recordsSent) })),
      true,
    ),
    loaded: column(
      'Loaded',
      cells((batch) => ({ text: count(countsOf(batch).loaded) })),
      true,
    ),
    rejected: column('Rejected', cells(rejected), true),
  };
}

/** The columns within the width, one of them narrowed to no less than `least`; or `null`. */
function fitted(columns: readonly Column[], narrow: Column, least: number, width: number): Column[] | null {
  const rest = Math.min(narrow.width, width - totalWidth(columns) + narrow.width);
  if (rest < Math.min(least, narrow.width)) return null;
  return columns.map((column) => (column === narrow ? { ...column, width: rest } : column));
}

/**
 * The columns that fit: first the file is shortened, then file, id and kind go, then the server's spelling, then the job id is
 * shortened, then what was sent goes. `null` when nothing fits: then it is no table any more.
 */
export function fittingColumns(rows: readonly NamedRow[], theme: Theme): readonly Column[] | null {
  const wide = batchColumns(rows, true, theme);
  // One overlong job id must not cost everybody their other columns.
  const capped = Math.min(wide.batch.width, Math.max(24, Math.floor(theme.width * 0.4)));
  const full: Columns = { ...wide, batch: { ...wide.batch, width: capped } };
  const useful = ORDER.filter((name) => name !== 'file' || rows.some(({ batch }) => batch.file !== null));
  for (const gone of LEFT_OUT) {
    const columns = useful.filter((name) => !gone.includes(name)).map((name) => full[name]);
    const fit = fitted(columns, full.file, columns.includes(full.file) ? 12 : full.file.width, theme.width);
    if (fit && totalWidth(fit) <= theme.width) return fit;
  }
  const { batch, sent, loaded, rejected } = full;
  const { status } = batchColumns(rows, false, theme);
  return (
    fitted([batch, status, sent, loaded, rejected], batch, 16, theme.width) ??
    fitted([batch, status, loaded, rejected], batch, 12, theme.width)
  );
}
