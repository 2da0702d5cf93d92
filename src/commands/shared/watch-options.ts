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
    .option('--interval <duration>', 'look this often (default: 2s growing to 60s)')
    .option('--max-wait <duration>', 'give up waiting after this, with exit code 7')
    .option(
      '--patience <duration>',
      'how long the server may be silent before giving up, with exit code 6',
      '10m',
    )
    .option('--download <dir>', 'put the result files of final batches there')
    .option('--notify <command>', 'run this when it is over, with the outcome as JSON on its standard input')
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
