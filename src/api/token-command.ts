import { stripVTControlCharacters } from 'node:util';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { withoutSecrets } from '../redact/known-secrets.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { ShellEnd } from '../system/child-process.ts';
import { splitCommandLine } from '../system/command-line.ts';
import type { Context } from '../system/context.ts';
import { excerpt, oneLine } from '../system/escaping.ts';
import { type TokenCommand, tokenCommandSource } from './connection.ts';

/** The time limit of a command, ms. */
const LIMIT_MS = 30_000;
/** A longer token would not fit into the headers that servers accept. */
const LONGEST_TOKEN = 16 * 1024;
/** RFC 9110, 5.5, without the tab and the C1 controls. */
const HEADER_VALUE = /^[\u0020-\u007e\u00a0-\u00ff]*$/u;
/** Lines of output that are hidden in the messages about it. */
const MOST_HIDDEN = 20;

/**
 * Runs the command and returns the token it prints, which the redactor knows from then on. A plain command line runs without
 * a shell.
 * @param signal stops the command, with the processes it started
 * @throws EbillError AUTH when there is no token; the signal's reason when interrupted
 */
export async function tokenFrom(
  { command, profile }: TokenCommand,
  context: Context,
  redactor: Pick<Redactor, 'add' | 'clean'>,
  signal: AbortSignal,
): Promise<string> {
  const source = tokenCommandSource(profile);
  const failed = (problem: string, said = '', cause?: unknown): EbillError =>
    new EbillError(
      'AUTH',
      `The token command of ${source} ${problem}${said === '' ? '' : `: ${said.replace(/\.$/u, '')}`}. It is: ${excerpt(redactor.clean(command), 200)}`,
      {
        hint: `Nothing was sent. Run that command yourself to see what it prints; it has to print the token and nothing else. To change it: ${
          profile === null
            ? 'set EBILL_TOKEN_COMMAND, or set EBILL_TOKEN instead'
            : `ebill profile set ${profile} --token-command CMD`
        }`,
        cause,
      },
    );
  let end: ShellEnd;
  try {
    end = await runCommand(command, context, signal);
  } catch (error) {
    signal.throwIfAborted();
    const problem =
      errnoOf(error) === 'ENOENT' ? 'was not found' : `could not be run (${oneLine(messageOf(error))})`;
    throw failed(problem, '', error);
  }
  signal.throwIfAborted();
  const token = end.stdout.trim();
  const lines = token.split(/\s*[\r\n]+\s*/u);
  // Before anything of it is shown: what it says on stderr may repeat a part.
  for (const line of [token, ...lines.slice(0, MOST_HIDDEN)]) redactor.add(line);
  const said = excerpt(redactor.clean(stripVTControlCharacters(end.stderr).trim()), 300);
  if (end.stopped !== null) throw failed(`took longer than ${LIMIT_MS / 1000} s and was stopped`, said);
  if (end.code === null) throw failed('was killed by a signal', said);
  if (end.code !== 0) throw failed(`exited with ${end.code}`, said);
  if (token === '') throw failed('printed nothing', said);
  if (lines.length > 1) throw failed('printed several lines instead of the token alone');
  if (token.length > LONGEST_TOKEN) throw failed(`printed more than ${LONGEST_TOKEN} characters`);
  if (!HEADER_VALUE.test(token)) throw failed('printed a character that no header can carry');
  return token;
}

async function runCommand(command: string, context: Context, signal: AbortSignal): Promise<ShellEnd> {
  const { platform, cwd } = context;
  // It gets no credential of ours, not even the command (commands rule 4).
  const env = withoutSecrets(context.env);
  const options = { input: '', env, cwd, limitMs: LIMIT_MS, signal, platform };
  const words = splitCommandLine(command, platform);
  if (words === null) return context.shell(command, options);
  try {
    return await context.shell(words, options);
  } catch (error) {
    // Only cmd.exe finds `az` as `az.cmd`.
    if (platform !== 'win32' || errnoOf(error) !== 'ENOENT') throw error;
    return context.shell(command, options);
  }
}
