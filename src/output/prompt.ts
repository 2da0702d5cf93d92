import { isUtf8 } from 'node:buffer';
import { createInterface } from 'node:readline';
import { addAbortSignal, type Readable, Writable } from 'node:stream';
import { EbillError, messageOf } from '../errors.ts';
import type { Context, OutputStream } from '../system/context.ts';
import { visible } from '../system/escaping.ts';

// Questions are asked on stderr, and only when `ui.interactive` (commands rule 28). Each prompt is imported when it is needed.
// All of them throw EbillError `INTERRUPTED` when the question was not answered: Ctrl-C, Ctrl-D, a signal.

/** Asks yes or no; the default is no. */
export async function confirm(context: Context, question: string): Promise<boolean> {
  if (isDumb(context)) return /^y(es)?$/i.test(await plainLine(context, `${question} (y/N)`));
  const { default: prompt } = await import('@inquirer/confirm');
  return ask(context, (streams) =>
    prompt({ message: visible(question), default: false, theme: THEME }, streams),
  );
}

/** What is wrong with an answer, in a sentence; `null`: nothing. */
type Problem = (answer: string) => string | null;

const anything: Problem = () => null;

/**
 * Asks for one line of text, and again with the reason while there is a problem.
 * @returns the text without the blanks around it
 */
export async function askText(context: Context, question: string, problem: Problem): Promise<string> {
  const trimmed: Problem = (text) => problem(text.trim());
  const text = isDumb(context)
    ? await plainUntilValid(context, question, trimmed)
    : await ask(context, async (streams) => {
        const { default: prompt } = await import('@inquirer/input');
        return prompt({ message: visible(question), validate: validator(trimmed), theme: THEME }, streams);
      });
  return text.trim();
}

/**
 * Asks for `expected` to be typed before something that cannot be undone.
 * @returns whether it was typed, letter by letter
 */
export async function confirmByTyping(
  context: Context,
  question: string,
  expected: string,
): Promise<boolean> {
  return (await askText(context, `${question} Type ${expected} to continue:`, anything)) === expected;
}

/** Asks for one of several choices, with the arrow keys or by its number. */
export async function askChoice<Value extends string>(
  context: Context,
  question: string,
  choices: readonly (readonly [value: Value, label: string])[],
): Promise<Value> {
  if (isDumb(context)) return plainChoice(context, question, choices);
  const { default: prompt } = await import('@inquirer/select');
  const config = {
    message: visible(question),
    choices: choices.map(([value, label]) => ({ value, name: visible(label) })),
    loop: false,
    theme: {
      ...THEME,
      icon: { cursor: '>' },
      indexMode: 'number' as const,
      style: { ...THEME.style, keysHelpTip: (): string => 'arrow keys or a number, then Enter' },
    },
  };
  return ask(context, (streams) => prompt<Value>(config, streams));
}

/**
 * Asks for a password or token; nothing of it is shown, not even its length.
 * @returns what was typed, `''` for Enter alone
 */
export async function askSecret(
  context: Context,
  question: string,
  problem: Problem = anything,
): Promise<string> {
  if (isDumb(context)) return plainUntilValid(context, question, problem, true);
  const { default: prompt } = await import('@inquirer/password');
  const validate = validator(problem);
  return ask(context, (streams) =>
    prompt({ message: visible(question), mask: false, validate, theme: THEME }, streams),
  );
}

/** Bytes: far more than any token has. A file piped in by mistake is refused. */
const STDIN_LIMIT = 64 * 1024;

/** The secret that an option reads from standard input. */
export interface PipedSecret {
  readonly kind: 'password' | 'token';
  /** A command line that pipes one in, for hints. */
  readonly pipe: string;
  /** How to be prompted for it instead, in a sentence. */
  readonly prompted: string;
}

/**
 * The secret piped in for `--password-stdin` or `--token-stdin`: all of standard input without the newline at its end,
 * which `echo` and editors add.
 * @throws EbillError `USAGE` when standard input is a terminal (which would show what is typed), empty, over 64 KiB or
 * not UTF-8; `INTERRUPTED` on a signal
 */
export async function readStdinSecret(
  context: Context,
  { kind, pipe, prompted }: PipedSecret,
): Promise<string> {
  const { stdin, signal } = context;
  const unusable = (problem: string, hint: string, cause?: unknown): EbillError =>
    new EbillError('USAGE', `--${kind}-stdin: standard input ${problem}.`, { hint, cause });
  if (stdin.isTTY)
    throw unusable(
      `is a terminal, which would show the ${kind} as it is typed`,
      `${prompted} To pipe it in: ${pipe}`,
    );
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Leaving the loop destroys the stream: a flowing standard input would keep the process alive.
    for await (const chunk of addAbortSignal(signal, stdin as Readable)) {
      const bytes = Buffer.from(chunk as string);
      size += bytes.length;
      chunks.push(bytes);
      if (size > STDIN_LIMIT) break;
    }
  } catch (cause) {
    if (signal.aborted) throw interrupted(context);
    throw unusable(`cannot be read: ${visible(messageOf(cause))}`, `Pipe the ${kind} in: ${pipe}`, cause);
  }
  if (size > STDIN_LIMIT)
    throw unusable(`has more than 64 KiB, which is not a ${kind}`, `Pipe in only the ${kind}.`);
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) throw unusable('is not UTF-8 text', `Pipe in the ${kind} as text.`);
  const text = new TextDecoder().decode(bytes).replace(/\r?\n$/u, '');
  if (text === '') throw unusable('is empty', `Nothing was changed. Pipe the ${kind} in: ${pipe}`);
  return text;
}

function interrupted(context: Context): EbillError {
  return new EbillError('INTERRUPTED', 'Interrupted before the question was answered. Nothing was changed.', {
    hint: 'Run the same command again.',
    ...(context.signal.reason === 'SIGTERM' ? { exitCode: 143 } : {}),
  });
}

/** As inquirer wants it: `true`, or what is wrong. */
function validator(problem: Problem): (text: string) => true | string {
  return (text) => {
    const reason = problem(text);
    return reason === null ? true : visible(reason);
  };
}

const unchanged = (text: string): string => text;

/** Without colours: inquirer decides on them by the process's stdout, we by `--color` and stderr. */
const THEME = {
  prefix: '?',
  style: {
    answer: unchanged,
    message: unchanged,
    error: (text: string): string => `> ${text}`,
    defaultAnswer: (text: string): string => `(${text})`,
    help: unchanged,
    highlight: unchanged,
    key: (text: string): string => `<${text}>`,
  },
};

interface PromptStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/** Asks one question on the streams of the context. Every rejection of inquirer's own means: no answer. */
async function ask<T>(context: Context, prompt: (streams: PromptStreams) => Promise<T>): Promise<T> {
  // With a signal that is aborted already inquirer leaves its line reader open, and the process hangs on it.
  if (context.signal.aborted) throw interrupted(context);
  const closed = new AbortController();
  let settled = false;
  // Inquirer never settles when the input ends or Ctrl-D closes its line reader. Both pause the input, and so does an
  // answered question, which has settled by the next turn.
  const onClose = (): void => {
    setImmediate(() => {
      if (!settled) closed.abort();
    });
  };
  const { stdin } = context;
  for (const event of ['pause', 'end', 'close', 'error']) stdin.on(event, onClose);
  try {
    return await prompt({
      input: stdin,
      output: withoutEnd(context.stderr),
      signal: AbortSignal.any([context.signal, closed.signal]),
    });
  } catch (error) {
    if (error instanceof Error && /^(ExitPrompt|AbortPrompt|CancelPrompt)Error$/u.test(error.name)) {
      throw interrupted(context);
    }
    throw error;
  } finally {
    settled = true;
    for (const event of ['pause', 'end', 'close', 'error']) stdin.removeListener(event, onClose);
  }
}

/** Inquirer ends its output with each question; stderr must stay open. */
function withoutEnd(stream: OutputStream): NodeJS.WritableStream {
  const output = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      stream.write(chunk);
      done();
    },
  });
  return Object.assign(output, { isTTY: stream.isTTY ?? false, columns: stream.columns ?? 80 });
}

// Questions in plain lines, for a terminal that cannot move its cursor.

/** `TERM=dumb`: the shell of an editor, a serial line. */
const isDumb = ({ env }: Pick<Context, 'env'>): boolean => env['TERM'] === 'dumb';

/**
 * One line, edited by the terminal itself, or by readline without an output where nothing may be shown.
 * @throws EbillError `INTERRUPTED` at the end of the input, on Ctrl-C and on a signal
 */
async function plainLine(context: Context, message: string, hidden = false): Promise<string> {
  const { stdin, stderr, signal } = context;
  if (signal.aborted) throw interrupted(context);
  // Before the question is shown: from then on no key may be echoed.
  const reader = createInterface({ input: stdin, terminal: hidden, historySize: 0 });
  const close = (): void => reader.close();
  signal.addEventListener('abort', close);
  stderr.write(`? ${visible(message)} `);
  const line = await new Promise<string | null>((resolve) => {
    reader.once('line', resolve).once('close', () => resolve(null));
  });
  signal.removeEventListener('abort', close);
  reader.close();
  if (hidden) stderr.write('\n');
  if (line === null) throw interrupted(context);
  // On a dumb terminal readline leaves Backspace in the line.
  return [...line].reduce((text, key) => ('\b\u007f'.includes(key) ? text.slice(0, -1) : text + key), '');
}

/** Asks again until the answer is one of the numbers. */
async function plainChoice<Value>(
  context: Context,
  question: string,
  choices: readonly (readonly [value: Value, label: string])[],
): Promise<Value> {
  const list = choices.map(([, label], i) => `  ${i + 1} ${visible(label)}\n`).join('');
  context.stderr.write(`? ${visible(question)}\n${list}`);
  for (;;) {
    const text = await plainLine(context, `A number from 1 to ${choices.length}:`);
    const choice = choices[Number(text.trim()) - 1];
    if (choice !== undefined) return choice[0];
  }
}

async function plainUntilValid(
  context: Context,
  question: string,
  problem: Problem,
  hidden = false,
): Promise<string> {
  for (;;) {
    const text = await plainLine(context, question, hidden);
    const reason = problem(text);
    if (reason === null) return text;
    context.stderr.write(`> ${visible(reason)}\n`);
  }
}
