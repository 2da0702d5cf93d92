import type { Batch } from '../batch/types.ts';
import { EbillError, messageOf } from '../errors.ts';
import type { Context } from '../system/context.ts';
import { authHeaders, type Connection, endpointOf, withQuery } from './connection.ts';
import { errorMessageFrom } from './error-message.ts';
import type { Transport } from './net/transport.ts';
import { messageAndHint, TransportError, tryAgain } from './net/transport-error.ts';
import {
  type CreateRequest,
  createBody,
  type FinalizeRequest,
  finalizeBody,
  type InitRequest,
  initBody,
} from './request.ts';
import { parseBatch } from './response.ts';
import { readBody } from './response-body.ts';
import { type CallResult, refusal, unavailable } from './result.ts';
import { isRetryable, type RetryNotice, retryAfterMs, wasNotProcessed, withRetries } from './retry.ts';
import { assertSafeTransferUrl, MAX_REDIRECTS, redirectTarget } from './transfer-url.ts';

/** Which batch to ask for: by id or by job id. */
export type BatchRef = { readonly id: string } | { readonly jobId: string };

/** A request as it will be sent, credentials left out: for `--dry-run` and the journal. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly body: string | null;
}

/** An answer read whole. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly retryAfterMs: number | null;
}

interface ClientOptions {
  readonly context: Context;
  readonly connection: Connection;
  readonly transport: Transport;
  readonly retries: number;
  readonly userAgent: string;
  readonly onRetry: (notice: RetryNotice) => void;
}

export type Client = ReturnType<typeof createClient>;

/**
 * The four calls of the Batch File Upload API. The only place where credentials are added, and only for the base
 * URL's own origin (architecture.md, "Credentials in one place").
 */
export function createClient(options: ClientOptions) {
  const { context, connection, transport, retries, onRetry } = options;
  const endpoint = endpointOf(connection.baseUrl);
  const calls = callsAt(endpoint, connection.query);
  const { origin } = new URL(endpoint);

  /** One exchange; a redirected GET is followed, without credentials to another origin (cli.md, "Network"). */
  async function exchange(call: Call, signal: AbortSignal = context.signal): Promise<Reply> {
    let { url } = call;
    for (let hops = 0; ; hops += 1) {
      const answer = await transport.send({
        method: call.method,
        url,
        headers: headersFor(url, call.body !== null),
        ...(call.body === null ? {} : { body: call.body }),
        signal,
      });
      const body = await readBody(answer);
      const next =
        call.method === 'GET' && hops < MAX_REDIRECTS
          ? redirectTarget(answer.status, answer.headers['location'], url)
          : null;
      if (next === null) {
        return {
          status: answer.status,
          contentType: answer.headers['content-type'] ?? '',
          body,
          retryAfterMs: retryAfterMs(answer.headers['retry-after'], context.now()),
        };
      }
      assertSafeTransferUrl(next, connection);
      url = next;
    }
  }

  /** Credentials and the profile's headers go to the base URL's own origin alone. */
  function headersFor(url: string, withBody: boolean): Record<string, string> {
    const general = { accept: 'application/xml', 'user-agent': options.userAgent };
    const own = new URL(url).origin === origin ? { ...connection.headers, ...authHeaders(connection) } : {};
    const all = {
      ...general,
      ...(withBody ? { 'content-type': 'application/xml; charset=utf-8' } : {}),
      ...own,
    };
    // However a profile spells a name, it is one header: the profile's takes the place of ours.
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
  }

  /** Sends a changing call. Only what certainly did not happen is tried again here; anything else is the caller's to ask about. */
  async function change(call: Call): Promise<CallResult<Batch>> {
    return withRetries<CallResult<Batch>>(context, retries, onRetry, async () => {
      try {
        const reply = await withShutdownDelay(context, (signal) => exchange(call, signal));
        if (wasNotProcessed(reply.status)) {
          return {
            again: { outcome: 'refused', status: reply.status, message: errorMessageFrom(reply.body) },
            message: `HTTP ${reply.status}`,
            retryAfterMs: reply.retryAfterMs,
          };
        }
        return { done: readChange(reply) };
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        // Broken off by us: the intent on record says what to ask when the command is run again.
        context.signal.throwIfAborted();
        if (error.kind === 'lost')
          return { done: { outcome: 'ambiguous', message: error.message, retryAfterMs: null } };
        return tryAgain(error, { outcome: 'refused', status: null, ...messageAndHint(error) });
      }
    });
  }

  /** Asks until an answer can be read. */
  async function ask(call: Call, tries: number): Promise<Batch | null> {
    const what = 'Asking for the status';
    const answer = await withRetries<() => Batch | null>(context, tries, onRetry, async () => {
      try {
        const reply = await exchange(call);
        if (isRetryable(reply.status)) {
          const message = `HTTP ${reply.status} ${errorMessageFrom(reply.body)}`.trim();
          return {
            again: () => {
              throw unavailable(what, message);
            },
            message,
            retryAfterMs: reply.retryAfterMs,
          };
        }
        return readStatus(reply, what);
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        return tryAgain<() => never>(error, () => {
          // Where no connection stood, the place is what to look at; the command is not to blame.
          throw error.kind === 'unsent'
            ? refusal(what, null, error.message, error.hint, error)
            : unavailable(what, error.message);
        });
      }
    });
    return answer();
  }

  return {
    calls,
    /** Vendor 4.9.1. Rewrites every open invoice: never sent again without asking. */
    init: (request: InitRequest) => change(calls.init(request)),
    /** Vendor 4.9.2.1 and 4.9.3.1-2. The answer's `uploadUrl` is a secret. */
    create: (request: CreateRequest) => change(calls.create(request)),
    /** Vendor 4.9.2.2 and 4.9.3.3. */
    finalize: (request: FinalizeRequest) => change(calls.finalize(request)),
    /**
     * Vendor 4.9.2.3. `null` when there is no such batch.
     * @param tries further tries after the first (default: the run's `--retries`)
     * @throws EbillError UNAVAILABLE, AUTH or REJECTED
     */
    status: (ref: BatchRef, tries = retries) => ask(calls.status(ref), tries),
    /**
     * One raw authorised call below the base URL, not retried.
     * @throws TransportError when no answer came
     */
    raw: (call: Call) => exchange(call),
  };
}

/** Every call as it goes over the wire, as data. */
export function callsAt(endpoint: string, query: Readonly<Record<string, string>>) {
  const at = (own: Record<string, string>): string => withQuery(withQuery(endpoint, own), query);
  return {
    init: (request: InitRequest): Call => ({
      method: 'POST',
      url: at({ mode: 'BatchInit' }),
      body: initBody(request),
    }),
    create: (request: CreateRequest): Call => ({
      method: 'POST',
      url: at({ mode: 'S3FileUpload' }),
      body: createBody(request),
    }),
    finalize: (request: FinalizeRequest): Call => ({
      method: 'PUT',
      url: at({ mode: 'BatchFinalize' }),
      body: finalizeBody(request),
    }),
    status: (ref: BatchRef): Call => ({ method: 'GET', url: at({ ...ref }), body: null }),
  };
}

function readChange(reply: Reply): CallResult<Batch> {
  const { status } = reply;
  if (status >= 200 && status < 300) {
    try {
      const batch = parseBatch(reply.body);
      if (batch.id !== null) return { outcome: 'answered', value: batch };
      if (batch.errorMessage !== null) return { outcome: 'refused', status, message: batch.errorMessage };
      // An answer without an id cannot be gone on from, and says nothing sure about what happened.
      return {
        outcome: 'ambiguous',
        message: 'the answer names no batch id',
        retryAfterMs: null,
      };
    } catch (error) {
      return { outcome: 'ambiguous', message: messageOf(error), retryAfterMs: null };
    }
  }
  const message = errorMessageFrom(reply.body);
  if (status >= 300 && status < 500) return { outcome: 'refused', status, message };
  return {
    outcome: 'ambiguous',
    message: `HTTP ${status} ${message}`.trim(),
    retryAfterMs: reply.retryAfterMs,
  };
}

/** A question that was sent from place to place, or nowhere. */
function misled(what: string, status: number): EbillError {
  return new EbillError(
    'REJECTED',
    `${what}: the server redirects without end or to nowhere (HTTP ${status}).`,
    {
      hint: 'Check the base URL: ebill profile show',
    },
  );
}

/** "Not found" is 404, 400, or a batch without an id (batch-api.md, "Ambiguous answers"). */
function readStatus(
  reply: Reply,
  what: string,
): { done: () => Batch | null } | { again: () => never; message: string; retryAfterMs: null } {
  const { status } = reply;
  if (status === 404 || status === 400) return { done: () => null };
  if (status >= 300 && status < 400)
    return {
      done: () => {
        throw misled(what, status);
      },
    };
  if (status < 200 || status >= 300)
    return {
      done: () => {
        throw refusal(what, status, errorMessageFrom(reply.body));
      },
    };
  try {
    const batch = parseBatch(reply.body);
    return { done: () => (batch.id === null ? null : batch) };
  } catch (error) {
    const broken = `the answer cannot be read: ${messageOf(error)}`;
    return {
      again: () => {
        throw unavailable(what, broken);
      },
      message: broken,
      retryAfterMs: null,
    };
  }
}

/** ms a changing call that is under way may still take after an interruption: within 2 s the program has to end. */
const GRACE_MS = 1_500;

/**
 * Does a piece of work with a signal that comes a moment after the interruption's: an answer that is about to arrive is
 * worth more than a question later. Nothing is begun after the interruption.
 * @throws the signal's reason
 */
export async function withShutdownDelay<T>(
  context: Pick<Context, 'signal' | 'sleep'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  signal.throwIfAborted();
  const late = new AbortController();
  const over = new AbortController();
  const onAbort = (): void => {
    context.sleep(GRACE_MS, over.signal).then(
      () => late.abort(signal.reason),
      () => undefined,
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(late.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    over.abort();
  }
}
