import { Writable } from 'node:stream';
import { EbillError, messageOf } from '../errors.ts';
import type { Context, OutputStream } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { isDumb, plainChoice, plainLine, plainSecret } from './plain-prompt.ts';

/**
 * Asks yes or no on stderr; anything but a yes is a no. What a no means is the caller's affair.
 * Ask only when `ui.interactive` (cli.md, "Asking first").
 *
 * @throws EbillError `INTERRUPTED` when the question was left unanswered: Ctrl-C, Ctrl-D, a signal
 */
export async function confirm(context: Context, question: string): Promise<boolean> {
  if (isDumb(context)) return /^y(es)?$/i.test(plain(context, await plainLine(context, `${question} (y/N)`)));
  const prompts = await import('@inquirer/prompts');
  return answer(context, (streams) =>
    prompts.confirm({ message: visible(question), default: false, theme: PLAIN }, streams),
  );
}

/** What is wrong with an answer, in a sentence; `null` when nothing is. */
export type Problem = (answer: string) => string | null;

/**
 * Asks for one line of text, and again with the reason until nothing is wrong with it.
 *
 * @returns what was typed, less spaces around it
 * @throws EbillError `INTERRUPTED` when the question was left unanswered
 */
export async function line(context: Context, question: string, problem: Problem): Promise<string> {
  if (isDumb(context)) return plainAgain(context, () => plainLine(context, question), problem);
  const prompts = await import('@inquirer/prompts');
  const validate = valid((text) => problem(text.trim()));
  const text = await answer(context, (streams) =>
    prompts.input({ message: visible(question), validate, theme: PLAIN }, streams),
  );
  return text.trim();
}

/**
 * Asks for one of several, with the arrow keys or by its number.
 *
 * @throws EbillError `INTERRUPTED` when the question was left unanswered
 */
export async function choose<Value extends string>(
  context: Context,
  question: string,
  choices: readonly (readonly [value: Value, about: string])[],
): Promise<Value> {
  if (isDumb(context)) {
    const at = await plainChoice(
      context,
      question,
      choices.map(([, about]) => about),
    );
    const [value] = choices[at ?? -1] ?? [];
    if (value === undefined) throw interrupted(context);
    return value;
  }
  const prompts = await import('@inquirer/prompts');
  const config = {
    message: visible(question),
    choices: choices.map(([value, about]) => ({ value, name: visible(about) })),
    loop: false,
    theme: {
      ...PLAIN,
      icon: { cursor: '>' },
      indexMode: 'number' as const,
      style: { ...PLAIN.style, keysHelpTip: (): string => 'arrow keys or a number, then Enter' },
    },
  };
  return answer(context, (streams) => prompts.select<Value>(config, streams));
}

/**
 * Asks for `expected` to be typed, letter by letter, before something that cannot be undone.
 *
 * @returns whether it was
 * @throws EbillError `INTERRUPTED` when the question was left unanswered
 */
export async function typed(context: Context, question: string, expected: string): Promise<boolean> {
  if (isDumb(context))
    return (
      plain(context, await plainLine(context, `${question} Type ${expected} to go on:`)).trim() === expected
    );
  const prompts = await import('@inquirer/prompts');
  const message = `${visible(question)} Type ${visible(expected)} to go on:`;
  const text = await answer(context, (streams) => prompts.input({ message, theme: PLAIN }, streams));
  return text.trim() === expected;
}

/**
 * Asks for a password or token; nothing of it appears on the screen, not even its length.
 *
 * @returns what was typed, `''` for a bare Enter
 * @throws EbillError `INTERRUPTED` when the question was left unanswered
 */
export async function secret(
  context: Context,
  question: string,
  problem: Problem = () => null,
): Promise<string> {
  if (isDumb(context)) return plainAgain(context, () => plainSecret(context, question), problem, false);
  const prompts = await import('@inquirer/prompts');
  const validate = valid(problem);
  return answer(context, (streams) =>
    prompts.password({ message: visible(question), mask: false, validate, theme: PLAIN }, streams),
  );
}

/** A plain answer. @throws EbillError `INTERRUPTED` when there is none */
function plain(context: Context, text: string | null): string {
  if (text === null) throw interrupted(context);
  return text;
}

/** Asked in plain lines until nothing is wrong with the answer. */
async function plainAgain(
  context: Context,
  ask: () => Promise<string | null>,
  problem: Problem,
  trims = true,
): Promise<string> {
  for (;;) {
    const said = plain(context, await ask());
    const text = trims ? said.trim() : said;
    const reason = problem(text);
    if (reason === null) return text;
    context.stderr.write(`> ${visible(reason)}\n`);
  }
}

/** As the library wants it: `true`, or what to show. */
function valid(problem: Problem): (text: string) => true | string {
  return (text) => {
    const reason = problem(text);
    return reason === null ? true : visible(reason);
  };
}

// The colours of the prompt library follow the process's stdout; ours follow `--color` and stderr. So: none.
const same = (text: string): string => text;
const PLAIN = {
  prefix: '?',
  style: {
    answer: same,
    message: same,
    error: (text: string): string => `> ${text}`,
    defaultAnswer: (text: string): string => `(${text})`,
    help: same,
    highlight: same,
    key: (text: string): string => `<${text}>`,
  },
};

interface PromptStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/** One question on the context's streams. The library's own rejections all mean: no answer. */
async function answer<T>(context: Context, ask: (streams: PromptStreams) => Promise<T>): Promise<T> {
  // Asked with an aborted signal the library leaves its line reader open, and the process hangs on it.
  if (context.signal.aborted) throw interrupted(context);
  const closed = new AbortController();
  let settled = false;
  // The library never settles when the input ends or Ctrl-D closes its line reader. Both pause the input, and so
  // does a finished question, which has settled by the next turn.
  const onClose = (): void => {
    setImmediate(() => {
      if (!settled) closed.abort();
    });
  };
  const { stdin } = context;
  for (const event of ['pause', 'end', 'close', 'error']) stdin.on(event, onClose);
  try {
    return await ask({
      input: stdin,
      output: kept(context.stderr),
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

/** The library ends its output with each question; stderr has to outlive that. */
function kept(stream: OutputStream): NodeJS.WritableStream {
  const output = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      stream.write(chunk);
      done();
    },
  });
  return Object.assign(output, { isTTY: stream.isTTY ?? false, columns: stream.columns ?? 80 });
}

function interrupted(context: Context): EbillError {
  return new EbillError('INTERRUPTED', 'Interrupted before there was an answer; nothing was changed.', {
    hint: 'Run the same command again.',
    ...(context.signal.reason === 'SIGTERM' ? { exitCode: 143 } : {}),
  });
}

/** Far more than any token; a file piped in by mistake stops here. */
const STDIN_LIMIT = 64 * 1024;

/**
 * The secret piped in for `--password-stdin` or `--token-stdin`: all of standard input, less one newline at its end,
 * which `echo` and every editor add.
 *
 * @throws EbillError `USAGE` when standard input is a terminal (what is typed there shows), empty, over 64 KiB or
 * not UTF-8; `INTERRUPTED` on a signal
 */
export async function readStdin(context: Context): Promise<string> {
  if (context.stdin.isTTY) {
    throw new EbillError('USAGE', 'Standard input is a terminal: what is typed there would be seen.', {
      hint: 'Leave the option out to be asked for the secret, or pipe it in.',
    });
  }
  const bytes = await drain(context);
  const text = decoded(bytes).replace(/\r?\n$/u, '');
  if (text === '') {
    throw new EbillError('USAGE', 'Standard input held no secret.', {
      hint: 'Pipe it in, for example: printf %s "$SECRET" | ebill profile set NAME --token-stdin',
    });
  }
  return text;
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new EbillError('USAGE', 'Standard input is not UTF-8 text.', {
      hint: 'Pipe in the password or token itself, as text.',
    });
  }
}

function drain(context: Context): Promise<Buffer> {
  const { stdin, signal } = context;
  return new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (settle: () => void): void => {
      for (const [event, listener] of listeners) stdin.removeListener(event, listener);
      signal.removeEventListener('abort', onAbort);
      // A standard input still flowing would keep the process alive.
      stdin.pause();
      settle();
    };
    const onAbort = (): void => finish(() => reject(interrupted(context)));
    const onData = (chunk: Buffer | string): void => {
      const bytes = Buffer.from(chunk as string);
      size += bytes.length;
      chunks.push(bytes);
      if (size > STDIN_LIMIT) finish(() => reject(tooMuch()));
    };
    const onEnd = (): void => finish(() => resolve(Buffer.concat(chunks)));
    const onError = (error: Error): void => finish(() => reject(unreadable(error)));
    const listeners = [
      ['data', onData],
      ['end', onEnd],
      ['close', (): void => onError(new Error('it was closed early'))],
      ['error', onError],
    ] as const;
    if (signal.aborted) return onAbort();
    // Read to its end before: no event will come.
    if (!stdin.readable) return onEnd();
    signal.addEventListener('abort', onAbort);
    for (const [event, listener] of listeners) stdin.on(event, listener);
  });
}

function tooMuch(): EbillError {
  return new EbillError('USAGE', 'Standard input holds more than 64 KiB: that is no password or token.', {
    hint: 'Pipe in the password or token alone.',
  });
}

function unreadable(cause: Error): EbillError {
  return new EbillError('USAGE', `Standard input cannot be read: ${visible(messageOf(cause))}.`, {
    hint: 'Pipe in the password or token, or leave the option out to be asked.',
    cause,
  });
}
