import { isSettled, outcomeOfAll, waitsFor } from '../../batch/outcome.ts';
import { flatten } from '../../batch/tree.ts';
import { type BatchView, batchName } from '../../batch/types.ts';
import { uncounted, verdictOf } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import { leaveOutText } from '../../load/complete.ts';
import { nextStep } from '../../load/next-step.ts';
import type { Run } from '../../load/run.ts';
import { viewBatch, viewLoad } from '../../load/view.ts';
import { notAnsweredInTime } from '../../load/waiting.ts';
import { batchTable } from '../../output/batch-table.ts';
import { accountText, colorPhase, successText } from '../../output/batch-text.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import type { Theme } from '../../output/theme.ts';
import { quoted, type Terminal } from '../../system/escaping.ts';
import { shownPath } from '../../system/shown-path.ts';
import type { App, CommandResult } from './command.ts';

/** Batches of a load by job id, for output; with their URLs under `--show-urls`. */
export function viewsOf(run: Run, jobIds: readonly string[]): readonly BatchView[] {
  const { state } = run.journal;
  return jobIds.flatMap((jobId) => {
    const known = state.batches.get(jobId);
    if (known === undefined) return [];
    const view = viewBatch(state, known, run.statusNames);
    return [run.urls?.add(view) ?? view];
  });
}

/** The command that continues the load, as it is typed here. */
export const nextStepOf = ({ journal: { state }, statusNames, context }: Run): string =>
  nextStep(state, viewLoad(state, statusNames), context, (path) => shownPath(context.cwd, path)).command;

/**
 * The result of a command about some batches of a load: their table and the account of their records.
 * @param waited whether the command was to end with their outcome: then success is said in a sentence, as an error says the rest
 */
export async function resultOf(
  app: App,
  run: Run,
  jobIds: readonly string[],
  more: Partial<CommandResult> & Pick<CommandResult, 'error'>,
  waited = false,
): Promise<CommandResult> {
  const batches = more.batches ?? viewsOf(run, jobIds);
  const { header } = run.journal.state;
  const table = await batchTable(batches, app.ui);
  return {
    profile: run.profile,
    job: header.job === '' ? null : header.job,
    outcome: outcomeOfAll(batches),
    batches,
    text: [
      table,
      accountText(batches, app.ui),
      waited && more.error === null ? verdictText(run, batches, app.ui) : '',
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
    ...more,
  };
}

/** `✔ Every batch of AUG_2020 succeeded: all 9 records are loaded.` */
function verdictText(
  { journal: { state }, statusNames }: Run,
  batches: readonly BatchView[],
  theme: Theme,
): string {
  const shown = new Set(batches.map(({ jobId }) => jobId));
  const [only] = batches;
  const subject =
    batches.length === 1 && only !== undefined
      ? batchName(only)
      : state.header.job !== '' && viewLoad(state, statusNames).every(({ jobId }) => shown.has(jobId))
        ? `Every batch of ${state.header.job}`
        : `Each of these ${batches.length} batches`;
  const sign = colorPhase('succeeded', theme.symbols.done, theme);
  return hangingIndent(`${sign} `, theme.clean(successText(subject, batches)), theme.width);
}

/**
 * The error that sets the exit code of `watch`, `--wait` and `status --exit-status`; `null`: all is well. Warns about batches
 * without counts.
 */
export function outcomeError(
  app: App,
  batches: readonly BatchView[],
  job: string,
  {
    settled = batches.every((batch) => waitsFor(batch) !== 'end'),
    idle = false,
    downloaded = false,
  }: {
    /** Nothing more is expected: all are final, or the server no longer knows them. */
    readonly settled?: boolean;
    /** Nothing is being processed: what is left was never finalized. */
    readonly idle?: boolean;
    /** The result files were downloaded by this command. */
    readonly downloaded?: boolean;
  } = {},
): EbillError | null {
  for (const warning of uncounted(batches)) app.ui.warn(warning);
  return settled
    ? verdictOf(batches, job, app.context, downloaded)
    : stillRunning(batches, job, idle, app.context);
}

/** Nothing is being processed: what is left was never finalized. */
export const isIdle = (batches: readonly BatchView[]): boolean =>
  batches
    .filter((batch) => waitsFor(batch) === 'end')
    .every(({ phase }) => phase === 'draft' || phase === 'uploaded');

/** Its file is on record, and has not arrived. */
const isDraft = ({ phase, file, leftOut }: BatchView): boolean =>
  phase === 'draft' && file !== null && leftOut !== true;

/** Exit code 7, with the batches that are not final. None: the server was asked once more about them, and did not answer. */
export function stillRunning(
  batches: readonly BatchView[],
  job: string,
  idle: boolean,
  terminal: Terminal,
): EbillError {
  const open = batches.filter((batch) => !isSettled(batch));
  const list = open
    .slice(0, 5)
    .map((batch) => `${batch.jobId} is ${batch.phase}`)
    .join(', ');
  const more = open.length > 5 ? ` and ${open.length - 5} more` : '';
  const option = job === '' ? '' : ` --job ${quoted(job, terminal)}`;
  if (open.length === 0) return notAnsweredInTime(`Watch again: ebill watch${option}`);
  const init = open.find(({ kind, phase }) => kind === 'init' && phase === 'draft');
  if (init !== undefined)
    return new EbillError(
      'STILL_RUNNING',
      `It is unknown whether ${init.jobId} ran: it was never answered.`,
      {
        hint: 'Run the init command again, with the same options: it asks the server first, and sends nothing twice.',
      },
    );
  const unsent = open.flatMap((batch) => flatten([batch])).filter(isDraft);
  const leaving =
    unsent.length === 0
      ? ''
      : ` ${leaveOutText(
          unsent.map(({ jobId }) => jobId ?? ''),
          terminal,
        )}`;
  return idle
    ? new EbillError('STILL_RUNNING', `Nothing is being processed: ${list}${more}.`, {
        hint: `If files are missing, upload them first.${leaving} To submit it for processing: ebill finalize${option}`,
      })
    : new EbillError('STILL_RUNNING', `Not final yet: ${list}${more}.`, {
        hint: `Watch again: ebill watch${option}`,
      });
}
