import type { Redactor } from '../redact/redactor.ts';
import type { Context } from '../system/context.ts';
import { indented, oneLine, visible, withoutCommands } from '../system/escaping.ts';
import { eventLine } from './json-text.ts';
import { isCi, type Runner, runnerOf } from './runners.ts';
import { Screen } from './screen.ts';
import { hangingIndent, splitEmoji } from './text-layout.ts';
import { type Colors, createColors, symbolsFor, type Theme } from './theme.ts';

type ProgressMode = 'tty' | 'plain' | 'json' | 'none';

/** An error as it is shown: what happened, to what, and what to do next. An `EbillError` is one. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * How this run shows things, decided once from options, environment and streams. A `Ui` is the theme of stdout, so text functions
 * take it as it is: `batchTable(batches, ui)`.
 */
export interface Ui extends Theme {
  /** How progress on stderr is drawn. */
  readonly progress: ProgressMode;
  /** Paints stdout text; without colour it returns its input. */
  readonly colors: Colors;
  /** Columns of stdout; `Infinity` when it is not a terminal. */
  readonly width: number;
  /** The theme of stderr. */
  readonly err: Theme;
  /** Whether questions can be asked: with a terminal on stdin and stderr, outside CI. Call `end()` before asking. */
  readonly interactive: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** The CI runner around it. */
  readonly runner: Runner | null;
  readonly context: Context;
  /** stderr, with its live lines. */
  readonly screen: Screen;
  /** One line on stderr; nothing with `--quiet`. Not for errors and warnings. @param minor it is dim */
  note(line: string, minor?: boolean): void;
  /** A warning on stderr, with `--quiet` too. "warning:" is put before it. @param hint what to do, in the program's own words */
  warn(line: string, hint?: string): void;
  /** The error that ends the run, on stderr: as text, or as an event with `--progress json`. */
  fail(error: Failure): void;
  /** One JSON event on a line of stderr, every string redacted. Only for `--progress json`. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void;
  /** Removes the live lines and shows the cursor: before a prompt, before the result, at the end. */
  end(): void;
}

type Env = Readonly<Record<string, string | undefined>>;
interface MaybeTerminal {
  readonly isTTY?: boolean;
}

/** Can the cursor be moved there? */
function isScreen(stream: MaybeTerminal, env: Env): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** Colour for one stream: the option, then `NO_COLOR`, then `FORCE_COLOR`, else only on a terminal outside CI. */
export function wantsColor(stream: MaybeTerminal, env: Env, option: 'auto' | 'always' | 'never'): boolean {
  if (option !== 'auto') return option === 'always';
  if (env['NO_COLOR']) return false;
  const force = env['FORCE_COLOR'] ?? '';
  if (force !== '') return force !== '0' && force.toLowerCase() !== 'false';
  return isScreen(stream, env) && !isCi(env);
}

/** How progress is drawn. `--quiet` silences it, except the events a script asked for by name (`--progress json`). */
export function progressMode(
  stderr: MaybeTerminal,
  env: Env,
  globals: { readonly progress: 'auto' | ProgressMode; readonly quiet: boolean },
): ProgressMode {
  if (globals.progress === 'json' || globals.progress === 'none') return globals.progress;
  if (globals.quiet) return 'none';
  // A pipe has no cursor to move, even with `--progress tty`.
  if (globals.progress === 'plain' || !isScreen(stderr, env)) return 'plain';
  return globals.progress === 'tty' || !isCi(env) ? 'tty' : 'plain';
}

/** Can questions be asked? With a terminal on both sides, outside CI (commands rule 28). */
function isInteractive(stdin: MaybeTerminal, stderr: MaybeTerminal, env: Env): boolean {
  return stdin.isTTY === true && stderr.isTTY === true && !isCi(env);
}

/** A command at the end of a sentence, after a colon: `Watch again: ebill watch`. Its words may be quoted. */
const COMMAND =
  /: ((?:ebill|openssl|printf|export)(?: (?:\\.|'[^']*'|"[^"]*"|[^\s'"(]|(?<=\S)\()+(?<![,;:.]))*?)(?:\.?$|\. (?=[A-Z]))/gm;

/** Options to copy: `--column 'invoice.key=Invoice Number'`. */
const OPTIONS = /^--column ['"]?(?:customer|invoice|items)\.\w+=/;

/** On a terminal a command to copy has its own line (commands rule 22). */
const withCommandsApart = (text: string, { width }: Theme): string =>
  Number.isFinite(width) ? text.replace(COMMAND, ':\n$1\n').trimEnd() : text;

/** Text under a lead. A command is not wrapped: its first line would run without the rest. */
const wrapped = (lead: string, text: string, width: number, indent: number): string =>
  text.startsWith('ebill ') || OPTIONS.test(text) ? lead + text : hangingIndent(lead, text, width, indent);

/** Line breaks stay, but indented under the first line: text from a server cannot look like a line of ours. */
function block(lead: string, text: string, indent: string, theme: Theme): string {
  const [first = '', ...rest] = text.split(/\r?\n/).map((line) => theme.clean(indented(line)).trimEnd());
  return [
    wrapped(lead, first, theme.width, indent.length),
    ...rest.map((line) => (line === '' ? '' : wrapped(indent, line, theme.width, indent.length))),
  ]
    .join('\n')
    .trimEnd();
}

/** `error: what happened, to what`, and below it what to do next (commands rule 27). */
export function errorText({ message, hint }: Failure, theme: Theme): string {
  const { red, bold } = theme.colors;
  return told(`${bold(red('error:'))} `, message, hint, theme);
}

function told(lead: string, message: string, hint: string, theme: Theme): string {
  const what = block(lead, message, '  ', theme);
  return hint === '' ? what : `${what}\n${hintText(hint, theme)}`;
}

/** `→ what to do next`, under what it is about. */
export const hintText = (hint: string, theme: Theme, indent = '  '): string =>
  adviceText(`${indent}${theme.colors.cyan('→')} `, hint, `${indent}  `, theme);

/** The program's own words under a lead, wrapped; commands to copy stand on lines of their own. */
export const adviceText = (lead: string, text: string, indent: string, theme: Theme): string =>
  block(lead, withCommandsApart(text, theme), indent, theme);

/** The global options for output; `GlobalOptions` has them. */
export interface OutputOptions {
  readonly progress: 'auto' | ProgressMode;
  readonly color: 'auto' | 'always' | 'never';
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export async function createUi(
  context: Context,
  globals: OutputOptions,
  redactor: Pick<Redactor, 'hide'>,
): Promise<Ui> {
  const { stdout, stderr, env } = context;
  const symbols = symbolsFor(env, context.platform);
  const hide = (text: string): string => redactor.hide(text);
  // Redacted first: a secret that contains a control character would not be recognised after that is escaped.
  // In a CI log text from outside must not contain commands for a runner.
  const harmless = isCi(env) ? withoutCommands : (text: string): string => text;
  const clean = (text: string): string => harmless(visible(hide(text)));
  const theme = async (stream: typeof stdout): Promise<Theme> => ({
    width: stream.isTTY === true ? stream.columns || 80 : Infinity,
    colors: await createColors(wantsColor(stream, env, globals.color)),
    symbols,
    // Text for programs stays as it is.
    clean: stream.isTTY === true ? (text) => splitEmoji(clean(text)) : clean,
  });
  const out = await theme(stdout);
  const err = await theme(stderr);
  const screen = new Screen(stderr, symbols.spinner.map(err.colors.cyan));
  const progress = progressMode(stderr, env, globals);
  // With `--progress json` every line of stderr is an event, so that a script can read it line by line.
  const event = (name: string, fields: Readonly<Record<string, unknown>>): void =>
    screen.line(eventLine(context.now(), name, fields, hide));
  return {
    ...out,
    progress,
    err,
    // The first access to standard input takes 4 ms: it comes last.
    interactive: stderr.isTTY === true && isInteractive(context.stdin, stderr, env),
    runner: runnerOf(env),
    quiet: globals.quiet,
    verbose: globals.verbose,
    context,
    screen,
    event,
    note(line, minor = false) {
      if (globals.quiet) return;
      if (progress === 'json') event('note', { message: line });
      else {
        const paint = minor ? err.colors.dim : String;
        for (const part of withCommandsApart(oneLine(line), err).split('\n'))
          screen.line(paint(wrapped('', err.clean(part), err.width, 0)));
      }
    },
    warn(line, hint = '') {
      if (progress === 'json')
        event('warning', { jobId: null, message: hint === '' ? line : `${line} ${hint}` });
      else screen.line(told(`${err.colors.yellow('warning:')} `, oneLine(line), hint, err));
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
