import { stripVTControlCharacters } from 'node:util';
import { messageOf } from '../../errors.ts';
import { oneLine } from '../../system/escaping.ts';
import type { App, CommandResult } from './command.ts';

/** ms a `--notify` command may take: the outcome must not wait for a mail server. */
const LIMIT_MS = 30_000;

/**
 * Runs the `--notify` command line through the platform's shell, in the working directory, with the document of `--json`
 * on its standard input. What it writes goes to stderr, for stdout carries the result. Whatever becomes of it is a warning
 * at most.
 */
export async function notify(app: App, command: string, result: CommandResult): Promise<void> {
  const { context, ui, redactor } = app;
  const exitCode = result.error?.exitCode ?? 0;
  try {
    const { toJson } = await import('../../output/json.ts');
    // Under --show-urls too: what is handed on goes to chat rooms and mail.
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
      ui.warn('the --notify command was stopped by the interruption; the outcome stays as it is');
    else if (end.code !== 0)
      ui.warn(`the --notify command ended with ${end.code ?? 'a signal'}; the outcome stays as it is`);
  } catch (error) {
    ui.warn(`the --notify command could not be run: ${oneLine(messageOf(error))}`);
  }
}

const SECRETS = new Set(['EBILL_TOKEN', 'EBILL_PASSWORD', 'EBILL_CLIENT_KEY_PASSPHRASE']);

/** What the program needs for itself is nobody else's. Windows knows names in any case of letters. */
function withoutSecrets(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRETS.has(name.toUpperCase())));
}
