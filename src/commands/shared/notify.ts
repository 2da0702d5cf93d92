import { appendFile, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { documentOutcome } from '../../batch/outcome.ts';
import { messageOf } from '../../errors.ts';
import { toJson } from '../../output/json.ts';
import type { Runner } from '../../output/runners.ts';
import { withoutSecrets } from '../../redact/known-secrets.ts';
import type { Redacted } from '../../redact/redactor.ts';
import { oneLine } from '../../system/escaping.ts';
import { type App, CHANGING, type CommandResult, EMPTY_RESULT } from './command.ts';
import type { Webhook } from './notify-url.ts';
import type { WaitOptions } from './upload-options.ts';

/** For the help of commands that take `--notify`. */
export const NOTIFY_NOTE =
  '--notify runs COMMAND in a shell in the working directory at the end, whether the command succeeded or failed. COMMAND gets the --json document on standard input, and EBILL_OUTCOME, EBILL_EXIT_CODE and EBILL_JOB in the environment, but no credentials of ebill. Its output goes to stderr, without --quiet. It is stopped after 30 s. If it fails, ebill prints a warning and keeps its exit code. It does not run after an interruption or with --dry-run.';

/** For the help of commands that take `--notify-url`. */
export const NOTIFY_URL_NOTE =
  "--notify-url posts the --json document to the URL, with text, one sentence for people, and event: end at the end; silent when the server has not answered for half of --patience (silentSince, silentSeconds); stopped when a step of run has more failed records than the plan accepts (stage). Slack and Mattermost show text; in a Teams workflow it is triggerBody()?['text']. A receiver that refuses the other fields, such as Google Chat, gets text alone. The URL is a secret: set it as EBILL_NOTIFY_URL, since other users of the machine can see arguments. It has to be https, except on this machine or with a profile that allows http. A notification takes 10 s at most and follows no redirect to another host. If it fails, ebill prints a warning and keeps its exit code. Nothing is posted after an interruption or with --dry-run.";

/** For the help of commands that take `--metrics`. */
export const METRICS_NOTE =
  '--metrics writes FILE at the end, for the textfile collector of node_exporter (name it NAME.prom): when the command last succeeded, duration, exit code, and the records by kind and outcome. If the command fails, the time of the last success is kept from the file before. ebill help ci has an alert for a month that was not closed.';

/** For the help of commands that report to CI runners. */
export const CI_NOTE =
  'On GitHub Actions, Azure Pipelines and TeamCity the job gets annotations; on GitHub Actions its summary also gets a table of the batches (ebill help ci).';

/** The time limit of a `--notify` command, ms. */
const LIMIT_MS = 30_000;

/** The limit GitHub puts on the summary of a step, bytes: it drops a larger one whole. */
const SUMMARY_LIMIT = 1024 * 1024;

type ReportOptions = Pick<WaitOptions, 'notify' | 'notifyUrl' | 'metrics' | 'patienceMs'>;

/**
 * Runs `work`, then reports its outcome, success or failure: to the `--notify` command, the `--notify-url`, the `--metrics`
 * file, and in CI as annotations of the job and, on GitHub Actions, a summary. A failure to report is a warning; it never
 * changes the outcome.
 * @throws what `work` threw, and EbillError USAGE before it for a `--notify-url` that cannot be used
 */
export async function withNotification(
  app: App,
  options: ReportOptions,
  work: () => Promise<CommandResult>,
): Promise<CommandResult> {
  const began = app.context.now();
  const url = options.notifyUrl ?? (app.context.env['EBILL_NOTIFY_URL'] || null);
  const webhook =
    url === null
      ? null
      : await import('./notify-url.ts').then(({ openWebhook }) => openWebhook(app, url, options.patienceMs));
  const report = (resultOf: () => Promise<CommandResult>) =>
    reportEnd(app, options, began, webhook, resultOf);
  let result: CommandResult;
  try {
    result = await work();
  } catch (thrown) {
    await report(async () => ({ ...EMPTY_RESULT, ...app.known(), error: await app.errorOf(thrown) }));
    throw thrown;
  }
  await report(async () =>
    result.error === null ? result : { ...result, error: await app.errorOf(result.error) },
  );
  return result;
}

async function reportEnd(
  app: App,
  { notify, metrics }: ReportOptions,
  began: number,
  webhook: Webhook | null,
  resultOf: () => Promise<CommandResult>,
): Promise<void> {
  const { context, globals, ui } = app;
  if (globals.dryRun) return;
  try {
    const known = await resultOf();
    const result = { ...known, outcome: documentOutcome(known, CHANGING.has(app.command)) };
    if (metrics !== null) await writeMetrics(app, metrics, began, result);
    // The person who interrupted it knows, and a CI runner that cancels a job leaves no time.
    if (context.signal.aborted || result.error?.code === 'INTERRUPTED') return;
    await Promise.all([
      notify === null ? null : runNotifyCommand(app, notify, result),
      webhook?.post({ event: 'end' }, result),
    ]);
    if (ui.runner !== null) await reportToRunner(app, ui.runner, result);
  } catch (error) {
    ui.warn(`the outcome could not be reported: ${messageOf(error)}`);
  } finally {
    await webhook?.close();
  }
}

/** The collector runs as another user, so the file is readable by everyone: it has numbers and the name of the load. */
async function writeMetrics(app: App, file: string, began: number, result: CommandResult): Promise<void> {
  const { context, ui, redactor, command } = app;
  const path = resolve(context.cwd, file);
  try {
    const [{ metricsText }, { writeRedacted }] = await Promise.all([
      import('../../output/metrics.ts'),
      import('../../system/atomic-file.ts'),
    ]);
    const earlier = await readFile(path, 'utf8').catch(() => null);
    const endedAt = context.now();
    const { job, batches, error } = result;
    const facts = {
      command,
      job,
      batches,
      exitCode: error?.exitCode ?? 0,
      endedAt,
      durationMs: endedAt - began,
    };
    await writeRedacted(path, redactor.sweep(metricsText(facts, earlier)), { mode: 0o644 });
  } catch (error) {
    ui.warn(
      `the --metrics file could not be written: ${oneLine(messageOf(error)).replace(/\.$/u, '')}; the exit code does not change`,
    );
  }
}

/** Its output goes to stderr: stdout carries the result. */
async function runNotifyCommand(app: App, command: string, result: CommandResult): Promise<void> {
  const { context, ui, redactor } = app;
  const exitCode = result.error?.exitCode ?? 0;
  try {
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
