import type { Command } from 'commander';
import { EbillError } from '../../errors.ts';
import type { Owner } from '../../load/loads.ts';
import { quoted } from '../../system/quoting.ts';
import type { App } from './command.ts';
import { checkedJobId, collect, type Flags, jobFlag, listFlag } from './options.ts';

/** Which batches a command is about (cli.md, "Which batches"). */
export interface SelectionOptions {
  readonly job: string | null;
  readonly ids: readonly string[];
  readonly jobIds: readonly string[];
}

export type Selection =
  | { readonly type: 'load'; readonly job: string }
  | { readonly type: 'batches'; readonly ids: readonly string[]; readonly jobIds: readonly string[] };

export function declareSelection(command: Command): void {
  command
    .optionsGroup('Which batches:')
    .option('--job <name>', 'all batches of this load (default: EBILL_JOB, else the load last started here)')
    .option('--id <n>', 'one batch by its id (repeatable)', collect)
    .option('--job-id <id>', 'one batch by its job id (repeatable)', collect)
    .optionsGroup('Options:');
}

/** @throws EbillError USAGE */
export function selectionOptions(flags: Flags): SelectionOptions {
  const job = jobFlag(flags, 'job', '--job');
  const ids = listFlag(flags, 'id').map((id) => checkedJobId(id, '--id'));
  const jobIds = listFlag(flags, 'jobId').map((id) => checkedJobId(id, '--job-id'));
  if (job !== null && ids.length + jobIds.length > 0) {
    throw new EbillError(
      'USAGE',
      '--job names a whole load, --id and --job-id single batches; both were given.',
      { hint: 'Leave one of them out.' },
    );
  }
  return { job, ids, jobIds };
}

/** The load meant: option, environment, or the one last started here, which is then named on stderr. `null`: none. */
export async function chosenJob(app: App, owner: Owner, option: string | null): Promise<string | null> {
  if (option !== null) return option;
  const named = app.context.env['EBILL_JOB'];
  if (named) return checkedJobId(named, 'EBILL_JOB');
  const { currentJob } = await import('../../load/loads.ts');
  const job = await currentJob(app.context.paths.state, owner);
  if (job !== null)
    app.ui.note(`Load ${quoted(job, app.context)}, the last one started here (--job names another)`);
  return job;
}

/** @throws EbillError USAGE when nothing names a load */
export async function select(app: App, owner: Owner, options: SelectionOptions): Promise<Selection> {
  if (options.ids.length + options.jobIds.length > 0)
    return { type: 'batches', ids: options.ids, jobIds: options.jobIds };
  const job = await chosenJob(app, owner, options.job);
  if (job === null) throw noLoad();
  return { type: 'load', job };
}

export function noLoad(): EbillError {
  return new EbillError('USAGE', 'No load is named, and none was started here yet.', {
    hint: 'Name it with --job, such as --job AUG_2020, or set EBILL_JOB.',
  });
}
