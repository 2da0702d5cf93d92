import { EbillError, errnoOf, messageOf } from '../../errors.ts';
import { displayProxy, type ProxyChoice, ProxyError, proxyAuthorization } from './proxy.ts';
import { describeTlsError } from './tls-errors.ts';

/**
 * There was no response (api rule 15).
 * `unsent`: refused connection, failed name look-up, TLS handshake or tunnel. The request did not happen.
 * `lost`: anything later. The request may have happened.
 */
export class TransportError extends Error {
  readonly kind: 'unsent' | 'lost';
  /** The next step, where it is known. */
  readonly hint: string | null;
  /** Another try would fail in the same way, such as a wrong password, which locks accounts when repeated. */
  readonly permanent: boolean;
  constructor(
    kind: 'unsent' | 'lost',
    message: string,
    cause: unknown,
    { hint = null, permanent = false }: { readonly hint?: string | null; readonly permanent?: boolean } = {},
  ) {
    super(message, { cause });
    this.kind = kind;
    this.hint = hint;
    this.permanent = permanent;
  }

  messageAndHint(): { message: string; hint?: string } {
    const { message, hint } = this;
    return hint === null ? { message } : { message, hint };
  }
}

/** Is this, or is it caused by, a failure that another try would repeat? */
export function isPermanent(error: unknown): boolean {
  if (error instanceof TransportError) return error.permanent;
  return error instanceof EbillError && error.cause instanceof TransportError && error.cause.permanent;
}

const TLS_CODE =
  /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_PURPOSE|EPROTO)/;
/**
 * With TLS 1.3 the server's refusal of our side of the handshake arrives when the request is already being sent; the
 * server has not read it. OpenSSL 3.5 (Node 22.20, 24) names it `ERR_SSL_SSL/TLS_ALERT_…`, earlier versions
 * `ERR_SSL_SSLV3_ALERT_…`.
 */
const HANDSHAKE_REFUSED =
  /^ERR_SSL_[\w/]*ALERT_(?:HANDSHAKE_FAILURE|(?:NO|BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/;

/** undici's code for a connection that the other side closed; its message is "other side closed". */
const CLOSED = 'UND_ERR_SOCKET';

const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENETUNREACH: 'this machine has no route to it (network unreachable)',
  EHOSTUNREACH: 'no route to that host (host unreachable)',
  ENETDOWN: 'the network of this machine is down',
  EHOSTDOWN: 'that host is down',
  ETIMEDOUT: 'no answer to the connection (timed out)',
  ENOTFOUND: 'host name not found (DNS)',
  EAI_AGAIN: 'the host name could not be looked up (DNS)',
  ECONNRESET: 'the connection was reset before the response was complete',
  EPIPE: 'the connection was closed while sending',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  UND_ERR_HEADERS_TIMEOUT: 'no response within the timeout',
  UND_ERR_BODY_TIMEOUT: 'the response stalled',
  [CLOSED]: 'the connection was closed before the response was complete',
};

/** What a server did wrong, by the codes of undici and Node and the reasons of their one HTTP parser (llhttp). */
const HTTP_PROBLEMS: readonly (readonly [error: RegExp, what: string])[] = [
  [
    /\bHPE_UNEXPECTED_CONTENT_LENGTH\b|\bContent-Length (?:can't|already)|\bUND_ERR_RES_CONTENT_LENGTH_MISMATCH/,
    'it sent more than one Content-Length, or one that is not the length of its body',
  ],
  [/\bContent-Length\b/, 'it sent a Content-Length that is not a number'],
  [/\bTransfer-Encoding\b/, 'it sent an unknown Transfer-Encoding'],
  [/\bInvalid header\b/, 'it sent a broken header line'],
  [/\bInvalid (?:status|response status)\b/, 'it sent a broken status line'],
  [/\bInvalid HTTP version\b/, 'it answered in an unknown version of HTTP'],
  [/\bExpected HTTP\//, 'it did not answer in HTTP'],
  [/\bchunk\b/i, 'it sent a broken chunk'],
  [/\bHPE_HEADER_OVERFLOW\b|\bUND_ERR_HEADERS_OVERFLOW\b/, 'it sent headers of more than 64 KiB'],
  [/(?:)/, 'its answer is not correct HTTP'],
];

const FROM_PARSER =
  /^(?:HPE_|UND_ERR_(?:HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH)\b)| (?:Response does not match the HTTP|Parse Error)/;

const TELL_OPERATORS =
  'Show this to the operators of the server, or of a proxy in between, then run the same command again.';

/** @returns `null` for an error that does not come from the HTTP parser */
function httpProblem(code: string, message: string): string | null {
  const text = `${code} ${message}`;
  const known = FROM_PARSER.test(text) ? HTTP_PROBLEMS.find(([error]) => error.test(text)) : undefined;
  return known === undefined ? null : `the server broke the rules of HTTP: ${known[1]}`;
}

/** The error for a response that began and cannot be read. @param what such as "the response cannot be read" */
export function brokenResponse(what: string, cause: unknown): TransportError {
  const { code, message } = codeAndMessage(cause);
  const problem = httpProblem(code, message);
  const hint = problem === null ? null : TELL_OPERATORS;
  return new TransportError(
    'lost',
    `${what}: ${problem ?? (code === CLOSED ? MEANINGS[CLOSED] : message)}`,
    cause,
    { hint },
  );
}

/**
 * Says what went wrong, whether the request can have happened, and what to do.
 * @param sending whether the request was being written
 * @param proxy the proxy in between, if any
 */
export function transportError(
  error: unknown,
  origin: string,
  sending: boolean,
  proxy: ProxyChoice | null = null,
): TransportError {
  if (error instanceof ProxyError) return proxyFailure(error, origin, proxy);
  const { code, message } = codeAndMessage(error);
  const mayHaveHappened = sending && !HANDSHAKE_REFUSED.test(code);
  const tls = mayHaveHappened ? null : describeTlsError(code);
  const through = proxy === null ? '' : ', through the proxy';
  const reason =
    tls === null
      ? meaningOf(code, message, mayHaveHappened)
      : `no secure connection${through}: ${tls.reason}`;
  return new TransportError(mayHaveHappened ? 'lost' : 'unsent', `${origin}: ${reason}`, error, {
    hint: tls?.hint ?? (httpProblem(code, message) === null ? null : TELL_OPERATORS),
    permanent: tls !== null,
  });
}

function codeAndMessage(error: unknown): { readonly code: string; readonly message: string } {
  // When several addresses were tried, Node bundles their errors, all of the same kind.
  const inner: unknown = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const code = errnoOf(inner) ?? errnoOf((inner as { cause?: unknown } | null)?.cause) ?? '';
  return { code, message: messageOf(inner) };
}

function proxyFailure(error: ProxyError, origin: string, proxy: ProxyChoice | null): TransportError {
  const name = proxy === null ? 'the proxy' : `the proxy ${displayProxy(proxy.url)} (${proxy.source})`;
  const failure = (reason: string, hint: string, permanent = false): TransportError =>
    new TransportError('unsent', `${origin}: ${reason}`, error, { hint, permanent });
  // tinyproxy answers a wrong password with 401.
  if (error.status === 407 || error.status === 401) {
    const given = proxy !== null && proxyAuthorization(new URL(proxy.url)) !== null;
    return failure(
      given
        ? `${name} rejected the username and password (${error.status})`
        : `${name} requires a username and a password (${error.status})`,
      'Put them before the proxy host, in the environment: USER:PASSWORD@ (percent-encode @ : / and % in them).',
      true,
    );
  }
  if (error.status !== null && error.status >= 500)
    return failure(
      `${name} cannot reach the server (it answered ${error.status})`,
      'Check the base URL; if it is right, ask the operators of the proxy.',
    );
  if (error.status !== null)
    return failure(
      `${name} refused the connection (it answered ${error.status})`,
      'Ask the operators of the proxy to allow this host and port, or add the host to NO_PROXY if it can be reached directly.',
    );
  const { code, message } = codeAndMessage(error.cause ?? error);
  const tls = describeTlsError(code);
  return failure(
    tls === null
      ? `${name} cannot be reached: ${meaningOf(code, message, false)}`
      : `no secure connection with ${name}: ${tls.reason}`,
    tls?.hint ?? 'Check HTTPS_PROXY, HTTP_PROXY or the proxy of the profile: ebill profile show',
    tls !== null,
  );
}

function meaningOf(code: string, message: string, sending: boolean): string {
  if (TLS_CODE.test(code))
    return sending ? `the secure connection broke (${message})` : `no secure connection (${message})`;
  if (!sending && (code === 'ECONNRESET' || code === CLOSED))
    return 'the connection was closed before the request could be sent';
  return httpProblem(code, message) ?? MEANINGS[code] ?? message;
}
