import { appendFile } from 'node:fs/promises';
import { isInterruption } from '../context.ts';
import { EbillError, messageOf } from '../errors.ts';
import { annotations } from '../output/github-annotations.ts';
import { jobSummary } from '../output/github-summary.ts';
import { oneLine } from '../visible.ts';
import type { App, CommandResult } from './command.ts';

/** ms a `--notify` command may take: the outcome must not wait for a mail server. */
const LIMIT_MS = 30_000;
const EMPTY: CommandResult = { profile: null, job: null, outcome: null, batches: [], error: null, text: '' };

/**
 * Does some work and hands its outcome over to people, however it ended: to the `--notify` command, and on GitHub Actions
 * as annotations and a job summary. What comes of that is a warning at most; the outcome stays what it is.
 * An interruption is not told: whoever interrupts knows, and a runner that stops a job gives it no time.
 * @param notify the command line; `null`: nobody is told
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
    if (!isInterruption(thrown, app.context.signal)) {
      const error =
        thrown instanceof EbillError
          ? thrown
          : new EbillError('INTERNAL', `This is a bug in ebill: ${messageOf(thrown)}`, {
              hint: '',
              cause: thrown,
            });
      await tellAll(app, notify, { ...EMPTY, ...app.known(), error });
    }
    throw thrown;
  }
  await tellAll(app, notify, result);
  return result;
}

async function tellAll(app: App, notify: string | null, result: CommandResult): Promise<void> {
  // Nothing happened.
  if (app.globals.dryRun) return;
  if (notify !== null) await tell(app, notify, result);
  if (app.context.env['GITHUB_ACTIONS'] === 'true') await tellGitHub(app, result);
}

async function tell(app: App, command: string, result: CommandResult): Promise<void> {
  const { context, ui, redactor } = app;
  const { toJson } = await import('../output/json.ts');
  const exitCode = result.error?.exitCode ?? 0;
  // Under --show-urls too: what is handed on goes to chat rooms and mail.
  const input = `${toJson({ ...result, command: app.command, exitCode }, { redactor, showUrls: false })}\n`;
  try {
    const end = await context.shell(command, {
      input,
      env: {
        ...withoutSecrets(context.env),
        EBILL_OUTCOME: result.outcome ?? '',
        EBILL_EXIT_CODE: String(exitCode),
        EBILL_JOB: result.job ?? '',
      },
      cwd: context.cwd,
      limitMs: LIMIT_MS,
      platform: context.platform,
    });
    for (const line of end.output.split(/\r?\n/)) if (line.trim() !== '') ui.note(`notify: ${line}`);
    if (end.timedOut) ui.warn(`the --notify command took longer than ${LIMIT_MS / 1000} s and was stopped`);
    else if (end.code !== 0)
      ui.warn(`the --notify command ended with ${end.code ?? 'a signal'}; the outcome stays as it is`);
  } catch (error) {
    ui.warn(`the --notify command could not be run: ${oneLine(messageOf(error))}`);
  }
}

/** What the program needs for itself is nobody else's. */
function withoutSecrets(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const { EBILL_TOKEN: _token, EBILL_PASSWORD: _password, ...rest } = env;
  return rest;
}

async function tellGitHub(app: App, result: CommandResult): Promise<void> {
  const { context, ui } = app;
  // Under --progress json each line of stderr is an event.
  if (ui.progress !== 'json')
    for (const line of annotations(app.command, result, (text) => app.redactor.clean(text)))
      ui.screen.line(line);
  const path = context.env['GITHUB_STEP_SUMMARY'];
  if (!path) return;
  try {
    await appendFile(
      path,
      jobSummary(app.command, result, (text) => app.redactor.clean(text)),
    );
  } catch (error) {
    ui.warn(`the job summary could not be written: ${messageOf(error)}`);
  }
}
