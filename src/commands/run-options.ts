import type { Command } from 'commander';
import { EbillError } from '../errors.ts';
import { boolFlag, type Flags, jobFlag, textFlag, wholeNumber } from './shared/options.ts';
import { declareWatchOptions, type WaitOptions, watchOptions } from './shared/watch-options.ts';

export interface RunOptions {
  /** The plan's path as given; `null` only with `initPlan` or `planSchema`. */
  readonly plan: string | null;
  readonly initPlan: boolean;
  readonly planSchema: boolean;
  /** For `initPlan`: the load's name. */
  readonly job: string | null;
  /** Where results, rejects and report go; `null`: a folder of the load's name. */
  readonly out: string | null;
  readonly concurrency: number;
  readonly adopt: boolean;
  readonly next: boolean;
  /** Start invoice batches over whose items cannot be gone on with; what was sent of them is left behind. */
  readonly restartInvoice: boolean;
  readonly watch: WaitOptions;
}

export function declareRunOptions(command: Command): void {
  command
    .argument('[plan]', 'plan file, such as plan.yaml')
    .option('--out <dir>', 'folder for results, rejects and the report (default: ./JOB)')
    .option('--concurrency <n>', 'number of files uploaded at the same time', '4')
    .optionsGroup('If it already exists:')
    .option('--adopt', 'take over batches of these names on the server, started on another machine')
    .option('--next', 'create another batch for new content under a name already used')
    .option(
      '--restart-invoice',
      'start invoice batches over when their items cannot be uploaded; the old drafts are abandoned',
    )
    .optionsGroup('Writing a plan:')
    .option('--init-plan', 'write a plan for the CSV files in this folder')
    .option('--job <name>', 'with --init-plan: name of the load')
    .option('--plan-schema', 'print the JSON schema of plans, for editors');
  declareWatchOptions(command);
}

/** @throws EbillError USAGE */
export function runOptions(args: readonly unknown[], flags: Flags): RunOptions {
  const plan = typeof args[0] === 'string' ? args[0] : null;
  const initPlan = boolFlag(flags, 'initPlan');
  const planSchema = boolFlag(flags, 'planSchema');
  if (plan === null && !initPlan && !planSchema) {
    throw new EbillError('USAGE', 'No plan is named.', {
      hint: 'Name it: ebill run plan.yaml. To write one from the CSV files here: ebill run --init-plan',
    });
  }
  const job = jobFlag(flags, 'job', '--job');
  if (job !== null && !initPlan) {
    throw new EbillError('USAGE', 'A plan names its load itself; --job is for --init-plan.', {
      hint: `Write "job: ${job}" in the plan, and leave --job out.`,
    });
  }
  const adopt = boolFlag(flags, 'adopt');
  const next = boolFlag(flags, 'next');
  if (adopt && next) {
    throw new EbillError('USAGE', '--next excludes --adopt.', {
      hint: '--adopt: what the server has is this load. --next: it is something else.',
    });
  }
  const watch = watchOptions(flags);
  const out = textFlag(flags, 'out');
  if (out !== null && watch.download !== null && out !== watch.download) {
    throw new EbillError('USAGE', '--out and --download name two folders.', {
      hint: 'All that a run brings home goes into one folder: give --out alone.',
    });
  }
  return {
    plan,
    initPlan,
    planSchema,
    job,
    out: out ?? watch.download,
    concurrency: wholeNumber(textFlag(flags, 'concurrency') ?? '4', '--concurrency', 1, 64),
    adopt,
    next,
    restartInvoice: boolFlag(flags, 'restartInvoice'),
    watch,
  };
}
