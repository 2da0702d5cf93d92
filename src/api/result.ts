import { EbillError } from '../errors.ts';
import { wasNotProcessed } from './retry.ts';

/** How a changing call ended. The union makes every caller handle that it may have happened (api rule 15). */
export type CallResult<T> =
  | { readonly outcome: 'answered'; readonly value: T }
  /** It did not happen. `status` is the HTTP status, `null` when there was no connection. */
  | {
      readonly outcome: 'refused';
      readonly status: number | null;
      readonly message: string;
      /** The next step, where more is known than the status tells. */
      readonly hint?: string;
    }
  /** It may have happened: ask before trying again. */
  | { readonly outcome: 'ambiguous'; readonly message: string; readonly retryAfterMs: number | null };

/** The error for a refusal: UNAVAILABLE without a connection, AUTH for 401 and 403, else REJECTED (commands rule 26). */
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
  // "Not now", after every retry, is not a refusal of what was asked.
  if (wasNotProcessed(status)) return unavailable(what, `HTTP ${status} ${message}`.trim());
  const reply = message === '' ? `HTTP ${status}` : `HTTP ${status}: ${message}`;
  if (status === 401 || status === 403) {
    return new EbillError('AUTH', `${what}: the server did not accept the credentials (${reply}).`, {
      hint: 'Check user, password or token: ebill profile show, or EBILL_USERNAME, EBILL_PASSWORD, EBILL_TOKEN.',
    });
  }
  if (status >= 300 && status < 400) {
    return new EbillError('REJECTED', `${what}: the server redirected a changing call (${reply}).`, {
      hint: 'Redirects of changing calls are not followed. Set the base URL that it redirects to.',
    });
  }
  return new EbillError('REJECTED', `${what}: the server refused it (${reply}).`, {
    hint:
      status === 404
        ? 'Check the base URL (ebill profile show): there may be no Batch File Upload API at that address.'
        : 'Correct what the server reports, then run the same command again.',
  });
}

/** The error when there was no response after all retries. */
export function unavailable(what: string, message: string, hint: string | null = null): EbillError {
  return new EbillError('UNAVAILABLE', `${what}: ${message}.`, {
    hint: hint ?? 'Run the same command again: it resumes where it stopped.',
  });
}
