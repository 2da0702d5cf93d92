import type { Redactor } from '../redact/redactor.ts';
import type { Context } from '../system/context.ts';
import { oneLine, visible } from '../system/escaping.ts';
import { apart } from './apart.ts';
import { errorText } from './error-text.ts';
import { hang } from './fit.ts';
import { withoutCommands } from './github-commands.ts';
import { eventLine } from './json-text.ts';
import type { Look } from './look.ts';
import { isInteractive, progressMode, wantsColor } from './modes.ts';
import { createPaint } from './paint.ts';
import { Screen } from './screen.ts';
import { symbolsFor } from './symbols.ts';
import type { ProgressMode, Ui } from './ui.ts';

/** The global options that decide how things look; `GlobalOptions` has them all. */
export interface LookOptions {
  readonly progress: 'auto' | ProgressMode;
  readonly color: 'auto' | 'always' | 'never';
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export async function createUi(
  context: Context,
  globals: LookOptions,
  redactor: Pick<Redactor, 'clean'>,
): Promise<Ui> {
  const { stdout, stderr, env } = context;
  const symbols = symbolsFor(env, context.platform);
  const hide = (text: string): string => redactor.clean(text);
  // Redacted first: a secret with a control character in it would no longer be known once that is written out.
  // On GitHub a stranger's text must give the runner no command.
  const harmless = env['GITHUB_ACTIONS'] === 'true' ? withoutCommands : (text: string): string => text;
  const clean = (text: string): string => harmless(visible(hide(text)));
  const look = async (stream: typeof stdout): Promise<Look> => ({
    width: stream.isTTY === true ? stream.columns || 80 : Infinity,
    paint: await createPaint(wantsColor(stream, env, globals.color)),
    symbols,
    // What is read by a program stays as it is.
    clean: stream.isTTY === true ? (text) => apart(clean(text)) : clean,
  });
  const out = await look(stdout);
  const err = await look(stderr);
  const screen = new Screen(stderr);
  const progress = progressMode(stderr, env, globals);
  // Under `--progress json` every line of stderr is an event, so that a script can read it line by line.
  const event = (name: string, fields: Readonly<Record<string, unknown>>): void =>
    screen.line(eventLine(context.now(), name, fields, hide));
  return {
    ...out,
    progress,
    paintErr: err.paint,
    err,
    // Standard input is made when it is first looked at, and that takes 4 ms: only where the rest allows a question.
    interactive: stderr.isTTY === true && isInteractive(context.stdin, stderr, env),
    quiet: globals.quiet,
    verbose: globals.verbose,
    context,
    screen,
    event,
    note(line) {
      if (globals.quiet) return;
      if (progress === 'json') event('note', { message: line });
      else
        screen.line(
          isCommand(line) ? err.clean(oneLine(line)) : hang('', err.clean(oneLine(line)), err.width),
        );
    },
    warn(line) {
      if (progress === 'json') event('warning', { jobId: null, message: line });
      else screen.line(hang(`${err.paint.yellow('warning:')} `, err.clean(oneLine(line)), err.width, 2));
    },
    fail(error) {
      screen.end();
      const { code, message, hint } = error;
      if (progress === 'json') event('error', { code, message, hint });
      else screen.line(errorText(error, err));
    },
    end: () => screen.end(),
  };
}

/** A command to be copied: broken by us it would be two, and the first would run without the rest. */
const isCommand = (line: string): boolean => line.startsWith('ebill ');
