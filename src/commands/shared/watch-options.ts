import type { Command } from 'commander';
import { EbillError } from '../../errors.ts';
import type { WatchOptions } from '../../load/watch.ts';
import { durationFlag, type Flags, textFlag } from './options.ts';

/** How to wait, and where to put the result files. */
export interface WaitOptions extends WatchOptions {
  /** `null`: no download. */
  readonly download: string | null;
  /** A command line to be told how it ended; `null`: nobody. */
  readonly notify: string | null;
}

const PATIENCE_MS = 10 * 60_000;

export function declareWatchOptions(command: Command): void {
  command
    .optionsGroup('Waiting:')
    .option('--interval <duration>', 'time between polls (default: 2s, growing to 60s)')
    .option('--max-wait <duration>', 'stop waiting after this time, with exit code 7')
    .option('--patience <duration>', 'stop after this time without an answer, with exit code 6', '10m')
    .option('--download <dir>', 'download the result files of final batches to this folder')
    .option('--notify <command>', 'run this command at the end, with the outcome as JSON on stdin')
    .optionsGroup('Options:');
}

/** @throws EbillError USAGE */
export function watchOptions(flags: Flags): WaitOptions {
  const fixedMs = durationFlag(flags, 'interval', '--interval');
  if (fixedMs === 0) {
    throw new EbillError('USAGE', '--interval cannot be 0.', {
      hint: 'Give a duration such as 2s: the server is asked that often.',
    });
  }
  const notify = textFlag(flags, 'notify');
  if (notify?.trim() === '') {
    throw new EbillError('USAGE', '--notify is empty.', {
      hint: 'Give a command line for the shell, or leave it out: then nobody is told.',
    });
  }
  return {
    cadence: { fixedMs },
    maxWaitMs: durationFlag(flags, 'maxWait', '--max-wait'),
    patienceMs: durationFlag(flags, 'patience', '--patience') ?? PATIENCE_MS,
    download: textFlag(flags, 'download'),
    notify,
  };
}
