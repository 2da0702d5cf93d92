import type { Batch } from '../batch/types.ts';
import { EbillError, messageOf } from '../errors.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Context } from '../system/context.ts';
import { authHeaders, type Connection, endpointOf } from './connection.ts';
import { errorMessageFrom } from './error-message.ts';
import { followRedirects, type Transport } from './net/transport.ts';
import { TransportError } from './net/transport-error.ts';
import {
  type BatchRef,
  type Call,
  type CreateRequest,
  callsAt,
  type FinalizeRequest,
  type InitRequest,
} from './request.ts';
import { parseBatch } from './response.ts';
import { readBody } from './response-body.ts';
import { type CallResult, refusal, unavailable } from './result.ts';
import {
  type Attempt,
  afterTransportError,
  isRetryable,
  type RetryNotice,
  retryAfterMs,
  wasNotProcessed,
  withRetries,
} from './retry.ts';
import { assertSafeTransferUrl } from './transfer-url.ts';

/** A response, read completely. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly retryAfterMs: number | null;
}

/** What the client reports while calls are under way. */
export type ApiEvent =
  | { readonly event: 'wait.start'; readonly message: string }
  | { readonly event: 'wait.end' }
  | ({ readonly event: 'retry'; readonly jobId: null } & RetryNotice);

export interface ClientOptions {
  readonly context: Context;
  readonly connection: Connection;
  readonly transport: Transport;
  readonly retries: number;
  readonly userAgent: string;
  /** Learns the signatures of presigned URLs: a server may repeat one where its shape does not give it away. */
  readonly redactor: Pick<Redactor, 'addSigned'>;
  readonly emit: (event: ApiEvent) => void;
}

export type Client = ReturnType<typeof createClient>;

/**
 * The four calls of the Batch File Upload API. The only place that adds credentials, and only for the base URL's own
 * origin.
 */
export function createClient(options: ClientOptions) {
  const { context, connection, transport, retries, redactor, emit } = options;
  const endpoint = endpointOf(connection.baseUrl);
  const calls = callsAt(endpoint, connection.query);
  const { origin } = new URL(endpoint);
  const onRetry = (notice: RetryNotice): void => emit({ event: 'retry', jobId: null, ...notice });

  /** One request and its response. A GET follows redirects, without credentials to another origin. */
  async function exchange(call: Call, signal: AbortSignal = context.signal): Promise<Reply> {
    const send = (url: string) =>
      transport.send({
        method: call.method,
        url,
        headers: headersFor(url, call.body !== null),
        ...(call.body === null ? {} : { body: call.body }),
        signal,
      });
    const response = await (call.method === 'GET'
      ? followRedirects(call.url, send, (next) => assertSafeTransferUrl(next, connection))
      : send(call.url));
    return {
      status: response.status,
      contentType: response.headers['content-type'] ?? '',
      body: await readBody(response),
      retryAfterMs: retryAfterMs(response.headers['retry-after'], context.now()),
    };
  }

  /** Credentials and the profile's headers go to the base URL's own origin only. */
  function headersFor(url: string, withBody: boolean): Record<string, string> {
    const general = { accept: 'application/xml', 'user-agent': options.userAgent };
    const own = new URL(url).origin === origin ? { ...connection.headers, ...authHeaders(connection) } : {};
    const all = {
      ...general,
      ...(withBody ? { 'content-type': 'application/xml; charset=utf-8' } : {}),
      ...own,
    };
    // Header names ignore case: a header of the profile replaces ours, however it is spelled.
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
  }

  /** Sends a changing call. Retries only what certainly did not happen; the caller has to ask about the rest (api rule 15). */
  async function change(message: string, call: Call): Promise<CallResult<Batch>> {
    const attempt = async (): Promise<Attempt<CallResult<Batch>>> => {
      try {
        const reply = await withShutdownDelay(context, (signal) => exchange(call, signal));
        if (wasNotProcessed(reply.status)) {
          return {
            retry: { outcome: 'refused', status: reply.status, message: errorMessageFrom(reply.body) },
            message: `HTTP ${reply.status}`,
            retryAfterMs: reply.retryAfterMs,
          };
        }
        return { done: changeResult(reply) };
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        // Aborted by us: the intent in the journal says what to ask when the command is run again.
        context.signal.throwIfAborted();
        if (error.kind === 'lost')
          return { done: { outcome: 'ambiguous', message: error.message, retryAfterMs: null } };
        return afterTransportError(error, { outcome: 'refused', status: null, ...error.messageAndHint() });
      }
    };
    const result = await during(message, () => withRetries(context, retries, onRetry, attempt));
    if (result.outcome === 'answered') noteUrls(result.value);
    return result;
  }

  /** Asks until a response can be read. */
  async function ask(call: Call, tries: number): Promise<Batch | null> {
    const what = 'Getting the status';
    const answer = await withRetries<() => Batch | null>(context, tries, onRetry, async () => {
      try {
        return statusAttempt(await exchange(call), what);
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        return afterTransportError<() => never>(error, () => {
          // Without a connection the base URL and the network are to be checked, not the command.
          throw error.kind === 'unsent'
            ? refusal(what, null, error.message, error.hint, error)
            : unavailable(what, error.message);
        });
      }
    });
    const batch = answer();
    if (batch !== null) noteUrls(batch);
    return batch;
  }

  function noteUrls(batch: Batch): void {
    for (const url of [batch.uploadUrl, batch.downloadUrl]) if (url !== null) redactor.addSigned(url);
    for (const child of batch.children) noteUrls(child);
  }

  async function during<T>(message: string, work: () => Promise<T>): Promise<T> {
    emit({ event: 'wait.start', message });
    try {
      return await work();
    } finally {
      emit({ event: 'wait.end' });
    }
  }

  return {
    calls,
    /** Vendor 4.9.1. Rewrites every open invoice: never sent again without asking. */
    init: (request: InitRequest) =>
      change(`starting ${request.jobId}: open invoices are carried forward`, calls.init(request)),
    /** Vendor 4.9.2.1 and 4.9.3.1-2. The `uploadUrl` in the result is a secret. */
    create: (request: CreateRequest) => change(`creating ${request.jobId}`, calls.create(request)),
    /** Vendor 4.9.2.2 and 4.9.3.3. */
    finalize: (request: FinalizeRequest) =>
      change(`submitting ${request.jobId ?? request.id} for processing`, calls.finalize(request)),
    /**
     * Vendor 4.9.2.3.
     * @param tries retries after the first try. With 0 (the polls of a watch) no wait is reported: a watch draws its own
     * @returns `null` when there is no such batch
     * @throws EbillError UNAVAILABLE, AUTH or REJECTED
     */
    status: (ref: BatchRef, tries = retries) =>
      tries === 0
        ? ask(calls.status(ref), tries)
        : during(`getting the status of ${'id' in ref ? `batch ${ref.id}` : ref.jobId}`, () =>
            ask(calls.status(ref), tries),
          ),
    /**
     * One raw authorised call below the base URL, not retried.
     * @throws TransportError when there is no response
     */
    raw: async (call: Call): Promise<Reply> => {
      const reply = await during(`waiting for the response to ${call.method}`, () => exchange(call));
      redactor.addSigned(reply.body);
      return reply;
    },
  };
}

/** ms that a changing call under way may still take after an interruption; the program has to end within 2 s. */
const SHUTDOWN_DELAY_MS = 1_500;

/**
 * Runs `work` with a signal that aborts a moment after the context's: a response about to arrive saves asking about it
 * later. Starts nothing once the context's signal is aborted.
 * @throws the signal's reason
 */
export async function withShutdownDelay<T>(
  context: Pick<Context, 'signal' | 'sleep'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  signal.throwIfAborted();
  const delayed = new AbortController();
  const finished = new AbortController();
  const onAbort = (): void => {
    context.sleep(SHUTDOWN_DELAY_MS, finished.signal).then(
      () => delayed.abort(signal.reason),
      () => undefined,
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(delayed.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    finished.abort();
  }
}

function changeResult(reply: Reply): CallResult<Batch> {
  const { status } = reply;
  if (status >= 200 && status < 300) {
    try {
      const batch = parseBatch(reply.body);
      if (batch.id !== null) return { outcome: 'answered', value: batch };
      if (batch.errorMessage !== null) return { outcome: 'refused', status, message: batch.errorMessage };
      return { outcome: 'ambiguous', message: 'the response has no batch id', retryAfterMs: null };
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

/** "Not found" is 404, 400, or a batch without an id (api rule 16). */
function statusAttempt(reply: Reply, what: string): Attempt<() => Batch | null> {
  const { status } = reply;
  const fail = (error: EbillError) => (): never => {
    throw error;
  };
  const again = (message: string): Attempt<() => never> => ({
    retry: fail(unavailable(what, message)),
    message,
    retryAfterMs: isRetryable(status) ? reply.retryAfterMs : null,
  });
  if (isRetryable(status)) return again(`HTTP ${status} ${errorMessageFrom(reply.body)}`.trim());
  if (status === 404 || status === 400) return { done: () => null };
  if (status >= 300 && status < 400) return { done: fail(badRedirect(what, status)) };
  if (status < 200 || status >= 300)
    return { done: fail(refusal(what, status, errorMessageFrom(reply.body))) };
  try {
    const batch = parseBatch(reply.body);
    return { done: () => (batch.id === null ? null : batch) };
  } catch (error) {
    return again(`the response cannot be read: ${messageOf(error)}`);
  }
}

function badRedirect(what: string, status: number): EbillError {
  return new EbillError(
    'REJECTED',
    `${what}: the server sent too many redirects, or one without a target (HTTP ${status}).`,
    { hint: 'Check the base URL: ebill profile show' },
  );
}
