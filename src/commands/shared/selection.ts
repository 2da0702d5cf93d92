import type { Command } from 'commander';
import type { BatchRef } from '../../api/request.ts';
import { EbillError } from '../../errors.ts';
import type { BatchState } from '../../load/state.ts';
import { quoted } from '../../system/escaping.ts';
import { checkedJobId, collect, type Flags, jobFlag, listFlag } from './options.ts';
import type { Session } from './session.ts';

/** Which batches a command is about, as given on the command line (commands rule 9). */
export interface SelectionOptions {
  readonly job: string | null;
  readonly ids: readonly string[];
  readonly jobIds: readonly string[];
}

export type Selection =
  | ({ readonly type: 'load' } & ChosenLoad)
  | { readonly type: 'batches'; readonly refs: readonly BatchRef[] };

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
    throw new EbillError('USAGE', '--job cannot be used with --id or --job-id.', {
      hint: 'Use --job for a whole load, or --id and --job-id for single batches.',
    });
  }
  return { job, ids, jobIds };
}

/** The load a command works on. */
interface ChosenLoad {
  readonly job: string;
  /** Not named by the operator: it is the load last started here. */
  readonly lastStarted: boolean;
}

/**
 * The load to work on: the option, else EBILL_JOB, else the load last started here, with a note that says which
 * (commands rule 9); `null`: none.
 */
export async function chosenLoad(
  { app: { context, ui }, owner }: Session,
  option: string | null,
): Promise<ChosenLoad | null> {
  if (option !== null) return { job: option, lastStarted: false };
  const using = (job: string, why: string): void => ui.note(`Using load ${quoted(job, context)}, ${why}`);
  const named = context.env['EBILL_JOB'];
  if (named) {
    const job = checkedJobId(named, 'EBILL_JOB');
    using(job, 'from EBILL_JOB');
    return { job, lastStarted: false };
  }
  const { currentJob } = await import('../../load/journal-places.ts');
  const job = await currentJob(context.paths.state, owner);
  if (job === null) return null;
  using(job, 'the last one started here (--job selects another)');
  return { job, lastStarted: true };
}

/** @throws EbillError USAGE when there is no load to work on */
export async function select(session: Session, options: SelectionOptions): Promise<Selection> {
  const refs = [...options.ids.map((id) => ({ id })), ...options.jobIds.map((jobId) => ({ jobId }))];
  if (refs.length > 0) return { type: 'batches', refs };
  const load = await chosenLoad(session, options.job);
  if (load === null) throw noLoad();
  return { type: 'load', ...load };
}

export function noLoad(): EbillError {
  return new EbillError(
    'USAGE',
    'No load was given, and none has been started on this server from this machine.',
    {
      hint: 'Name the load with --job, or set EBILL_JOB. To start one: ebill init --job NAME',
    },
  );
}

/** Is this the batch that `--id` or `--job-id` names? */
export const isBatch = (batch: BatchState, ref: BatchRef): boolean =>
  'id' in ref ? batch.id === ref.id : batch.jobId === ref.jobId;
