import { EbillError, messageOf } from '../../errors.ts';
import type { App, CommandResult } from './command.ts';

const EMPTY: CommandResult = { profile: null, job: null, outcome: null, batches: [], error: null, text: '' };

/** For the help of commands that take `--notify`. */
export const NOTIFY_NOTE =
  '--notify COMMAND is run through the shell when it is over, well or badly, in the working directory, with the document of --json on its standard input and EBILL_OUTCOME, EBILL_EXIT_CODE and EBILL_JOB set; EBILL_TOKEN and EBILL_PASSWORD are kept from it. What it writes goes to stderr. It may take 30 s; if it fails, that is a warning, and the exit code stays. An interruption and --dry-run notify nobody.';

/** The same, of what needs no option. */
export const GITHUB_NOTE =
  'On GitHub Actions the job is annotated, and a table of the batches is added to its summary.';

/**
 * Does some work and hands its outcome over to people, however it ended: to the `--notify` command, and on GitHub Actions
 * as annotations and a job summary. What comes of that is a warning at most; the outcome stays what it is.
 * @param notify the command line; `null`: nobody is told
 * @returns what the work gave
 * @throws what the work threw
 */
export async function handOver(
  app: App,
  notify: string | null,
  work: () => Promise<CommandResult>,
): Promise<CommandResult> {
  let result: CommandResult;
  try {
    result = await work();
  } catch (thrown) {
    await tellAll(app, notify, () => ({ ...EMPTY, ...app.known(), error: errorOf(thrown) }));
    throw thrown;
  }
  await tellAll(app, notify, () => result);
  return result;
}

const errorOf = (thrown: unknown): EbillError =>
  thrown instanceof EbillError
    ? thrown
    : new EbillError('INTERNAL', `This is a bug in ebill: ${messageOf(thrown)}`, {
        hint: 'What it printed says where the log is.',
        cause: thrown,
      });

async function tellAll(app: App, command: string | null, told: () => CommandResult): Promise<void> {
  const { context, globals, ui } = app;
  // Nothing happened.
  if (globals.dryRun) return;
  try {
    const result = told();
    // Whoever interrupts knows, and a runner that stops a job gives it no time.
    if (context.signal.aborted || result.error?.code === 'INTERRUPTED') return;
    if (command !== null) await (await import('./shell-command.ts')).notify(app, command, result);
    if (context.env['GITHUB_ACTIONS'] === 'true')
      await (await import('./github-job.ts')).tellGitHub(app, result);
  } catch (error) {
    ui.warn(`the outcome could not be handed over: ${messageOf(error)}`);
  }
}
