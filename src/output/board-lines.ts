import type { BoardModel, PlannedRow, StageState } from './board-model.ts';
import { keyOf } from './board-model.ts';
import { type BoardRow, boardRow, rowLines } from './board-row.ts';
import { clip, shorten } from './fit.ts';
import { bytes, count, counted, duration, rate, wholeSeconds } from './human.ts';
import type { Look } from './look.ts';
import type { Spinner } from './spinner.ts';
import { isFinal } from './status.ts';
import type { Size } from './terminal-size.ts';
import { textWidth } from './text-width.ts';
import { isSilent, silenceText } from './watch-words.ts';

const STAGES = ['check', 'init', 'customers', 'invoices', 'results', 'report'] as const;
type Stage = (typeof STAGES)[number];

/**
 * The board: the load and how long it has been going on, its steps, and under the step that is going on its batches. It
 * fits any size: where there is no room the rows that say least are counted instead. Nothing is drawn here.
 */
export function boardLines(
  model: BoardModel,
  size: Size,
  now: number,
  look: Look,
  spinner: Spinner,
): string[] {
  const width = size.columns - 1;
  const title = headline(model, width, now, look);
  const stages = STAGES.map((stage) => ({ stage, line: stageLine(stage, model, now, width, look, spinner) }));
  const on = STAGES.find((stage) => model.stages.get(stage)?.state === 'on');
  const foot = footer(model, now, width, look);
  // One line the cursor must never leave.
  const lines = size.rows - 2 - (foot === '' ? 0 : 1);
  const rows = on === undefined ? [] : stageRows(on, model, now, look);
  // Where the steps leave no room for what is going on, those that are over or to come give way.
  const tight = lines - stages.length < Math.min(rows.length, 3);
  const kept = tight ? stages.filter(({ stage }) => stage === (on ?? 'report')) : stages;
  const shown = rowsShown(rows, Math.max(0, lines - kept.length), width, look);
  const body = kept.flatMap(({ stage, line }) => (stage === on ? [line, ...shown] : [line]));
  return [title, ...body, ...(foot === '' ? [] : [foot])];
}

/** `AUG_2020  prod  12 m 05 s`: where it is run gives way first. */
function headline({ facts, began }: BoardModel, width: number, now: number, look: Look): string {
  const time = duration(Math.floor((now - began) / 1000) * 1000);
  const job = shorten(look.clean(facts?.job ?? ''), Math.max(8, width - time.length - 2));
  const where = look.clean(facts?.profile ?? facts?.server ?? '');
  const room = width - textWidth(job) - time.length - 4;
  const rest = [room < 8 || where === '' ? '' : shorten(where, room), time]
    .filter((part) => part !== '')
    .join('  ');
  return `${look.paint.bold(job)}  ${look.paint.dim(rest)}`;
}

function stageLine(
  stage: Stage,
  model: BoardModel,
  now: number,
  width: number,
  look: Look,
  spinner: Spinner,
): string {
  const { paint, symbols } = look;
  const known = model.stages.get(stage);
  const text = clip(`${stage.padEnd(9)}  ${summary(stage, known, model, now)}`.trimEnd(), width - 2);
  switch (known?.state ?? 'waiting') {
    case 'on':
      return spinner(text);
    case 'done':
      return `${paint.green(symbols.done)} ${text}`;
    case 'stopped':
      return `${paint.red(symbols.failed)} ${text}`;
    case 'skipped':
      return paint.dim(`${symbols.skipped} ${text}`);
    case 'waiting':
      return paint.dim(`${symbols.waiting} ${text}`);
  }
}

/** What a step comes to, in a few words. */
function summary(stage: Stage, known: StageState | undefined, model: BoardModel, now: number): string {
  const rows = model.facts?.rows.filter((row) => row.stage === stage && row.file !== null) ?? [];
  const records = rows.reduce((sum, { file }) => sum + (file?.records ?? 0), 0);
  const size =
    rows.length === 0
      ? ''
      : `${counted(rows.length, 'file', 'files')}, ${counted(records, 'record', 'records')}`;
  if (known === undefined) return size;
  const took = known.until === null ? '' : duration(known.until - known.since);
  if (known.state !== 'on')
    return [fates(rows, model) || known.message || size, took].filter((part) => part !== '').join(', ');
  if (rows.length === 0) return '';
  const sent = rows.filter((row) => model.sent.has(keyOf(row)) || isSent(row, model)).length;
  if (sent === rows.length) return fates(rows, model) || `uploaded ${size}`;
  const speed = [...model.sending.values()].reduce(
    (sum, one) => sum + (one.meter.at(now, one.bytes) ?? 0),
    0,
  );
  return `${count(sent)} of ${counted(rows.length, 'file', 'files')} uploaded${speed > 0 ? `, ${rate(speed)}` : ''}`;
}

const isSent = (row: PlannedRow, model: BoardModel): boolean => {
  const phase = model.seen.get(keyOf(row))?.phase;
  return phase !== undefined && phase !== 'draft';
};

/** `20,373 loaded, 2 rejected`, as far as the batches are final; empty before. */
function fates(rows: readonly PlannedRow[], model: BoardModel): string {
  const seen = rows.flatMap((row) => model.seen.get(keyOf(row)) ?? []);
  const final = seen.filter(({ phase }) => isFinal(phase));
  if (final.length === 0) return '';
  const sum = (pick: 'successCount' | 'failCount'): number =>
    final.reduce((total, batch) => total + (batch[pick] ?? 0), 0);
  const open = rows.length - final.length;
  const rest = open === 0 ? '' : `, ${count(open)} of ${counted(rows.length, 'batch', 'batches')} not final`;
  return `${count(sum('successCount'))} loaded, ${count(sum('failCount'))} rejected${rest}`;
}

function stageRows(stage: Stage, model: BoardModel, now: number, look: Look): readonly BoardRow[] {
  const rows = model.facts?.rows.filter((row) => row.stage === stage) ?? [];
  return rows.map((row, i) => {
    const last = rows[i + 1]?.parent !== row.parent;
    return boardRow(row, model, row.parent === null ? '' : last ? '└ ' : '├ ', now, look);
  });
}

/** The rows there is room for, those that say most first kept, in the plan's order; the rest counted. */
function rowsShown(rows: readonly BoardRow[], room: number, width: number, look: Look): string[] {
  if (room === 0 || rows.length === 0) return [];
  const indent = width < 60 ? 2 : 4;
  const pad = ' '.repeat(indent);
  const all = rows.length <= room;
  const chosen = new Set(
    all ? rows : [...rows].sort((a, b) => a.weight - b.weight).slice(0, Math.max(0, room - 1)),
  );
  const shown = rows.filter((row) => chosen.has(row));
  const lines = rowLines(shown, width - indent, look).map((line) => pad + line);
  if (all) return lines;
  const counts = new Map<string, number>();
  for (const row of rows) if (!chosen.has(row)) counts.set(row.word, (counts.get(row.word) ?? 0) + 1);
  const words = [...counts].map(([word, number]) => `${count(number)} ${word}`).join(', ');
  return [
    ...lines,
    pad + look.paint.dim(clip(`and ${count(rows.length - shown.length)} more: ${words}`, width - indent)),
  ];
}

/** What is being waited for: an answer, the next look, a server that is silent. */
function footer(model: BoardModel, now: number, width: number, look: Look): string {
  const wait = model.waits.shown(now);
  if (wait !== null) {
    const since = wait.ms < 2000 ? '' : `  ${wholeSeconds(wait.ms)}`;
    return look.paint.dim(clip(look.clean(wait.message) + since, width));
  }
  const { info } = model;
  if (info === null) {
    const left = [...model.sending.values()].reduce((sum, one) => sum + one.total - one.bytes, 0);
    return left === 0 ? '' : look.paint.dim(clip(`${bytes(left)} to go`, width));
  }
  const next = info.nextPollMs === null ? 0 : info.now + info.nextPollMs - now;
  const when = next >= 500 ? `next look in ${wholeSeconds(next)}` : 'looking';
  return isSilent(info)
    ? look.paint.yellow(clip(`${silenceText(info)}, ${when}`, width))
    : look.paint.dim(clip(when, width));
}
