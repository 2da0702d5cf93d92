import type { Command } from 'commander';
import { EbillError } from '../../errors.ts';
import type { ColumnChange } from '../../profile/columns.ts';
import { visible } from '../../system/escaping.ts';
import { columnOptions, declareColumnOption } from './column-options.ts';
import { boolFlag, type Flags, jobFlag, textFlag, wholeNumber } from './options.ts';
import { declareWatchOptions, type WaitOptions, watchOptions } from './watch-options.ts';

/** Every Nth file of the natural order, from the Kth. */
export interface Shard {
  readonly k: number;
  readonly n: number;
}

/** What the three upload commands share (cli.md, "Upload options"). */
export interface UploadOptions {
  readonly files: readonly string[];
  readonly job: string | null;
  readonly jobId: string | null;
  readonly concurrency: number;
  /** `wait` implies it. */
  readonly finalize: boolean;
  readonly wait: boolean;
  readonly validate: boolean;
  readonly again: boolean;
  readonly next: boolean;
  readonly adopt: boolean;
  /** Start the invoice batch over: the one on record is left behind, with its items. */
  readonly restartInvoice: boolean;
  /** `--shard K/N`, K from 1; `null`: all files. */
  readonly shard: Shard | null;
  /** `--column`, over the profile's. */
  readonly columns: readonly ColumnChange[];
  readonly watch: WaitOptions;
}

export function declareUploadOptions(command: Command): void {
  command
    .optionsGroup('Which batches:')
    .option('--job <name>', 'the load (default: EBILL_JOB, else the load last started here)')
    .option('--job-id <id>', 'job id of the batch, used exactly as given')
    .optionsGroup('Options:')
    .option('--concurrency <n>', 'number of files uploaded at the same time', '4')
    .option('--finalize', 'submit the batches for processing once every file is uploaded')
    .option('--wait', 'finalize, then wait until every batch is final')
    .optionsGroup('Checks:')
    .option('--no-validate', 'skip the checks of the files');
  declareColumnOption(command);
  command
    .optionsGroup('If it already exists:')
    .option('--again', 'upload a file although the same bytes were uploaded before')
    .option('--next', 'create another batch for new content under a name already used')
    .option('--adopt', 'take over batches of these names on the server, started on another machine');
  declareWatchOptions(command);
}

/** @throws EbillError USAGE */
export function uploadOptions(files: readonly unknown[], flags: Flags): UploadOptions {
  const adopt = boolFlag(flags, 'adopt');
  const next = boolFlag(flags, 'next');
  if ((adopt || shardFlag(flags) !== null) && next) {
    throw new EbillError('USAGE', '--next excludes --adopt and --shard.', {
      hint: '--adopt: what the server has is this load. --next: it is something else.',
    });
  }
  const watch = watchOptions(flags);
  const wait = boolFlag(flags, 'wait');
  if (watch.notify !== null && !wait) {
    throw new EbillError('USAGE', '--notify is for an end that is waited for.', {
      hint: 'Add --wait, or give --notify to ebill watch.',
    });
  }
  const shard = shardFlag(flags);
  const jobId = jobFlag(flags, 'jobId', '--job-id');
  return {
    files: files.map(String),
    job: jobFlag(flags, 'job', '--job'),
    jobId,
    concurrency: wholeNumber(textFlag(flags, 'concurrency') ?? '4', '--concurrency', 1, 64),
    finalize: boolFlag(flags, 'finalize') || wait,
    wait,
    validate: flags['validate'] !== false,
    again: boolFlag(flags, 'again'),
    next,
    adopt: adopt || shard !== null,
    restartInvoice: boolFlag(flags, 'restartInvoice'),
    shard,
    columns: columnOptions(flags),
    watch,
  };
}

/** @throws EbillError USAGE */
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
