import { EbillError, messageOf } from '../errors.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { interrupted } from './prompt.ts';

/** Bytes: far more than any token has. A file piped in by mistake is refused. */
const STDIN_LIMIT = 64 * 1024;

/**
 * The secret piped in for `--password-stdin` or `--token-stdin`: all of standard input without the newline at its end,
 * which `echo` and editors add.
 * @throws EbillError `USAGE` when standard input is a terminal (which would show what is typed), empty, over 64 KiB or
 * not UTF-8; `INTERRUPTED` on a signal
 */
export async function readStdinSecret(context: Context): Promise<string> {
  if (context.stdin.isTTY) {
    throw new EbillError(
      'USAGE',
      'Standard input is a terminal, which would show the secret as it is typed.',
      {
        hint: 'Leave the option out to be prompted for the secret, or pipe it in.',
      },
    );
  }
  const bytes = await drain(context);
  const text = decoded(bytes).replace(/\r?\n$/u, '');
  if (text === '') {
    throw new EbillError('USAGE', 'Standard input is empty.', {
      hint: 'Pipe the secret in, for example: printf %s "$SECRET" | ebill profile set NAME --token-stdin',
    });
  }
  return text;
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new EbillError('USAGE', 'Standard input is not UTF-8 text.', {
      hint: 'Pipe in the password or token as text.',
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
      // A flowing standard input would keep the process alive.
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
      ['close', (): void => onError(new Error('it was closed before its end'))],
      ['error', onError],
    ] as const;
    if (signal.aborted) return onAbort();
    // It was read to its end already: no event will come.
    if (!stdin.readable) return onEnd();
    signal.addEventListener('abort', onAbort);
    for (const [event, listener] of listeners) stdin.on(event, listener);
  });
}

function tooMuch(): EbillError {
  return new EbillError('USAGE', 'Standard input has more than 64 KiB, which is not a password or token.', {
    hint: 'Pipe in only the password or token.',
  });
}

function unreadable(cause: Error): EbillError {
  return new EbillError('USAGE', `Standard input cannot be read: ${visible(messageOf(cause))}.`, {
    hint: 'Pipe in the password or token, or leave the option out to be prompted.',
    cause,
  });
}
