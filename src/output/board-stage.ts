import { shownPhaseOf } from '../batch/account.ts';
import type { BatchView } from '../batch/types.ts';
import type { Stage } from '../load/events.ts';
import { unaccountedText } from './account-text.ts';
import type { BoardBatch } from './board-batches.ts';
import type { BoardModel, StageState } from './board-model.ts';
import { countsOf } from './counts.ts';
import { count, counted, duration, rate, wholeSeconds } from './format.ts';
import { partOf } from './progress-words.ts';
import type { Spinner } from './spinner.ts';
import { joinWithin, truncateEnd } from './text-layout.ts';
import type { Theme } from './theme.ts';
import { isOverdue, leftText, OVERDUE, tallyParts } from './watch-words.ts';

/** In their order; `output` uses the types of `load`, never its code. */
export const STAGES: readonly Stage[] = ['check', 'init', 'customers', 'invoices', 'results', 'report'];

/** A step in one line: its sign, its name, and what it comes to. */
export function stageLine(
  stage: Stage,
  batches: readonly BoardBatch[],
  model: BoardModel,
  now: number,
  width: number,
  theme: Theme,
  spinner: Spinner,
): string {
  const { colors, symbols } = theme;
  const known = model.stages.get(stage);
  const room = width - 2;
  const name = stage.padEnd(width < 60 ? 10 : 11);
  const said = joinWithin(summary(known, batches, model, now).map(theme.clean), room - name.length);
  const text = truncateEnd(`${name}${said}`.trimEnd(), room);
  switch (known?.state) {
    case 'on':
      return spinner(text);
    case 'done':
      return `${paintedSign(fateOf(batches), theme)} ${text}`;
    case 'stopped':
      return `${colors.red(symbols.failed)} ${text}`;
    case 'skipped':
      return colors.dim(`${symbols.skipped} ${text}`);
    case undefined:
      return colors.dim(`${symbols.waiting} ${text}`);
  }
}

export type Fate = 'failed' | 'partial' | 'done';

/** A step that is through is not therefore well. */
export function fateOf(batches: readonly BoardBatch[]): Fate {
  const seen = batches.flatMap((one) => one.seen ?? []);
  if (seen.some((batch) => ['failed', 'unaccounted'].includes(shownPhaseOf(batch)))) return 'failed';
  return seen.some(({ phase }) => phase === 'partial') ? 'partial' : 'done';
}

export function paintedSign(fate: Fate, { colors, symbols }: Theme): string {
  return colors[FATE_COLOR[fate]](symbols[fate]);
}

const FATE_COLOR = { failed: 'red', partial: 'yellow', done: 'green' } as const;

/** What a step comes to, in short parts, the most telling first. */
function summary(
  known: StageState | undefined,
  batches: readonly BoardBatch[],
  model: BoardModel,
  now: number,
): readonly string[] {
  if (known === undefined) return whatIsToCome(batches);
  if (known.state === 'on') {
    const told = whatGoesOn(batches, model, now).filter((part) => part !== '');
    const elapsed = now - known.since;
    return told.length > 0 || elapsed < 2000 ? told : [wholeSeconds(elapsed)];
  }
  const took = known.until === null || known.state === 'skipped' ? '' : duration(known.until - known.since);
  const told = fates(batches);
  return told.length > 0
    ? [...told, took, known.message ?? '']
    : [...(known.message?.split(', ') ?? []), took];
}

function whatIsToCome(batches: readonly BoardBatch[]): readonly string[] {
  if (batches.length > 0 && batches.every(({ state }) => state === 'final'))
    return ['over before', ...fates(batches)];
  return sizeOf(batches);
}

/** `14 files, 287,255 records`; nothing of what carries no file. */
function sizeOf(batches: readonly BoardBatch[]): readonly string[] {
  const files = batches.flatMap(({ file }) => file ?? []);
  if (files.length === 0) return [];
  const records = sum(files.map((file) => file.records));
  return [
    counted(files.length, 'file', 'files'),
    records === null ? '' : counted(records, 'record', 'records'),
  ];
}

function whatGoesOn(batches: readonly BoardBatch[], model: BoardModel, now: number): readonly string[] {
  const files = batches.filter(({ file }) => file !== null);
  const arrived = files.filter(({ state }) => state !== 'waiting' && state !== 'uploading').length;
  if (arrived < files.length) return uploading(files, arrived, model, now);
  const told = batches.flatMap(({ state, seen }) =>
    seen !== null && seen.kind !== 'init' && (state === 'processing' || state === 'final') ? [seen] : [],
  );
  if (told.length === 0) return files.length === 0 ? [] : [`uploaded ${sizeOf(batches).join(', ')}`];
  const bad = told.filter(({ phase }) => phase === 'failed');
  const rest = told.filter(({ phase }) => phase !== 'failed');
  if (batches.some(({ times }) => times !== null && isOverdue(times, now)))
    return [...tallyParts(bad), OVERDUE, ...tallyParts(rest)];
  return [...tallyParts(bad), ...tallyParts(rest), timeLeft(batches, now)];
}

/** `3 of 14 files uploaded, 1.2 of 4 GB, 12 MB/s, 3 m 10 s left`. */
function uploading(
  files: readonly BoardBatch[],
  arrived: number,
  model: BoardModel,
  now: number,
): readonly string[] {
  const total = files.reduce((all, { file }) => all + (file?.bytes ?? 0), 0);
  const done = files.reduce(
    (all, { file, state, sending }) =>
      all + (sending?.bytes ?? (state === 'waiting' ? 0 : (file?.bytes ?? 0))),
    0,
  );
  const moving = model.sending.filter(({ bytes, total }) => bytes < total);
  const speed = moving.reduce((all, { bytes, meter }) => all + (meter.at(now, bytes) ?? 0), 0);
  return [
    `${count(arrived)} of ${counted(files.length, 'file', 'files')} uploaded`,
    partOf(done, total),
    ...(done >= total ? ['waiting for the answer'] : []),
    ...(speed < 1 ? [] : [rate(speed), `${wholeSeconds(((total - done) / speed) * 1000)} left`]),
  ];
}

/** Of what was handed over, the last to be over; empty when one of them is not known. */
function timeLeft(batches: readonly BoardBatch[], now: number): string {
  const open = batches.flatMap(({ times }) => times ?? []);
  const left = open.map(({ since, estimateMs }) =>
    since === null || estimateMs === null ? null : since + estimateMs - now,
  );
  if (left.length === 0 || left.some((ms) => ms === null)) return '';
  const longest = Math.max(...left.map((ms) => ms ?? 0));
  return longest > 0 ? leftText(longest) : '';
}

/** `20,373 loaded, 2 rejected`, as far as the batches are final. Unknown is said as unknown. */
function fates(batches: readonly BoardBatch[]): readonly string[] {
  const told = batches.flatMap(({ state, seen }) => (state === 'final' && seen !== null ? [seen] : []));
  const ran = told.filter((batch) => batch.kind !== 'init' && batch.phase !== 'not-run');
  if (ran.length === 0) return [];
  const total = (pick: (batch: BatchView) => number | null): string => count(sum(ran.map(pick)));
  const failed = ran.filter(({ phase }) => phase === 'failed').length;
  const open = batches.filter(({ state }) => state !== 'final').length;
  const loaded = ran.every(({ kind }) => kind.startsWith('carryForward')) ? 'carried forward' : 'loaded';
  return [
    failed === 0 ? '' : `${counted(failed, 'batch', 'batches')} failed`,
    unaccountedText(ran),
    `${total((batch) => countsOf(batch).loaded)} ${loaded}`,
    `${total((batch) => countsOf(batch).rejected)} rejected`,
    open === 0 ? '' : `${count(open)} of ${counted(batches.length, 'batch', 'batches')} not final`,
  ];
}

/** `null` when one of them is not known. */
function sum(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (all, value) => (all === null || value === null ? null : all + value),
    0,
  );
}
