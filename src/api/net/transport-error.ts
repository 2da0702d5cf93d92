import { EbillError, errnoOf, messageOf } from '../../errors.ts';
import type { Attempt } from '../retry.ts';
import { displayProxy, type ProxyChoice, ProxyError, proxyAuthorization } from './proxy.ts';
import { describeTlsError } from './tls-errors.ts';

/**
 * Why no answer came.
 * `unsent`: refused connection, failed name look-up or TLS handshake: it did not happen.
 * `lost`: anything later: it may have happened (batch-api.md, "Ambiguous answers").
 */
export class TransportError extends Error {
  readonly kind: 'unsent' | 'lost';
  /** What to do about it, where that is known. */
  readonly hint: string | null;
  /** Would another try end in the same way? Wrong passwords tried again lock accounts. */
  readonly lasting: boolean;
  constructor(
    kind: 'unsent' | 'lost',
    message: string,
    cause: unknown,
    { hint = null, lasting = false }: { readonly hint?: string | null; readonly lasting?: boolean } = {},
  ) {
    super(message, { cause });
    this.kind = kind;
    this.hint = hint;
    this.lasting = lasting;
  }
}

/** Is this, or is this because of, a failure that another try would end in, too? */
export function isPermanent(error: unknown): boolean {
  if (error instanceof TransportError) return error.lasting;
  return error instanceof EbillError && error.cause instanceof TransportError && error.cause.lasting;
}

/** What a failure says to a person. */
export const messageAndHint = ({ message, hint }: TransportError): { message: string; hint?: string } =>
  hint === null ? { message } : { message, hint };

/** A try that no answer came of: worth another, unless that would end alike. */
export function tryAgain<T>(error: TransportError, value: T): Attempt<T> {
  if (error.lasting) return { done: value };
  return { again: value, message: error.message, retryAfterMs: null };
}

const TLS_CODE =
  /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_PURPOSE|EPROTO)/;
/**
 * With TLS 1.3 a server's no to our side of the handshake arrives when the request is on its way already: unread.
 * OpenSSL 3.5 (Node 22.20, 24) says `ERR_SSL_SSL/TLS_ALERT_…` where earlier ones say `ERR_SSL_SSLV3_ALERT_…`.
 */
const HANDSHAKE_REFUSED =
  /^ERR_SSL_[\w/]*ALERT_(?:HANDSHAKE_FAILURE|(?:NO|BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/;

const MEANING: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'the host name is not known (DNS)',
  EAI_AGAIN: 'the host name could not be looked up (DNS)',
  ECONNRESET: 'the connection was reset before the answer was complete',
  EPIPE: 'the connection was closed while sending',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  UND_ERR_HEADERS_TIMEOUT: 'no answer within the time-out',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped half-way',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
};

/** Is this a server's no to our side of the handshake? */
export function isHandshakeRefusal(error: unknown): boolean {
  return HANDSHAKE_REFUSED.test(errnoOf(error) ?? '');
}

/**
 * Names what went wrong, whether the request can have happened, and what to do.
 * @param begun was the request being written?
 * @param proxy the proxy in between, if any
 */
export function transportError(
  error: unknown,
  origin: string,
  begun: boolean,
  proxy: ProxyChoice | null = null,
): TransportError {
  if (error instanceof ProxyError) return proxyFailure(error, origin, proxy);
  const { code, message } = spoken(error);
  const refused = isHandshakeRefusal({ code });
  const inTime = begun && !refused;
  const words = inTime ? null : describeTlsError(code);
  const through = proxy === null ? '' : ', through the proxy';
  const meaning =
    words === null ? meaningOf(code, message, inTime) : `no secure connection${through}: ${words.why}`;
  return new TransportError(inTime ? 'lost' : 'unsent', `${origin}: ${meaning}`, error, {
    hint: words?.hint ?? null,
    lasting: words !== null,
  });
}

function spoken(error: unknown): { readonly code: string; readonly message: string } {
  // With several addresses tried, the errors come bundled; each says the same of its own address.
  const inner: unknown = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const code = errnoOf(inner) ?? errnoOf((inner as { cause?: unknown } | null)?.cause) ?? '';
  return { code, message: messageOf(inner) };
}

function proxyFailure(error: ProxyError, origin: string, proxy: ProxyChoice | null): TransportError {
  const name = proxy === null ? 'the proxy' : `the proxy ${displayProxy(proxy.url)} (${proxy.source})`;
  const failure = (what: string, hint: string, lasting = false): TransportError =>
    new TransportError('unsent', `${origin}: ${what}`, error, { hint, lasting });
  // 401 is what tinyproxy says to a wrong password.
  if (error.status === 407 || error.status === 401) {
    const given = proxy !== null && proxyAuthorization(new URL(proxy.url)) !== null;
    return failure(
      given
        ? `${name} does not take this username and password (${error.status})`
        : `${name} wants a username and a password (${error.status})`,
      'Give them before the host of the proxy, in the environment: USER:PASSWORD@ (percent-encode @ : / and % in them).',
      true,
    );
  }
  if (error.status !== null && error.status >= 500)
    return failure(
      `${name} cannot reach it (it answered ${error.status})`,
      'Check the base URL; if it is right, ask whoever runs the proxy.',
    );
  if (error.status !== null)
    return failure(
      `${name} did not let it through (it answered ${error.status})`,
      'Ask whoever runs the proxy to allow this host and port, or name the host in NO_PROXY if it is reached without.',
    );
  const { code, message } = spoken(error.cause ?? error);
  const words = describeTlsError(code);
  return failure(
    words === null
      ? `${name} does not answer: ${meaningOf(code, message, false)}`
      : `no secure connection with ${name}: ${words.why}`,
    words?.hint ??
      'Check HTTPS_PROXY, HTTP_PROXY or the proxy of the profile: ebill profile show, ebill doctor.',
    words !== null,
  );
}

function meaningOf(code: string, message: string, begun: boolean): string {
  if (TLS_CODE.test(code))
    return begun ? `the secure connection broke (${message})` : `no secure connection (${message})`;
  if (!begun && (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET'))
    return 'the connection was closed before the request could be sent';
  return MEANING[code] ?? message;
}
