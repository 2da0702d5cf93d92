import { type Identity, type Ids, idsText } from '../batch/identity.ts';
import type { Batch } from '../batch/types.ts';
import type { Redactor } from '../redact/redactor.ts';
import { addressOf } from '../redact/shapes.ts';
import type { Context } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { type Connection, endpointOf } from './connection.ts';
import type { Credentials } from './credentials.ts';
import { isPage } from './error-message.ts';
import { CONNECT_TIMEOUT_MS } from './net/connector.ts';
import { ACCEPTED_CODINGS } from './net/content-coding.ts';
import { followRedirects, redirectTarget, type Transport } from './net/transport.ts';
import { TransportError } from './net/transport-error.ts';
import {
  type Call,
  type CreateRequest,
  callsAt,
  type FinalizeRequest,
  type InitRequest,
  type StatusRef,
} from './request.ts';
import { readBody } from './response-body.ts';
import {
  type CallResult,
  changeResult,
  credentialsHint,
  type Reply,
  refusal,
  statusAttempt,
  unavailable,
} from './result.ts';
import {
  type Attempt,
  afterTransportError,
  longestCall,
  type RetryNotice,
  retryAfterMs,
  retryingPages,
  withRetries,
} from './retry.ts';
import { assertSafeTransferUrl } from './transfer-url.ts';

/** What the client reports while calls are under way. */
export type ApiEvent =
  | { readonly event: 'wait.start'; readonly message: string }
  | { readonly event: 'wait.end' }
  | { readonly event: 'warning'; readonly jobId: string | null; readonly message: string }
  | ({ readonly event: 'retry'; readonly jobId: null } & RetryNotice);

export interface ClientOptions {
  readonly context: Context;
  readonly connection: Connection;
  readonly credentials: Credentials;
  readonly transport: Transport;
  readonly retries: number;
  /** ms until the answer to a call starts. */
  readonly timeoutMs: number;
  readonly userAgent: string;
  /** Learns the signatures of presigned URLs: a server may repeat one where its shape does not give it away. */
  readonly redactor: Pick<Redactor, 'addSigned' | 'clean'>;
  readonly emit: (event: ApiEvent) => void;
}

export type Client = ReturnType<typeof createClient>;

/** How to ask for the status of a batch. */
export interface Question {
  /** Retries after the first try. With 0 (the polls of a watch) no wait is reported: a watch draws its own. */
  readonly tries?: number;
  /**
   * Whether pages with status 404 or 400 are "not found": only where nothing was sent yet that they could contradict, and
   * only several in a row, since one alone may be a balancer's (api rule 16).
   */
  readonly pageIsAbsence?: boolean;
  /** Breaks the question off, which is then one without an answer. */
  readonly signal?: AbortSignal;
  /** Told each `Retry-After`, ms. */
  readonly onRetryAfter?: (ms: number) => void;
}

/** So many pages in a row are "not found". */
const ABSENT_PAGES = 3;

/**
 * The four calls of the Batch File Upload API. The only place that adds credentials, and only for the base URL's own
 * origin.
 */
export function createClient(options: ClientOptions) {
  const { context, connection, credentials, transport, retries, redactor, emit } = options;
  const endpoint = endpointOf(connection.baseUrl);
  const calls = callsAt(endpoint, connection.query);
  const { origin, host } = new URL(endpoint);
  const onRetry = (notice: RetryNotice): void => emit({ event: 'retry', jobId: null, ...notice });

  /** Answers in a row about another batch, by the batch asked about. */
  const otherAnswers = new Map<string, number>();
  /** Pages in a row, by the batch asked about. */
  const pages = new Map<string, number>();
  let warnedOfPadding = false;

  /** Counts answers about another batch, and warns once of ids that differ in zeros (api rule 14). @returns how many in a row */
  function noteIdentity(asked: Ids, identity: Identity): number {
    const key = asked.jobId ?? `id ${asked.id}`;
    const count = identity === 'other' ? (otherAnswers.get(key) ?? 0) + 1 : 0;
    otherAnswers.set(key, count);
    if (identity === 'padded' && !warnedOfPadding) {
      warnedOfPadding = true;
      const message = `the server writes the id of ${idsText(asked)} with another number of leading zeros; the ids are treated as equal`;
      emit({ event: 'warning', jobId: asked.jobId, message });
    }
    return count;
  }

  interface Sending {
    readonly signal?: AbortSignal;
    readonly headersTimeoutMs?: number;
    readonly headers?: Readonly<Record<string, string>>;
  }

  /**
   * One request and its response. After a 401, which says that it was not executed, it is sent once more with a new token
   * where a command prints tokens (commands rule 29).
   */
  async function exchange(call: Call, sending: Sending = {}): Promise<Reply> {
    const { signal = context.signal } = sending;
    const used = await credentials.headers(signal);
    const reply = await exchangeOnce(call, sending, used);
    if (reply.status !== 401) {
      credentials.accepted();
      return reply;
    }
    const others = await credentials.renewed(used, signal);
    if (others === null) return reply;
    const again = await exchangeOnce(call, sending, others);
    if (again.status !== 401) credentials.accepted();
    return again;
  }

  /** A GET follows redirects, without credentials to another origin. */
  async function exchangeOnce(
    call: Call,
    sending: Sending,
    authorisation: Readonly<Record<string, string>>,
  ): Promise<Reply> {
    const { signal = context.signal, headersTimeoutMs, headers = {} } = sending;
    const send = (url: string) =>
      transport.send({
        method: call.method,
        url,
        headers: { ...headers, ...headersFor(url, call.body !== null, authorisation) },
        ...(call.body === null ? {} : { body: call.body }),
        ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs }),
        bodyTimeoutMs: options.timeoutMs * BODY_TIMEOUTS,
        fresh: call.method !== 'GET',
        signal,
      });
    const response = await (call.method === 'GET'
      ? followRedirects(call.url, send, (next) => assertSafeTransferUrl(next, connection))
      : send(call.url));
    const body = await readBody(response);
    return {
      status: response.status,
      contentType: response.headers['content-type'] ?? '',
      body,
      get safe() {
        return redactor.clean(body);
      },
      retryAfterMs: retryAfterMs(response.headers['retry-after'], context.now()),
      get credentialsHint() {
        return credentialsHint(connection);
      },
      get redirect() {
        const { status, headers } = response;
        const to = redirectTarget(status, headers['location'], call.url);
        return to === null ? null : visible(redactor.clean(addressOf(to)));
      },
    };
  }

  /** Credentials and the profile's headers go to the base URL's own origin only. */
  function headersFor(
    url: string,
    withBody: boolean,
    authorisation: Readonly<Record<string, string>>,
  ): Record<string, string> {
    const general = {
      accept: 'application/xml',
      'accept-encoding': ACCEPTED_CODINGS,
      'user-agent': options.userAgent,
    };
    const isOwn = url.startsWith(`${origin}/`) || new URL(url).origin === origin;
    const own = isOwn ? { ...connection.headers, ...authorisation } : {};
    const all = {
      ...general,
      ...(withBody ? { 'content-type': 'application/xml; charset=utf-8' } : {}),
      ...own,
    };
    // Header names ignore case: a header of the profile replaces ours, however it is spelled.
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
  }

  /**
   * Sends a changing call. Retries only what certainly did not happen; the caller has to ask about the rest (api rule 15).
   * @param about the batch it is about; an id that the call makes is not known yet
   */
  async function change(
    message: string,
    call: Call,
    about: Ids,
    headersTimeoutMs?: number,
  ): Promise<CallResult<Batch>> {
    const attempt = async (): Promise<Attempt<CallResult<Batch>>> => {
      try {
        const reply = await withShutdownDelay(context, (signal) =>
          exchange(call, {
            signal,
            ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs }),
          }),
        );
        return { done: changeResult(reply, about, (identity) => noteIdentity(about, identity)) };
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
    if (result.outcome !== 'answered') return result;
    noteUrls(result.value);
    return { ...result, value: cleaned(result.value) };
  }

  /** Asks until a response can be read that is about this batch. */
  async function ask(ref: StatusRef, question: Question): Promise<Batch | null> {
    const { tries = retries, pageIsAbsence = false, signal, onRetryAfter } = question;
    const call = calls.status(ref);
    const about: Ids = { id: 'id' in ref ? ref.id : null, jobId: 'jobId' in ref ? ref.jobId : null };
    const what = `Getting the status of ${idsText(about)}`;
    const stop = signal === undefined ? context.signal : AbortSignal.any([context.signal, signal]);
    const key = idsText(about);
    const isAbsence = (): boolean => {
      const inARow = (pages.get(key) ?? 0) + 1;
      pages.set(key, inARow);
      return pageIsAbsence && inARow >= ABSENT_PAGES;
    };
    // A watch comes back to a page by itself.
    const ofPages = pageIsAbsence && signal === undefined ? ABSENT_PAGES - 1 : 0;
    const patience = retryingPages(tries, ofPages);
    const answer = await withRetries<() => Batch | null>(context, patience, onRetry, async () => {
      try {
        const reply = await exchange(call, { headers: FRESH, signal: stop });
        if (reply.retryAfterMs !== null) onRetryAfter?.(reply.retryAfterMs);
        if (!isPage(reply.body)) pages.delete(key);
        return statusAttempt(reply, `${what} from ${host}`, about, isAbsence, (identity) =>
          noteIdentity(about, identity),
        );
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        return afterTransportError<() => never>(error, () => {
          // Without a connection the base URL and the network are to be checked, not the command.
          throw error.kind === 'unsent'
            ? refusal(what, null, error.message, error.hint, error)
            : unavailable(what, error.message, error.hint);
        });
      }
    });
    const batch = answer();
    if (batch === null) return null;
    noteUrls(batch);
    return cleaned(batch);
  }

  function noteUrls(batch: Batch): void {
    for (const url of [batch.uploadUrl, batch.downloadUrl]) if (url !== null) redactor.addSigned(url);
    for (const child of batch.children) noteUrls(child);
  }

  /** What the server says is shown and kept without what may be its secrets; the ids and URLs are needed as they are. */
  function cleaned(batch: Batch): Batch {
    const text = (value: string | null): string | null => (value === null ? null : redactor.clean(value));
    return {
      ...batch,
      status: text(batch.status),
      operation: text(batch.operation),
      subOperation: text(batch.subOperation),
      successMessage: text(batch.successMessage),
      errorMessage: text(batch.errorMessage),
      children: batch.children.map(cleaned),
    };
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
    /** Opens the connection of a changing call that is about to follow. */
    openAhead: (): void => transport.openAhead(endpoint, 1),
    /** How long a question without retries can be under way, ms; one whose answer drips takes longer. */
    longestQuestionMs: CONNECT_TIMEOUT_MS + 2 * options.timeoutMs,
    /** How long a changing call can be under way, ms. @param headersTimeoutMs until its answer starts */
    longestCallMs: (headersTimeoutMs = options.timeoutMs): number =>
      longestCall(retries, CONNECT_TIMEOUT_MS, headersTimeoutMs),
    /**
     * Vendor 4.9.1. Rewrites every open invoice: never sent again without asking.
     * @param timeoutMs until the answer starts, which comes when the work is done (api rule 17)
     */
    init: (request: InitRequest, timeoutMs?: number) =>
      change(
        `starting ${request.jobId}: open invoices are carried forward`,
        calls.init(request),
        { id: null, jobId: request.jobId },
        timeoutMs,
      ),
    /**
     * Vendor 4.9.2.1 and 4.9.3.1-2. The `uploadUrl` in the result is a secret. The answer may have another id than a batch
     * on record under this job id (api rule 18).
     */
    create: (request: CreateRequest) =>
      change(`creating ${request.jobId}`, calls.create(request), { id: null, jobId: request.jobId }),
    /** Vendor 4.9.2.2 and 4.9.3.3. */
    finalize: (request: FinalizeRequest) =>
      change(`submitting ${request.jobId ?? request.id} for processing`, calls.finalize(request), request),
    /**
     * Vendor 4.9.2.3.
     * @returns `null` when there is no such batch
     * @throws EbillError UNAVAILABLE, AUTH, REJECTED, or CONFLICT for two answers in a row about another batch
     */
    status: (ref: StatusRef, question: Question = {}) =>
      (question.tries ?? retries) === 0
        ? ask(ref, question)
        : during(`getting the status of ${'id' in ref ? `batch ${ref.id}` : ref.jobId}`, () =>
            ask(ref, question),
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

/** The whole body of a response has to be here within so many times `--timeout`. */
const BODY_TIMEOUTS = 5;

/** A status from a cache is no answer: "Draft" from before a finalize would have it sent twice (api rule 20). */
const FRESH = { 'cache-control': 'no-cache' } as const;

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
  let finished: AbortController | null = null;
  const onAbort = (): void => {
    finished = new AbortController();
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
    // Aborting makes an error with a stack: not where nothing waits for it.
    (finished as AbortController | null)?.abort();
  }
}
