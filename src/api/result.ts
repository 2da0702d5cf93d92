import { type Identity, type Ids, identityOf, idsText } from '../batch/identity.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError, messageOf } from '../errors.ts';
import type { Redacted } from '../redact/redactor.ts';
import { redactShapes } from '../redact/shapes.ts';
import { visible } from '../system/escaping.ts';
import type { Connection } from './connection.ts';
import { errorMessageFrom, isPage, pageText, responseText } from './error-message.ts';
import { parseBatch } from './response.ts';
import { type Attempt, isRetryable } from './retry.ts';

/** A response, read completely. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** The body without secrets: what messages are made of. */
  readonly safe: Redacted;
  readonly retryAfterMs: number | null;
  /** Where a redirect that was not followed points to, without its query. */
  readonly redirect?: string | null;
  /** What to do where the credentials are not accepted. */
  readonly credentialsHint?: string;
}

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
  | {
      readonly outcome: 'ambiguous';
      readonly message: string;
      readonly retryAfterMs: number | null;
      /** HTTP status of a redirect or a page: sent again, the call would end in the same way. */
      readonly turnedAway?: number;
    };

/**
 * What the reply to a changing call says (api rules 14 and 15). Only a readable 4xx says that it did not happen.
 * @param asked the batch it was about; an id that the call makes is not known yet
 * @param seen called with how the answer's ids compare
 */
export function changeResult(
  reply: Reply,
  asked: Ids,
  seen: (identity: Identity) => void,
): CallResult<Batch> {
  const { status, body } = reply;
  const ambiguous = (message: string): CallResult<never> => ({
    outcome: 'ambiguous',
    message,
    retryAfterMs: reply.retryAfterMs,
  });
  if (status >= 200 && status < 300) {
    if (isPage(body)) return ambiguous(pageText(reply.safe));
    try {
      const batch = parseBatch(body);
      const identity = identityOf(asked, batch);
      seen(identity);
      if (identity === 'other') return ambiguous(otherBatchText(asked, batch));
      if (batch.id !== null) return { outcome: 'answered', value: batch };
      if (batch.errorMessage !== null) return { outcome: 'refused', status, message: batch.errorMessage };
      return ambiguous('the response has no batch id');
    } catch (error) {
      return ambiguous(unreadable(error, reply));
    }
  }
  const message = reply.redirect ? `to ${reply.redirect}` : errorMessageFrom(reply.safe);
  const refused = status >= 400 && status < 500 && !isRetryable(status);
  // An empty answer is as little the API's own as a page is.
  const readable = message !== '' && !isPage(body);
  if (refused && (status === 401 || status === 403))
    return { outcome: 'refused', status, message, hint: reply.credentialsHint ?? CREDENTIALS_HINT };
  if (refused && readable) return { outcome: 'refused', status, message };
  if (refused || (status >= 300 && status < 400))
    return { outcome: 'ambiguous', message, retryAfterMs: null, turnedAway: status };
  return ambiguous(responseText(status, reply.safe));
}

/**
 * What the reply to a question for the status says. "Not found" is 404, 400, or a batch without an id (api rule 16).
 * @param pageIsAbsence whether a page of such a status counts too, asked for each
 * @param seen called with how the answer's ids compare; returns how many answers in a row were about another batch (api rule 14)
 */
export function statusAttempt(
  reply: Reply,
  what: string,
  asked: Ids,
  pageIsAbsence: () => boolean,
  seen: (identity: Identity) => number,
): Attempt<() => Batch | null> {
  const { status, body } = reply;
  const page = isPage(body);
  const fail = (error: EbillError) => (): never => {
    throw error;
  };
  const again = (message: string, hint: string | null = null): Attempt<() => never> => ({
    retry: fail(unavailable(what, message, hint)),
    message,
    retryAfterMs: isRetryable(status) ? reply.retryAfterMs : null,
    ...(page ? { reason: 'page' } : {}),
  });
  if (isRetryable(status)) return again(responseText(status, reply.safe));
  if (status === 404 || status === 400) {
    if (!page || pageIsAbsence()) return { done: () => null };
    return again(`HTTP ${status} with ${pageText(reply.safe)}`, PAGE_HINT);
  }
  // A gateway's own refusal says nothing of the batch.
  if (page && status > 404 && status < 500)
    return again(`HTTP ${status} with ${pageText(reply.safe)}`, PAGE_HINT);
  // A login page asks for itself again and again without the cookies of a browser.
  if (status >= 300 && status < 400)
    return again(
      `HTTP ${status} redirects ${reply.redirect ? `to ${reply.redirect}` : 'to nowhere'}, not to an answer`,
      PAGE_HINT,
    );
  if (status < 200 || status >= 300)
    return {
      done: fail(refusal(what, status, errorMessageFrom(reply.safe), reply.credentialsHint ?? null)),
    };
  if (page) return again(`the server answered with ${pageText(reply.safe)}`, PAGE_HINT);
  try {
    const batch = parseBatch(body);
    // Asked by the job id alone, an answer without one says nothing of which batch it is about.
    const unnamed = asked.id === null && batch.jobId === null && batch.id !== null;
    const identity = unnamed ? 'other' : identityOf(asked, batch);
    const inARow = seen(identity);
    if (identity !== 'other') return { done: () => (batch.id === null ? null : batch) };
    return inARow > 1 ? { done: fail(otherBatch(what, asked, batch)) } : again(otherBatchText(asked, batch));
  } catch (error) {
    return again(`the response cannot be read: ${unreadable(error, reply)}`);
  }
}

/** Why an answer is not one of the API; what a gateway says in JSON or plain text is worth more than how XML differs. */
function unreadable(error: unknown, { body, safe }: Reply): string {
  const isText = !/^[\s\ufeff]*(?:<|$)/.test(body) && !body.includes('\0');
  // The parser quotes the answer.
  return isText ? `it is not XML but says: ${errorMessageFrom(safe)}` : redactShapes(messageOf(error));
}

/** What a page that came instead of an answer may be, and what to do (api rule 8). */
export const PAGE_MEANS =
  'It is a login, maintenance or gateway page: check the credentials and the base URL (ebill profile show), or wait until the server is back.';
const PAGE_HINT = `${PAGE_MEANS} To check all of it: ebill doctor`;

function otherBatchText(asked: Ids, answer: Ids): string {
  return visible(`asked about ${idsText(asked)}, the server answered about ${redactShapes(idsText(answer))}`);
}

/** The second answer in a row about another batch (api rule 14). */
function otherBatch(what: string, asked: Ids, answer: Ids): EbillError {
  return new EbillError('CONFLICT', `${what}: ${otherBatchText(asked, answer)}, twice in a row.`, {
    hint: 'The answers were not used. Ask the operator of the eBill server why it mixes up these two batches (a cache or a proxy may do so, too), then run the same command again: it resumes where it stopped.',
  });
}

const CREDENTIALS_HINT =
  'Check the credentials: EBILL_TOKEN, or EBILL_USERNAME and EBILL_PASSWORD. To store them: ebill profile add';

/** What to do where the server does not accept the credentials (commands rule 26). */
export function credentialsHint({ profile, auth }: Pick<Connection, 'profile' | 'auth'>): string {
  if ('token' in auth && typeof auth.token !== 'string') {
    const change =
      auth.token.profile === null
        ? 'set EBILL_TOKEN_COMMAND, or set EBILL_TOKEN instead'
        : `ebill profile set ${auth.token.profile} --token-command CMD`;
    return `The token comes from a command; run it yourself to see what it prints. To change it: ${change}`;
  }
  if (profile === null) return CREDENTIALS_HINT;
  const kind = auth.type === 'header' ? `header:${auth.name}` : auth.type === 'none' ? 'bearer' : auth.type;
  return `EBILL_TOKEN and EBILL_PASSWORD take precedence over the profile if they are set. To store new credentials: ebill profile set ${profile} --auth ${kind}`;
}

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
  if (isRetryable(status)) return unavailable(what, `HTTP ${status} ${message}`.trim());
  const reply = message === '' ? `HTTP ${status}` : `HTTP ${status}: ${message}`;
  if (status === 401 || status === 403) {
    return new EbillError('AUTH', `${what}: the server did not accept the credentials (${reply}).`, {
      hint: hint ?? CREDENTIALS_HINT,
    });
  }
  if (status >= 300 && status < 400) {
    return new EbillError(
      'REJECTED',
      `${what}: the server redirected a changing call (HTTP ${status} ${message}).`,
      {
        hint: 'Redirects of changing calls are not followed. If the API is there, make that its base URL: ebill profile set NAME --base-url URL. A login page means that the credentials or the base URL are wrong; to check both: ebill doctor',
      },
    );
  }
  return new EbillError('REJECTED', `${what}: the server refused it (${reply}).`, {
    hint:
      status === 404
        ? 'Check the base URL (ebill profile show): there may be no Batch File Upload API at that address.'
        : 'Correct what the server reports, then run the same command again.',
  });
}

/** The error for an answer to a changing call that is not the API's own: it may have happened (api rule 15). */
export function turnedAway(what: string, status: number, message: string): EbillError {
  if (status < 400) return refusal(what, status, message);
  const url =
    status === 404
      ? 'Check the base URL (ebill profile show): there may be no Batch File Upload API at that address. If it is right, run'
      : 'Run';
  return new EbillError(
    'REJECTED',
    `${what}: the answer is not from the API (HTTP ${status}, ${message || 'empty'}), so it is unknown whether the call had an effect.`,
    { hint: `${url} the same command again: it asks the server first.` },
  );
}

/** The error when there was no response after all retries. */
export function unavailable(what: string, message: string, hint: string | null = null): EbillError {
  return new EbillError('UNAVAILABLE', `${what}: ${message}.`, {
    hint: hint ?? 'Run the same command again: it resumes where it stopped.',
  });
}
