import { createInterface } from 'node:readline';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';

// Questions in plain lines, for a terminal that cannot move its cursor. All return `null` when there was no answer: the end of
// the input, Ctrl-C, a signal.

/** `TERM=dumb`: the shell of an editor, a serial line. */
export const isDumb = ({ env }: Pick<Context, 'env'>): boolean => env['TERM'] === 'dumb';

/** One line, edited by the terminal itself. */
export function plainLine({ stdin, stderr, signal }: Context, message: string): Promise<string | null> {
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
export async function plainChoice(
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
export function plainSecret(context: Context, message: string): Promise<string | null> {
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
