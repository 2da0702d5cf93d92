import { isWorst, shownPhaseOf } from '../../batch/account.ts';
import { isFinal } from '../../batch/outcome.ts';
import type { BatchView } from '../../batch/types.ts';
import type { BatchTimes, PlanEntry, Stage } from '../../load/events.ts';
import { countsOf, nameOf, phaseText, tallyParts, unaccountedText } from '../batch-text.ts';
import { amountText, count, counted, duration, rate, wholeSeconds } from '../format.ts';
import { spinnerFrame } from '../screen.ts';
import { joinWithin, truncateEnd } from '../text-layout.ts';
import type { Theme } from '../theme.ts';
import { bytesLeftText, bytesOf, isOverdue, OVERDUE, timeLeftText } from './messages.ts';
import type { ProgressModel, StageState, Upload } from './model.ts';
import { batchRow, emptyRow, RANK, type Row, uploadParts } from './rows.ts';

/** One batch of a stage, with all that is known of it. */
export interface BoardBatch {
  readonly name: string;
  readonly branch: '' | '├ ' | '└ ';
  readonly file: PlanEntry['file'];
  /** `null` while neither journal nor server has it. */
  readonly known: BatchView | null;
  readonly upload: Upload | null;
  readonly state: 'waiting' | 'uploading' | 'uploaded' | 'processing' | 'final';
  /** `null` when it is not being processed, or its invoice batch shows the same times. */
  readonly times: BatchTimes | null;
}

/** The batches of a stage, items right under their invoice, including those the server lists besides the plan's. */
export function batchesOf(stage: Stage, model: ProgressModel, theme: Theme): readonly BoardBatch[] {
  // Files with the same content are one batch.
  const entries = new Map<string, PlanEntry>();
  for (const entry of model.plan?.entries ?? [])
    if (entry.stage === stage && !entries.has(entry.jobId)) entries.set(entry.jobId, entry);
  const planned = new Set<string>();
  const itemsOf = new Map<string, PlanEntry[]>();
  for (const entry of entries.values()) {
    planned.add(entry.jobId);
    if (entry.file !== null) planned.add(entry.file.name);
    if (entry.parent === null) continue;
    const items = itemsOf.get(entry.parent);
    if (items === undefined) itemsOf.set(entry.parent, [entry]);
    else items.push(entry);
  }
  return [...entries.values()]
    .filter(({ parent }) => parent === null)
    .flatMap((entry) => {
      const head = plannedBatch(entry, model, theme, null);
      const items = (itemsOf.get(entry.jobId) ?? []).map((item) => plannedBatch(item, model, theme, head));
      const others = (head.known?.children ?? [])
        .filter(({ jobId, file }) => !planned.has(jobId ?? '') && !planned.has(file ?? ''))
        .map((child) => listedBatch(child, theme));
      const under = [...items, ...others];
      return [
        head,
        ...under.map((one, i) => ({
          ...one,
          branch: i === under.length - 1 ? ('└ ' as const) : ('├ ' as const),
        })),
      ];
    });
}

function plannedBatch(
  entry: PlanEntry,
  model: ProgressModel,
  theme: Theme,
  head: BoardBatch | null,
): BoardBatch {
  const found = model.knownOf(entry);
  const known = found?.batch ?? null;
  const upload = model.uploadOf(entry);
  const state = upload !== null ? 'uploading' : stateOf(known, model.isSent(entry));
  // Items are processed with their invoice batch; its row shows the times until it is final.
  const own = state === 'processing' && head?.state !== 'processing';
  const jobId = known?.jobId ?? model.jobIdOf(entry);
  const times = own ? (model.plan?.times(jobId) ?? null) : null;
  return {
    name: theme.clean(jobId),
    branch: '',
    file: entry.file,
    known,
    upload,
    state,
    times: own
      ? { since: times?.since ?? found?.since ?? null, estimateMs: times?.estimateMs ?? null }
      : null,
  };
}

/** A batch that is not planned: what an init carries forward, or items sent from elsewhere. */
const listedBatch = (known: BatchView, theme: Theme): BoardBatch => ({
  name: nameOf(known, theme),
  branch: '',
  file: null,
  known,
  upload: null,
  state: stateOf(known, false),
  times: null,
});

function stateOf(known: BatchView | null, sent: boolean): 'waiting' | 'uploaded' | 'processing' | 'final' {
  // Nothing more is expected of a missing batch.
  if (known !== null && (isFinal(known.phase) || known.phase === 'missing')) return 'final';
  if (known?.phase === 'queued' || known?.phase === 'running') return 'processing';
  return sent || known?.phase === 'uploaded' ? 'uploaded' : 'waiting';
}

/** @param now ms since 1970 */
export function boardRow(batch: BoardBatch, now: number, theme: Theme): Row {
  const { colors, symbols, clean } = theme;
  const { file, known, upload, state } = batch;
  const name = batch.branch + batch.name;
  const fileName = file === null ? '' : clean(file.name);
  if (upload !== null) {
    return {
      ...emptyRow(theme),
      name,
      file: fileName,
      status: `${symbols.sending} uploading`,
      colorStatus: colors.cyan,
      ...uploadParts(upload, now, theme),
      rank: RANK.uploading,
      word: 'uploading',
    };
  }
  if (known !== null && (state === 'final' || state === 'processing'))
    return { ...batchRow(name, known, batch.times, now, theme), file: fileName };
  const parts = [
    file === null || file.records === null ? '' : counted(file.records, 'record', 'records'),
    file?.amount ? `amounts ${amountText(file.amount)}` : '',
  ];
  const row = { ...emptyRow(theme), name, file: fileName, parts };
  return state === 'uploaded'
    ? {
        ...row,
        status: phaseText('uploaded', theme),
        colorStatus: colors.blue,
        rank: RANK.uploaded,
        word: 'uploaded',
      }
    : // Under the words that have a sign before them.
      { ...row, status: '  waiting', colorStatus: colors.dim };
}

/** A stage in one line: its sign, its name, and a summary. */
export function stageLine(
  stage: Stage,
  batches: readonly BoardBatch[],
  model: ProgressModel,
  now: number,
  width: number,
  theme: Theme,
): string {
  const { colors, symbols } = theme;
  const known = model.stages.get(stage);
  const room = width - 2;
  const name = stage.padEnd(width < 60 ? 10 : 11);
  const summary = joinWithin(summaryParts(known, batches, model, now).map(theme.clean), room - name.length);
  const text = truncateEnd(`${name}${summary}`.trimEnd(), room);
  switch (known?.state) {
    case 'active':
      return `${spinnerFrame(now, theme)} ${text}`;
    case 'done':
      return `${colorSign(resultOf(batches), theme)} ${text}`;
    case 'stopped':
      return `${colors.red(symbols.failed)} ${text}`;
    case 'skipped':
      return colors.dim(`${symbols.skipped} ${text}`);
    case undefined:
      return colors.dim(`${symbols.waiting} ${text}`);
  }
}

type StageResult = 'failed' | 'partial' | 'done';

/** The result of a stage by its batches: one that is done need not have succeeded. */
export function resultOf(batches: readonly BoardBatch[]): StageResult {
  const phases = batches.flatMap(({ known }) => (known === null ? [] : [shownPhaseOf(known)]));
  if (phases.some(isWorst)) return 'failed';
  return phases.includes('partial') ? 'partial' : 'done';
}

const RESULT_COLOR = { failed: 'red', partial: 'yellow', done: 'green' } as const;

export function colorSign(result: StageResult, { colors, symbols }: Theme): string {
  return colors[RESULT_COLOR[result]](symbols[result]);
}

/** The summary of a stage in short parts, the most important first. */
function summaryParts(
  known: StageState | undefined,
  batches: readonly BoardBatch[],
  model: ProgressModel,
  now: number,
): readonly string[] {
  if (known === undefined) return plannedParts(batches);
  if (known.state === 'active') {
    const parts = activeParts(batches, model, now).filter((part) => part !== '');
    const elapsed = now - known.since;
    return parts.length > 0 || elapsed < 2000 ? parts : [wholeSeconds(elapsed)];
  }
  const took = known.until === null || known.state === 'skipped' ? '' : duration(known.until - known.since);
  const results = resultParts(batches);
  return results.length > 0
    ? [...results, took, known.message ?? '']
    : [...(known.message?.split(', ') ?? []), took];
}

function plannedParts(batches: readonly BoardBatch[]): readonly string[] {
  if (batches.length > 0 && batches.every(({ state }) => state === 'final'))
    return ['already done', ...resultParts(batches)];
  return sizeParts(batches);
}

/** `14 files, 287,255 records`; empty for batches without a file. */
function sizeParts(batches: readonly BoardBatch[]): readonly string[] {
  const files = batches.flatMap(({ file }) => file ?? []);
  if (files.length === 0) return [];
  const records = sum(files.map((file) => file.records));
  return [
    counted(files.length, 'file', 'files'),
    records === null ? '' : counted(records, 'record', 'records'),
  ];
}

function activeParts(batches: readonly BoardBatch[], model: ProgressModel, now: number): readonly string[] {
  const files = batches.filter(({ file }) => file !== null);
  const uploaded = files.filter(({ state }) => state !== 'waiting' && state !== 'uploading').length;
  if (uploaded < files.length) return uploadingParts(files, uploaded, model, now);
  const submitted = batches.flatMap(({ state, known }) =>
    known !== null && known.kind !== 'init' && (state === 'processing' || state === 'final') ? [known] : [],
  );
  if (submitted.length === 0) return files.length === 0 ? [] : [`uploaded ${sizeParts(batches).join(', ')}`];
  const failed = submitted.filter(({ phase }) => phase === 'failed');
  const rest = submitted.filter(({ phase }) => phase !== 'failed');
  if (batches.some(({ times }) => times !== null && isOverdue(times, now)))
    return [...tallyParts(failed), OVERDUE, ...tallyParts(rest)];
  return [...tallyParts(failed), ...tallyParts(rest), timeLeft(batches, now)];
}

/** `3 of 14 files uploaded, 1.2 of 4 GB, 12 MB/s, 3 m 10 s left`. */
function uploadingParts(
  files: readonly BoardBatch[],
  uploaded: number,
  model: ProgressModel,
  now: number,
): readonly string[] {
  const total = files.reduce((all, { file }) => all + (file?.bytes ?? 0), 0);
  const done = files.reduce(
    (all, { file, state, upload }) => all + (upload?.bytes ?? (state === 'waiting' ? 0 : (file?.bytes ?? 0))),
    0,
  );
  const moving = model.uploads.filter(({ bytes, total: size }) => bytes < size);
  const speed = moving.reduce((all, { bytes, meter }) => all + (meter.at(now, bytes) ?? 0), 0);
  return [
    `${count(uploaded)} of ${counted(files.length, 'file', 'files')} uploaded`,
    bytesOf(done, total),
    ...(done >= total ? ['waiting for the answer'] : []),
    ...(speed < 1 ? [] : [rate(speed), bytesLeftText(total - done, speed)]),
  ];
}

/** Until the last submitted batch is expected to be final; empty when one of them is unknown. */
function timeLeft(batches: readonly BoardBatch[], now: number): string {
  const open = batches.flatMap(({ times }) => times ?? []);
  const left = open.map(({ since, estimateMs }) =>
    since === null || estimateMs === null ? null : since + estimateMs - now,
  );
  if (left.length === 0 || left.some((ms) => ms === null)) return '';
  const longest = Math.max(...left.map((ms) => ms ?? 0));
  return longest > 0 ? timeLeftText(longest) : '';
}

/** `20,373 loaded, 2 rejected`, as far as the batches are final. Unknown is shown as unknown. */
function resultParts(batches: readonly BoardBatch[]): readonly string[] {
  const final = batches.flatMap(({ state, known }) => (state === 'final' && known !== null ? [known] : []));
  const ran = final.filter((batch) => batch.kind !== 'init' && batch.phase !== 'not-run');
  if (ran.length === 0) return [];
  const found = ran.filter(({ phase }) => phase !== 'missing');
  const total = (pick: (batch: BatchView) => number | null): string => count(sum(found.map(pick)));
  const failed = ran.filter(({ phase }) => phase === 'failed').length;
  const missing = ran.length - found.length;
  const open = batches.filter(({ state }) => state !== 'final').length;
  const loaded = ran.every(({ kind }) => kind.startsWith('carryForward')) ? 'carried forward' : 'loaded';
  return [
    failed === 0 ? '' : `${counted(failed, 'batch', 'batches')} failed`,
    missing === 0 ? '' : `${counted(missing, 'batch', 'batches')} missing`,
    unaccountedText(ran),
    `${total((batch) => countsOf(batch).loaded)} ${loaded}`,
    `${total((batch) => countsOf(batch).rejected)} rejected`,
    open === 0 ? '' : `${count(open)} of ${counted(batches.length, 'batch', 'batches')} not final`,
  ];
}

/** `null` when one of them is unknown. */
function sum(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (all, value) => (all === null || value === null ? null : all + value),
    0,
  );
}
