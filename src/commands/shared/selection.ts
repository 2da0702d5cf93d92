import type { Command } from 'commander';
import type { BatchRef } from '../../api/request.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import type { BatchState } from '../../load/state.ts';
import { quoted, type Terminal } from '../../system/escaping.ts';
import { checkedJobId, collect, type Flags, jobFlag, listFlag } from './options.ts';
import type { Session } from './session.ts';

/** Which batches a command is about, as given on the command line (commands rule 9). */
export interface SelectionOptions {
  readonly job: string | null;
  readonly ids: readonly string[];
  readonly jobIds: readonly string[];
}

export type Selection =
  | { readonly type: 'load'; readonly job: string }
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

/** What a load is chosen for: to be read, for its batches to be finalized, or for files to be added. */
export type ChosenFor = 'read' | 'finalize' | FileKind;

/**
 * The load to work on: the option, else EBILL_JOB, else the load last started here, with a note that says which
 * (commands rule 9); `null`: none.
 * @throws EbillError USAGE when the load last started is closed and would be changed
 */
export async function chosenJob(
  { app, owner, connection }: Session,
  option: string | null,
  chosenFor: ChosenFor,
): Promise<string | null> {
  if (option !== null) return option;
  const { context, ui } = app;
  const using = (job: string, why: string): void => ui.note(`Using load ${quoted(job, context)}, ${why}`);
  const named = context.env['EBILL_JOB'];
  if (named) {
    const job = checkedJobId(named, 'EBILL_JOB');
    using(job, 'from EBILL_JOB');
    return job;
  }
  const { currentJob, findJournal } = await import('../../load/journal-places.ts');
  const { state } = context.paths;
  const job = await currentJob(state, owner);
  if (job === null) return null;
  if (chosenFor !== 'read') {
    const [{ readJournal }, { isClosed }] = await Promise.all([
      import('../../load/journal.ts'),
      import('../../load/closed.ts'),
    ]);
    const load = await readJournal(await findJournal(state, owner, job));
    const adds = chosenFor === 'finalize' ? null : chosenFor;
    if (load !== null && isClosed(load, connection.statusNames, adds)) throw closed(job, context);
  }
  using(job, 'the last one started here (--job selects another)');
  return job;
}

function closed(job: string, terminal: Terminal): EbillError {
  const name = quoted(job, terminal);
  return new EbillError('USAGE', `No load was given, and ${name}, the last one started here, is closed.`, {
    hint: `To start the next load: ebill init --job NAME. What is still for ${name} needs --job ${name}.`,
  });
}

/** @throws EbillError USAGE when there is no load to work on */
export async function select(
  session: Session,
  options: SelectionOptions,
  chosenFor: ChosenFor,
): Promise<Selection> {
  const refs = [...options.ids.map((id) => ({ id })), ...options.jobIds.map((jobId) => ({ jobId }))];
  if (refs.length > 0) return { type: 'batches', refs };
  const job = await chosenJob(session, options.job, chosenFor);
  if (job === null) throw noLoad();
  return { type: 'load', job };
}

export function noLoad(): EbillError {
  return new EbillError('USAGE', 'No load was given, and none has been started on this machine.', {
    hint: 'Add --job, such as --job AUG_2020, or set EBILL_JOB.',
  });
}

/** Is this the batch that `--id` or `--job-id` names? */
export const isBatch = (batch: BatchState, ref: BatchRef): boolean =>
  'id' in ref ? batch.id === ref.id : batch.jobId === ref.jobId;
