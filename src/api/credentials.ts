import { EbillError } from '../errors.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Context } from '../system/context.ts';
import { authHeaders, type Connection, tokenCommandSource } from './connection.ts';

type Headers = Readonly<Record<string, string>>;

/** The credentials of a connection, as the headers that carry them. */
export interface Credentials {
  /**
   * The headers for a request. A token command runs at the first call.
   * @throws EbillError AUTH when the command prints no token; the signal's reason
   */
  headers(signal: AbortSignal): Promise<Headers>;
  /**
   * After a 401: asks the token command again, once until its token is accepted. A long watch outlives a token.
   * @param refused the headers that the server did not accept
   * @returns headers to repeat the request with, once; `null`: there are no others
   */
  renewed(refused: Headers, signal: AbortSignal): Promise<Headers | null>;
  /** The server accepted the headers. */
  accepted(): void;
  /** Stops a command under way. */
  close(): void;
}

/** @param warn about a token command that does not help */
export function createCredentials(
  context: Context,
  { auth }: Pick<Connection, 'auth'>,
  redactor: Pick<Redactor, 'add' | 'clean'>,
  warn: (message: string) => void,
): Credentials {
  const source = auth.type === 'bearer' || auth.type === 'header' ? auth.token : '';
  if (typeof source === 'string') {
    const fixed = authHeaders({ auth });
    return {
      headers: async () => fixed,
      renewed: async () => null,
      accepted: () => undefined,
      close: () => undefined,
    };
  }
  const closing = new AbortController();
  const stop = AbortSignal.any([context.signal, closing.signal]);
  /** Of all requests: those at the same time wait for one command. */
  let current: Promise<string> | null = null;
  let isRenewed = false;
  let hasWarned = false;
  const start = (): Promise<string> => {
    const token = import('./token-command.ts').then(({ tokenFrom }) =>
      tokenFrom(source, context, redactor, stop),
    );
    // The request that waited for it may have been aborted: handle the failure here.
    token.catch(() => undefined);
    return token;
  };
  const headers = async (signal: AbortSignal): Promise<Headers> => {
    current ??= start();
    return authHeaders({ auth }, await untilAborted(current, signal));
  };
  const renewed = async (refused: Headers, signal: AbortSignal): Promise<Headers | null> => {
    const before = current;
    const isFirst = !isRenewed;
    let hasFailed = false;
    if (isFirst) {
      isRenewed = true;
      current = start().catch((error: unknown) => {
        if (!(error instanceof EbillError) || before === null) throw error;
        // The server's 401 stands: it says that the request was not executed.
        hasFailed = true;
        warn(error.message.replace(/\.$/u, ''));
        return before;
      });
      current.catch(() => undefined);
    }
    const now = await headers(signal);
    // The same token is tried again too, but only by the request that asked for it.
    if (isFirst ? !hasFailed : Object.entries(now).some(([name, value]) => refused[name] !== value))
      return now;
    // Once for all the requests under way.
    if (!isFirst && !hasWarned) {
      hasWarned = true;
      warn(
        `the server refused the token that the token command of ${tokenCommandSource(source.profile)} printed`,
      );
    }
    return null;
  };
  const accepted = (): void => {
    isRenewed = false;
    hasWarned = false;
  };
  return { headers, renewed, accepted, close: () => closing.abort(new Error('closed')) };
}

/** @throws the signal's reason when it is aborted before the promise is settled */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
