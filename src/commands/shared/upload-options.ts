import type { Command } from 'commander';
import { type RecordStatusMap, sameRecordStatus } from '../../batch/record-status.ts';
import { EbillError } from '../../errors.ts';
import type { WatchOptions } from '../../load/waiting.ts';
import { type ColumnChange, parseColumn, parseRecordStatus, withPairs } from '../../profile/pairs.ts';
import { visible } from '../../system/escaping.ts';
import {
  boolFlag,
  collect,
  durationFlag,
  type Flags,
  jobFlag,
  listFlag,
  textFlag,
  wholeNumber,
} from './options.ts';
import { declareStrictOptions, type StrictOptions, strictOptions, typedStrict } from './strict.ts';

/** `--shard K/N`: every Nth file of the natural order, from the Kth; K from 1. */
export interface Shard {
  readonly k: number;
  readonly n: number;
}

/** Options of the three upload commands (commands rule 12). */
export interface UploadOptions extends StrictOptions {
  readonly files: readonly string[];
  readonly job: string | null;
  readonly jobId: string | null;
  readonly concurrency: number;
  /** Also set by `wait`. */
  readonly finalize: boolean;
  readonly wait: boolean;
  readonly validate: boolean;
  readonly again: boolean;
  readonly next: boolean;
  /** Also set by `shard`. */
  readonly adopt: boolean;
  readonly restartInvoice: boolean;
  /** `--leave-out`: files or job ids on record that will not come. */
  readonly leaveOut: readonly string[];
  /** `null`: all files. */
  readonly shard: Shard | null;
  /** `--column`, over the profile's columns. */
  readonly columns: readonly ColumnChange[];
  readonly watch: WaitOptions;
}

/** Options of `watch`, and of commands that wait (commands rule 13). */
export interface WaitOptions extends WatchOptions {
  /** The folder for result files; `null`: no download. */
  readonly download: string | null;
  /** The command line of `--notify`; `null`: none. */
  readonly notify: string | null;
  /** `--notify-url`, a secret; `null`: that of the environment, if any. */
  readonly notifyUrl: string | null;
  /** The file of `--metrics`; `null`: none. */
  readonly metrics: string | null;
  /** Over the profile's. */
  readonly recordStatus: RecordStatusMap;
}

const PATIENCE_MS = 10 * 60_000;

export function declareUploadOptions(command: Command): void {
  command
    .optionsGroup('Which batches:')
    .option(
      '--job <name>',
      'the load (default: EBILL_JOB, else the load last started here, while it is open)',
    )
    .option('--job-id <id>', 'job id of the batch, used exactly as given')
    .optionsGroup('Options:')
    .option('--concurrency <n>', 'number of files uploaded at the same time', '4')
    .option('--finalize', 'submit the batches for processing once every file is uploaded')
    .option('--wait', 'finalize, then wait until every batch is final')
    .optionsGroup('Checks:')
    .option('--no-validate', 'skip the checks of the files');
  declareStrictOptions(command);
  declareColumnOption(command);
  command
    .optionsGroup('If it already exists:')
    .option(
      '--again',
      'upload a file even if the same content was uploaded before; repeating the command resumes it (a third copy needs another --job-id)',
    )
    .option('--next', 'create another batch for new content under a name already used')
    .option('--adopt', 'take over batches of these names on the server, started on another machine');
  declareLeaveOut(command);
  declareWatchOptions(command);
}

/** Declares `--leave-out`, for uploads and `finalize`. */
export function declareLeaveOut(command: Command): void {
  command.option(
    '--leave-out <file|jobid>',
    'record that this file will not come, so that finalize does not wait for it (repeatable)',
    collect,
  );
}

/** The options that belong to a recorded command, as they are typed again. */
export function recordedOptions(options: UploadOptions): readonly string[] {
  const { jobId, shard, columns } = options;
  return [
    ...(jobId === null ? [] : ['--job-id', jobId]),
    ...(shard === null ? [] : ['--shard', `${shard.k}/${shard.n}`]),
    ...columns.flatMap(([role, column]) => ['--column', `${role}=${column ?? ''}`]),
    ...(options.validate ? [] : ['--no-validate']),
    ...typedStrict(options),
    ...(options.again ? ['--again'] : []),
    ...(options.next ? ['--next'] : []),
    ...(options.adopt && shard === null ? ['--adopt'] : []),
    ...(options.restartInvoice ? ['--restart-invoice'] : []),
    ...(options.wait ? ['--wait'] : options.finalize ? ['--finalize'] : []),
  ];
}

/** @throws EbillError USAGE */
export function uploadOptions(files: readonly unknown[], flags: Flags): UploadOptions {
  const shard = shardFlag(flags);
  const adopt = boolFlag(flags, 'adopt') || shard !== null;
  const next = boolFlag(flags, 'next');
  if (adopt && next)
    throw new EbillError('USAGE', '--next cannot be used with --adopt or --shard.', {
      hint: '--adopt: the batch on the server belongs to this load. --next: it is something else.',
    });
  const jobId = jobFlag(flags, 'jobId', '--job-id');
  if (jobId !== null && files.length > 1)
    throw new EbillError('USAGE', '--job-id names one batch, but several files were given.', {
      hint: 'Give one file, or leave --job-id out to number the batches.',
    });
  const watch = watchOptions(flags);
  const wait = boolFlag(flags, 'wait');
  for (const [option, value] of [
    ['--notify', watch.notify],
    ['--notify-url', watch.notifyUrl],
    ['--metrics', watch.metrics],
  ])
    if (value !== null && !wait)
      throw new EbillError('USAGE', `${option} needs --wait.`, {
        hint: `Add --wait, or give ${option} to ebill watch.`,
      });
  return {
    files: files.map(String),
    job: jobFlag(flags, 'job', '--job'),
    jobId,
    concurrency: concurrencyFlag(flags),
    finalize: boolFlag(flags, 'finalize') || wait,
    wait,
    validate: flags['validate'] !== false,
    again: boolFlag(flags, 'again'),
    next,
    adopt,
    restartInvoice: boolFlag(flags, 'restartInvoice'),
    leaveOut: listFlag(flags, 'leaveOut'),
    shard,
    columns: columnOptions(flags),
    ...strictOptions(flags),
    watch,
  };
}

/** @throws EbillError USAGE */
export const concurrencyFlag = (flags: Flags): number =>
  wholeNumber(textFlag(flags, 'concurrency') ?? '4', '--concurrency', 1, 64);

function shardFlag(flags: Flags): Shard | null {
  const text = textFlag(flags, 'shard');
  if (text === null) return null;
  const [, k = '', n = ''] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { k: Number(k), n: Number(n) };
  if (k !== '' && shard.k >= 1 && shard.k <= shard.n) return shard;
  throw new EbillError('USAGE', `--shard cannot be "${visible(text)}".`, {
    hint: 'Give K/N, such as 3/8: the third of eight machines.',
  });
}

/** Declares `--column`, for commands that check files and for profiles. */
export function declareColumnOption(command: Command): void {
  command.option(
    '--column <KIND.ROLE=NAME>',
    'name of the column with customer.key, invoice.key, invoice.customer, invoice.amount, items.invoice or items.amount, for the checks across files; KIND.ROLE= for none, KIND.ROLE alone to unset (repeatable)',
    collect,
  );
}

/** @throws EbillError USAGE */
export function columnOptions(flags: Flags): readonly ColumnChange[] {
  return listFlag(flags, 'column').map(parseColumn);
}

export function declareWatchOptions(command: Command): void {
  command
    .optionsGroup('Waiting:')
    .option('--interval <duration>', 'time between polls (default: 2s, growing to 60s)')
    .option('--max-wait <duration>', 'stop waiting after this time, with exit code 7')
    .option('--patience <duration>', 'stop after this time without an answer, with exit code 6', '10m')
    .option('--download <dir>', 'download each result file to this folder, as soon as its batch is final')
    .option('--notify <command>', 'run this command at the end, with the outcome as JSON on stdin')
    .option(
      '--notify-url <url>',
      'POST the outcome to this URL at the end, and when something needs attention (EBILL_NOTIFY_URL)',
    )
    .option('--metrics <file>', 'write an OpenMetrics file at the end, for the textfile collector')
    .optionsGroup('Options:');
  declareRecordStatus(command);
}

/** Declares `--record-status`, for commands that read result files. */
export function declareRecordStatus(command: Command): void {
  command.option(
    '--record-status <VALUE=RESULT>',
    'what a value in the status column of a result file means: loaded or rejected (repeatable)',
    collect,
  );
}

/** @throws EbillError USAGE */
export function recordStatusOption(flags: Flags): RecordStatusMap {
  return withPairs({}, listFlag(flags, 'recordStatus').map(parseRecordStatus), sameRecordStatus);
}

/** @throws EbillError USAGE */
export function watchOptions(flags: Flags): WaitOptions {
  const fixedMs = durationFlag(flags, 'interval', '--interval');
  if (fixedMs === 0)
    throw new EbillError('USAGE', '--interval cannot be 0.', { hint: 'Give a duration such as 2s.' });
  const notify = textFlag(flags, 'notify');
  if (notify?.trim() === '')
    throw new EbillError('USAGE', '--notify is empty.', {
      hint: 'Give a command line for the shell, or leave out --notify.',
    });
  return {
    cadence: { fixedMs },
    maxWaitMs: durationFlag(flags, 'maxWait', '--max-wait'),
    patienceMs: durationFlag(flags, 'patience', '--patience') ?? PATIENCE_MS,
    download: textFlag(flags, 'download'),
    notify,
    notifyUrl: notifyUrlOption(flags),
    metrics: metricsOption(flags),
    recordStatus: recordStatusOption(flags),
  };
}

/** Checked further with the profile, which may allow plain http. The URL is a secret: no message repeats it. */
function notifyUrlOption(flags: Flags): string | null {
  const url = textFlag(flags, 'notifyUrl');
  if (url?.trim() === '')
    throw new EbillError('USAGE', '--notify-url is empty.', {
      hint: 'Give an https URL, or leave out --notify-url.',
    });
  return url;
}

function metricsOption(flags: Flags): string | null {
  const file = textFlag(flags, 'metrics');
  if (file?.trim() === '' || file === '-')
    throw new EbillError('USAGE', '--metrics needs the name of a file.', {
      hint: 'Name it: --metrics ebill.prom',
    });
  return file;
}
