import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { EbillError } from '../errors.ts';
import type { Context, OutputStream } from '../system/context.ts';
import { visible } from '../system/escaping.ts';

// Questions are asked on stderr, and only when `ui.interactive` (commands rule 28). Each prompt is imported when it is needed.
// All of them throw EbillError `INTERRUPTED` when the question was not answered: Ctrl-C, Ctrl-D, a signal.

/** Asks yes or no; the default is no. */
export async function confirm(context: Context, question: string): Promise<boolean> {
  if (isDumb(context)) {
    const answer = required(context, await plainLine(context, `${question} (y/N)`));
    return /^y(es)?$/i.test(answer);
  }
  const { default: prompt } = await import('@inquirer/confirm');
  return ask(context, (streams) =>
    prompt({ message: visible(question), default: false, theme: THEME }, streams),
  );
}

/** What is wrong with an answer, in a sentence; `null`: nothing. */
type Problem = (answer: string) => string | null;

/**
 * Asks for one line of text, and again with the reason while there is a problem.
 * @returns the text without the blanks around it
 */
export async function askText(context: Context, question: string, problem: Problem): Promise<string> {
  if (isDumb(context)) return plainUntilValid(context, () => plainLine(context, question), problem);
  const { default: prompt } = await import('@inquirer/input');
  const validate = validator((text) => problem(text.trim()));
  const text = await ask(context, (streams) =>
    prompt({ message: visible(question), validate, theme: THEME }, streams),
  );
  return text.trim();
}

/** Asks for one of several choices, with the arrow keys or by its number. */
export async function askChoice<Value extends string>(
  context: Context,
  question: string,
  choices: readonly (readonly [value: Value, label: string])[],
): Promise<Value> {
  if (isDumb(context)) {
    const labels = choices.map(([, label]) => label);
    const at = await plainChoice(context, question, labels);
    const [value] = choices[at ?? -1] ?? [];
    if (value === undefined) throw interrupted(context);
    return value;
  }
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
 * Asks for `expected` to be typed before something that cannot be undone.
 * @returns whether it was typed, letter by letter
 */
export async function confirmByTyping(
  context: Context,
  question: string,
  expected: string,
): Promise<boolean> {
  const message = `${question} Type ${expected} to continue:`;
  if (isDumb(context)) return required(context, await plainLine(context, message)).trim() === expected;
  const { default: prompt } = await import('@inquirer/input');
  const text = await ask(context, (streams) => prompt({ message: visible(message), theme: THEME }, streams));
  return text.trim() === expected;
}

/**
 * Asks for a password or token; nothing of it is shown, not even its length.
 * @returns what was typed, `''` for Enter alone
 */
export async function askSecret(
  context: Context,
  question: string,
  problem: Problem = () => null,
): Promise<string> {
  if (isDumb(context)) return plainUntilValid(context, () => plainSecret(context, question), problem, false);
  const { default: prompt } = await import('@inquirer/password');
  const validate = validator(problem);
  return ask(context, (streams) =>
    prompt({ message: visible(question), mask: false, validate, theme: THEME }, streams),
  );
}

export function interrupted(context: Context): EbillError {
  return new EbillError('INTERRUPTED', 'Interrupted before the question was answered. Nothing was changed.', {
    hint: 'Run the same command again.',
    ...(context.signal.reason === 'SIGTERM' ? { exitCode: 143 } : {}),
  });
}

/** @throws EbillError `INTERRUPTED` when there is no answer */
function required(context: Context, answer: string | null): string {
  if (answer === null) throw interrupted(context);
  return answer;
}

async function plainUntilValid(
  context: Context,
  askOnce: () => Promise<string | null>,
  problem: Problem,
  trim = true,
): Promise<string> {
  for (;;) {
    const answer = required(context, await askOnce());
    const text = trim ? answer.trim() : answer;
    const reason = problem(text);
    if (reason === null) return text;
    context.stderr.write(`> ${visible(reason)}\n`);
  }
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

// Questions in plain lines, for a terminal that cannot move its cursor. All return `null` when there was no answer: the end of
// the input, Ctrl-C, a signal.

/** `TERM=dumb`: the shell of an editor, a serial line. */
const isDumb = ({ env }: Pick<Context, 'env'>): boolean => env['TERM'] === 'dumb';

/** One line, edited by the terminal itself. */
function plainLine({ stdin, stderr, signal }: Context, message: string): Promise<string | null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => {
    const reader = createInterface({ input: stdin, terminal: false });
    const end = (text: string | null): void => {
      signal.removeEventListener('abort', onAbort);
      reader.removeAllListeners();
      reader.close();
      resolve(text);
    };
    const onAbort = (): void => end(null);
    signal.addEventListener('abort', onAbort);
    reader.once('line', end);
    reader.once('close', () => end(null));
    stderr.write(`? ${visible(message)} `);
  });
}

/** One of several choices by its number, asked again until it is one. @returns its index */
async function plainChoice(
  context: Context,
  message: string,
  choices: readonly string[],
): Promise<number | null> {
  const list = choices.map((label, i) => `  ${i + 1} ${visible(label)}\n`).join('');
  context.stderr.write(`? ${visible(message)}\n${list}`);
  for (;;) {
    const text = await plainLine(context, `A number from 1 to ${choices.length}:`);
    if (text === null) return null;
    const at = Number(text.trim()) - 1;
    if (choices[at] !== undefined) return at;
  }
}

type Keys = NodeJS.ReadableStream & { setRawMode?(on: boolean): unknown };

/** One line that is not shown while it is typed. */
function plainSecret(context: Context, message: string): Promise<string | null> {
  const { stderr, signal } = context;
  const stdin: Keys = context.stdin;
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => {
    let typed = '';
    const end = (text: string | null): void => {
      stdin.setRawMode?.(false);
      signal.removeEventListener('abort', onAbort);
      stdin.removeListener('data', onData);
      stdin.removeListener('end', onAbort);
      stdin.pause();
      stderr.write('\n');
      resolve(text);
    };
    const onAbort = (): void => end(null);
    const onData = (chunk: Buffer | string): void => {
      // In raw mode Ctrl-C and Ctrl-D arrive as keys.
      for (const key of String(chunk)) {
        if ('\r\n\u0003\u0004'.includes(key)) {
          end(key === '\r' || key === '\n' ? typed : null);
          return;
        }
        typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : typed + key;
      }
    };
    stdin.setRawMode?.(true);
    signal.addEventListener('abort', onAbort);
    stdin.on('data', onData);
    stdin.on('end', onAbort);
    stderr.write(`? ${visible(message)} `);
    stdin.resume();
  });
}
