import { EbillError } from '../errors.ts';
import { wasNotProcessed } from './retry.ts';

/**
 * How a changing call ended. The compiler makes every caller face that it may have happened
 * (batch-api.md, "Ambiguous answers").
 */
export type CallResult<T> =
  | { readonly outcome: 'answered'; readonly value: T }
  /** It did not happen. `status` is the HTTP status, `null` when no connection stood. */
  | {
      readonly outcome: 'refused';
      readonly status: number | null;
      readonly message: string;
      /** What to do, where that is known better than by the status. */
      readonly hint?: string;
    }
  /** It may have happened: ask before trying again. */
  | { readonly outcome: 'ambiguous'; readonly message: string; readonly retryAfterMs: number | null };

/** The error for a refusal: no connection 6, credentials 5, anything else the API said no to 9 (cli.md, exit codes). */
export function refusal(
  what: string,
  status: number | null,
  message: string,
  hint: string | null = null,
  cause?: unknown,
): EbillError {
  if (status === null) {
    return new EbillError('UNAVAILABLE', `${what}: ${message}.`, {
      hint:
        hint ?? 'Nothing was changed. Check the network and the base URL, then run the same command again.',
      cause,
    });
  }
  // "Not now", after every try, is no refusal of what was asked.
  if (wasNotProcessed(status)) return unavailable(what, `HTTP ${status} ${message}`.trim());
  const said = message === '' ? `HTTP ${status}` : `HTTP ${status}: ${message}`;
  if (status === 401 || status === 403) {
    return new EbillError('AUTH', `${what}: the server did not accept the credentials (${said}).`, {
      hint: 'Check user, password or token: ebill profile show, or EBILL_USERNAME, EBILL_PASSWORD, EBILL_TOKEN.',
    });
  }
  if (status >= 300 && status < 400) {
    return new EbillError('REJECTED', `${what}: the server redirected a changing call (${said}).`, {
      hint: 'A changing call is never sent to another place by itself. Set the base URL it points to.',
    });
  }
  return new EbillError('REJECTED', `${what}: the server refused it (${said}).`, {
    hint:
      status === 404
        ? 'Check the base URL (ebill profile show): there may be no Batch File Upload API at that address.'
        : 'Correct what the server names, then run the same command again.',
  });
}

/** The error when an answer never came, whatever was tried. */
export function unavailable(what: string, message: string, hint: string | null = null): EbillError {
  return new EbillError('UNAVAILABLE', `${what}: ${message}.`, {
    hint: hint ?? 'Run the same command again: it goes on where it was.',
  });
}
