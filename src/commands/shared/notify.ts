import { appendFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { documentOutcome } from '../../batch/outcome.ts';
import { EbillError, messageOf } from '../../errors.ts';
import type { Runner } from '../../output/runners.ts';
import { withoutSecrets } from '../../redact/known-secrets.ts';
import type { Redacted } from '../../redact/redactor.ts';
import { oneLine } from '../../system/escaping.ts';
import { type App, CHANGING, type CommandResult, EMPTY_RESULT } from './command.ts';

/** For the help of commands that take `--notify`. */
export const NOTIFY_NOTE =
  '--notify runs COMMAND in a shell in the working directory at the end, whether the command succeeded or failed. COMMAND gets the --json document on standard input, and EBILL_OUTCOME, EBILL_EXIT_CODE and EBILL_JOB in the environment, but no credentials of ebill. Its output goes to stderr. It is stopped after 30 s. If it fails, ebill prints a warning and keeps its exit code. It does not run after an interruption or with --dry-run.';

/** For the help of commands that report to CI runners. */
export const CI_NOTE =
  'On GitHub Actions, Azure Pipelines and TeamCity the job gets annotations, on GitHub Actions also a table of the batches in its summary (ebill help ci).';

/** The time limit of a `--notify` command, ms. */
const LIMIT_MS = 30_000;

/** The limit GitHub puts on the summary of a step, bytes: it drops a larger one whole. */
const SUMMARY_LIMIT = 1024 * 1024;

/**
 * Runs `work`, then reports its outcome, success or failure: to the `--notify` command, and in CI as annotations of the
 * job and, on GitHub Actions, a summary. A failure to report is a warning; it never changes the outcome.
 * @param command the `--notify` command line; `null`: none
 * @throws what `work` threw
 */
export async function withNotification(
  app: App,
  command: string | null,
  work: () => Promise<CommandResult>,
): Promise<CommandResult> {
  let result: CommandResult;
  try {
    result = await work();
  } catch (thrown) {
    await report(app, command, () => ({ ...EMPTY_RESULT, ...app.known(), error: errorOf(thrown) }));
    throw thrown;
  }
  await report(app, command, () => result);
  return result;
}

const errorOf = (thrown: unknown): EbillError =>
  thrown instanceof EbillError
    ? thrown
    : new EbillError('INTERNAL', `This is a bug in ebill: ${messageOf(thrown)}`, {
        hint: 'The output of the command says where the log is.',
        cause: thrown,
      });

async function report(app: App, command: string | null, resultOf: () => CommandResult): Promise<void> {
  const { context, globals, ui } = app;
  if (globals.dryRun) return;
  try {
    const known = resultOf();
    const result = { ...known, outcome: documentOutcome(known, CHANGING.has(app.command)) };
    // The person who interrupted it knows, and a CI runner that cancels a job leaves no time.
    if (context.signal.aborted || result.error?.code === 'INTERRUPTED') return;
    if (command !== null) await runNotifyCommand(app, command, result);
    if (ui.runner !== null) await reportToRunner(app, ui.runner, result);
  } catch (error) {
    ui.warn(`the outcome could not be reported: ${messageOf(error)}`);
  }
}

/** Its output goes to stderr: stdout carries the result. */
async function runNotifyCommand(app: App, command: string, result: CommandResult): Promise<void> {
  const { context, ui, redactor } = app;
  const exitCode = result.error?.exitCode ?? 0;
  try {
    const { toJson } = await import('../../output/json.ts');
    // Without URLs even under --show-urls: a notification ends up in chat rooms and mail.
    const document = toJson({ ...result, command: app.command, exitCode }, { redactor, showUrls: false });
    const end = await context.shell(command, {
      input: `${document}\n`,
      env: {
        ...withoutSecrets(context.env),
        EBILL_OUTCOME: result.outcome ?? '',
        EBILL_EXIT_CODE: String(exitCode),
        EBILL_JOB: result.job ?? '',
      },
      cwd: context.cwd,
      limitMs: LIMIT_MS,
      signal: context.signal,
      platform: context.platform,
    });
    for (const line of stripVTControlCharacters(end.output).split(/\r?\n/))
      if (line.trim() !== '') ui.note(`notify: ${line}`);
    if (end.stopped === 'limit')
      ui.warn(`the --notify command took longer than ${LIMIT_MS / 1000} s and was stopped`);
    else if (end.stopped === 'interruption')
      ui.warn('the --notify command was stopped by the interruption; the exit code does not change');
    else if (end.code !== 0)
      ui.warn(
        `the --notify command ${end.code === null ? 'was killed by a signal' : `exited with ${end.code}`}; the exit code does not change`,
      );
  } catch (error) {
    ui.warn(`the --notify command could not be run: ${oneLine(messageOf(error))}`);
  }
}

async function reportToRunner(app: App, runner: Runner, result: CommandResult): Promise<void> {
  const { context, ui, redactor } = app;
  const hide = (text: string): string => redactor.hide(text);
  // Under --progress json each line of stderr is an event.
  if (ui.progress !== 'json') {
    const { annotations } = await import('../../output/progress/ci-report.ts');
    for (const line of annotations(runner, app.command, result, hide)) ui.screen.line(line);
  }
  const path = context.env['GITHUB_STEP_SUMMARY'];
  if (!path) return;
  const { jobSummary } = await import('../../output/progress/ci-report.ts');
  await addSummary(app, resolve(context.cwd, path), redactor.hide(jobSummary(app.command, result, hide)));
}

async function addSummary({ ui }: App, path: string, text: Redacted): Promise<void> {
  try {
    const size = await stat(path).then(
      (file) => file.size,
      () => 0,
    );
    if (size + Buffer.byteLength(text) > SUMMARY_LIMIT) {
      ui.warn('the job summary of this step is full (GitHub takes 1 MiB); this outcome is not in it');
      return;
    }
    await appendFile(path, text);
  } catch (error) {
    ui.warn(`the job summary could not be written: ${messageOf(error)}`);
  }
}
